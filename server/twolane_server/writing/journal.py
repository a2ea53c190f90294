"""The record of changes on their way, so that whoever comes next can bring them to an end.

In the state folder, one set of changes has up to four files: `NAME.json`, its plan, from before the
first file is made; `NAME.go`, from when all new texts are on disk; `NAME.back`, from when it is taken
back; `NAME.done`, from when all is in place.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from twolane_server.lanes.file_lock import try_lock
from twolane_server.writing.plan import plan_from

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from twolane_server.writing.disk import Disk
    from twolane_server.writing.plan import Plan

__all__ = ["BACK", "DONE", "GO", "Journal", "held"]

GO, BACK, DONE = "go", "back", "done"
_PLAN, _BEGUN = "json", "begun"


class Journal:
    """The journal of one user.

    Args:
        state: the state folder.
        disk: where all is done.
    """

    def __init__(self, state: Path, disk: Disk) -> None:
        self.folder = state / "journal"
        self._disk = disk

    def open(self, plan: Plan) -> None:
        """Write a plan down, whole or not at all."""
        self._disk.make_folder(str(self.folder.parent), 0o700)
        self._disk.make_folder(str(self.folder), 0o700)
        begun = self._path(plan, _BEGUN)
        self._disk.remove(begun)
        self._disk.write_new(begun, plan.encoded(), 0o600)
        self._disk.move(begun, self._path(plan, _PLAN))
        self._disk.settle(str(self.folder))

    def mark(self, plan: Plan, mark: str) -> None:
        """Note how far a plan is."""
        path = self._path(plan, mark)
        if not self._disk.there(path):
            self._disk.write_new(path, b"", 0o600)
        self._disk.settle(str(self.folder))

    def marked(self, plan: Plan, mark: str) -> bool:
        """Whether that was noted."""
        return self._disk.there(self._path(plan, mark))

    def close(self, plan: Plan) -> None:
        """Forget a plan that has come to its end; what it needs to be known by goes last."""
        for name in (_PLAN, GO, BACK, DONE):
            self._disk.remove(self._path(plan, name))
        self._disk.settle(str(self.folder))

    def plans(self) -> Iterator[Plan]:
        """Those that have not come to their end."""
        for name in self._disk.names(str(self.folder)):
            if name.endswith(f".{_PLAN}"):
                content = self._disk.read(str(self.folder / name))
                plan = None if content is None else plan_from(content)
                if plan is not None and f"{plan.name}.{_PLAN}" == name:
                    yield plan

    def sweep(self) -> None:
        """Take away what is left of plans that were never written, or are forgotten."""
        names = self._disk.names(str(self.folder))
        for name in names:
            stem, _, kind = name.rpartition(".")
            if kind in (_BEGUN, GO, BACK, DONE) and f"{stem}.{_PLAN}" not in names:
                self._disk.remove(str(self.folder / name))

    def _path(self, plan: Plan, kind: str) -> str:
        return str(self.folder / f"{plan.name}.{kind}")


@contextmanager
def held(state: Path) -> Generator[bool]:
    """Whether this process alone may write now; while the block runs, no other may."""
    folder = state / "journal"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        yield try_lock(file)
