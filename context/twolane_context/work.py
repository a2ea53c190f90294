"""Examining files in processes of their own: tree-sitter holds the GIL, and a parser may crash.

A worker ends with its owner, whose end of a pipe closes, and by itself at a file that takes too long.
A question is a line of JSON, the paths. The answer has a row for each file that is there, after a
line with its length, and ends with a length of 0; so does what a worker says when it is ready.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections import deque
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from selectors import EVENT_READ, PollSelector
from subprocess import DEVNULL, PIPE, Popen
from typing import IO, TYPE_CHECKING, cast

from twolane_context import disk
from twolane_context.names import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXAMINE = "twolane_context.outline:examine"
_BATCH = 32  # files for one question
_PATIENCE = 20  # after so many crashes it is not the files' fault
_NICE = 10
_BUFFER = 1 << 20  # bytes of answers, so that a question wakes its owner about once
# Neither the working folder nor the environment may add to what can be imported.
_START = "import sys; sys.path[:] = sys.argv[4:]; import twolane_context.work as w; w.serve(*sys.argv[1:4])"


def examine_all(
    root: Path,
    paths: Sequence[str],
    processes: int,
    *,
    seconds: float = 20.0,
    function: str = EXAMINE,
) -> Iterator[disk.Row]:
    """A row for each of the files that is there, as they come; closing the iterator ends the work.

    A file at which a process ends, or which takes too long, gets its words only, and empty facts.
    Without processes, or when they end again and again, what is left is left out.

    Args:
        root: the repository.
        paths: which files.
        processes: how many at most.
        seconds: the longest that one file may take.
        function: what examines, as `module:name`; makes words and facts from path and source.
    """
    paths = sorted(paths, key=lambda path: path.rpartition(".")[2])
    waiting = deque(paths[at : at + _BATCH] for at in range(0, len(paths), _BATCH))
    command, crashes, busy = _command(root, seconds, function), 0, PollSelector()
    try:
        for number in range(min(max(1, processes), len(waiting))):
            _start(busy, command, number)
        while busy.get_map() and crashes < _PATIENCE:
            for worker in [cast("_Worker", key.fileobj) for key, _ in busy.select()]:
                asked, rows = worker.asked, worker.answer()
                if rows is not None and waiting:
                    # From both ends, so that few load the grammar and query of one more language.
                    worker.ask(waiting.pop() if worker.number % 2 else waiting.popleft())
                else:
                    busy.unregister(worker)
                    worker.close()
                if rows is None and asked:  # else it could not even start
                    if len(asked) > 1:  # which of them was it?
                        waiting.extend([path] for path in asked)
                    else:
                        crashes += 1
                        rows = disk.rows(root, asked, lambda _, source: (words(source), b""))
                    _start(busy, command, worker.number)
                yield from filter(None, rows or ())
    finally:
        for key in [*busy.get_map().values()]:
            cast("_Worker", key.fileobj).close()
        busy.close()


def _command(root: Path, seconds: float, function: str) -> list[str]:
    untrusted = {os.path.realpath(root), str(Path.cwd())}
    known = [p for p in sys.path if p.startswith("/") and os.path.realpath(p) not in untrusted]
    asked = [str(root.absolute()), str(seconds), function]
    home = str(Path(__file__).parent.parent)
    return [sys.executable, "-I", "-S", "-c", _START, *asked, *known, home]


def _start(busy: PollSelector, command: list[str], number: int) -> None:
    """Have one more worker, if one can be started."""
    with suppress(OSError):
        busy.register(_Worker(command, number), EVENT_READ)


class _Worker:
    """A process that examines files when asked, and stands back for others.

    Attributes:
        number: which of all.
        asked: the paths that it is at; none while it starts.
    """

    def __init__(self, command: list[str], number: int) -> None:
        self.number = number
        self.asked: list[str] = []
        self._process = Popen(command, _BUFFER, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd="/")  # noqa: S603 - our own program
        self._questions = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)

    def fileno(self) -> int:
        """Where its answer comes."""
        return self._answers.fileno()

    def ask(self, paths: list[str]) -> None:
        """Have it examine files."""
        self.asked = paths
        with suppress(OSError):  # it has ended, as its answer will tell
            self._questions.write(json.dumps(paths).encode() + b"\n")
            self._questions.flush()

    def answer(self) -> list[disk.Row] | None:
        """What it found; `None` when it has ended."""
        rows: list[disk.Row] = []
        with suppress(ValueError):
            while size := int(self._answers.readline()):
                rows.append(disk.Row.unpacked(self._answers.read(size)))
            return rows
        return None

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        with suppress(OSError), self._process:
            pass  # closes the pipes and waits


def serve(root: str, seconds: str, function: str) -> None:
    """The worker's side: answer on what was standard output until standard input ends."""
    gc.disable()  # it would take 5 ms each time, and nothing here is in a circle
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the owner, who then ends us
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends us, also while the GIL is held
    os.nice(_NICE)
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", _BUFFER)
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    module, _, name = function.partition(":")
    examine: disk.Examine = getattr(import_module(module), name)

    def timed(path: str, source: bytes) -> tuple[bytes, bytes | None]:
        signal.setitimer(signal.ITIMER_REAL, float(seconds))
        try:
            return examine(path, source)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    while True:
        answers.write(b"0\n")
        answers.flush()
        if not (question := questions.readline()):
            return
        for row in filter(None, disk.rows(Path(root), json.loads(question), timed)):
            blob = row.packed()
            answers.write(b"%d\n%b" % (len(blob), blob))
