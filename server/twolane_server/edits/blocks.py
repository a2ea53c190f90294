"""Reading a reply that edits many files: search/replace blocks, whole texts, deletions, renames.

    src/shop.py
    <<<<<<< SEARCH
    the lines as they are
    =======
    the lines as they should be
    >>>>>>> REPLACE

    DELETE src/old.py
    RENAME src/cart.py -> src/basket.py

What is between a block's markers is taken as it stands, fences too. Around them, fences and prose
do not count, and the markers may be those of Git, Aider or Cline.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_server.edits.changes import Problem
from twolane_server.edits.named import Named, named
from twolane_server.edits.parts import Block, Delete, Rename, Whole
from twolane_server.edits.reply import fence_at, fence_step, without_reasoning
from twolane_server.edits.unified import goes_on, is_diff, parts_of
from twolane_server.text import split_lines

if TYPE_CHECKING:
    from twolane_server.edits.parts import Part
    from twolane_server.edits.paths import Paths

__all__ = ["read_blocks"]

_OPEN = re.compile(
    r"[ \t]*(?P<mark><{5,12}|-{5,12})[ \t]*(?:SEARCH|ORIGINAL|HEAD|BEFORE|FIND)\b[ \t:>]*(?P<rest>.*?)[ \t]*"
)
_DIVIDER = re.compile(r"[ \t]*(?P<mark>={5,12})[ \t]*")
_CLOSE = re.compile(
    r"[ \t]*(?P<mark>>{5,12}|\+{5,12}(?=[ \t]*[A-Z]))[ \t]*(?P<word>(?:REPLACE|UPDATED|AFTER|HEAD)\b.*)?"
)
_REASONING = re.compile(r"\s*<(?:think|thinking|reasoning)>")
_STRAY = re.compile(r"[ \t]*(?:>{5,12}|\+{5,12})[ \t]*REPLACE\b.*")
_DIFF = re.compile(r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|diff --git ")
_SHELLS = frozenset({"bash", "sh", "shell", "console", "zsh", "text", "output", "powershell"})
_NAME = r"`?\"?(?P<{0}>[^`\"\s](?:[^`\"]*[^`\"\s])?)\"?`?"
_LEAD = r"[ \t]*(?:[-*>][ \t]+)?(?:\*\*)?"
_DELETE = re.compile(
    _LEAD + r"(?:DELETE(?: FILE)?|\*\*\* Delete File)(?:\*\*)?:?[ \t]+" + _NAME.format("path")
)
_RENAME = re.compile(
    _LEAD
    + r"(?:(?:RENAME|MOVE)(?: FILE)?|\*\*\* (?:Rename|Move) File)(?:\*\*)?:?[ \t]+"
    + _NAME.format("path")
    + r"[ \t]+(?:->|=>|→|to|TO)[ \t]+"
    + _NAME.format("to")
)


def read_blocks(reply: str, paths: Paths) -> tuple[list[Part], list[Problem]]:
    """All that a reply asks for, in its order, and what of it cannot be understood.

    Args:
        reply: whatever the model wrote.
        paths: the files that it may name.
    """
    answer = without_reasoning(reply)
    dropped = _lines(reply[: len(reply) - len(answer)])
    if any(map(_OPEN.fullmatch, dropped)) and not _REASONING.match(reply):
        # A file may hold the tag that ends reasoning: then this would lose blocks.
        return [], [Problem("", "It is not clear where the model's reasoning ends.")]
    reader = _Reader(_lines(answer), paths)
    reader.read()
    return reader.parts, reader.problems


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in split_lines(text)]


class _Reader:
    """Goes through a reply's lines once. `parts` and `problems` are what it has found."""

    def __init__(self, lines: list[str], paths: Paths) -> None:
        self._lines, self._paths = lines, paths
        self._row = 0
        self._line = Named()  # what the last line with anything in it names
        self._since: set[str] = set()  # what was mentioned since the last block
        self._path = ""  # the file of the last block
        self._wrapper: list[re.Match[str]] = []
        self._blocks = 0
        self.parts: list[Part] = []
        self.problems: list[Problem] = []

    def read(self) -> None:
        while self._row < len(self._lines):
            line = self._lines[self._row]
            opener, fence = _OPEN.fullmatch(line), fence_at(line)
            if opener:
                self._block(opener)
            elif fence:
                self._fence(fence)
            else:
                self._row += 1
                if line.strip():
                    self._prose(line)

    def _prose(self, line: str) -> None:
        if _STRAY.fullmatch(line):
            self._problem("a block's end stands without its beginning.")
        elif _DIFF.match(line):
            self._problem("a diff cannot be used; write SEARCH and REPLACE blocks.")
        elif found := _RENAME.fullmatch(line):
            ends = [named(found[end], self._paths).path for end in ("path", "to")]
            if all(ends):
                self.parts.append(Rename(*ends))
            elif any(ends):
                self._problem("a renaming must be one line, RENAME old/path -> new/path.", ends[0])
        elif found := _DELETE.fullmatch(line):
            if path := named(found["path"], self._paths).path:
                self.parts.append(Delete(path))
        else:
            self._line = named(line, self._paths)
            self._since |= self._line.mentioned | ({self._line.path} - {""})

    def _above(self, *more: str) -> str:
        """The file of a block that begins here; empty where that is not clear."""
        told = next((path for one in more if (path := named(one, self._paths).path)), "")
        if told or self._line.path:
            return told or self._line.path
        if len(self._since) > 1:
            return ""
        return next(iter(self._since), self._path)

    def _fence(self, fence: re.Match[str]) -> None:
        if self._wrapper and fence_step(self._wrapper[-1], fence.group()) < 0:
            self._wrapper.pop()
            self._row += 1
            return
        start, kind = self._row + 1, fence["info"].lower().split()
        depth, end = 1, start
        nameless = kind[:1] != ["diff"] and not (
            named(fence["info"], self._paths).path or self._line.path
        )
        while end < len(self._lines) and depth:
            within = nameless and fence_step(fence, self._lines[end]) >= 0
            if _OPEN.fullmatch(self._lines[end]) or (within and self._begins_part(start, end)):
                # It only stands around blocks.
                self._wrapper.append(fence)
                if (line := named(fence["info"], self._paths)).path:
                    self._line = line
                self._row = start
                return
            # A line of a diff begins with a mark, also where it is a fence itself.
            marked = kind[:1] == ["diff"] and self._lines[end][:1] in (" ", "+", "-")
            depth += 0 if marked else fence_step(fence, self._lines[end])
            end += 1
        inside = self._lines[start : end if depth else end - 1]
        if is_diff(inside) and goes_on(self._lines[end:]):
            depth = 1  # what looks like its end is one of its lines
        self._text(fence, [line.removeprefix(fence["indent"]) for line in inside], not depth)
        self._line, self._row = Named(), end

    def _begins_part(self, start: int, row: int) -> bool:
        """Whether a fence begins here with a diff in it, or with the text of a file that is named above."""
        fence = fence_at(self._lines[row])
        if fence is None:
            return False
        if fence["info"].lower().split()[:1] == ["diff"]:
            return is_diff(self._lines[row + 1 : row + 3])
        above = next((one for one in reversed(self._lines[start:row]) if one.strip()), "")
        return any(named(one, self._paths).path for one in (fence["info"], above))

    def _text(self, fence: re.Match[str], lines: list[str], closed: bool) -> None:  # noqa: FBT001
        """Take what stands in a fence for a file's text, if it is one's."""
        path = named(fence["info"], self._paths).path or self._line.path
        words = fence["info"].lower().split()
        if (
            lines
            and not path
            and all(_DELETE.fullmatch(one) or _RENAME.fullmatch(one) for one in lines)
        ):
            for line in lines:
                self._prose(line)
            return
        if not any(line.strip() for line in lines) or (words and words[0] in _SHELLS):
            return
        if is_diff(lines) or any(map(_DIFF.match, lines)):
            self._diff(lines, path, closed=closed)
        elif path and not closed:
            self._problem("the answer breaks off inside a fence.", path)
        elif path:
            self.parts.append(Whole(path, tuple(lines)))
        elif self._line.unknown:
            # It may be a new file; an edit without it would be half of what was meant.
            self._problem("a file's path must stand alone in the line above its text.")

    def _diff(self, lines: list[str], path: str, *, closed: bool) -> None:
        parts = parts_of(lines, path, self._paths, self._blocks) if is_diff(lines) else None
        if parts is None or not closed:
            why = "cannot be read" if closed else "breaks off"
            self._problem(f"a diff {why}; write SEARCH and REPLACE blocks.", path)
            return
        self._blocks += len(parts)
        self.parts += parts

    def _block(self, opener: re.Match[str]) -> None:
        self._blocks += 1
        width = len(opener["mark"])
        self._path = self._above(opener["rest"])
        self._since, self._line = set(), Named()
        start = self._row + 1
        rest = range(start, len(self._lines))
        limit = next(
            (
                row
                for row in rest
                if (again := _OPEN.fullmatch(self._lines[row])) and len(again["mark"]) == width
            ),
            len(self._lines),
        )
        closes = [
            (row, found)
            for row in range(start, limit)
            if (found := _CLOSE.fullmatch(self._lines[row]))
        ]
        ends = [row for row, found in closes if len(found["mark"]) == width]
        ends += [row for row, found in closes if found["word"]]
        if not ends:
            self._row = limit
            broken = "the answer breaks off inside" if limit == len(self._lines) else "no end is at"
            self._problem(f"{broken} block {self._blocks} (>>>>>>> REPLACE).")
            return
        self._row = ends[0] + 1
        indent = opener.group()[: opener.start("mark")]
        self._split(_out(self._lines[start : ends[0]], indent), width)

    def _split(self, inside: list[str], width: int) -> None:
        middle = _middle(inside, width)
        if len(middle) == 1:
            search, replace = inside[: middle[0]], inside[middle[0] + 1 :]
            self.parts.append(Block(self._path, tuple(search), tuple(replace), self._blocks))
        elif middle:
            self._problem(
                f"block {self._blocks} has more than one dividing line; write its three markers with "
                "nine characters each, since the text itself has such lines."
            )
        else:
            self._problem(f"block {self._blocks} has no dividing line (=======).")

    def _problem(self, reason: str, path: str = "") -> None:
        self.problems.append(Problem(path or self._path, reason[:1].upper() + reason[1:]))


def _middle(lines: list[str], width: int) -> list[int]:
    """The rows of the lines that may divide a block: as wide as its markers, else any."""
    found = [(row, m) for row, line in enumerate(lines) if (m := _DIVIDER.fullmatch(line))]
    return [row for row, m in found if len(m["mark"]) == width] or [row for row, _ in found]


def _out(lines: list[str], indent: str) -> list[str]:
    """The lines without the markers' own indentation, as in a list, where all have it."""
    if all(line.startswith(indent) or not line.strip() for line in lines):
        return [line.removeprefix(indent) for line in lines]
    return lines
