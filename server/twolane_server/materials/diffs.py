"""git's diffs as values: files with both their paths, hunks with their lines."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from twolane_server.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FileDiff", "Hunk", "cut_to", "read_diff", "read_files"]

_RAW = re.compile(rb":(\d{6}) (\d{6}) ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ([A-Z])\d*\Z")
_SECTION = re.compile(rb"^diff --git ", re.MULTILINE)
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@.*")
_HUNKS = re.compile(r"(?m)^(?=@@ )")
_LINK = b"120000"
_GONE = re.compile(r"0+\Z")


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines of one place that changed. Its `repr` holds no text.

    Attributes:
        text: header and lines, each ended by LF.
        start: the first line on the new side, 1-based.
        count: how many lines the new side has.
    """

    text: str = field(repr=False)
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What changes in one file.

    Attributes:
        old: its path before, relative to the root; the new one for a file that is added.
        new: its path after; the old one for a file that is deleted.
        status: git's letter: A, C, D, M, R, T, and U for conflicts.
        old_id: the object's id before; empty for none.
        new_id: the same after.
        links: those of the two objects that are symbolic links: their text is a path.
        hunks: what changes; none for a binary file or one that is only renamed.
        left_out: how many lines are not shown for want of room.
    """

    old: str
    new: str
    status: str
    old_id: str = ""
    new_id: str = ""
    links: tuple[str, ...] = ()
    hunks: tuple[Hunk, ...] = ()
    left_out: int = 0

    @property
    def paths(self) -> tuple[str, ...]:
        """Both paths, or the only one."""
        return tuple(dict.fromkeys((self.old, self.new)))

    @property
    def gone(self) -> str | None:
        """The path that is no more; `None` where none is."""
        return self.old if self.status == "D" or self.old != self.new else None

    @property
    def title(self) -> str:
        """What happens to the file, as a line for the model."""
        said = {"A": "new file", "D": "deleted file", "R": f"renamed from {self.old}"}
        what = said.get(self.status, "")
        return f"{self.new} ({what})" if what else self.new


def read_diff(raw: bytes, patch: bytes) -> tuple[FileDiff, ...]:
    """The files of a diff.

    Args:
        raw: `--raw -z`, which names files so that no name can be misread.
        patch: `-p` of the same diff.

    Raises:
        ActionError: a file has conflicts; or the two are not of one diff: it changed in between.
    """
    files = read_files(raw)
    starts = [found.start() for found in _SECTION.finditer(patch)]
    sections = [patch[start:end] for start, end in pairwise([*starts, len(patch)])]
    # A file whose kind changes is deleted and added, in two sections.
    wanted = [file for file in files for _ in range(2 if file.status == "T" else 1)]
    if len(sections) != len(wanted):
        raise ActionError("The diff changed while it was read; run the action again.")
    hunks: dict[FileDiff, tuple[Hunk, ...]] = {}
    for file, section in zip(wanted, sections, strict=True):
        hunks[file] = (*hunks.get(file, ()), *_hunks(section.decode("utf-8", "replace")))
    return tuple(replace(file, hunks=hunks[file]) for file in files)


def read_files(raw: bytes) -> tuple[FileDiff, ...]:
    """The files of a diff without what changes in them; see `read_diff`.

    Raises:
        ActionError: a file has conflicts.
    """
    files = tuple(_files(raw))
    unmerged = next((file.title for file in files if file.status == "U"), None)
    if unmerged is not None:
        raise ActionError(f"{unmerged} is not merged yet; resolve its conflict and `git add` it.")
    return files


def _files(raw: bytes) -> Iterator[FileDiff]:
    parts = iter(raw.split(b"\0"))
    for part in parts:
        found = _RAW.match(part)
        if found is None:
            continue
        old, new, status = found[3].decode(), found[4].decode(), found[5].decode()
        first = os.fsdecode(next(parts, b""))
        second = os.fsdecode(next(parts, b"")) if status in "RC" else first
        old_id, new_id = ("" if _GONE.match(each) else each for each in (old, new))
        modes = zip((old_id, new_id), (found[1], found[2]), strict=True)
        links = tuple(each for each, mode in modes if mode == _LINK)
        yield FileDiff(first, second, status, old_id, new_id, links)


def _hunks(section: str) -> Iterator[Hunk]:
    for text in _HUNKS.split(section)[1:]:
        header = _HUNK.match(text)
        if header is not None:
            yield Hunk(text, int(header[3]), int(header[4] or 1))


def cut_to(files: tuple[FileDiff, ...], most: int) -> tuple[FileDiff, ...]:
    """The diff with about `most` characters: small files whole, large ones cut at their ends.

    What is left out is counted, so that the model does not take a part for the whole.
    """
    sizes = sorted(sum(len(hunk.text) for hunk in file.hunks) for file in files)
    share, left = most, most
    for at, size in enumerate(sizes):
        share = left // (len(sizes) - at)
        if size > share:
            break
        left -= size
    else:
        return files
    return tuple(_cut(file, share) for file in files)


def _cut(file: FileDiff, most: int) -> FileDiff:
    kept: list[Hunk] = []
    dropped = 0
    for hunk in file.hunks:
        if len(hunk.text) <= most and not dropped:
            most -= len(hunk.text)
            kept.append(hunk)
            continue
        lines = hunk.text.splitlines(keepends=True)
        shown: list[str] = []
        for line in lines if not dropped else ():
            if len(line) > most:
                break
            most -= len(line)
            shown.append(line)
        if len(shown) > 1:
            kept.append(replace(hunk, text="".join(shown)))
        else:
            shown = []
        dropped += len(lines) - len(shown)
    return replace(file, hunks=tuple(kept), left_out=dropped)
