"""Prompts, standings and a cloud that records every byte, for the border's tests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twolane_server.border.records import Sending
from twolane_server.border.standing import Standing
from twolane_server.fragments import Fragment, Label, Origin
from twolane_server.lanes.base import Chunk, LaneName, Request, Usage
from twolane_server.prompts import Message, Prompt, Role

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
OPEN = Standing(Label.OPEN, granted=True, words=("Acme Corp",), reasons=(), policy_hash="p1")
SOURCE = Origin("/repo/src/tool.py", 3, 9)


def prompt(
    text: str = "def f(): ...", label: Label = Label.OPEN, *, max_tokens: int = 200
) -> Prompt:
    """Our own wording, then one fragment of a file."""
    return Prompt(
        "docstring",
        (
            Message(Role.SYSTEM, (Fragment("You write docstrings.", Label.OPEN),)),
            Message(Role.USER, (Fragment(text, label, SOURCE),)),
        ),
        max_tokens=max_tokens,
    )


def sending(body: bytes = b'{"a":"b"}', lane: LaneName = LaneName.CLOUD) -> Sending:
    """A sending with every field filled."""
    return Sending(
        time=NOON,
        action="docstring",
        lane=lane,
        model="deepseek-v3.2",
        host="api.example.test:443",
        body=body,
        files=(SOURCE,),
        label=Label.OPEN,
        reasons=("docstring's home lane",),
        policy_hash="p1",
    )


@dataclass
class Clock:
    """A clock that moves on by a second each time somebody looks."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


ANSWER = (
    Chunk("Say"),
    Chunk(" hello.", finish="stop"),
    Chunk(usage=Usage(prompt=40, completion=3, cached=10)),
)


@dataclass
class RecordingCloud:
    """A cloud lane that keeps every body it is sent and every question it is asked."""

    answer: tuple[Chunk | Exception, ...] = ANSWER
    host: str = "api.example.test:443"
    listed: str = "deepseek-v3.2-relay"
    holds: int | None = None
    resolved: int = 0
    asked_for: str = ""
    bodies: list[bytes] = field(default_factory=list[bytes])
    opened: int = 0
    stopped: int = 0
    closed: int = 0
    wait: asyncio.Event | None = None
    waiting: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def name(self) -> LaneName:
        return LaneName.CLOUD

    async def resolve(self, model: str, /) -> str:
        self.resolved += 1
        self.asked_for = model
        return self.listed

    def known_as(self, model: str, /) -> str | None:
        return self.listed if self.asked_for == model else None

    def window(self, _model: str, /) -> int | None:
        return self.holds if self.resolved else None

    async def probe(self) -> None:
        self.resolved += 1

    async def stream(self, request: Request) -> AsyncGenerator[Chunk]:
        self.opened += 1
        self.bodies.append(request.body)
        try:
            for step in self.answer:
                if isinstance(step, Exception):
                    raise step
                yield step
                if self.wait is not None:
                    self.waiting.set()
                    await self.wait.wait()
        finally:
            self.stopped += 1

    async def aclose(self) -> None:
        self.closed += 1
