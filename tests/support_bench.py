"""The bench on which the examples of a leak channel are held against the fake cloud.

Each example is built with its code under NDA, when no trace of its canary may reach the cloud; and
now and then with the same code open, when the canary must reach it. So a channel that carries
nothing is noticed.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support_channel_desk import ChannelDesk
from support_fake_server import MODEL as LOCAL_MODEL
from support_fake_server import FakeServer, answer
from support_generated import generated, mark_of, word
from support_leaks import MODEL, World, traces
from support_repository import put
from support_trial import DOCSTRING, Trial
from support_wire import PATIENT
from twolane_server.border.ledger import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import pytest

    from support_fake_server import Received
    from support_generated import Code

__all__ = ["Bench", "open_bench"]

TWIN_EVERY = 8


class Cloud(FakeServer):
    """A fake cloud that can do something at the moment when it is asked for its models."""

    def __init__(self) -> None:
        super().__init__(answer(DOCSTRING), models=(MODEL,))
        self.on_models: Callable[[], object] | None = None

    def _chosen(self, request: Received) -> Any:  # noqa: ANN401 - as of the original
        if request.method == "GET" and self.on_models is not None:
            meanwhile, self.on_models = self.on_models, None
            meanwhile()
        return super()._chosen(request)


@dataclass
class Bench:
    """What all examples of a channel share: one world, one cloud, at most one language server.

    Attributes:
        world: repository, grant, key and cloud.
        elsewhere: a server that nobody may come to.
        local: a real server for the local lane; most examples have a scripted one.
        patch: undone after each example.
        server: starts the language server.
        sent: how many open twins got there.
        seeds: the examples' numbers.
    """

    world: World
    cloud: Cloud
    elsewhere: FakeServer
    local: FakeServer
    patch: pytest.MonkeyPatch
    server: tuple[str, ...] = PATIENT
    sent: int = 0
    seeds: range = range(0)
    _desk: ChannelDesk | None = None
    _stock: dict[tuple[int, bool], tuple[Path, Code, str]] = field(
        default_factory=dict[tuple[int, bool], "tuple[Path, Code, str]"]
    )
    _marks: list[str] = field(default_factory=list[str])

    def run(self, channel: Callable[[Trial], None], seeds: range) -> None:
        """Run all examples of a channel and their open twins; then hold the ledger against all."""
        name, self.seeds = channel.__name__, seeds
        for number in seeds:
            self._try(channel, Trial(self, random.Random(f"{name} {number}"), number))  # noqa: S311
            if number % TWIN_EVERY == 0:
                twin = random.Random(f"{name} {number} open")  # noqa: S311 - for tests
                self._try(channel, Trial(self, twin, number, secret=False))
        self.close()
        self._conclude()

    def _try(self, channel: Callable[[Trial], None], trial: Trial) -> None:
        before = len(self.cloud.received)
        try:
            with self.patch.context() as patch:
                trial.patch = patch
                channel(trial)
        finally:
            trial.tidy()
        received = bytes(self.cloud.received[before:])
        if trial.secret:
            self._marks.append(trial.mark)
            assert traces(received, trial.mark) == [], (trial.number, trial.mark)
            for hidden in trial.hidden:
                assert hidden not in received, (trial.number, hidden)
        else:
            self.sent += 1
            assert traces(received, trial.mark), (trial.number, trial.mark, received)
        assert self.elsewhere.connections == 0, trial.number

    def _conclude(self) -> None:
        assert self.sent, "no example of this channel was let through"
        world = self.world
        chats = [chat.body for chat in world.chats]
        texts = [row.text.encode() for row in world.rows if row.text is not None]
        assert sorted(texts) == sorted(chats), "the ledger and what was received differ"
        assert len(chats) >= self.sent
        assert verify(world.folders.state / "ledger").whole
        world.check(in_order=False)  # some channels ask twice at once
        everything = bytes(self.cloud.received)
        kept = [
            file.read_bytes()
            for file in (world.top / "own").rglob("*")
            if file.is_file() and world.folders.cache not in file.parents
        ]
        for half in (half for mark in self._marks for half in mark.split("é")):
            assert all(half.encode() not in each for each in (everything, *kept)), half

    @property
    def desk(self) -> ChannelDesk:
        """The language server, started at first use."""
        if self._desk is None:
            self._desk = ChannelDesk(self.world, self.server)
        return self._desk

    def stock(self, number: int, *, secret: bool) -> tuple[Path, Code, str]:
        """A file for an example of a language server's, with its canary.

        All are there before the server starts: what comes later it notices only later, as it notices
        what another program writes.
        """
        if not self._stock:
            for each in (each for each in self.seeds for _ in range(2)):
                kind = (each, (each, True) not in self._stock)
                chance = random.Random(f"stock {kind}")  # noqa: S311 - for tests
                mark = mark_of(chance)
                code = generated(chance, mark, language="python")
                folder = "clients" if kind[1] else "lib"
                file = put(
                    self.world.root / folder / "stock" / f"{word(chance)}{each}.py", code.text
                )
                self._stock[kind] = file, code, mark
        return self._stock[number, secret]

    def close(self) -> None:
        """End the language server, if there is one."""
        desk, self._desk = self._desk, None
        if desk is not None:
            desk.close()


@contextmanager
def open_bench(
    top: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Generator[Bench]:
    """A bench with all its servers, and this process's environment as its world needs it."""
    elsewhere = FakeServer(answer("I am somebody else."), models=(MODEL, LOCAL_MODEL))
    local = FakeServer(answer(DOCSTRING), models=(LOCAL_MODEL,))
    with Cloud() as cloud, elsewhere, local:
        world = World(top, cloud, capture)
        for name, value in world.variables.items():
            patch.setenv(name, value)
        patch.chdir(world.root)
        bench = Bench(world, cloud, elsewhere, local, patch)
        try:
            yield bench
        finally:
            bench.close()
