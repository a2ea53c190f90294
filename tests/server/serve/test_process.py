"""Starting, watching and ending a program as vLLM is one: with processes of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_vllm import until
from support_waiting import PATIENCE
from twolane_server.serve import leash
from twolane_server.serve.process import Ended, Log, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from twolane_server.serve.phases import Phase

# A server with a worker: tells both process ids in a file, says how far it is, and waits.
PROGRAM = """
import os, pathlib, signal, subprocess, sys, time
stubborn, report = sys.argv[1] == "stubborn", pathlib.Path(sys.argv[2])
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
worker = subprocess.Popen([sys.executable, "-c", "import signal, time; "
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"])
part = report.with_suffix(".part")
part.write_text(f"{os.getpid()} {worker.pid}")
part.rename(report)
print("Initializing a V1 LLM engine (v0)", flush=True)
sys.stderr.write("Loading safetensors checkpoint shards:  50% Completed\\r"
    "Loading safetensors checkpoint shards: 100% Completed\\n")
sys.stderr.flush()
time.sleep(600)
"""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    one = Log(tmp_path / "state" / "vllm.log")
    yield one
    one.close()


class Room:
    """A program, its report, and what was told of it."""

    def __init__(self, top: Path) -> None:
        self.report = top / "report"
        self.script = top / "program.py"
        self.script.write_text(PROGRAM, "utf-8")
        self.phases: list[Phase] = []
        self.ready: list[float] = []
        self.stop = asyncio.Event()

    def command(self, kind: str = "tame") -> list[str]:
        return [sys.executable, str(self.script), kind, str(self.report)]

    async def run(
        self, command: list[str], log: Log, answers: Callable[[], Awaitable[bool]] | None = None
    ) -> Ended:
        async def started() -> bool:
            return self.report.exists()

        return await run(
            command,
            os.environ,
            log,
            answers=answers or started,
            on_phase=self.phases.append,
            on_ready=self.ready.append,
            stop=self.stop,
        )

    @property
    def processes(self) -> list[int]:
        return [int(word) for word in self.report.read_text().split()]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def seen(holds: Callable[[], bool]) -> None:
    assert await asyncio.to_thread(until, holds, PATIENCE)


def all_gone(room: Room) -> bool:
    return until(lambda: not any(map(alive, room.processes)), PATIENCE)


async def test_it_tells_how_far_it_is_and_ends_all_of_it_when_asked(
    tmp_path: Path, log: Log
) -> None:
    room = Room(tmp_path)
    running = asyncio.ensure_future(room.run(room.command(), log))
    await seen(lambda: bool(room.ready) and len(room.phases) == 3)
    assert all(map(alive, room.processes))
    room.stop.set()
    ended = await running
    assert (ended.asked, ended.status) == (True, 128 + 15)
    assert ended.ready_after == room.ready[0]
    assert [(one.name, one.share) for one in room.phases] == [
        ("starting the engine", None),
        ("loading the weights", 0.5),
        ("loading the weights", 1.0),
    ]
    assert all_gone(room), "also the worker that does not listen to SIGTERM"
    file = tmp_path / "state" / "vllm.log"
    assert file.read_text("utf-8").splitlines() == list(ended.lines)
    assert file.stat().st_mode & 0o777 == 0o600


async def test_who_does_not_end_is_killed_when_asked_again(tmp_path: Path, log: Log) -> None:
    room = Room(tmp_path)
    running = asyncio.ensure_future(room.run(room.command("stubborn"), log))
    await seen(lambda: bool(room.ready))
    room.stop.set()
    await asyncio.sleep(0.5)
    assert not running.done()
    room.stop.set()
    ended = await running
    assert (ended.asked, ended.status) == (True, 128 + 9)
    assert all_gone(room)


async def test_when_it_prints_nothing_for_long_that_is_told(tmp_path: Path, log: Log) -> None:
    room = Room(tmp_path)

    async def loading() -> bool:
        log.latest -= 130
        if len(room.phases) == 2:
            room.stop.set()
        return False

    await room.run([sys.executable, "-c", "import time; time.sleep(600)"], log, loading)
    names = [one.name for one in room.phases]
    assert names[:2] == [
        "still loading; vLLM has printed nothing for 2 minutes",
        "still loading; vLLM has printed nothing for 4 minutes",
    ]


async def test_one_that_ends_by_itself(tmp_path: Path, log: Log) -> None:
    async def never() -> bool:
        return False

    program = "import sys; print('why'); sys.exit(3)"
    ended = await Room(tmp_path).run([sys.executable, "-c", program], log, never)
    assert (ended.asked, ended.status, ended.ready_after) == (False, 3, None)
    assert ended.lines == ("why",)


async def test_one_that_is_not_there(tmp_path: Path, log: Log) -> None:
    ended = await Room(tmp_path).run(["/nowhere/python"], log)
    assert ended.status == 127
    assert ended.lines == ("/nowhere/python: No such file or directory",)


async def test_cancelling_ends_it_too(tmp_path: Path, log: Log) -> None:
    room = Room(tmp_path)
    running = asyncio.ensure_future(room.run(room.command(), log))
    await seen(lambda: bool(room.ready))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert all_gone(room)


def test_it_goes_with_its_owner_however_that_went(tmp_path: Path) -> None:
    room = Room(tmp_path)
    command = [sys.executable, "-I", str(Path(leash.__file__)), *room.command()]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    assert until(room.report.exists, PATIENCE)
    assert all(map(alive, room.processes))
    process.stdin.close()  # as the kernel does when the owner was killed
    assert process.wait(PATIENCE) == 128 + 15
    assert all_gone(room)


async def test_the_log_is_kept_small(tmp_path: Path, log: Log) -> None:
    line = "x" * 100_000
    for _ in range(100):
        log.add(line)
    sizes = {file.name: file.stat().st_size for file in (tmp_path / "state").iterdir()}
    assert sizes.keys() == {"vllm.log", "vllm.1.log"}
    assert all(size <= 4_194_304 for size in sizes.values())
    assert len(log.lines) == 100


async def test_a_line_without_end_is_cut(tmp_path: Path, log: Log) -> None:
    program = "import os; left = b'x' * 300_000\nwhile left: left = left[os.write(1, left) :]"

    async def never() -> bool:
        return False

    began = time.process_time()
    ended = await Room(tmp_path).run([sys.executable, "-c", program], log, never)
    assert sum(map(len, ended.lines)) == 300_000
    assert len(ended.lines) > 1
    assert time.process_time() - began < 10
