"""While a menu is read, the repository is asked what its actions will ask."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from lsprotocol import types

from support_repositories import Alone
from support_repository import put
from support_trust import make_folders, trusted_repository
from twolane_context.spans import Span
from twolane_server import convert
from twolane_server.actions.base import NOTHING
from twolane_server.documents import Document
from twolane_server.errors import ActionError
from twolane_server.features import code_action
from twolane_server.lanes.base import LaneName
from twolane_server.orders import Order
from twolane_server.repositories.ahead import Ahead
from twolane_server.server import create
from twolane_server.service import Service
from twolane_server.session import Session
from twolane_server.settings.resolved import EmbeddedSettings, KeySource, LaneSettings, Settings
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from twolane_server.actions.base import Surroundings
    from twolane_server.repositories.surroundings import Wanted
    from twolane_server.session import Snapshot

CODE = "def one(a):\n    return a\n\n\ndef other(b):\n    return b\n"


def cursor(text: str) -> Span:
    """An empty selection before the text."""
    return Span(CODE.index(text), CODE.index(text))


ONE, OTHER = cursor("return a"), cursor("return b")


class Asked(Alone):
    """Repositories that note what they are asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Wanted] = []

    async def around(self, wanted: Wanted) -> Surroundings:
        self.asked.append(wanted)
        return NOTHING


@dataclass
class Desk:
    """An editor with a file of a repository with a grant, and its menu."""

    top: Path
    policy: str = '[nda]\npaths = ["vault.py"]\nwords = ["Acme"]\n'
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    prepared: list[Order] = field(default_factory=list[Order])
    vain: str = ""
    begun: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        folders, environ = make_folders(self.top / "own"), {"KEY": "sk-" + "x" * 20}
        root = trusted_repository(self.top / "r", folders, self.policy)
        script = put(self.top / "replies.json", json.dumps([{"reply": "It is."}]))
        self.repositories, self.session = Asked(), Session(folders, environ)
        self.session.settings = self.settings = Settings(
            local=LaneSettings(f"scripted:{script}", "Qwen3-Coder", window=64_000),
            cloud=LaneSettings("http://127.0.0.1:9/v1", "deepseek-v3.2", KeySource("KEY")),
            embedded=EmbeddedSettings(enabled=False),
        )
        self.service = Service(folders, environ, self.repositories)
        self.ahead = Ahead(
            self.session,
            self.service.offers,
            self.repositories.around,
            self.prepare,
            self.background,
            sleep=lambda _: asyncio.sleep(0),
        )
        self.file = put(root / "a.py", CODE)
        self.open()

    def open(self, version: int = 1) -> None:
        file = self.file
        document = Document(file.as_uri(), str(file), "python", version, Text.of(CODE))
        self.session.put(document)
        self.session.learn(document.uri, self.service.known(document.path, self.settings))

    async def prepare(self, order: Order, settings: Settings) -> None:
        self.prepared.append(order)
        self.begun()
        if order.action.name == self.vain:
            raise ActionError("There is nothing to do.")
        await asyncio.sleep(0)
        assert settings == self.settings

    def background(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        self.tasks.append(asyncio.create_task(work))
        return self.tasks[-1]

    @property
    def snapshot(self) -> Snapshot:
        found = self.session.snapshot(self.file.as_uri())
        assert found is not None
        return found

    async def rest(self) -> list[Wanted]:
        """What was asked up to now, after all that goes on has ended."""
        await asyncio.gather(*self.tasks, return_exceptions=True)
        return self.repositories.asked


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("policy", ['[nda]\nwords = ["Acme"]\n', '[nda]\npaths = ["a.py"]\n'])
@pytest.mark.parametrize("action", ["docstring", "explain", "review"])
@pytest.mark.parametrize("selection", [OTHER, Span(0, CODE.index("\n\n") + 1)])
async def test_it_is_what_an_action_asks(
    tmp_path: Path, policy: str, action: str, selection: Span
) -> None:
    desk = Desk(tmp_path, policy)
    await desk.session.parse(desk.file.as_uri())
    desk.ahead.menu(desk.snapshot, selection, opened=False)
    (ahead,) = await desk.rest()
    assert ahead.parsed is not None
    order = desk.service.order(action, desk.snapshot.document, selection)
    await desk.service.prepare(order, desk.settings)
    assert ahead.sift  # so that it is compared with code under NDA before somebody waits
    assert desk.repositories.asked == [ahead, replace(ahead, parsed=None, sift=False)]
    assert ahead.audience is (LaneName.LOCAL if "paths" in policy else LaneName.CLOUD)


async def test_only_the_last_of_many_menus_counts(desk: Desk) -> None:
    for selection in (ONE, OTHER, ONE, ONE):
        desk.ahead.menu(desk.snapshot, selection, opened=False)
    (wanted,) = await desk.rest()
    assert wanted.first == 1


async def test_the_same_menu_is_no_new_one(desk: Desk) -> None:
    for _ in range(3):
        desk.ahead.menu(desk.snapshot, ONE, opened=False)
        await desk.rest()
    assert len(desk.repositories.asked) == 1


@pytest.mark.parametrize("vain", ["", "docstring", "review", "explain"])
async def test_of_a_menu_that_was_opened_the_questions_are_made(desk: Desk, vain: str) -> None:
    desk.vain = vain
    await desk.session.parse(desk.file.as_uri())
    desk.ahead.menu(desk.snapshot, ONE, opened=True)
    await desk.rest()
    snapshot = desk.snapshot
    assert {one.action.name for one in desk.prepared} == {"docstring", "review", "explain"}
    for one in desk.prepared:
        order = desk.service.order(one.action.name, snapshot.document, ONE)
        assert one == replace(order, earlier=snapshot.earlier), "as one who chooses it orders it"
        assert one.earlier is not None


async def test_of_a_menu_that_the_editor_asks_for_by_itself_none_is_made(desk: Desk) -> None:
    desk.ahead.menu(desk.snapshot, ONE, opened=False)
    assert len(await desk.rest()) == 1
    assert not desk.prepared
    desk.ahead.menu(desk.snapshot, ONE, opened=True)
    await desk.rest()
    assert len(desk.prepared) == 3, "and then a person has opened it"
    desk.ahead.menu(desk.snapshot, ONE, opened=False)
    await desk.rest()
    assert len(desk.prepared) == 3


async def test_no_question_to_the_local_lane_is_made(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '[nda]\npaths = ["a.py"]\n')
    desk.ahead.menu(desk.snapshot, ONE, opened=True)
    assert len(await desk.rest()) == 1
    assert not desk.prepared, "the border has nothing to say to it"


async def test_a_request_ends_the_making_of_questions(desk: Desk) -> None:
    desk.begun = desk.ahead.stop
    desk.ahead.menu(desk.snapshot, ONE, opened=True)
    await desk.rest()
    assert len(desk.prepared) == 1


async def test_the_border_has_looked_at_a_question_before_it_is_chosen(desk: Desk) -> None:
    """What was searched and compared is remembered by its text, and asked anew all the same."""
    searches = desk.service._searches()  # pyright: ignore[reportPrivateUsage]
    ahead = Ahead(
        desk.session,
        desk.service.offers,
        desk.repositories.around,
        desk.service.prepare,
        desk.background,
        sleep=lambda _: asyncio.sleep(0),
    )
    ahead.menu(desk.snapshot, ONE, opened=True)
    await desk.rest()
    looked = searches._secret.cache_info().misses  # pyright: ignore[reportPrivateUsage]
    assert looked
    for name in ("docstring", "review", "explain"):
        await desk.service.prepare(
            desk.service.order(name, desk.snapshot.document, ONE), desk.settings
        )
    assert searches._secret.cache_info().misses == looked  # pyright: ignore[reportPrivateUsage]
    await desk.service.aclose()


async def test_a_request_comes_first(desk: Desk) -> None:
    desk.ahead.menu(desk.snapshot, ONE, opened=False)
    desk.ahead.stop()
    assert await desk.rest() == []
    desk.ahead.menu(desk.snapshot, ONE, opened=False)
    assert len(await desk.rest()) == 1


async def test_what_can_wait_waits_while_a_menu_is_read(desk: Desk) -> None:
    slept = 0

    async def sleep(seconds: float) -> None:
        nonlocal now, slept
        slept += 1
        now += seconds
        if ends and slept == 3:
            ahead.stop()

    now, ends = 9.0, True
    look = desk.service.offers, desk.repositories.around, desk.prepare
    ahead = Ahead(desk.session, *look, desk.background, sleep=sleep, clock=lambda: now)
    await ahead.chosen()
    assert not slept
    ahead.menu(desk.snapshot, ONE, opened=False)
    await ahead.chosen()
    assert slept == 3, "until something is chosen"
    ends, begun = False, now
    ahead.menu(desk.snapshot, ONE, opened=False)
    await ahead.chosen()
    assert 2.0 <= now - begun < 3.0, "or nothing is"
    await desk.rest()


async def test_who_goes_on_typing_reads_no_menu(desk: Desk) -> None:
    desk.ahead.menu(desk.snapshot, ONE, opened=False)
    desk.open(version=2)
    assert await desk.rest() == []
    desk.ahead.menu(desk.snapshot, ONE, opened=False)
    desk.session.close(desk.file.as_uri())
    assert await desk.rest() == []


async def test_a_tree_of_some_keys_ago_does_not_go_with_it(desk: Desk) -> None:
    await desk.session.parse(desk.file.as_uri())
    document = desk.snapshot.document
    desk.session.put(replace(document, version=2, text=Text.of(f"# new\n{CODE}")))
    desk.ahead.menu(desk.snapshot, ONE, opened=False)
    (wanted,) = await desk.rest()
    assert wanted.parsed is None


async def test_before_its_label_is_read_nothing_is_asked_of_a_document(desk: Desk) -> None:
    document = desk.snapshot.document
    desk.session.close(document.uri)
    desk.session.put(document)
    desk.ahead.menu(desk.snapshot, ONE, opened=False)
    assert await desk.rest() == []


async def test_the_editors_menu_begins_it_and_its_command_ends_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = create(desk.session.folders, {})
    told: list[object] = []

    def begin(_: Snapshot, selection: Span, *, opened: bool) -> None:
        told.append((selection, opened))

    monkeypatch.setattr(server.ahead, "menu", begin)
    monkeypatch.setattr(server.ahead, "stop", lambda: told.append("stop"))
    monkeypatch.setattr(type(server), "encoding", convert.Encoding.Utf8)
    monkeypatch.setattr(server.protocol, "track", lambda: None)
    server.session.put(desk.snapshot.document)
    place = types.Range(types.Position(5, 4), types.Position(5, 4))
    protocol = cast("Any", server.protocol)
    kinds = types.CodeActionTriggerKind
    here, elsewhere = map(types.TextDocumentIdentifier, (desk.file.as_uri(), "file:///not/open.py"))
    for kind in (None, kinds.Invoked, kinds.Automatic):
        context = types.CodeActionContext([], trigger_kind=kind)
        for document in (here, elsewhere):
            params = types.CodeActionParams(document, place, context)
            protocol.fm.features[types.TEXT_DOCUMENT_CODE_ACTION](params)
    assert told == [(OTHER, True), (OTHER, True), (OTHER, False)]
    told.clear()
    await protocol.fm.commands["twolane.run"](None)
    assert told == ["stop"]
    monkeypatch.setitem(protocol.running, 1, asyncio.ensure_future(asyncio.sleep(0)))
    params = types.CodeActionParams(here, place, types.CodeActionContext([]))
    code_action.look_ahead(server, params)
    assert told == ["stop"], "whoever waits for an answer has the machine"
    await server.close()
