"""Folders with files, changes of them, and disks that stop or are written to at a given moment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twolane_server.edits.changes import Changes, FileChange
from twolane_server.text import Text
from twolane_server.writing.disk import Disk
from twolane_server.writing.write import carry_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pytest

Tree = dict[str, bytes]


class Killed(BaseException):
    """What a test raises where the process would be no more."""


def killing(at: int) -> Disk:
    """A disk that does nothing from the system call of that number on."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count >= at:
            raise Killed

    return Disk(step)


def once(at: int, act: Callable[[], None]) -> Disk:
    """A disk on which something else happens just before the system call of that number."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == at:
            act()

    return Disk(step)


def steps_of(work: Callable[[Disk], object]) -> int:
    """How many system calls some work takes."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    work(Disk(step))
    return count


def tree_of(root: Path) -> Tree:
    """All files below a folder."""
    found = (path for path in root.rglob("*") if path.is_file() or path.is_symlink())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


@dataclass
class Project:
    """A folder with files, a state folder beside it, and changes.

    Attributes:
        top: holds both.
        before: the files.
        changes: what shall become of them.
    """

    top: Path
    before: Tree
    changes: Changes
    number: int = field(default=0)

    @property
    def root(self) -> Path:
        return self.top / str(self.number) / "r"

    @property
    def state(self) -> Path:
        return self.top / str(self.number) / "s"

    @property
    def after(self) -> Tree:
        texts = {path: Text.of(content.decode()) for path, content in self.before.items()}
        return {path: text.source for path, text in self.changes.applied(texts).items()}

    def fresh(self) -> None:
        """Make the folder anew, elsewhere."""
        self.number += 1
        put_tree(self.root, self.before)

    def apply(self, disk: Disk | None = None) -> None:
        carry_out(self.changes, self.root, self.state, disk)

    @property
    def journal(self) -> list[str]:
        """What is left in the journal."""
        folder = self.state / "journal"
        return sorted({path.name for path in folder.glob("*")} - {"lock"})


def put_tree(root: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    root.mkdir(parents=True, exist_ok=True)


def change(path: str, before: str | None, after: str | None, to: str = "") -> FileChange:
    return FileChange(
        path,
        None if before is None else Text.of(before),
        None if after is None else Text.of(after),
        to,
    )


SETS: tuple[tuple[Tree, Changes], ...] = (
    (
        {"a.py": b"a\r\n", "src/b.py": b"\xef\xbb\xbfb", "c.txt": b"c\n", "k": b"kept"},
        Changes.of(
            [
                change("a.py", "a\r\n", "A\r\n"),
                change("src/b.py", "\ufeffb", "\ufeffB"),
                change("c.txt", "c\n", None),
                change("new/deep/d.py", None, "d\n"),
            ]
        ),
    ),
    (
        {"a.py": b"a\n", "b.py": b"b\n"},
        Changes.of([change("a.py", "a\n", "A\n", to="x/a.py"), change("b.py", "b\n", "B\n")]),
    ),
    ({"a": b"1", "b": b"1", "c": b"1"}, Changes.of([change(p, "1", "2") for p in "abc"])),
    ({"a": b"1"}, Changes.of([change("a", "1", "22"), change("b", None, "")])),
)


def in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is killed is the process and not the machine: nothing needs to wait for the disk."""

    def at_once(handle: int) -> None:
        del handle

    monkeypatch.setattr(os, "fsync", at_once)
