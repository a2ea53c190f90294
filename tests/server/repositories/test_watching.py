"""Watching: what changed is said soon, what is of no account is not."""

from __future__ import annotations

import os
import queue
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from support_repository import make_repository, put
from support_waiting import PATIENCE
from twolane_server.repositories.watching import watch

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


_PROBE = "probe"


class Ear:
    """A thread that watches, and what it heard."""

    def __init__(self, root: Path) -> None:
        self.stop = threading.Event()
        self.busy = threading.Lock()
        self.heard: queue.SimpleQueue[frozenset[str] | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._listen, args=(root,))

    def _listen(self, root: Path) -> None:
        for changed in watch(root, self.stop):
            self.heard.put(changed)
            with self.busy:
                pass

    def until(self, path: str | None) -> None:
        """Wait until it heard of `path`; `None`: of everything."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            changed = self.heard.get(timeout=PATIENCE)
            if changed is None and path is None:
                return
            if changed is not None and path in changed:
                return
        pytest.fail(f"nothing of {path}")

    def of(self, file: Path, path: str) -> set[str | None]:
        """All that was heard until a last change, of `file`, was."""
        put(file, str(time.monotonic_ns()))
        seen: set[str | None] = set()
        while path not in seen:
            changed = self.heard.get(timeout=PATIENCE)
            seen |= {None} if changed is None else set(changed)
        return seen - {_PROBE}


@contextmanager
def watching(root: Path) -> Generator[Ear]:
    ear = Ear(root)
    ear.thread.start()
    probe = root / _PROBE
    try:
        for _ in range(600):  # until the system watches
            put(probe, str(time.monotonic_ns()))
            try:
                ear.heard.get(timeout=0.1)
                break
            except queue.Empty:
                continue
        time.sleep(0.1)
        while not ear.heard.empty():
            ear.heard.get()
        yield ear
    finally:
        ear.stop.set()
        ear.thread.join(PATIENCE)
        assert not ear.thread.is_alive()


def test_what_is_written_moved_and_deleted_is_heard(tmp_path: Path) -> None:
    root = make_repository(tmp_path, None)
    put(root / "a" / "x.py")
    with watching(root) as ear:
        put(root / "a" / "x.py", "y = 2\n")
        ear.until("a/x.py")
        (root / "a" / "x.py").rename(root / "a" / "z.py")
        ear.until("a/z.py")
        (root / "a" / "z.py").unlink()
        ear.until("a/z.py")
        (root / "a").rmdir()
        ear.until("a")


def test_it_is_heard_soon(tmp_path: Path) -> None:
    root = make_repository(tmp_path, None)
    with watching(root) as ear:
        seconds: list[float] = []
        while not seconds or (min(seconds) >= 0.5 and len(seconds) < 20):  # else it was the machine
            start = time.perf_counter()
            put(root / f"x{len(seconds)}.py")
            ear.until(f"x{len(seconds)}.py")
            seconds.append(time.perf_counter() - start)
        assert min(seconds) < 0.5


@pytest.mark.parametrize("name", [".gitignore", "a/.gitignore", ".git/HEAD", ".git/index"])
def test_what_decides_on_the_files_means_everything(tmp_path: Path, name: str) -> None:
    root = make_repository(tmp_path, None)
    put(root / "a" / "x.py")
    with watching(root) as ear:
        put(root / f"{name}.lock").replace(root / name)  # as git does
        ear.until(None)


def test_a_folder_that_comes_means_everything(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "deep" / "x.py")
    root = make_repository(tmp_path / "root", None)
    with watching(root) as ear:
        (tmp_path / "elsewhere").rename(root / "new")
        ear.until(None)
        put(root / "new" / "deep" / "x.py", "changed = 1\n")
        ear.until("new/deep/x.py")


def test_very_many_changes_mean_everything(tmp_path: Path) -> None:
    root = make_repository(tmp_path, None)
    with watching(root) as ear:
        with ear.busy:  # with what it heard before, so that much gathers
            put(root / "first.py")
            ear.until("first.py")
            for number in range(6_000):
                (root / f"x{number}.py").touch()
        ear.until(None)


def test_a_name_that_is_no_utf8_means_everything(tmp_path: Path) -> None:
    root = make_repository(tmp_path, None)
    with watching(root) as ear:
        put(root / os.fsdecode(b"caf\xe9.py"))
        ear.until(None)


def test_what_tools_do_is_not_heard(tmp_path: Path) -> None:
    root = make_repository(tmp_path, None)
    for folder in (".git/objects", "node_modules/m", "a/__pycache__", ".github"):
        (root / folder).mkdir(parents=True)
    with watching(root) as ear:
        put(root / ".git" / "objects" / "x")
        put(root / ".git" / "FETCH_HEAD")
        put(root / "node_modules" / "m" / "x.js")
        put(root / "a" / "__pycache__" / "x.pyc")
        put(root / ".github" / "run.py")
        assert ear.of(root / "x.py", "x.py") == {".github/run.py", "x.py"}


def test_a_root_that_is_a_link_gives_paths_below_it(tmp_path: Path) -> None:
    make_repository(tmp_path / "real", None)
    (tmp_path / "root").symlink_to(tmp_path / "real")
    with watching(tmp_path / "root") as ear:
        put(tmp_path / "real" / "x.py")
        ear.until("x.py")


def test_a_root_that_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - whichever the system has
        next(watch(tmp_path / "missing", threading.Event()))
