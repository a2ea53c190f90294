"""An order within its repository: what is added, and that it never changes the lane."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from support_fake_server import FakeServer, answer
from support_repositories import Alone
from support_repository import put
from support_trust import make_folders, trusted_repository
from twolane_context.languages import language_for
from twolane_context.spans import Span
from twolane_context.trees import parse
from twolane_server.actions.base import Surroundings
from twolane_server.actions.catalogue import action_named
from twolane_server.border.ledger import read_rows
from twolane_server.documents import Document
from twolane_server.fragments import Fragment, Label, Origin
from twolane_server.lanes.base import LaneName
from twolane_server.orders import Order
from twolane_server.repositories.once import Once
from twolane_server.repositories.within import prepared
from twolane_server.routing.choose import MOST_CLOUD_CHARACTERS
from twolane_server.service import Service
from twolane_server.settings.resolved import EmbeddedSettings, KeySource, LaneSettings, Settings
from twolane_server.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.border.standing import Prints
    from twolane_server.orders import Ready
    from twolane_server.repositories.surroundings import Repositories, Wanted
    from twolane_server.settings.resolved import NdaRules

TOOL = "from lib import fold\nfrom vault import key\n\n\ndef tool(a):\n    return fold(a, key())\n"
LIB = "def fold(text, by):\n    return text.lower() + by\n"
VAULT = "def key():\n    return 'of the vault'\n"
CLOUD, LOCAL = LaneName.CLOUD, LaneName.LOCAL
KEY = {"KEY": "sk-" + "x" * 20}


@pytest.mark.parametrize(
    ("text", "path", "same"),
    [(TOOL, "/r/a.py", True), (f"{TOOL}# x\n", "/r/a.py", False), (TOOL, "/r/a.go", False)],
)
def test_a_tree_of_the_same_text_is_not_made_again(text: str, path: str, *, same: bool) -> None:
    language = language_for("a.py")
    assert language is not None
    earlier = parse(language, TOOL.encode())
    document = Document(f"file://{path}", path, "", 2, Text.of(text))
    order = Order(action_named("explain"), document, Span(TOOL.index("def"), len(TOOL)))
    task = prepared(replace(order, earlier=earlier), Label.OPEN)
    made = task.subject.parsed
    assert made is not None
    assert (made is earlier) is same
    assert made.source == text.encode()


class Given(Alone):
    """Repositories that always say the same, and whose code under NDA may hold some word."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__()
        self.around_it = around
        self.asked: list[Wanted] = []
        self.compared: list[tuple[str, ...]] = []
        self.nda_word = ""

    async def around(self, wanted: Wanted) -> Surroundings:
        self.asked.append(wanted)
        return self.around_it

    def known_code(self, path: str, nda: NdaRules) -> Prints:
        del path, nda
        return self

    def whole(self, text: str) -> str | None:
        del text
        return None

    def found(self, *texts: str) -> str | None:
        self.compared.append(texts)
        return "known" if self.nda_word and any(self.nda_word in each for each in texts) else None


@dataclass
class Desk:
    """A repository with a grant, in which `vault.py` is under NDA, and a service."""

    top: Path
    repositories: Repositories | None = None
    cloud: str = "http://127.0.0.1:9/v1"

    def __post_init__(self) -> None:
        self.folders = make_folders(self.top / "own")
        policy = '[nda]\npaths = ["vault.py"]\nwords = ["Acme Corp"]\n'
        self.root = trusted_repository(self.top / "r", self.folders, policy)
        for name, text in (("tool.py", TOOL), ("lib.py", LIB), ("vault.py", VAULT)):
            put(self.root / name, text)
        script = put(self.top / "replies.json", json.dumps([{"reply": "Do it."}]))
        self.settings = Settings(
            local=LaneSettings(f"scripted:{script}", "Qwen3-Coder"),
            cloud=LaneSettings(self.cloud, "deepseek-v3.2", KeySource(environment="KEY")),
            embedded=EmbeddedSettings(enabled=False),
        )
        self.service = Service(self.folders, KEY, self.repositories or Once(self.folders))

    async def prepare(
        self, action: str = "docstring", forced: LaneName | None = None, instruction: str = ""
    ) -> Ready:
        file, at = self.root / "tool.py", TOOL.index("return")
        document = Document(file.as_uri(), str(file), "python", 1, Text.of(TOOL))
        selection = Span(at, at)
        order = self.service.order(
            action, document, selection, instruction=instruction, forced=forced
        )
        return await self.service.prepare(order, self.settings)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def files(ready: Ready) -> set[str]:
    """The names of the files that the prompt is cut from."""
    parts = ready.task.prompt.fragments
    return {part.origin.path.rpartition("/")[2] for part in parts} - {""}


def given(label: Label = Label.OPEN, text: str = "def other(): ...\n", times: int = 1) -> Given:
    part = Fragment(text, label, Origin("/r/other.py", 1, 1))
    return Given(Surroundings((part,), (part,) * times))


@pytest.mark.parametrize("action", ["docstring", "rewrite"])
async def test_the_prompt_holds_what_the_selection_uses(desk: Desk, action: str) -> None:
    ready = await desk.prepare(action, CLOUD, instruction="shorten it")
    assert ready.decision.lane is CLOUD
    assert files(ready) == {"tool.py", "lib.py"}
    assert ready.task.prompt.label is Label.OPEN
    first = next(iter(ready.task.prompt.fragments))
    assert first in ready.task.subject.around.map, "the map is first, for prefix caches"


@pytest.mark.parametrize("action", ["docstring", "rewrite"])
async def test_on_the_local_lane_nda_takes_part_and_labels_the_prompt(
    desk: Desk, action: str
) -> None:
    ready = await desk.prepare(action, LOCAL, instruction="shorten it")
    assert files(ready) >= {"tool.py", "lib.py", "vault.py"}
    assert ready.task.prompt.label is ready.decision.label is Label.NDA
    assert ready.decision.reasons == ("you asked for the local lane",)


async def test_the_same_prompt_each_time(desk: Desk) -> None:
    one, other = await desk.prepare(), await desk.prepare()
    assert one.task.prompt == other.task.prompt


async def test_the_question_says_where_for_whom_and_what(tmp_path: Path) -> None:
    repositories = Given(Surroundings())
    desk = Desk(tmp_path, repositories)
    await desk.prepare()
    await desk.prepare("rewrite", LOCAL, "shorten it")
    cloud, local = repositories.asked
    assert (cloud.path, cloud.first, cloud.last) == (str(desk.root / "tool.py"), 5, 5)
    assert (cloud.audience, cloud.model, cloud.window) == (CLOUD, "deepseek-v3.2", 65_536)
    assert (cloud.label, cloud.words, cloud.nda) == (Label.OPEN, ("Acme Corp",), desk.settings.nda)
    assert (local.audience, local.model) == (LOCAL, "Qwen3-Coder")
    assert local.instruction == "shorten it"


@pytest.mark.parametrize(
    "repositories",
    [
        given(Label.NDA),
        given(text="x = 1\n" * (MOST_CLOUD_CHARACTERS // 6)),
        given(text="acme_corp = 1\n"),
    ],
    ids=["NDA", "long", "forbidden word"],
)
async def test_what_would_keep_the_prompt_from_leaving_is_left_out(
    tmp_path: Path, repositories: Given
) -> None:
    ready = await Desk(tmp_path, repositories).prepare()
    assert ready.decision.lane is CLOUD
    assert files(ready) == {"tool.py"}
    assert ready.task.prompt.label is Label.OPEN


async def test_what_holds_nda_code_is_left_out_where_the_border_found_some(tmp_path: Path) -> None:
    good, bad = (
        Fragment(f"def {name}(): ...\n", Label.OPEN, Origin(f"/r/{name}.py", 1, 1))
        for name in ("good", "bad")
    )

    class Sifted(Given):
        async def around(self, wanted: Wanted) -> Surroundings:
            all_of_it = await super().around(wanted)
            return Surroundings((), (good,)) if wanted.sift else all_of_it

    repositories = Sifted(Surroundings((), (good, bad)))
    desk = Desk(tmp_path, repositories)
    assert files(await desk.prepare()) == {"tool.py", "good.py", "bad.py"}
    assert [one.sift for one in repositories.asked] == [False]
    repositories.nda_word = "def bad"
    ready = await desk.prepare()
    assert ready.decision.lane is CLOUD
    assert files(ready) == {"tool.py", "good.py"}
    assert [one.sift for one in repositories.asked] == [False, False, True]


async def test_the_map_goes_before_the_pieces_do(tmp_path: Path) -> None:
    half = "x = 1\n" * (MOST_CLOUD_CHARACTERS // 12)
    ready = await Desk(tmp_path, given(text=half)).prepare()
    assert ready.decision.lane is CLOUD
    assert not ready.task.subject.around.map
    assert ready.task.subject.around.pieces


async def test_the_border_reads_an_order_once_where_it_lets_all_of_it_pass(tmp_path: Path) -> None:
    repositories, bare = given(), Given(Surroundings())
    ready = await Desk(tmp_path / "a", repositories).prepare()
    assert ready.decision.lane is CLOUD
    read = repositories.compared
    assert read
    assert all(any("def other()" in text for text in texts) for texts in read[-1:])
    await Desk(tmp_path / "b", bare).prepare()
    assert len(read) == len(bare.compared), "with surroundings no more often than without"


async def test_what_the_border_keeps_by_itself_gets_what_the_local_lane_may_read(
    tmp_path: Path,
) -> None:
    repositories = given(Label.NDA)
    repositories.nda_word = "return fold"
    ready = await Desk(tmp_path, repositories).prepare()
    assert ready.decision.lane is LOCAL
    assert ready.decision.reasons == ("the border keeps it local: known",)
    assert [wanted.audience for wanted in repositories.asked] == [CLOUD, LOCAL]
    assert "other.py" in files(ready)
    assert ready.task.prompt.label is Label.NDA


async def test_what_the_border_keeps_for_its_surroundings_goes_without(tmp_path: Path) -> None:
    repositories = given()
    repositories.nda_word = "def other()"
    ready = await Desk(tmp_path, repositories).prepare()
    assert (ready.decision.lane, files(ready)) == (CLOUD, {"tool.py"})
    assert [wanted.audience for wanted in repositories.asked] == [CLOUD, CLOUD]


class Learning(Given):
    """Repositories that know code under NDA only when somebody has asked what recognises it."""

    def known_code(self, path: str, nda: NdaRules) -> Prints:
        self.around_it = given(text="def rest(): ...\n").around_it
        return super().known_code(path, nda)


async def test_a_copy_of_code_under_nda_is_left_out_also_where_that_is_read_first(
    tmp_path: Path,
) -> None:
    repositories = Learning(given().around_it)
    repositories.nda_word = "def other()"
    ready = await Desk(tmp_path, repositories).prepare()
    assert (ready.decision.lane, files(ready)) == (CLOUD, {"tool.py", "other.py"})


async def test_what_overflows_the_local_window_is_left_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path, given(text="x = 1\n" * 10_000))
    desk.settings = replace(desk.settings, local=replace(desk.settings.local, window=4_096))
    ready = await desk.prepare(forced=LOCAL)
    assert files(ready) == {"tool.py"}


async def test_the_cloud_gets_what_route_shows_and_the_ledger_names_it(tmp_path: Path) -> None:
    async with FakeServer(answer("Do it."), models=("deepseek-v3.2",)) as cloud:
        desk = Desk(tmp_path, cloud=cloud.url)
        ready = await desk.prepare()
        await desk.service.carry_out(
            ready, lambda _text, _count: None, lambda _said, _share: None, lambda _taken: None
        )
        await desk.service.aclose()
    (chat,) = cloud.chats
    sent = chat.body.decode()
    assert "def fold(text, by):" in sent
    assert "vault" not in sent.replace("from vault import key", "")
    (row,) = read_rows(desk.folders.state / "ledger")
    assert str(desk.root / "lib.py") in json.dumps(row.sent["files"])
    assert row.text == sent
