"""Code as it is shown by tools and documents, without what they put before, behind and between its lines.

Whoever prints code puts the same before each line or behind it, but for numbers: a frame, a gutter,
the name of a log, a call that prints it, the cells of a table. What that may be is nobody's to list,
so what some lines in a row have in common is taken away; where that was code, the text as it is has it.
"""

from __future__ import annotations

import re
from itertools import islice
from operator import not_
from typing import TYPE_CHECKING

from twolane_server.border.shapes import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

__all__ = ["without_affixes", "without_marks"]

_RUN = 4  # rows that have it in common
_MOST = 24  # tokens
_LONG = 1_000  # characters from a row's end that are looked at
_TOKEN = re.compile(r"\w+|[^\w\s]")
_DIGIT = re.compile(r"\d")
_CODE = ")"  # for a row of nothing else
_SAME = str.maketrans("123456789'`", '000000000""')
_SAME_MARKS = re.compile(rf"([^{_CODE}])\1{{{_RUN - 1},}}")
_QUOTES = frozenset("\"'`")
_OPENERS = frozenset({".", "=", "(", "[", "{", ","})  # up to which rows of code have much in common
_CLOSERS = frozenset(")]};,:")  # with which rows of code end
_QUOTING = frozenset('"+-|>#/*%;!:~')
_ENDS = ")]};,: \t\r"
_FRAMES = frozenset("|#/*\\<>\u2502")

_ANSI = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B])")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u2800\ufffc\ufffd]")
# The same of ASCII, and all of ASCII: taken from bytes, which is much faster than to search a text.
_CONTROLS_OF_ASCII = bytes(each for each in range(128) if _CONTROLS.match(chr(each)))
_ASCII = bytes(range(128))
_SIGNS = re.compile(
    r"[\xa7\xb6\xb7\u2022\u2023\u2043\u2190-\u27ff\u2900-\u2bff\U0001f000-\U0001faff]"
)
_BLOCK = re.compile(r"</?(?:br|p|div|li|ul|ol|tr|t[dh]|pre|hr|h\d|table)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][\w:-]*(?:\s[^<>]*)?/?>")
_TAGGED = re.compile(r"</[A-Za-z]|<w?br\b", re.IGNORECASE)
_JOINED = re.compile(r" *[;|] +|([\"'])[ \t]*,[ \t]*\1")
_FEW, _JOINED_ROW = 4, 160


def without_marks(text: str) -> str:
    """The text without colours, tags, arrows and the like, and with what was joined in lines of its own."""
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    octets = text.encode("utf-8", "surrogatepass")
    others = (
        "" if text.isascii() else octets.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    )
    if len(octets.translate(None, _CONTROLS_OF_ASCII)) < len(octets) or _CONTROLS.search(others):
        text = _CONTROLS.sub("", text)
    if _SIGNS.search(others):
        text = _SIGNS.sub(" ", text)
    if "<" in text and _TAGGED.search(text):
        text = _TAG.sub("", _BLOCK.sub(" ", text))
    rows = text.split("\n")
    if max(map(len, rows)) > _JOINED_ROW and any(
        len(row) > _JOINED_ROW and len(_JOINED.findall(row)) >= _FEW for row in rows
    ):
        text = "\n".join(_JOINED.sub("\n", row) if len(row) > _JOINED_ROW else row for row in rows)
    return text


def without_affixes(text: str) -> str | None:
    """Those rows of a text that have something in common with those around them, without that.

    `None` where none have. The others are not shown, since all that is between frames has one.
    """
    rows = text.split("\n")
    made, framed = list(rows), set[int]()
    for run in _runs([row.lstrip()[:1] for row in rows]):
        framed |= _cut_start(made, run)
    for run in _runs([row.rstrip(_ENDS)[-1:] or (row.strip() and _CODE) for row in made]):
        if not made[run[0]].rstrip(_ENDS)[-1:].isalpha():
            _cut_end(made, run, framed)
    shown = [row for row, before in zip(made, rows, strict=True) if row != before]
    return "\n".join(shown) or None


def _runs(marks: Sequence[str]) -> Iterator[list[int]]:
    """The places of rows that follow one another and begin, or end, with the same; not of blank ones.

    Args:
        marks: the character of each; none for a blank row.
    """
    found = list(_SAME_MARKS.finditer("".join(marks).translate(_SAME)))
    if found:
        places = [place for place, mark in enumerate(marks) if mark]
        for each in found:
            yield places[each.start() : each.end()]


def _kind(token: str) -> str:
    """A token as it is, or the same for all that count or place something."""
    if token in _QUOTES:
        return '"'
    return "0" if _DIGIT.search(token) else token


def _cut_start(rows: list[str], run: list[int]) -> set[int]:
    """Take away what these rows begin with, unless it is more likely code; which had some."""
    # Without what quotes every row is read anyway.
    shared = _shared([rows[place] for place in run], _QUOTING.issuperset)
    if not shared or shared[-1] in _OPENERS or shared[-1] in KEYWORDS:
        return set()
    for place in run:
        rows[place] = _without(rows[place], len(shared))
    return set(run)


def _cut_end(rows: list[str], run: list[int], framed: AbstractSet[int]) -> None:
    """Take away what these rows end with, where that is a frame, or they began with one."""
    vain = not_ if framed >= set(run) else _FRAMES.isdisjoint
    shared = _shared([rows[place][: -_LONG - 1 : -1] for place in run], vain)
    while shared and shared[-1] in _CLOSERS:
        shared.pop()  # which is more likely the code's
    if shared:
        for place in run:
            rows[place] = _without(rows[place][::-1], len(shared))[::-1]


def _shared(rows: list[str], vain: Callable[[list[str]], bool]) -> list[str]:
    """The first tokens that all rows have in common, as far as they reach.

    Args:
        rows: some rows.
        vain: whether some tokens, and so what is left of them, are of no use; then it is none.
    """
    longest = max(rows, key=len)
    shared = [_kind(each[0]) for each in islice(_TOKEN.finditer(longest), _MOST)]
    if vain(shared):
        return []
    for row in rows:
        for place, each in enumerate(islice(_TOKEN.finditer(row), len(shared))):
            if _kind(each[0]) != shared[place]:
                del shared[place:]
                if vain(shared):
                    return []
                break
    return shared


def _without(row: str, size: int) -> str:
    """A row without its first tokens."""
    end = 0
    for each in islice(_TOKEN.finditer(row), size):
        end = each.end()
    return row[end:]
