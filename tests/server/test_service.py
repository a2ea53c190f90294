"""From a place in a document to a decision, and on to an edit."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support_border import sending
from support_fake_server import Answer, FakeServer, answer, counted
from support_git import Repo
from support_repositories import Alone
from support_repository import put
from support_trust import grant, make_folders, trusted_repository
from twolane_context import tokens
from twolane_context.spans import Span
from twolane_context.tokens import estimate
from twolane_server.actions.base import NOTHING
from twolane_server.actions.outcomes import edits_of
from twolane_server.border.budget import UNREAD
from twolane_server.border.ledger import Ledger, read_rows
from twolane_server.documents import Document
from twolane_server.errors import ActionError, AnswerTruncated, ReplyRefused, TooLarge, WrongUse
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.materials.changed_files import Scope
from twolane_server.prices import money, most
from twolane_server.repositories.once import Once
from twolane_server.rules.knowledge import Known
from twolane_server.rules.tainted import Tainted
from twolane_server.service import Service
from twolane_server.session import Session
from twolane_server.settings.resolved import (
    ActionSettings,
    EmbeddedSettings,
    KeySource,
    LaneSettings,
    Mode,
    NdaRules,
    Settings,
)
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_context.tokens import Counter
    from twolane_server.actions.base import Surroundings
    from twolane_server.orders import Ready, Result
    from twolane_server.repositories.surroundings import Wanted
    from twolane_server.routing.choose import Decision
    from twolane_server.settings.resolved import Folders

CODE = "import os\n\n\ndef join(a: str) -> str:\n    return a + os.sep\n"
CURSOR = Span(CODE.index("return"), CODE.index("return"))
SENTENCE = "Put a separator behind the name."
DOCUMENTED = CODE.replace("str:\n", f'str:\n    """{SENTENCE}"""\n')
CLOUD, LOCAL = LaneName.CLOUD, LaneName.LOCAL
KEY = {"KEY": "sk-" + "x" * 20}


def make_settings(folder: Path, cloud: str = "http://127.0.0.1:9/v1") -> Settings:
    """A scripted local lane and a cloud that is down, unless one is given."""
    script = put(folder / "replies.json", json.dumps([{"reply": SENTENCE}]))
    return Settings(
        local=LaneSettings(f"scripted:{script}", "Qwen3-Coder"),
        cloud=LaneSettings(cloud, "deepseek-v3.2", KeySource(environment="KEY")),
        embedded=EmbeddedSettings(enabled=False),
    )


@dataclass
class Desk:
    """A repository with one file, an editor's session and a service."""

    top: Path
    policy: str = "[nda]\n"
    environ: dict[str, str] = field(default_factory=KEY.copy)

    def __post_init__(self) -> None:
        self.folders: Folders = make_folders(self.top / "own")
        self.root = trusted_repository(self.top / "r", self.folders, self.policy)
        self.file = put(self.root / "a.py", CODE)
        self.settings = make_settings(self.top)
        self.session = Session(self.folders, self.environ)
        self.service = Service(self.folders, self.environ, Alone())

    def document(self, text: str = CODE, version: int = 1) -> Document:
        return Document(self.file.as_uri(), str(self.file), "python", version, Text.of(text))

    def open(self, document: Document | None = None, *, known: bool = True) -> Document:
        """The document in the session, its label read once, as the editor's menu has it."""
        document = document or self.document()
        self.session.settings = self.settings
        self.session.put(document)
        if known:
            self.session.learn(document.uri, self.service.known(document.path, self.settings))
        return document

    def menu(self, document: Document, selection: Span = CURSOR) -> dict[str, Decision | None]:
        snapshot = self.session.snapshot(document.uri)
        assert snapshot is not None
        offers = self.service.offers(self.session, snapshot, selection)
        return {offer.action.name: offer.decision for offer in offers}

    def offered(self, document: Document, action: str, selection: Span = CURSOR) -> Decision:
        decision = self.menu(document, selection)[action]
        assert decision is not None
        return decision

    async def prepare(
        self,
        document: Document | None = None,
        action: str = "docstring",
        selection: Span = CURSOR,
        *,
        instruction: str = "",
        forced: LaneName | None = None,
    ) -> Ready:
        order = self.service.order(
            action,
            document or self.document(),
            selection,
            instruction=instruction,
            forced=forced,
        )
        return await self.service.prepare(order, self.settings)

    async def carry_out(self, ready: Ready, notices: list[str] | None = None) -> Result:
        told = notices if notices is not None else []
        return await self.service.carry_out(
            ready,
            lambda _text, _count: None,
            lambda sentence, _share: told.append(sentence),
            lambda taken: told.append(str(taken)),
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def tighten(desk: Desk) -> None:
    put(desk.root / "twolane.toml", '[nda]\npaths = ["*.py"]\n')


def _no_key(desk: Desk) -> None:
    desk.environ.clear()


def _bad_key(desk: Desk) -> None:
    desk.environ["KEY"] = "two words"


def _no_grant(desk: Desk) -> None:
    (desk.folders.state / "grants.json").unlink()


def _mode(mode: Mode) -> Callable[[Desk], None]:
    def change(desk: Desk) -> None:
        desk.settings = replace(desk.settings, mode=mode)

    return change


def _user_rules(desk: Desk) -> None:
    desk.settings = replace(desk.settings, nda=NdaRules(paths=("a.*",)))


def _unknown_rules(desk: Desk) -> None:
    desk.settings = replace(desk.settings, nda=NdaRules(fault="your settings cannot be read"))


def _no_cloud(desk: Desk) -> None:
    desk.settings = replace(desk.settings, cloud_fault="the URL of [cloud] cannot be used")


SITUATIONS: dict[str, tuple[Callable[[Desk], object], LaneName]] = {
    "all is well": (lambda _: None, CLOUD),
    "NDA": (tighten, LOCAL),
    "no policy": (lambda desk: (desk.root / "twolane.toml").unlink(), LOCAL),
    "broken policy": (lambda desk: put(desk.root / "twolane.toml", "[nda"), LOCAL),
    "the user's own rules": (_user_rules, LOCAL),
    "no key": (_no_key, LOCAL),
    "bad key": (_bad_key, LOCAL),
    "no grant": (_no_grant, LOCAL),
    "a cloud that is not known": (_no_cloud, LOCAL),
    "mode local": (_mode(Mode.LOCAL), LOCAL),
    "mode cloud": (_mode(Mode.CLOUD), CLOUD),
}


@pytest.mark.parametrize("action", ["docstring", "rewrite"])
@pytest.mark.parametrize("case", SITUATIONS)
async def test_the_menu_says_what_the_run_will_decide(desk: Desk, case: str, action: str) -> None:
    change, lane = SITUATIONS[case]
    change(desk)
    offered = desk.offered(desk.open(), action)
    ready = await desk.prepare(action=action, instruction="Use f-strings.")
    assert offered.lane is lane
    assert ready.decision == offered
    assert ready.decision.reasons


def everything_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


async def test_preparing_sends_and_writes_nothing(tmp_path: Path) -> None:
    async with FakeServer() as cloud, FakeServer() as local:
        desk = Desk(tmp_path)
        desk.settings = replace(
            make_settings(tmp_path, cloud.url), local=LaneSettings(local.url, "Qwen3-Coder")
        )
        before = everything_in(tmp_path)
        ready = await desk.prepare()
        assert ready.decision.lane is CLOUD
        assert ready.context_seconds > 0
        assert (cloud.connections, local.connections) == (0, 0)
        assert everything_in(tmp_path) == before


async def test_the_label_is_read_afresh_when_an_action_runs(desk: Desk) -> None:
    document = desk.open()
    tighten(desk)
    assert desk.offered(document, "docstring").lane is CLOUD, "the menu's memory"
    ready = await desk.prepare(document)
    assert ready.decision.lane is LOCAL
    assert ready.decision.reasons == ("NDA (*.py in twolane.toml)",)
    assert ready.question.label is Label.NDA
    assert {each.label for each in ready.task.prompt.fragments if each.origin.path} == {Label.NDA}


async def test_what_is_tightened_after_preparing_stops_at_the_gate(tmp_path: Path) -> None:
    async with FakeServer(models=("deepseek-v3.2",)) as cloud:
        desk = Desk(tmp_path)
        desk.settings = make_settings(tmp_path, cloud.url)
        ready = await desk.prepare()
        assert ready.decision.lane is CLOUD
        tighten(desk)
        notices: list[str] = []
        result = await desk.carry_out(ready, notices)
        await desk.service.aclose()
        assert (cloud.connections, bytes(cloud.received)) == (0, b"")
        assert result.decision.lane is LOCAL
        assert "*.py in twolane.toml" in str(result.decision)
        assert notices == [str(result.decision)]
        assert str(
            desk.document().text.replaced(
                (edit.span, edit.text) for edit in edits_of(result.outcome)
            )
        ) == (DOCUMENTED)


class _Watching(Alone):
    """Knows an earlier name of each file, and later that code under NDA was pasted into one."""

    def __init__(self, former: str, state: Path) -> None:
        self.former = former
        self.tainted = Tainted(state)

    async def before(self, path: str) -> tuple[str, ...]:
        del path
        return (self.former,)


@pytest.mark.parametrize("pasted", [True, False], ids=["pasted", "former name"])
async def test_what_is_known_of_a_file_besides_its_rules_is_asked_again_at_the_gate(
    tmp_path: Path, *, pasted: bool
) -> None:
    async with FakeServer(models=("deepseek-v3.2",)) as cloud:
        desk = Desk(tmp_path)
        watching = _Watching(str(desk.root / "was.py"), desk.folders.state)
        desk.service = Service(desk.folders, desk.environ, watching)
        desk.settings = make_settings(tmp_path, cloud.url)
        ready = await desk.prepare()
        assert ready.decision.lane is CLOUD
        if pasted:
            watching.tainted.add(desk.document().path, "it holds code of r/was.py")
        else:
            put(desk.root / "twolane.toml", '[nda]\npaths = ["was.py"]\n')
        result = await desk.carry_out(ready)
        await desk.service.aclose()
        assert (cloud.connections, bytes(cloud.received)) == (0, b"")
        assert result.decision.lane is LOCAL


async def test_the_text_that_only_an_editor_has_is_judged_again_at_the_gate(
    tmp_path: Path,
) -> None:
    async with FakeServer(models=("deepseek-v3.2",)) as cloud:
        desk = Desk(tmp_path)
        desk.settings = make_settings(tmp_path, cloud.url)
        mark = "# Blue Heron\n"
        at = Span(CURSOR.start + len(mark), CURSOR.end + len(mark))
        ready = await desk.prepare(desk.document(mark + CODE), selection=at)
        assert ready.decision.lane is CLOUD
        put(desk.root / "twolane.toml", '[nda]\nmarkers = ["Blue Heron"]\n')
        result = await desk.carry_out(ready)
        await desk.service.aclose()
        assert (cloud.connections, bytes(cloud.received)) == (0, b"")
        assert "marker Blue Heron in line 1" in str(result.decision)


async def test_a_label_that_was_in_a_text_once_does_not_stay(tmp_path: Path) -> None:
    async with FakeServer(answer(SENTENCE), models=("deepseek-v3.2",)) as cloud:
        desk = Desk(tmp_path)
        desk.settings = make_settings(tmp_path, cloud.url)
        mark = "# CONFIDENTIAL\n"
        at = Span(CURSOR.start + len(mark), CURSOR.end + len(mark))
        ready = await desk.prepare(desk.document(mark + CODE), selection=at)
        assert ready.decision.lane is LOCAL
        result = await desk.carry_out(await desk.prepare())
        await desk.service.aclose()
        assert result.decision.lane is CLOUD


async def test_so_it_is_of_each_file_of_a_review(tmp_path: Path) -> None:
    async with FakeServer(models=("deepseek-v3.2",)) as cloud:
        desk = Desk(tmp_path)
        desk.environ["PATH"] = os.environ["PATH"]
        repo = Repo(desk.root)
        repo.commit("Start", a_py=CODE)
        desk.settings = make_settings(tmp_path, cloud.url)
        put(tmp_path / "replies.json", json.dumps([{"reply": "[]"}]))
        opened = {str(desk.file): Text.of(f"# Blue Heron\n{CODE}")}
        scope = Scope(within=str(desk.file), opened=opened)
        order = desk.service.order("changes-all", desk.document(), CURSOR, scope=scope)
        ready = await desk.service.prepare(order, desk.settings)
        assert ready.decision.lane is CLOUD, ready.decision
        put(desk.root / "twolane.toml", '[nda]\nmarkers = ["Blue Heron"]\n')
        result = await desk.carry_out(ready)
        await desk.service.aclose()
        assert (cloud.connections, bytes(cloud.received)) == (0, b"")
        assert "marker Blue Heron in line 1" in str(result.decision)


class _Quoting(Once):
    """Knows a repository, of which no more is in the prompt."""

    async def around(self, wanted: Wanted) -> Surroundings:
        del wanted
        return NOTHING


async def test_what_a_tools_message_quotes_is_asked_again_at_the_gate(tmp_path: Path) -> None:
    async with FakeServer(models=("deepseek-v3.2",)) as cloud:
        desk = Desk(tmp_path)
        put(desk.root / "notes.md", "A fee, a quota.\n")
        desk.service = Service(desk.folders, desk.environ, _Quoting(desk.folders))
        desk.settings = make_settings(tmp_path, cloud.url)
        put(tmp_path / "replies.json", json.dumps([{"reply": "```python\n    return a\n```"}]))
        message = 'Argument missing for parameter "quota"'
        ready = await desk.prepare(action="fix", instruction=message)
        assert ready.decision.lane is CLOUD
        put(desk.root / "twolane.toml", '[nda]\npaths = ["notes.md"]\n')
        result = await desk.carry_out(ready)
        await desk.service.aclose()
        assert (cloud.connections, bytes(cloud.received)) == (0, b"")
        assert "notes.md in twolane.toml" in str(result.decision)


async def test_the_cloud_writes_a_docstring(tmp_path: Path) -> None:
    async with FakeServer(answer(SENTENCE), models=("deepseek-v3.2",)) as cloud:
        desk = Desk(tmp_path)
        desk.settings = make_settings(tmp_path, cloud.url)
        pieces: list[tuple[str, int]] = []
        ready = await desk.prepare()
        result = await desk.service.carry_out(
            ready,
            lambda text, count: pieces.append((text, count)),
            lambda _sentence, _share: None,
            lambda _taken: None,
        )
        await desk.service.aclose()
        assert result.decision == ready.decision
        assert pieces == [(SENTENCE, 1)]
        assert list(result.seconds) == ["context", "first_token", "total"]
        assert 0 < result.seconds["context"] <= result.seconds["first_token"]
        assert result.seconds["first_token"] <= result.seconds["total"]
        assert result.usage is not None
        [row] = read_rows(desk.folders.state / "ledger")
        assert [Path(origin.path).name for origin in row.files] == ["a.py"] * len(row.files)
        assert str(
            desk.document().text.replaced(
                (edit.span, edit.text) for edit in edits_of(result.outcome)
            )
        ) == (DOCUMENTED)


async def test_a_cut_answer_says_how_many_tokens_would_be_next(desk: Desk) -> None:
    put(desk.top / "replies.json", json.dumps([{"reply": "Put a ", "finish": "length"}]))
    order = desk.service.order("docstring", desk.document(), CURSOR, forced=LOCAL, max_tokens=1)
    ready = await desk.service.prepare(order, desk.settings)
    assert (ready.task.prompt.max_tokens, ready.question.answer_tokens) == (1, 1)
    with pytest.raises(AnswerTruncated) as caught:
        await desk.carry_out(ready)
    assert (caught.value.budget, caught.value.more, caught.value.lane) == (1, 2, LOCAL)
    await desk.service.aclose()


async def test_the_settings_say_how_long_an_answer_may_be(desk: Desk) -> None:
    own = (await desk.prepare()).task.prompt.max_tokens
    desk.settings = replace(desk.settings, actions=(ActionSettings("docstring", max_tokens=777),))
    ready = await desk.prepare()
    assert own != 777
    assert (ready.task.prompt.max_tokens, ready.question.answer_tokens) == (777, 777)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"reply": "Sure! Here it is:\n```rust\nfn f() {}\n```"}, ReplyRefused),
        ({"reply": ""}, ReplyRefused),
        ({"reply": "Put a", "finish": "length"}, AnswerTruncated),
    ],
)
async def test_an_unusable_answer_is_an_error(
    desk: Desk, reply: dict[str, str], error: type[Exception]
) -> None:
    put(desk.top / "replies.json", json.dumps([reply]))
    ready = await desk.prepare(forced=LOCAL)
    with pytest.raises(error):
        await desk.carry_out(ready)
    await desk.service.aclose()


async def test_before_the_first_reading_the_menu_says_nda(desk: Desk) -> None:
    document = desk.open(known=False)
    decision = desk.offered(document, "docstring")
    assert (decision.lane, decision.label) == (LOCAL, Label.NDA)
    assert decision.short == "[local: NDA its label is not read yet]"
    assert (await desk.prepare(document)).decision.lane is CLOUD


async def test_a_marker_in_the_unsaved_buffer_counts(desk: Desk) -> None:
    text = f"# CONFIDENTIAL\n{CODE}"
    document = desk.open(desk.document(text))
    cursor = Span(CURSOR.start + 15, CURSOR.start + 15)
    decision = desk.offered(document, "docstring", cursor)
    assert (decision.lane, decision.label) == (LOCAL, Label.NDA)
    ready = await desk.prepare(document, selection=cursor)
    assert ready.decision == decision
    assert "marker CONFIDENTIAL in line 1" in str(decision)


async def test_a_marker_that_only_the_disk_has_counts(desk: Desk) -> None:
    put(desk.file, f"# CONFIDENTIAL\n{CODE}")
    document = desk.open()
    assert desk.offered(document, "docstring").label is Label.NDA
    assert (await desk.prepare(document)).decision.label is Label.NDA


def test_the_menu_takes_a_tree_of_some_keys_ago(desk: Desk) -> None:
    above = "# another line\n" * 20
    document = desk.open()
    assert {"docstring", "rewrite"} <= set(desk.menu(document))
    now = desk.open(desk.document(above + CODE, 2), known=False)
    within = Span(CURSOR.start + len(above), CURSOR.start + len(above))
    assert {"docstring", "rewrite"} <= set(desk.menu(now, within))
    assert {"docstring", "rewrite"}.isdisjoint(desk.menu(now, CURSOR)), (
        "the cursor is in the new comment, not in the function"
    )


async def test_what_no_lane_could_hold_is_not_offered(desk: Desk) -> None:
    everything = Span(0, len(CODE))
    tighten(desk)
    desk.settings = replace(desk.settings, local=replace(desk.settings.local, window=20))
    document = desk.open()
    assert not {"docstring", "rewrite", "explain"} & set(desk.menu(document, everything))
    with pytest.raises(TooLarge, match="window of 20"):
        await desk.prepare(document)
    desk.settings = replace(desk.settings, local=replace(desk.settings.local, window=4_000))
    assert "rewrite" in desk.menu(desk.open(), everything)


@pytest.mark.parametrize(
    ("forced", "mode", "lane", "why"),
    [
        (None, Mode.AUTO, CLOUD, "docstring's home lane"),
        (LOCAL, Mode.AUTO, LOCAL, "you asked for the local lane"),
        (CLOUD, Mode.AUTO, CLOUD, "you asked for the cloud lane"),
        (None, Mode.LOCAL, LOCAL, "the mode is local"),
        (CLOUD, Mode.LOCAL, CLOUD, "you asked for the cloud lane"),
        (LOCAL, Mode.CLOUD, LOCAL, "you asked for the local lane"),
        (None, Mode.CLOUD, CLOUD, "the mode is cloud"),
    ],
)
async def test_the_user_may_choose(
    desk: Desk, forced: LaneName | None, mode: Mode, lane: LaneName, why: str
) -> None:
    desk.settings = replace(desk.settings, mode=mode)
    decision = (await desk.prepare(forced=forced)).decision
    assert (decision.lane, decision.reasons) == (lane, (why,))


async def test_no_choice_opens_what_is_nda(desk: Desk) -> None:
    tighten(desk)
    desk.settings = replace(desk.settings, mode=Mode.CLOUD)
    decision = (await desk.prepare(forced=CLOUD)).decision
    assert decision.lane is LOCAL
    assert decision.reasons[1] == "NDA stays local although the cloud lane was asked for"


@pytest.mark.parametrize("marker", ["[REPO_CTX]", "ctx_repo: all"])
async def test_an_instruction_that_asks_for_the_repository_stays_local(
    desk: Desk, marker: str
) -> None:
    plain = await desk.prepare(action="rewrite", instruction="Use f-strings.")
    marked = await desk.prepare(action="rewrite", instruction=f"{marker} Use f-strings.")
    assert plain.decision.lane is CLOUD
    assert marked.decision.lane is LOCAL
    assert marked.decision.reasons == ("the instruction asks for the repository",)


async def test_a_long_prompt_stays_local(desk: Desk) -> None:
    text = "def f():\n" + "    g('a long line of code that says little')\n" * 600
    document = desk.open(desk.document(text))
    everything = Span(0, len(text))
    ready = await desk.prepare(document, "rewrite", everything, instruction="Shorten.")
    assert ready.decision.lane is LOCAL
    assert "more than 24,000" in str(ready.decision)
    assert desk.offered(document, "rewrite", everything).lane is LOCAL


async def test_each_lane_counts_in_its_own_way(desk: Desk) -> None:
    ready = await desk.prepare()
    exact, guessed = ready.task.prompt.tokens("deepseek-v3.2"), ready.task.prompt.tokens("Qwen3")
    assert ready.question.prompt_tokens(CLOUD) == exact < guessed
    assert ready.question.prompt_tokens(LOCAL) == guessed


@pytest.mark.parametrize("nda", [True, False])
async def test_what_cannot_leave_is_not_counted_for_the_cloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, nda: bool
) -> None:
    desk = Desk(tmp_path, '[nda]\npaths = ["*.py"]\n' if nda else "[nda]\n")
    asked: list[str] = []

    def counter(model: str) -> Counter:
        asked.append(model)
        return estimate

    monkeypatch.setattr(tokens, "counter_for", counter)
    await desk.prepare()
    assert set(asked) == ({"Qwen3-Coder"} if nda else {"Qwen3-Coder", "deepseek-v3.2"})


def test_a_menu_counts_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(tokens, "counter_for")
    assert desk.menu(desk.open())


# How large the prompt is by estimate, what the server counts, and what comes of it.
@pytest.mark.parametrize(
    ("share", "count", "asks", "lane"),
    [
        (0.80, 10_000, False, LOCAL),
        (0.90, 10, True, LOCAL),
        (0.90, 10_000, True, None),
        (1.20, 10, True, LOCAL),
        (1.20, None, True, None),
        (2.50, 1_000, False, None),
    ],
)
async def test_near_the_window_the_local_server_s_count_decides(
    desk: Desk, share: float, count: int | None, lane: LaneName | None, *, asks: bool
) -> None:
    first = await desk.prepare(forced=LOCAL)
    window = int(first.question.tokens(LOCAL) / share)
    async with FakeServer(tokenize=None if count is None else counted(count)) as server:
        local = LaneSettings(server.url, "Qwen3-Coder", window=window)
        desk.settings = replace(desk.settings, local=local)
        order = desk.service.order("docstring", desk.document(), CURSOR, forced=LOCAL)
        try:
            ready = await desk.service.prepare(order, desk.settings, may_ask=True)
        except TooLarge:
            assert lane is None
        else:
            assert ready.decision.lane is lane
            assert (ready.question.local_tokens == count) is asks
        assert ("/tokenize" in [one.path for one in server.requests]) is asks
        await desk.service.aclose()


async def test_to_look_ahead_asks_nobody(desk: Desk) -> None:
    first = await desk.prepare(forced=LOCAL)
    async with FakeServer(tokenize=counted(5)) as server:
        window = first.question.tokens(LOCAL)
        local = LaneSettings(server.url, "Qwen3-Coder", window=window)
        desk.settings = replace(desk.settings, local=local)
        assert (await desk.prepare(forced=LOCAL)).question.local_tokens > 5
        assert not server.received


async def test_a_window_that_the_relay_tells_counts_for_the_next_choice(desk: Desk) -> None:
    first = await desk.prepare()
    holds = first.question.tokens(CLOUD) - 1
    entry = {"id": "deepseek-v3.2", "context_length": holds}
    listing = Answer((json.dumps({"data": [entry]}).encode(),), content_type="application/json")
    async with FakeServer(models_answer=listing) as relay:
        cloud = replace(desk.settings.cloud, url=relay.url, model="deepseek-v3.2")
        desk.settings = replace(desk.settings, cloud=cloud)
        ready = await desk.prepare()
        assert ready.decision.lane is CLOUD, "nobody was asked yet"
        notices: list[str] = []
        result = await desk.carry_out(ready, notices)
        assert result.decision.lane is LOCAL
        assert f"do not fit the cloud lane's window of {holds:,}" in str(result.decision)
        again = await desk.prepare()
        assert (again.decision.lane, again.question.cloud_window) == (LOCAL, holds)
        assert not relay.chats
        await desk.service.aclose()


async def test_another_language_is_a_sentence(desk: Desk) -> None:
    file = put(desk.root / "notes.txt", CODE)
    document = Document(file.as_uri(), str(file), "plaintext", 1, Text.of(CODE))
    assert {"docstring", "rewrite"}.isdisjoint(desk.menu(desk.open(document)))
    with pytest.raises(ActionError, match="Python, Rust, TypeScript, JavaScript, Go, C, "):
        await desk.prepare(document)
    with pytest.raises(ActionError, match="Python, Rust, TypeScript, JavaScript, Go, C, "):
        await desk.prepare(document, "rewrite", instruction="x")


async def test_a_place_with_nothing_to_do_is_a_sentence(desk: Desk) -> None:
    with pytest.raises(ActionError):
        await desk.prepare(selection=Span(0, 0))
    with pytest.raises(ActionError, match="Say what to change"):
        await desk.prepare(action="rewrite")
    with pytest.raises(WrongUse, match="no action called 'dance'"):
        await desk.prepare(action="dance")


async def test_a_document_without_a_file_is_nda(desk: Desk) -> None:
    document = desk.open(Document("untitled:x", "", "python", 1, Text.of(CODE)))
    offered = desk.offered(document, "docstring")
    ready = await desk.prepare(document, forced=CLOUD)
    for decision in (offered, ready.decision):
        assert (decision.lane, decision.label) == (LOCAL, Label.NDA)
        assert "no file" in decision.reasons[0]


async def test_closing_a_service_that_did_nothing(desk: Desk) -> None:
    await desk.service.aclose()
    assert not (desk.folders.state / "ledger").exists()


def _write(name: str, content: str) -> Callable[[Desk], None]:
    def change(desk: Desk) -> None:
        put(desk.root / name, content)

    return change


# Each makes a document NDA, alone or with others.
NDA: dict[str, Callable[[Desk], None]] = {
    "glob": tighten,
    "anchored glob": _write("twolane.toml", '[nda]\npaths = ["/a.py"]\n'),
    "no policy": lambda desk: (desk.root / "twolane.toml").unlink(missing_ok=True),
    "broken policy": _write("twolane.toml", "[nda"),
    "ignore file": _write(".cursorignore", "a.py\n"),
    "ignore file that is a folder": lambda desk: (desk.root / ".aiexclude").mkdir(),
    "marker on disk": _write("a.py", f"# TRADE SECRET\n{CODE}"),
    "second name": lambda desk: (desk.root / "b.py").hardlink_to(desk.file),
    "the user's glob": _user_rules,
    "the user's rules unknown": _unknown_rules,
}
# The policy can still be granted under these.
GRANTABLE = {"glob", "anchored glob", "ignore file", "marker on disk", "second name"}


@dataclass(frozen=True)
class Case:
    """All that could move a request to the cloud, or away from it."""

    causes: frozenset[str]
    mode: Mode = Mode.AUTO
    forced: LaneName | None = None
    granted: bool = True
    granted_again: bool = False
    key: str = KEY["KEY"]
    action: str = "docstring"

    @property
    def lane(self) -> LaneName:
        """The lane of an open document."""
        wish = self.forced or (LOCAL if self.mode is Mode.LOCAL else CLOUD)
        may = (self.granted or self.granted_again) and self.key == KEY["KEY"]
        return wish if may else LOCAL


CASES = st.builds(
    Case,
    causes=st.frozensets(st.sampled_from([*NDA, "marker in the buffer", "no file"]), max_size=2),
    mode=st.sampled_from(Mode),
    forced=st.sampled_from([None, *LaneName]),
    granted=st.booleans(),
    granted_again=st.booleans(),
    key=st.sampled_from(["", "two words", KEY["KEY"]]),
    action=st.sampled_from(["docstring", "rewrite"]),
)


@settings(max_examples=100)
@given(CASES)
@example(Case(frozenset()))
@example(Case(frozenset({"glob"}), Mode.CLOUD, CLOUD, granted_again=True))
async def test_whatever_is_set_an_nda_document_never_takes_the_cloud(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        desk.settings = replace(desk.settings, mode=case.mode)
        desk.environ |= {"KEY": case.key}
        if not case.granted:
            _no_grant(desk)
        for cause in sorted(case.causes & NDA.keys()):
            NDA[cause](desk)
        if case.granted_again and case.causes <= GRANTABLE:
            grant(desk.root, desk.folders)
        text = f"# NDA\n{CODE}" if "marker in the buffer" in case.causes else CODE
        at = Span(text.index("return"), text.index("return"))
        document = desk.document(text)
        if "no file" in case.causes:
            document = replace(document, uri="untitled:x", path="")
        ready = await desk.prepare(
            document, case.action, at, instruction="Shorten.", forced=case.forced
        )
        offered = desk.offered(desk.open(document), case.action, at)
        if case.causes:
            assert ready.decision.lane is LOCAL
            assert ready.decision.label is Label.NDA
            assert offered.lane is LOCAL
        else:
            assert ready.decision.lane is case.lane


@pytest.mark.parametrize(
    ("known", "warmed"),
    [
        (Known(None, granted=True), 1),
        (Known(None), 0),
        (Known(None, granted=True, cloud_state="no key"), 0),
    ],
)
def test_what_the_cloud_needs_is_loaded_where_it_may_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: Known, warmed: int
) -> None:
    calls: list[int] = []
    monkeypatch.setattr("twolane_server.border.secrets.warm", lambda: calls.append(1))
    Service(make_folders(tmp_path), {}, Alone()).warm(known)
    assert len(calls) == warmed


def test_the_menu_names_the_model_of_each_action(desk: Desk) -> None:
    sonnet = ActionSettings("docstring", cloud_model="claude-sonnet-4.5")
    desk.settings = replace(desk.settings, actions=(sonnet,))
    document = desk.open()
    assert desk.offered(document, "docstring").short == "[cloud claude-sonnet-4.5]"
    assert desk.offered(document, "explain").short == "[cloud deepseek-v3.2]"


async def test_the_menu_says_from_memory_what_the_budget_says(desk: Desk) -> None:
    desk.settings = replace(desk.settings, usd_per_month=3.0)
    document = desk.open()
    assert desk.offered(document, "docstring").short == "[cloud deepseek-v3.2]"
    with closing(Ledger.open(desk.folders.state / "ledger")) as ledger:
        # Another editor's.
        ledger.before_send(replace(sending(), most_usd=3.5, time=datetime.now(UTC)))
    assert desk.offered(document, "docstring").lane is CLOUD, "nothing was read for the menu"
    desk.open()
    assert desk.offered(document, "docstring").short == "[local: budget]"
    ready = await desk.prepare()
    assert str(ready.decision) == "local: $3.50 of the month's budget of $3.00 are spent"
    assert ready.most_usd is None
    assert (await desk.prepare(forced=CLOUD)).decision.lane is CLOUD


async def test_size_and_cost_are_known_before_anything_is_sent(desk: Desk) -> None:
    ready = await desk.prepare()
    tokens_in = ready.question.cloud_tokens
    assert ready.most_usd == most(desk.settings.prices[0], tokens_in, ready.task.prompt.max_tokens)
    assert ready.most_usd is not None
    assert ready.size == f"about {tokens_in:,} tokens, at most {money(ready.most_usd)}"
    local = await desk.prepare(forced=LOCAL)
    assert local.most_usd is None
    assert local.size == f"about {local.question.local_tokens:,} tokens"
    desk.settings = replace(desk.settings, prices=())
    assert (await desk.prepare()).size.endswith(" tokens, of unknown cost")


async def test_without_a_budget_no_ledger_is_read(desk: Desk) -> None:
    put(desk.folders.state / "ledger" / "ledger.sqlite", "no database at all" * 100)
    assert (await desk.prepare()).decision.lane is CLOUD
    desk.settings = replace(desk.settings, usd_per_month=20.0)
    assert str((await desk.prepare()).decision) == f"local: {UNREAD}"
