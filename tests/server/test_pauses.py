"""Garbage is looked for when nobody waits, and what stays is not looked at again and again."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import TYPE_CHECKING, cast
from weakref import ref

import pytest

from support_trust import make_folders
from support_waiting import PATIENCE
from twolane_server.documents import Document
from twolane_server.pauses import Pauses, collect, collect_young
from twolane_server.server import create
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator
    from pathlib import Path

    from twolane_server.features.protocol import Protocol
    from twolane_server.orders import Ready


class Circle:
    """What only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


class Desk:
    """A clock that only moves while somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.busy = 0.0, False
        self.collected: list[float] = []
        self.young: list[float] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.meanwhile: dict[float, Callable[[], object]] = {}
        self.pauses = Pauses(
            self.background,
            lambda: self.busy,
            collect=self.collect,
            collect_young=lambda: self.young.append(self.now),
            clock=lambda: self.now,
            sleep=self.sleep,
        )

    def background(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        self.tasks.append(asyncio.create_task(work))
        return self.tasks[-1]

    def collect(self, whole: int) -> int:
        self.collected.append(self.now)
        return whole + 1

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        for at in sorted(at for at in self.meanwhile if at <= self.now + seconds):
            self.now = at
            self.meanwhile.pop(at)()
            return
        self.now += seconds


async def test_keys_put_it_off_and_each_pause_has_one() -> None:
    desk = Desk()
    desk.meanwhile = {1.0: desk.pauses.active, 2.5: desk.pauses.active}
    desk.pauses.active()
    await desk.tasks[0]
    assert desk.collected == [4.5]
    desk.now = 60.0
    desk.pauses.active()
    desk.pauses.active()
    await desk.tasks[1]
    assert desk.collected == [4.5, 62.0]
    assert len(desk.tasks) == 2


async def test_what_is_new_is_looked_at_in_each_short_rest() -> None:
    desk = Desk()
    desk.meanwhile = dict.fromkeys((0.2, 0.4, 1.5), desk.pauses.active)
    desk.pauses.active()
    await desk.tasks[0]
    assert desk.young == pytest.approx([0.7, 1.8])
    assert desk.collected == [3.5]


async def test_a_request_that_runs_is_no_pause() -> None:
    desk = Desk()
    desk.busy = True
    desk.meanwhile = {9.0: lambda: setattr(desk, "busy", False)}
    desk.pauses.active()
    await desk.tasks[0]
    assert 9.0 <= desk.young[0] <= 9.6
    assert 10.5 <= desk.collected[0] <= 11.5, (
        "who has an answer reads it, and then there is a pause"
    )


@pytest.mark.usefixtures("thawed")
def test_what_stayed_is_looked_at_again_when_there_is_half_as_much_more() -> None:
    circle = Circle()
    whole, gone = collect(0), ref(circle)
    assert gc.get_freeze_count() == whole
    del circle
    assert collect(whole) == whole
    assert gone() is not None
    more = [[None] for _ in range(whole)]
    assert collect(whole) == whole
    assert collect(whole) > whole
    assert gone() is None
    assert more


@pytest.mark.usefixtures("thawed")
def test_only_what_is_new_is_looked_at_in_a_short_rest() -> None:
    circles = Circle(), Circle()
    gc.collect()
    old, new = ref(circles[0]), ref(made := Circle())
    del circles, made
    collect_young()
    assert new() is None
    assert old() is not None


@pytest.mark.usefixtures("thawed")
def test_what_came_since_is_collected() -> None:
    whole = collect(0)
    circle = Circle()
    gone = ref(circle)
    del circle
    collect(whole)
    assert gone() is None


async def test_what_was_typed_is_taken_in_when_the_user_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twolane_server.server._PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("twolane_server.server._REST_SECONDS", 0.0)
    server = create(make_folders(tmp_path), {})
    taken = asyncio.Queue[str]()
    monkeypatch.setattr(server.live, "catch_up", taken.put)
    file = tmp_path / "a.py"
    text = Text.of("x = 1\n")
    server.session.put(Document(file.as_uri(), str(file), "python", 1, text))
    server.parse_soon("file:///not/open.py")
    server.parse_soon(file.as_uri())
    assert await asyncio.wait_for(taken.get(), PATIENCE) == str(file)
    assert taken.empty()
    await server.close()


async def test_a_hundred_keys_are_taken_in_once_and_none_of_a_closed_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twolane_server.server._REST_SECONDS", 0.0)
    server = create(make_folders(tmp_path), {})
    done = list[str]()

    async def parse(_: str) -> None:
        done.append("parsed")

    async def take_in(_: str) -> None:
        done.append("taken in")

    async def catch_up(_: str) -> bool:
        done.append("caught up")
        return False

    monkeypatch.setattr(server.session, "parse", parse)
    monkeypatch.setattr(server.live, "take_in", take_in)
    monkeypatch.setattr(server.live, "catch_up", catch_up)
    text, uri = Text.of("x = 1\n"), "file:///a.py"
    for version in range(100):
        server.session.put(Document(uri, "/a.py", "python", version, text))
        server.parse_soon(uri)
        await asyncio.sleep(0)
    waiting = server._parsing[uri]  # pyright: ignore[reportPrivateUsage] - to wait for it
    await asyncio.wait_for(waiting, PATIENCE)
    assert done == ["parsed", "taken in", "caught up"]
    server.parse_soon(uri)
    waiting = server._parsing[uri]  # pyright: ignore[reportPrivateUsage] - the same
    server.session.close(uri)
    await asyncio.wait_for(waiting, PATIENCE)
    assert done[3:] == ["parsed"]
    await server.close()


@pytest.mark.parametrize("more", [True, False])
async def test_documents_are_held_against_new_code_under_nda_before_somebody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, more: bool
) -> None:
    monkeypatch.setattr("twolane_server.server._PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("twolane_server.server._REST_SECONDS", 0.0)
    server = create(make_folders(tmp_path), {})
    read = list[str]()

    async def refresh(*given: object, fresh_seconds: float) -> None:
        assert not fresh_seconds
        read.append(str(given[3]))
        if len(read) == 2:
            running[1] = asyncio.ensure_future(asyncio.sleep(0))

    async def catch_up(_: str) -> bool:
        return more

    running = cast("Protocol", server.protocol).running
    monkeypatch.setattr(server.live, "catch_up", catch_up)
    monkeypatch.setattr("twolane_server.features.labels.refresh", refresh)
    for name in "abc":
        server.session.put(Document(f"file:///{name}.py", f"/{name}.py", "python", 1, Text.of("")))
    server.parse_soon("file:///a.py")
    pause = server._parsing["file:///a.py"]  # pyright: ignore[reportPrivateUsage] - to wait for it
    await asyncio.wait_for(pause, PATIENCE)
    assert read == (["file:///a.py", "file:///b.py"] if more else [])  # then somebody asked
    running.clear()
    await server.close()


async def test_only_a_process_of_its_own_collects_in_pauses_and_takes_short_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to: list[tuple[int, ...]] = []
    monkeypatch.setattr(gc, "set_threshold", lambda *numbers: set_to.append(numbers))  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]
    turns: list[float] = []
    monkeypatch.setattr(sys, "setswitchinterval", turns.append)
    server = create(make_folders(tmp_path), {})
    server.active()
    assert server.pauses is None
    assert not set_to
    assert not turns
    server.take_process()
    assert server.pauses is not None
    assert set_to
    assert 0 < turns[0] < sys.getswitchinterval()
    await server.close()


async def test_a_request_is_not_held_up_by_a_parse_that_it_makes_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twolane_server.server._PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("twolane_server.server._REST_SECONDS", 0.0)
    server = create(make_folders(tmp_path), {})
    parsed = asyncio.Queue[str]()
    monkeypatch.setattr(server.session, "parse", parsed.put)
    server.parse_soon("file:///a.py")
    go_on = server.hold_parsing("file:///a.py")
    other = server.hold_parsing("file:///b.py")
    await asyncio.sleep(0.01)
    assert parsed.empty()
    other()
    go_on()
    assert await asyncio.wait_for(parsed.get(), PATIENCE) == "file:///a.py"
    go_on()
    await asyncio.sleep(0.01)
    assert parsed.empty()
    await server.close()


@pytest.mark.parametrize("ready", [True, False])
async def test_an_action_holds_that_back_until_it_has_the_tree_or_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, ready: bool
) -> None:
    server = create(make_folders(tmp_path), {})
    steps: list[str] = []

    def hold(uri: str) -> Callable[[], None]:
        steps.append(uri)
        return lambda: steps.append("goes on")

    async def run(*_: object, on_ready: Callable[[Ready], object], **__: object) -> None:
        steps.append("prepares")
        if ready:
            on_ready(cast("Ready", None))
        steps.append("answers")

    monkeypatch.setattr(server, "hold_parsing", hold)
    monkeypatch.setattr("twolane_server.server.ask_once", lambda *_: asyncio.sleep(0))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr("twolane_server.features.execute_command.run", run)
    commands = cast("dict[str, Callable[[object], Awaitable[None]]]", server.protocol.fm.commands)
    await commands["twolane.run"]({"uri": "file:///a.py"})
    assert steps[:2] == ["file:///a.py", "prepares"]
    assert steps[2:] == (["goes on"] if ready else []) + ["answers", "goes on"]
    await server.close()
