"""Lines within UTF-8 bytes: starts, ends, indentation, line endings. Only LF, CRLF, CR end a line."""

from __future__ import annotations

import re
from itertools import pairwise

_END = re.compile(rb"\r\n|\n|\r")
_INDENTED = re.compile(rb"(?:\A|[\r\n])([ \t]+)(?=[^\s])")
_BLANK = b" \t\f"
_SPACES = 4

_DEFAULT_WIDTH = 88
_WIDTHS = (79, 88, 100)
_FEW_LINES = 30
_LONG_ENOUGH = 73


def line_start(source: bytes, offset: int) -> int:
    """Where the line that holds `offset` starts."""
    start = max(source.rfind(b"\n", 0, offset), source.rfind(b"\r", 0, offset)) + 1
    # Between the CR and the LF of a CRLF, the line is the one that these two end.
    return line_start(source, start - 1) if source[start - 1 : start + 1] == b"\r\n" else start


def line_end(source: bytes, offset: int) -> int:
    """Where the line that holds `offset` ends, before its line ending."""
    found = _END.search(source, offset)
    return found.start() if found else len(source)


def next_line(source: bytes, offset: int) -> int:
    """Where the line below the one that holds `offset` starts; the text's end if there is none."""
    found = _END.search(source, offset)
    return found.end() if found else len(source)


def indentation(source: bytes, offset: int) -> bytes | None:
    """What stands before `offset` in its line, or `None` when that is more than blanks."""
    before = source[line_start(source, offset) : offset]
    return None if before.strip(_BLANK) else before


def skip_blanks(source: bytes, offset: int) -> int:
    """The first place from `offset` on that is not a space, tab or form feed."""
    while source[offset : offset + 1] and source[offset : offset + 1] in _BLANK:
        offset += 1
    return offset


def eol_near(source: bytes, offset: int) -> str:
    """The line ending used around `offset`: of its line, or the line above, or else LF."""
    found = _END.search(source, offset)
    if found:
        return found.group().decode()
    before = source[: line_start(source, offset)]
    for end in ("\r\n", "\n", "\r"):
        if before.endswith(end.encode()):
            return end
    return "\n"


def indent_unit(source: bytes) -> str:
    """What one level of indentation is in this text: a tab, or some spaces; 4 when nothing tells."""
    steps: dict[int, int] = {}
    tabs = 0
    previous = 0
    for indent in _INDENTED.findall(source):
        if indent.startswith(b"\t"):
            tabs += 1
            continue
        step = len(indent) - previous
        previous = len(indent)
        if step in (2, 4, 8):
            steps[step] = steps.get(step, 0) + 1
        elif previous in (2, 4, 8) and not steps:
            steps[previous] = 1
    if tabs > sum(steps.values()):
        return "\t"
    return " " * max(steps, key=lambda step: steps[step], default=_SPACES)


def evident_width(source: bytes) -> int:
    """How long lines may become, judged by those that are there: 79, 88 or 100 columns."""
    # In bytes where these are characters; else decoded at once, as line by line takes twice as long.
    ends = source.replace(b"\r", b"\n")
    lines = ends.split(b"\n") if source.isascii() else ends.decode("utf-8", "replace").split("\n")
    lengths = [len(line) for line in lines if line]
    longest = max((length for length in lengths if length <= _WIDTHS[-1]), default=0)
    if len(lengths) < _FEW_LINES or longest < _LONG_ENOUGH:
        return _DEFAULT_WIDTH
    bounds = pairwise((0, *_WIDTHS))
    return next(high for low, high in bounds if low < longest <= high)
