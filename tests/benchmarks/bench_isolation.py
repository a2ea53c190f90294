"""What the failure of one lane costs the other: its p95, beside its own with both lanes well.

The same people ask both lanes in both cases; only what the one lane's server does is different. The
cases take turns of a second, so that the machine's noise hits both; what counts is the median, over
all pairs of turns, of the one p95 over the other. The breaker is kept from opening: a lane that is left
alone costs nothing at all.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import socket
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from support_fake_server import FOREVER, Answer, FakeServer, answer, chunk, refusal
from support_fault_bench import Bench, settings_of
from support_faults import MODELS, Limits
from support_trust import make_folders
from twolane_server.border.secrets import warm
from twolane_server.lanes.base import LaneName
from twolane_server.settings.resolved import HealthSettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from multiprocessing.connection import Connection

    from twolane_server.settings.resolved import Settings

MOST = 1.1
ROUNDS, SECONDS = 9, 1.0
PEOPLE = 3
EVERY = 0.2  # seconds from one question of a person to the next, also after a quick refusal
LIMITS = Limits(connect=0.5, idle=0.5, deadline=1.0)
PATIENT = {"connect_seconds": 30.0, "idle_seconds": 30.0, "deadline_seconds": 60.0}
NEVER = HealthSettings(least_requests=10**9, breaker_failures=10**9)
WELL = answer(*["word "] * 10, delay=0.01)
DEAF = "http://127.0.0.1:9/v1"
HANGING = "https://hanging.invalid/v1"
FAULTS: dict[str, Answer | str] = {
    "connection refused": DEAF,
    "name server that hangs": HANGING,
    "no headers": Answer((FOREVER,), status=0),
    "stall in the middle": Answer((chunk("word"), FOREVER)),
    "keep-alives for ever": Answer((b": keep-alive\n\n", 0.005), repeat=True),
    "500 at once": refusal(500, {"error": "no"}),
    "reset in the middle": Answer((chunk("word"),), reset=True),
    "a line of 20 MB": Answer((b"data: ", *[b"x" * 65_536] * 320)),
    "tokens that drip": Answer((chunk("a"), 0.02), repeat=True),
}


@dataclass
class Case:
    """One case and how long the other lane's requests took in each turn, in seconds."""

    settings: Settings
    turns: list[list[float]] = field(default_factory=list[list[float]])

    @property
    def all(self) -> list[float]:
        return [each for turn in self.turns for each in turn]


def p95(times: list[float]) -> float:
    """The time that one in twenty takes longer than."""
    return quantiles(times, n=20, method="inclusive")[-1]


async def turn(bench: Bench, case: Case, failing: LaneName, until: float) -> None:
    """Some people ask the one lane, some the other; the other's times are kept."""
    other = LaneName.LOCAL if failing is LaneName.CLOUD else LaneName.CLOUD
    times: list[float] = []

    async def ask(lane: LaneName) -> None:
        while (begin := time.perf_counter()) < until:
            told = await bench.run(lane, case.settings)
            if lane is other:
                assert told.reply is not None, told.sentences
                assert told.reply.decision.lane is other
                times.append(time.perf_counter() - begin)
            await asyncio.sleep(max(0.0, begin + EVERY - time.perf_counter()))

    async with asyncio.TaskGroup() as group:
        for lane in LaneName:
            for _ in range(PEOPLE):
                group.create_task(ask(lane))
    case.turns.append(times)


async def compared(
    folder: Path, failing: LaneName, fault: Answer | str, rounds: int
) -> tuple[Case, Case]:
    """The other lane with both well, and with the one failing."""
    bench = Bench(make_folders(folder), {})
    answers = (fault if isinstance(fault, Answer) else WELL, WELL, WELL)
    with ExitStack() as servers:
        bad, well, good = [servers.enter_context(_elsewhere(each)) for each in answers]
        cases: list[Case] = []
        for url in (good, fault if isinstance(fault, str) else bad):
            urls = (url, well) if failing is LaneName.CLOUD else (well, url)
            settings = settings_of(bench, *urls, limits=LIMITS, health=NEVER, at_once=2 * PEOPLE)
            cases.append(Case(_patient(settings, failing)))
        for number in range(rounds + 1):
            for case in cases if number % 2 else reversed(cases):
                await turn(bench, case, failing, time.perf_counter() + SECONDS)
            if number == 0:  # connections, vocabularies, the ledger
                for case in cases:
                    case.turns.clear()
        await bench.close()
    return cases[0], cases[1]


def _patient(settings: Settings, failing: LaneName) -> Settings:
    """The other lane with limits that a busy machine does not reach."""
    if failing is LaneName.CLOUD:
        return replace(settings, local=replace(settings.local, **PATIENT))
    return replace(settings, cloud=replace(settings.cloud, **PATIENT))


@contextmanager
def _elsewhere(served: Answer) -> Generator[str]:
    """A server in a process of its own: what it takes is neither the client's nor another server's."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(served, theirs))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join()


def _serve(served: Answer, pipe: Connection) -> None:
    async def serve() -> None:
        async with FakeServer(served, models=MODELS) as server:
            pipe.send(server.url)
            await asyncio.to_thread(pipe.recv)

    asyncio.run(serve())


async def run(rounds: int, kinds: list[str]) -> bool:
    """Print the table; whether all of it is within the limit."""
    print(f"{'lane that fails':<16}{'fault':<26}{'requests':>9}{'p50 ms':>8}{'with':>8}"
          f"{'p95 ms':>8}{'with':>8}{'ratio':>7}")  # fmt: skip
    within = True
    async for failing, kind, well, ill in _rows(rounds, kinds):
        pairs = zip(ill.turns, well.turns, strict=True)
        ratio = median(p95(bad) / p95(good) for bad, good in pairs)
        miss = "" if ratio <= MOST else f"  more than {MOST}"
        within = within and not miss
        middle = [f"{median(case.all) * 1e3:>8.1f}" for case in (well, ill)]
        late = [f"{p95(case.all) * 1e3:>8.1f}" for case in (well, ill)]
        count = len(ill.all)
        print(f"{failing:<16}{kind:<26}{count:>9}{''.join(middle + late)}{ratio:>7.3f}{miss}",
              flush=True)  # fmt: skip
    return within


async def _rows(rounds: int, kinds: list[str]) -> AsyncGenerator[tuple[LaneName, str, Case, Case]]:
    for kind in kinds:
        for failing in LaneName:
            with tempfile.TemporaryDirectory() as folder:
                well, ill = await compared(Path(folder), failing, FAULTS[kind], rounds)
            yield failing, kind, well, ill


def _hang() -> None:
    """Have a name that is looked up take its time, as a name server that does not answer does."""
    really = socket.getaddrinfo

    def look_up(host: str, *more: object, **named: object) -> object:
        if host == "hanging.invalid":
            time.sleep(3.0)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return really(host, *more, **named)  # type: ignore[arg-type]

    socket.getaddrinfo = look_up  # type: ignore[assignment]


def main() -> int:
    """The exit status says whether the limit holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--fault", action="append", choices=list(FAULTS))
    given = parser.parse_args()
    warm()
    _hang()
    return int(not asyncio.run(run(given.rounds, given.fault or list(FAULTS))))


if __name__ == "__main__":
    sys.exit(main())
