"""Reading a unified diff in a reply. Its line numbers are made up: its lines alone say where it goes.

    --- a/src/shop.py
    +++ b/src/shop.py
    @@ -1,2 +1,2 @@
     a line that stays
    -a line that goes
    +a line that comes

Each hunk becomes a block: what stays and goes is searched, what stays and comes takes its place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_server.edits.named import named
from twolane_server.edits.parts import Block, Delete, Rename

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_server.edits.parts import Part
    from twolane_server.edits.paths import Paths

__all__ = ["goes_on", "is_diff", "parts_of"]

_HUNK = re.compile(r"@@(?: .*)?")
_NUMBERED = re.compile(r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@.*")
_GIT = re.compile(
    r"diff --git .*|index [0-9a-f]+\.\..*|(?:old|new|deleted file|new file) mode .*|similarity .*"
)
_HEAD = re.compile(r"(?:---|\+\+\+) (?P<path>[^\t]+?)(?:\t.*|[ ]*)")
_MOVE = re.compile(r"rename (?P<end>from|to) (?P<path>.+)")
_NEXT = re.compile(r"[ +\-@]+\S")
_MORE = re.compile(r"[+@]| \S|-(?! \S)")
_NOTHING = "/dev/null"
_NO_END = "\\ No newline"


def is_diff(lines: Sequence[str]) -> bool:
    """Whether lines are a diff, and not code that has such lines."""
    filled = [line for line in lines if line.strip()]
    if not filled:
        return False
    headed = filled[0].startswith("--- ") and len(filled) > 1 and filled[1].startswith("+++ ")
    begun = _NUMBERED.fullmatch(filled[0]) or filled[0].startswith(("diff --git ", "@@ @@"))
    return headed or bool(begun)


def goes_on(lines: Sequence[str]) -> bool:
    """Whether lines that follow a diff are more of it, although a fence seems to end it; a list is not."""
    filled = next((row for row, line in enumerate(lines) if line.strip()), 0)
    form = _MORE if filled else _NEXT
    return bool(lines) and form.match(lines[filled]) is not None


def parts_of(lines: Sequence[str], path: str, paths: Paths, number: int) -> list[Part] | None:
    """What a diff asks for; `None` where it cannot be read as one.

    Args:
        lines: of the diff, without their ends.
        path: the file, where the diff does not say.
        paths: the files that it may name.
        number: of the last block before it.
    """
    diff = _Diff(path, paths, number)
    for line, after in zip(lines, (*lines[1:], ""), strict=True):
        if not diff.take(line, after):
            return None
    diff.close()
    # All lines of a file that is deleted are in its diff, too.
    gone = any(isinstance(one, Delete) for one in diff.parts)
    return [one for one in diff.parts if not (gone and isinstance(one, Block) and not one.path)]


class _Diff:
    """Goes through a diff's lines once. `parts` is what it has found."""

    def __init__(self, path: str, paths: Paths, number: int) -> None:
        self._path, self._paths, self._number = path, paths, number
        self._hunk: list[str] | None = None
        self._from = ""
        self.parts: list[Part] = []

    def take(self, line: str, after: str) -> bool:
        """Read a line, given the one after it; whether it may be one of a diff."""
        headed = line.startswith("--- ") and after.startswith("+++ ")
        if headed or _HUNK.fullmatch(line) or _GIT.fullmatch(line) or _MOVE.fullmatch(line):
            self.close()
            self._head(line, after)
            return True
        if self._hunk is None:
            return not line.strip() or line.startswith("+++ ")
        if line and line[0] not in " +-":
            return line.startswith(_NO_END)
        self._hunk.append(line)
        return True

    def close(self) -> None:
        """Make a block of the hunk that is open, if one is."""
        hunk, self._hunk = self._hunk or [], None
        while hunk and not hunk[-1]:
            hunk.pop()  # blank lines between a hunk and what follows
        search = tuple(line[1:] for line in hunk if line[:1] != "+")
        new = tuple(line[1:] for line in hunk if line[:1] != "-")
        if search != new:
            self.parts.append(Block(self._path, search, new, self._number + 1 + len(self.parts)))

    def _head(self, line: str, after: str) -> None:
        if line.startswith("@@"):
            self._hunk = []
        elif line.startswith("--- "):
            old, new = self._named(line), self._named(after)
            if new == _NOTHING and old:
                self.parts.append(Delete(old))
            self._path = "" if new == _NOTHING else new
        elif found := _MOVE.fullmatch(line):
            path = named(found["path"], self._paths).path
            if found["end"] == "to" and self._from and path:
                self.parts.append(Rename(self._from, path))
            self._from = path if found["end"] == "from" else ""

    def _named(self, line: str) -> str:
        found = _HEAD.fullmatch(line)
        told = found["path"].strip() if found else ""
        known = self._paths.resolved(told)
        if told == _NOTHING or known in self._paths.shown or known in self._paths.others:
            return known
        return named(told.removeprefix("a/" if line[0] == "-" else "b/"), self._paths).path
