"""Taking back the last edit of many files that was written here.

Before the edit is written, the texts that it takes the place of are put into the state folder, for
their owner's eyes alone; they go when the edit is taken back, and when a later one takes its place. To
take it back is an edit of many files itself: all of them or none, ended after a kill by `recover`.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from twolane_server.edits.changes import Changes, FileChange, digest
from twolane_server.errors import ActionError, StaleDocument
from twolane_server.text import Text, decode
from twolane_server.writing.disk import Disk
from twolane_server.writing.write import carry_out

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["take_back_last", "write_and_keep"]

_VERSION = 1
_KEPT, _COMING, _BEGUN = "json", "coming", "begun"
_PRIVATE, _OWN = 0o700, 0o600
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class _Kept:
    """What one file was. Its `repr` holds no text.

    Attributes:
        path: as it was named before, from the root; the new name of a file that was made.
        place: as it is named after.
        before: its text; `None` for a file that was made.
        after: the SHA-256 of its new text; empty for one that was deleted.
        mode: its permissions; `None` for a file that was made.
    """

    path: str
    place: str
    before: str | None = field(repr=False)
    after: str
    mode: int | None


@dataclass(frozen=True, slots=True)
class _Record:
    """One edit, as it is kept.

    Attributes:
        files: what became of which.
        folders: those that the edit made, from the root, inner ones first.
    """

    files: tuple[_Kept, ...]
    folders: tuple[str, ...]

    def encoded(self) -> bytes:
        """As the state folder has it; JSON escapes what UTF-8 has no form for."""
        files = [[one.path, one.place, one.before, one.after, one.mode] for one in self.files]
        return json.dumps({"version": _VERSION, "files": files, "folders": self.folders}).encode()


def write_and_keep(changes: Changes, root: Path, state: Path, disk: Disk | None = None) -> None:
    """Write changes as `carry_out` does, and keep what it takes to take them back.

    Args:
        changes: their paths are within `root`.
        root: the folder.
        state: the state folder.
        disk: where all is done; a test's own stops at will.

    Raises:
        StaleDocument: a file changed since; nothing was applied.
        ActionError: a file cannot be written; nothing was applied.
    """
    disk = disk or Disk()
    real = Path(os.path.realpath(root))
    shelf = _Shelf(real, state, disk)
    try:
        shelf.put(_Record(tuple(_kept(one, real, disk) for one in changes), _new(changes, real)))
        carry_out(changes, real, state, disk)
    except (OSError, ActionError, StaleDocument, KeyboardInterrupt) as error:
        shelf.drop(_COMING)
        if isinstance(error, OSError):
            raise ActionError(
                f"The changes cannot be written ({error.strerror}); nothing was applied."
            ) from error
        raise
    shelf.settle()


def take_back_last(root: Path, state: Path, disk: Disk | None = None) -> Changes:
    """Make the files as they were before the last edit of many files.

    Args:
        root: the repository's folder.
        state: the state folder.
        disk: see `write_and_keep`.

    Returns:
        What was done.

    Raises:
        StaleDocument: a file is not as the edit left it; nothing was done.
        ActionError: there is no such edit, or a file cannot be written; nothing was done.
    """
    disk = disk or Disk()
    real = Path(os.path.realpath(root))
    shelf = _Shelf(real, state, disk)
    foreign: list[str] = []
    for name in (_COMING, _KEPT):
        record = shelf.record(name)
        if record is None or _undone(record, real, disk):
            continue
        foreign = [one.place for one in record.files if not _as_left(one, real, disk)]
        if foreign:
            continue  # a killed edit that came to nothing, before another that is kept
        changes = Changes.of(_back(one, real, disk) for one in record.files)
        modes = {one.path: one.mode for one in record.files if one.mode is not None}
        carry_out(changes, real, state, disk, modes=modes)
        for folder in record.folders:
            disk.remove_folder(str(real / folder))
        shelf.drop(name)
        return changes
    if not foreign:
        raise ActionError("No edit of many files is known here that could be taken back.")
    told = ", ".join(foreign[:_MOST_TOLD])
    more = f" and {len(foreign) - _MOST_TOLD} more" if len(foreign) > _MOST_TOLD else ""
    raise StaleDocument(f"Nothing was taken back, since {told}{more} changed after the edit.")


class _Shelf:
    """Where a repository's last edit is kept: one that is being written, and one that was."""

    def __init__(self, root: Path, state: Path, disk: Disk) -> None:
        self._folder = state / "undo"
        self._name = sha256(os.fsencode(root)).hexdigest()[:32]
        self._disk = disk

    def put(self, record: _Record) -> None:
        """Keep an edit that is about to be written, whole or not at all."""
        self._disk.make_folder(str(self._folder.parent), _PRIVATE)
        self._disk.make_folder(str(self._folder), _PRIVATE)
        self._disk.remove(self._path(_BEGUN))
        self._disk.write_new(self._path(_BEGUN), record.encoded(), _OWN)
        self._disk.move(self._path(_BEGUN), self._path(_COMING))
        self._disk.settle(str(self._folder))

    def settle(self) -> None:
        """The edit is written: it is the last one now."""
        self._disk.move(self._path(_COMING), self._path(_KEPT))
        self._disk.settle(str(self._folder))

    def drop(self, name: str) -> None:
        """Forget an edit."""
        self._disk.remove(self._path(name))

    def record(self, name: str) -> _Record | None:
        """An edit that is kept; `None` where there is none that can be read."""
        content = self._disk.read(self._path(name))
        if content is None:
            return None
        try:
            found = cast("dict[str, Any]", json.loads(content))
            if found["version"] != _VERSION:
                return None
            files = tuple(_Kept(*one) for one in cast("list[list[Any]]", found["files"]))
            return _Record(files, tuple(cast("list[str]", found["folders"])))
        except (ValueError, KeyError, TypeError):
            return None

    def _path(self, kind: str) -> str:
        return str(self._folder / f"{self._name}.{kind}")


def _kept(change: FileChange, root: Path, disk: Disk) -> _Kept:
    before = None if change.before is None else str(change.before)
    after = "" if change.after is None else digest(change.after)
    mode = None
    if before is not None:
        with suppress(FileNotFoundError):  # which `carry_out` tells
            mode = disk.mode(str(root / change.path))
    return _Kept(change.path, change.place, before, after, mode)


def _new(changes: Iterable[FileChange], root: Path) -> tuple[str, ...]:
    """The folders that the changes would make, inner ones first."""
    found = {
        parent.relative_to(root).as_posix()
        for one in changes
        for parent in (root / one.place).parents
        if parent.is_relative_to(root) and not parent.exists()
    }
    return tuple(sorted(found, key=len, reverse=True))


def _undone(record: _Record, root: Path, disk: Disk) -> bool:
    """Whether every file is as it was before the edit."""
    return all(
        (one.before is None or _holds(disk, root / one.path, digest(Text.of(one.before))))
        and (one.before is not None or not disk.there(str(root / one.place)))
        and (one.place == one.path or not disk.there(str(root / one.place)))
        for one in record.files
    )


def _as_left(one: _Kept, root: Path, disk: Disk) -> bool:
    if not one.after:
        return not disk.there(str(root / one.path))
    moved_back = one.place != one.path and disk.there(str(root / one.path))
    return not moved_back and _holds(disk, root / one.place, one.after)


def _holds(disk: Disk, path: Path, expected: str) -> bool:
    return disk.digest(str(path)) == expected


def _back(one: _Kept, root: Path, disk: Disk) -> FileChange:
    """What takes one file's change back.

    Raises:
        StaleDocument: the file is gone meanwhile.
    """
    before = None if one.before is None else Text.of(one.before)
    if not one.after:
        return FileChange(one.path, None, before)
    content = disk.read(str(root / one.place))
    if content is None:
        raise StaleDocument(f"{one.place} is gone by now, so nothing was taken back.")
    to = one.path if one.path != one.place and before is not None else ""
    return FileChange(one.place, Text.of(decode(content)), before, to)
