"""Examining files in processes of their own: tree-sitter holds the GIL, and a parser may crash.

A worker ends with its owner, whose end of a pipe closes, and by itself at a file that takes too long.
A question is a line of JSON. The answer has one for each file, which words and facts follow, and one
more when the worker is ready for the next question.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, cast

from twolane_context.disk import Row, Stamp, digest_of, reads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Examine = Callable[[str, bytes], tuple[bytes, bytes]]

EXAMINE = "twolane_context.outline:examine"
_BATCH = 32  # files for one question
_COLLECT = 100  # questions; trees are freed without it, and it takes 5 ms
_PATIENCE = 20  # after so many crashes it is not the files' fault
_NICE = 10
_BUFFER = 1 << 20  # bytes of answers, so that a question wakes its owner about once
# Neither the working folder nor the environment may add to what can be imported.
_START = "import sys; sys.path[:] = sys.argv[5:]; import twolane_context.work as w; w.serve(*sys.argv[1:5])"


class Worker:
    """A process that examines files when asked, and stands back for others. Any thread may ask.

    Args:
        root: the repository.
        seconds: the longest that one file may take.
        function: what examines, as `module:name`; makes words and facts from path and source.
    """

    def __init__(self, root: Path, *, seconds: float = 20.0, function: str = EXAMINE) -> None:
        self._root, self._function = root.absolute(), function
        untrusted = {os.path.realpath(root), str(Path.cwd())}
        known = [p for p in sys.path if p.startswith("/") and os.path.realpath(p) not in untrusted]
        words = [str(self._root), str(seconds), *function.split(":")]
        home = str(Path(__file__).parent.parent)
        self._command = [sys.executable, "-I", "-S", "-c", _START, *words, *known, home]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._crashes = 0
        self._closed = False

    def examine(self, paths: Sequence[str]) -> list[Row]:
        """A row for each file that is there. Without paths, only start the process.

        A file at which the process ends or takes too long gets its words only, and empty facts.
        """
        with self._lock:
            return [*self._found(paths)]

    def close(self) -> None:
        """End the process, whatever it does; what is being examined is left out."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()
        with self._lock:
            self._end()

    def _found(self, paths: Sequence[str]) -> Iterator[Row]:
        """What is found in files, whatever one of them does to the process."""
        spared = self._crashes >= _PATIENCE
        found = self._ask(paths, bare=spared)
        if found is None and len(paths) > 1:  # which of them was it?
            for path in paths:
                yield from self._found([path])
        elif found is None:
            self._crashes += 1
            bare = self._ask(paths, bare=True)
            yield from _examined(self._root, paths, _nothing) if bare is None else bare
        else:
            yield from (row._replace(facts=None) for row in found) if spared else found

    def _ready(self) -> None:
        """Have a process that lives, if one can be started."""
        if self._closed or (self._process is not None and self._process.poll() is None):
            return
        self._end()
        with suppress(OSError):
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
            )
            if self._closed:  # by a thread that saw no process yet
                self._process.kill()
            if self._process.stdout and not self._process.stdout.readline():
                self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with suppress(OSError), process:
                pass  # closes the pipes and waits

    def _ask(self, paths: Sequence[str], *, bare: bool) -> list[Row] | None:
        """The answer; `None` when the process ended at one of the paths."""
        self._ready()
        process = self._process
        if self._closed or not paths:
            return []
        if process is None or not (process.stdin and process.stdout):
            return [*_examined(self._root, paths, _function(self._function), bare=bare)]
        with suppress(OSError, ValueError):
            process.stdin.write(_line([bare, paths]))
            process.stdin.flush()
            rows: list[Row] = []
            while head := json.loads(process.stdout.readline()):
                path, stamp, digest, *sizes = head
                words, facts = map(process.stdout.read, sizes)
                rows.append(Row(path, Stamp(*stamp), bytes.fromhex(digest), words, facts))
            return rows
        self._end()
        return None


def examine_all(
    root: Path,
    paths: Sequence[str],
    processes: int,
    *,
    seconds: float = 20.0,
    function: str = EXAMINE,
) -> Iterator[Row]:
    """A row for each of the files that is there, as they come; closing the iterator ends the work."""
    batches = iter([paths[at : at + _BATCH] for at in range(0, len(paths), _BATCH)])
    count = max(1, min(processes, -(-len(paths) // _BATCH)))
    results: SimpleQueue[list[Row] | None] = SimpleQueue()
    workers = [Worker(root, seconds=seconds, function=function) for _ in range(count)]

    def drive(worker: Worker) -> None:
        try:
            for batch in batches:
                results.put(worker.examine(batch))
        finally:
            results.put(None)

    threads = [threading.Thread(target=drive, args=(one,), daemon=True) for one in workers]
    try:
        for thread in threads:
            thread.start()
        for _ in threads:  # each says `None` at its end
            while (rows := results.get()) is not None:
                yield from rows
    finally:
        for worker in workers:
            worker.close()
        for thread in threads:
            thread.join()


def serve(root: str, seconds: str, module: str, name: str) -> None:
    """The worker's side: answer on what was standard output until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the owner, who then ends us
    os.nice(_NICE)
    faulthandler.dump_traceback_later(float(seconds), exit=True)  # works while the GIL is held
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", _BUFFER)
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    examine, armed = _function(f"{module}:{name}"), 0.0

    def timed(path: str, source: bytes) -> tuple[bytes, bytes]:
        nonlocal armed
        if (now := time.monotonic()) - armed > 1:  # arming starts a thread
            faulthandler.dump_traceback_later(float(seconds), exit=True)
            armed = now
        return examine(path, source)

    gc.freeze()
    gc.disable()
    asked = 0
    while True:
        answers.write(_line(None))
        answers.flush()
        faulthandler.cancel_dump_traceback_later()
        if not (question := questions.readline()):
            return
        bare, paths = json.loads(question)
        armed = 0.0
        for path, stamp, digest, words, facts, _ in _examined(Path(root), paths, timed, bare=bare):
            made = facts or b""
            answers.write(_line([path, stamp, digest.hex(), len(words), len(made)]) + words + made)
        if (asked := asked + 1) % _COLLECT == 0:
            gc.collect()  # only between questions


def _examined(
    root: Path, paths: Sequence[str], examine: Examine, *, bare: bool = False
) -> Iterator[Row]:
    for path, read in zip(paths, reads(root, paths), strict=True):
        if read is not None:
            stamp, source = read
            # A path without a suffix is of no language: nothing is parsed.
            words, facts = examine("" if bare else path, source)
            yield Row(path, stamp, digest_of(source), words, facts)


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _function(name: str) -> Examine:
    module, _, function = name.partition(":")
    return cast("Examine", getattr(import_module(module), function))


def _nothing(_path: str, _source: bytes) -> tuple[bytes, bytes]:
    return b"", b""
