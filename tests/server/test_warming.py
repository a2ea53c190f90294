"""The local lane is kept warm: when, how often, and by whom that is found out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from lsprotocol import types

from support_trust import make_folders
from twolane_server.lanes.warmth import WarmRules, Warmth
from twolane_server.server import create
from twolane_server.warming import Warming, kept_warm

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    import pytest


@dataclass
class Desk:
    """A lane, an editor and a clock that only moves while somebody sleeps."""

    now: float = 0.0
    used_at: float | None = 0.0
    answers: bool = True
    battery: bool = False
    wanted: bool = True
    sent: list[float] = field(default_factory=list[float])
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    meanwhile: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.warming = Warming(
            lambda: self if self.wanted else None,
            self.background,
            warmth=Warmth(WarmRules()),
            battery=lambda: self.battery,
            clock=lambda: self.now,
            sleep=self.sleep,
        )

    def background(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        self.tasks.append(asyncio.create_task(work))
        return self.tasks[-1]

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        await asyncio.sleep(0)
        self.now += seconds
        self.meanwhile()

    async def warm(self) -> bool:
        self.sent.append(self.now)
        if self.answers:
            self.used_at = self.now
        return self.answers

    async def type_at(self, now: float) -> None:
        """A sign of life of the editor, and all that follows from it."""
        self.now = now
        self.warming.active()
        await asyncio.gather(*self.tasks)


async def test_each_75_seconds_until_the_editor_is_idle() -> None:
    desk = Desk()
    await desk.type_at(10)
    assert desk.sent == [75, 150, 225, 300]
    await desk.type_at(4_000)
    assert desk.sent[4:] == [4_000, 4_075, 4_150, 4_225]
    assert len(desk.tasks) == 2


async def test_not_while_the_lane_is_used_anyway() -> None:
    desk = Desk()

    def used() -> None:
        desk.used_at = desk.now if desk.now < 200 else desk.used_at

    desk.meanwhile = used
    await desk.type_at(10)
    assert desk.sent == [225, 300]


async def test_a_lane_that_nobody_has_used_is_left_alone() -> None:
    desk = Desk(used_at=None)
    await desk.type_at(10)
    assert desk.tasks == []


async def test_the_setting_and_the_battery_switch_it_off() -> None:
    desk = Desk(wanted=False)
    await desk.type_at(10)
    assert desk.tasks == []
    desk = Desk(battery=True)
    await desk.type_at(10)
    assert desk.sent == []
    desk.battery = False
    await desk.type_at(400)
    assert desk.sent[0] == 400


async def test_a_server_that_is_gone_is_asked_less_and_less() -> None:
    desk = Desk(answers=False)
    for now in range(0, 36_000, 60):
        await desk.type_at(max(now, desk.now))
    pauses = [after - before for before, after in zip(desk.sent, desk.sent[1:], strict=False)]
    assert pauses == sorted(pauses), "never sooner than before"
    assert pauses[0] >= 150
    assert pauses[-1] >= 1_800
    assert len(desk.sent) < 25


async def test_keys_start_one_task() -> None:
    desk = Desk()
    for _ in range(1_000):
        desk.warming.active()
    assert len(desk.tasks) == 1
    await asyncio.gather(*desk.tasks)


URI = "file:///r/a.py"
TEXT = types.TextDocumentItem(URI, "python", 1, "x = 1\n")
SPACE = types.Range(types.Position(0, 0), types.Position(0, 0))
SIGNS: dict[str, object] = {
    types.TEXT_DOCUMENT_DID_OPEN: types.DidOpenTextDocumentParams(TEXT),
    types.TEXT_DOCUMENT_DID_CHANGE: types.DidChangeTextDocumentParams(
        types.VersionedTextDocumentIdentifier(2, URI),
        [types.TextDocumentContentChangePartial(SPACE, "y")],
    ),
    types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionParams(
        types.TextDocumentIdentifier(URI), SPACE, types.CodeActionContext([])
    ),
}


async def test_what_counts_as_a_sign_of_the_editor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = create(make_folders(tmp_path), {})
    signs: list[str] = []
    monkeypatch.setattr(type(server), "encoding", property(lambda _: "utf-16"), raising=True)
    for method, params in SIGNS.items():
        monkeypatch.setattr(server.warming, "active", lambda method=method: signs.append(method))
        features = cast("dict[str, Callable[[object], object]]", server.protocol.fm.features)
        features[method](params)
    assert signs == [*SIGNS]
    await server.close()


async def test_the_setting_is_read_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = create(make_folders(tmp_path), {})
    session, service, lane = server.session, server.service, Desk()

    def opened(settings: object) -> Desk:
        del settings
        return lane

    monkeypatch.setattr(service, "local", opened)
    assert kept_warm(session, service) is lane
    local = replace(session.settings.local, keep_warm=False)
    session.settings = replace(session.settings, local=local)
    assert kept_warm(session, service) is None
    await server.close()
