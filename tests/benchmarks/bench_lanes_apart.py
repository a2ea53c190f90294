"""How little the local lane feels of a cloud lane that fails.

One runner, as in an editor: open work goes to the cloud again and again, NDA work to the local lane,
and only the latter is timed. The floor is the same beside a cloud that answers, in the same run; the
ways take turns, so that the machine's noise hits all of them. Each server is a process of its own.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from support_border import OPEN, prompt
from support_faulty_process import CLOUD_MODEL, WAYS, faulty_process
from twolane_server.border.secrets import warm
from twolane_server.errors import TwolaneError
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.routing.choose import Decision
from twolane_server.routing.run import Runner
from twolane_server.settings.resolved import (
    EmbeddedSettings,
    Folders,
    HealthSettings,
    KeySource,
    LaneSettings,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import Generator

MOST = 1.1
ROUNDS, REQUESTS, OPEN_WORK, PAUSE = 14, 15, 4, 0.05
FLOOR, NO_NAME, NOBODY = "answers", "a name server that hangs", "nobody listens"
# So that the lane is tried, and probed, again and again within the run.
HEALTH = HealthSettings(rest_seconds=0.2, longest_rest_seconds=1.0)


class _Stays(TwolaneError):
    """What would go to the local lane instead; here that would load it."""


def _decision(lane: LaneName) -> Decision:
    return Decision(lane, "m", Label.OPEN, ("as asked",))


def _settings(local: str, cloud: str) -> Settings:
    return Settings(
        local=LaneSettings(local, "Qwen3-Coder"),
        cloud=LaneSettings(
            cloud, CLOUD_MODEL, KeySource(environment="KEY"), idle_seconds=1.0, deadline_seconds=2.0
        ),
        embedded=EmbeddedSettings(enabled=False),
        health=HEALTH,
    )


async def _ask(runner: Runner, settings: Settings, lane: LaneName, label: Label) -> None:
    def stays(why: str) -> Decision:
        raise _Stays(why)

    await runner.run(
        prompt("def f(): ...", label),
        _decision(lane),
        settings,
        otherwise=stays,
        on_text=lambda _text, _count: None,
        on_notice=lambda _told, _share: None,
        on_decision=lambda _taken: None,
    )


async def _open_work(runner: Runner, settings: Settings) -> None:
    while True:
        with suppress(TwolaneError):
            await _ask(runner, settings, LaneName.CLOUD, Label.OPEN)
        await asyncio.sleep(PAUSE)


@contextmanager
def _name_server(way: str) -> Generator[None]:
    def hang(*_: object, **__: object) -> list[object]:
        time.sleep(2.0)
        return []

    with mock.patch.object(socket, "getaddrinfo", hang) if way == NO_NAME else ExitStack():
        yield


async def _times(runner: Runner, settings: Settings, way: str) -> list[float]:
    """Milliseconds of some requests to the local lane, beside open work."""
    taken: list[float] = []
    with _name_server(way):
        work = [asyncio.create_task(_open_work(runner, settings)) for _ in range(OPEN_WORK)]
        await asyncio.sleep(0.1)
        for _ in range(REQUESTS):
            begin = time.perf_counter()
            await _ask(runner, settings, LaneName.LOCAL, Label.NDA)
            taken.append((time.perf_counter() - begin) * 1000)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
    return taken


async def measure(clouds: dict[str, str], local: str, top: Path) -> dict[str, list[float]]:
    """The times of the local lane beside each cloud."""
    runner = Runner(
        Folders(top, top, top), {"KEY": "sk-" + "0" * 20}, lambda _settings: lambda _origins: OPEN
    )
    found: dict[str, list[float]] = {way: [] for way in clouds}
    for number in range(ROUNDS + 1):
        ways = [*clouds][number % len(clouds) :] + [*clouds][: number % len(clouds)]
        for way in ways:
            taken = await _times(runner, _settings(local, clouds[way]), way)
            found[way] += taken if number else []
    await runner.aclose()
    return found


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def report(found: dict[str, list[float]]) -> bool:
    """Print the table; whether the limit holds."""
    floor, held = _quantile(found[FLOOR], 0.95), True
    print(f"{'the cloud':28}{'local ms p50':>14}{'p95':>8}{'of the floor':>14}")
    for way, taken in found.items():
        p95 = _quantile(taken, 0.95)
        print(f"{way:28}{_quantile(taken, 0.5):14.1f}{p95:8.1f}{p95 / floor:14.2f}")
        held &= p95 <= MOST * floor
    print(f"limit: p95 at most {MOST:g} times that beside a cloud that answers")
    return held


def main() -> int:
    """The exit status says whether the limit holds."""
    warm()
    with ExitStack() as stack:
        local = stack.enter_context(faulty_process(FLOOR))
        clouds = {way: stack.enter_context(faulty_process(way)) for way in WAYS}
        clouds |= {NOBODY: "http://127.0.0.1:9/v1", NO_NAME: "https://hangs.invalid/v1"}
        top = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        return int(not report(asyncio.run(measure(clouds, local, top))))


if __name__ == "__main__":
    sys.exit(main())
