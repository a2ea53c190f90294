"""Examining files in processes of their own: tree-sitter holds the GIL, and a parser may crash.

A worker ends with its owner, whose end of a pipe closes, and by itself at a file that takes too long.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from struct import Struct
from typing import TYPE_CHECKING, cast

from twolane_context.disk import Stamp, reads
from twolane_context.rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Examine = Callable[[str, bytes], tuple[bytes, bytes]]

EXAMINE = "twolane_context.outline:examine"
_BATCH = 32  # files for one question
_COLLECT = 100  # questions; trees are freed without it, and it takes 5 ms
_PATIENCE = 20  # after so many crashes it is not the files' fault
_NICE = 10
_QUESTION = Struct("<?I")  # whether only words; the bytes that follow: paths, parted by NUL
_ANSWER = Struct(
    "<B3Q16sII"
)  # for each path: 1 if it is there, stamp, digest, bytes of words and of facts
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
        rows: list[Row | None] = []
        with self._lock:
            self._ready()
            while paths and not self._closed:
                bare = self._crashes >= _PATIENCE
                answers = self._ask(paths, bare=bare)
                rows += [row and row._replace(facts=None) for row in answers] if bare else answers
                culprit, paths = paths[len(answers) :][:1], paths[len(answers) + 1 :]
                if culprit and not self._closed:
                    self._crashes += 1
                    rows += self._ask(culprit, bare=True) or self._here(culprit, _nothing)
        return [row for row in rows if row is not None]

    def close(self) -> None:
        """End the process, whatever it does; what is being examined is left out."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()
        with self._lock:
            self._end()

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
            if self._process.stdout and not self._process.stdout.read(1):
                self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with suppress(OSError), process:
                pass  # closes the pipes and waits

    def _ask(self, paths: Sequence[str], *, bare: bool) -> list[Row | None]:
        """The answers, in order; fewer than paths when the process ended at the next one."""
        self._ready()
        process = self._process
        if self._closed or process is None or not (process.stdin and process.stdout):
            return [] if self._closed else self._here(paths, self._examine, bare=bare)
        answers: list[Row | None] = []
        asked = b"\0".join(map(os.fsencode, paths))
        with suppress(OSError):
            process.stdin.write(_QUESTION.pack(bare, len(asked)) + asked)
            process.stdin.flush()
            for path in paths:
                head = process.stdout.read(_ANSWER.size)
                if len(head) < _ANSWER.size:
                    break
                there, size, changed_ns, inode, digest, words, facts = _ANSWER.unpack(head)
                body = process.stdout.read(words + facts)
                if len(body) < words + facts:
                    break
                stamp = Stamp(size, changed_ns, inode)
                row = Row(path, stamp, digest, body[:words], body[words:])
                answers.append(row if there else None)
        if len(answers) < len(paths):
            self._end()
        return answers

    def _examine(self, path: str, source: bytes) -> tuple[bytes, bytes]:
        return _function(*self._function.split(":"))(path, source)

    def _here(
        self, paths: Sequence[str], examine: Examine, *, bare: bool = False
    ) -> list[Row | None]:
        found = zip(paths, reads(self._root, paths), strict=True)
        return [_examined(path, read, examine, bare=bare) for path, read in found]


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
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    examine = _function(module, name)
    gc.freeze()
    gc.disable()
    answers.write(b"+")
    asked = 0
    while True:
        answers.flush()
        faulthandler.cancel_dump_traceback_later()
        if len(head := questions.read(_QUESTION.size)) < _QUESTION.size:
            return
        bare, length = _QUESTION.unpack(head)
        armed = 0.0
        paths = os.fsdecode(questions.read(length)).split("\0")
        for path, found in zip(paths, reads(Path(root), paths), strict=True):
            if (now := time.monotonic()) - armed > 1:  # arming starts a thread
                faulthandler.dump_traceback_later(float(seconds), exit=True)
                armed = now
            row = _examined(path, found, examine, bare=bare)
            if row is None:
                answers.write(_ANSWER.pack(0, 0, 0, 0, b"", 0, 0))
            else:
                words, facts = row.words, row.facts or b""
                sizes = len(words), len(facts)
                answers.write(_ANSWER.pack(1, *row.stamp, row.digest, *sizes) + words + facts)
            answers.flush()  # so that a crash shows at which file
        if (asked := asked + 1) % _COLLECT == 0:
            gc.collect()  # only between questions


def _examined(
    path: str, found: tuple[Stamp, bytes] | None, examine: Examine, *, bare: bool
) -> Row | None:
    if found is None:
        return None
    stamp, source = found
    # A path without a suffix is of no language: nothing is parsed.
    words, facts = examine("" if bare else path, source)
    return Row(path, stamp, blake2b(source, digest_size=16).digest(), words, facts)


def _function(module: str, name: str) -> Examine:
    return cast("Examine", getattr(import_module(module), name))


def _nothing(_path: str, _source: bytes) -> tuple[bytes, bytes]:
    return b"", b""
