"""Runs vLLM, tells how far it is, waits until it answers, and ends it with all that it started."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.errors import CannotServe
from twolane_server.serve import leash
from twolane_server.serve.phases import Phase, phase_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

__all__ = ["Ended", "Log", "run"]

_ASK_EVERY_SECONDS = 0.5
_LINES_KEPT = 400
_QUIET_MINUTES = 2
_LOG_BYTES = 4_194_304
_ENDS = re.compile(rb"[\r\n]+")
_LONGEST_LINE = 65_536


@dataclass(frozen=True, slots=True)
class Ended:
    """How it went.

    Attributes:
        status: its exit status.
        ready_after: seconds from the start until it answered; `None` if it never did.
        asked: whether we ended it.
        lines: what it printed last.
    """

    status: int
    ready_after: float | None
    asked: bool
    lines: tuple[str, ...] = field(repr=False)


class Log:
    """What vLLM prints: the last lines in memory, more of them in a file that its owner can read.

    Args:
        file: written anew; when it is full, one older part is kept beside it.
        echo: gets every line, too.

    Attributes:
        lines: the last ones.
        latest: when the last one came, on the monotonic clock.
    """

    def __init__(self, file: Path, echo: Callable[[str], None] | None = None) -> None:
        self._file, self._echo = file, echo
        self._size = 0
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._out = self._open()
        self.lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self.latest = time.monotonic()

    def add(self, line: str) -> None:
        """One line, without its end."""
        self.lines.append(line)
        self.latest = time.monotonic()
        raw = f"{line}\n".encode("utf-8", "replace")
        self._size += len(raw)
        if self._size > _LOG_BYTES:
            os.close(self._out)
            self._file.replace(self._file.with_suffix(".1.log"))
            self._out, self._size = self._open(), len(raw)
        os.write(self._out, raw)
        if self._echo is not None:
            self._echo(line)

    def close(self) -> None:
        """Close the file."""
        os.close(self._out)

    def _open(self) -> int:
        return os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


async def run(
    command: Sequence[str],
    environ: Mapping[str, str],
    log: Log,
    *,
    answers: Callable[[], Awaitable[bool]],
    on_phase: Callable[[Phase], None],
    on_ready: Callable[[float], None],
    stop: asyncio.Event,
) -> Ended:
    """Run vLLM until it ends or is to stop; then nothing of it is left.

    Args:
        command: what to start.
        environ: all variables of the new process.
        log: takes what it prints.
        answers: whether it answers by now.
        on_phase: told how far it is.
        on_ready: told after how many seconds it answered first.
        stop: ends it in order when it is set, and by force when it is set again after `clear`.

    Raises:
        CannotServe: no process can be started.
    """
    began = time.monotonic()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(Path(leash.__file__)),
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(environ),
            start_new_session=True,
        )
    except OSError as error:
        raise CannotServe(f"No process can be started ({error.strerror}).") from error
    ready_after: float | None = None
    asked = False

    async def wait_until_ready() -> None:
        nonlocal ready_after
        while not await answers():
            await asyncio.sleep(_ASK_EVERY_SECONDS)
            if minutes := int((time.monotonic() - log.latest) // 60) // _QUIET_MINUTES:
                quiet = minutes * _QUIET_MINUTES
                on_phase(Phase(f"still loading; vLLM has printed nothing for {quiet} minutes"))
        ready_after = time.monotonic() - began
        on_ready(ready_after)

    async def end_when_asked() -> None:
        nonlocal asked
        while True:
            await stop.wait()
            stop.clear()
            asked = True
            with suppress(ProcessLookupError):  # it ended by itself meanwhile
                process.terminate()

    helpers = [
        asyncio.ensure_future(wait_until_ready()),
        asyncio.ensure_future(end_when_asked()),
    ]
    try:
        await _read(process, log, on_phase)
        status = await process.wait()
    finally:
        for each in helpers:
            each.cancel()
        if process.returncode is None:
            process.terminate()
            await process.wait()
    return Ended(status, ready_after, asked, tuple(log.lines))


async def _read(
    process: asyncio.subprocess.Process, log: Log, on_phase: Callable[[Phase], None]
) -> None:
    """All that it prints; a progress bar's states are lines, too."""
    assert process.stdout is not None
    rest = b""
    while piece := await process.stdout.read(_LONGEST_LINE):
        *whole, rest = _ENDS.split(rest + piece)
        if len(rest) > _LONGEST_LINE:
            whole, rest = [*whole, rest], b""
        for raw in whole:
            line = raw.decode("utf-8", "replace")
            log.add(line)
            if (phase := phase_of(line)) is not None:
                on_phase(phase)
    if rest:
        log.add(rest.decode("utf-8", "replace"))
