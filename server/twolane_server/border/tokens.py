"""Code as tokens that stay the same however the code is quoted.

A token is a word (letters, digits, underscores) or one other sign; words in strings and comments
count as well, so that no language must be known. What a copy may gain or lose on its way does not:
white space and line ends, invisible characters and look-alikes, the style of quotes, backslashes
and escaped line ends, HTML's and JSON's way to write a sign, three or more of the same sign (which
count as one), and the signs with which a diff, a quotation or a comment starts its lines. So an
operator at a line's start is no token either.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.border.affixes import without_affixes, without_marks
from twolane_server.border.folding import latin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "VERSION",
    "Line",
    "all_tokens",
    "is_diff",
    "lines",
    "readings",
    "rows",
    "tokens",
    "whole_readings",
]

VERSION = 1
"""Of what counts as a token. Whoever changes that makes the list of public code anew."""

_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})")
# Each begins with one backslash, since that is searched for much faster than any number of them.
_CELL_END = re.compile(r"\\\\*n[\"'],?[ \t]*$", re.MULTILINE)  # of a notebook's line
_BREAK = re.compile(r"\\\\*[nr]")
_TAB = re.compile(r"\\\\*t")
_INNER = "\v"
_SAME_SIGNS = re.compile(r"([^\w\s()\[\]{}])\1{2,}")
_SAME_SIGNS_OF_ASCII = re.compile(r"([!-'*-/:-@\\^`|~\x00-\x08\x0e-\x1b\x7f])\1{2,}")
_SPACES = "".join(char for char in map(chr, range(0x3001)) if char.isspace() and char != "\n")
_LEADING = _SPACES + '"+-|>#/*%;!:~'
_INNER_LEADING = re.compile(f"{_INNER}[{re.escape(_LEADING)}]+")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_TOKEN_OF_ASCII = re.compile(r"[A-Za-z0-9_]+|[^A-Za-z0-9_\s]")  # the same, and faster
_DIGIT = re.compile(r"\d")  # without which a row matches neither of those that follow, and faster
_NUMBERED = re.compile(r"[ \t#/;>*=-]*[\[(L]?(\d{1,7})(?:[ \t]*[\])|:.\u2502\u2192]|[ \t]|$)")
_HUNK = re.compile(r"^([ \t#/*>;]*)@@ -\d", re.MULTILINE)
_RUN_OF_NUMBERS = 3
_QUOTING = r"[ \t#/*>;]*"
_PREFIX = re.compile(
    rf"{_QUOTING}(?:"
    r"\^?[0-9a-f]{7,40}[ \t]+(?:\S+[ \t]+)?(?:\([^()\n]*[ \t])?\d+\)"  # git blame
    r"|\[?\d{4}-\d\d-\d\d[T ][\d:.,+Z]+\]?(?:[ \t]+\[?[A-Z]{4,8}\]?:?)?"  # a log
    r"|[^\s:]+[:-]\d+[:-]"  # grep
    rf")|{_QUOTING}(?:File \"[^\"\n]*\", line \d+|at [^\n]*:\d+\)?$).*"  # a frame, the whole line
)
_FEW_PREFIXES = 3
_MOST_ROWS, _LONG_ROW = 20_000, 500  # that are remembered; characters


class Line(NamedTuple):
    """A line that has tokens.

    Attributes:
        number: 1-based.
        tokens: at least one.
    """

    number: int
    tokens: list[str]


def lines(text: str) -> Iterator[Line]:
    """The lines of a text that have tokens."""
    for number, row in enumerate(rows(text), 1):
        if row:
            yield Line(number, tokens(row))


def rows(text: str) -> list[str]:
    """Each line as all spell it who quote it; empty where it has no tokens."""
    spelled = [row.lstrip(_LEADING) for row in _spelled(text).split("\n")]
    if any(_INNER in row for row in spelled):
        return _INNER_LEADING.sub(" ", "\n".join(spelled)).split("\n")
    return spelled


def tokens(row: str) -> list[str]:
    """The tokens of one of the `rows`."""
    return (_TOKEN_OF_ASCII if row.isascii() else _TOKEN).findall(row)


def all_tokens(rows: Sequence[str]) -> Iterator[list[str]]:
    """The tokens of each of some `rows`."""
    return map(_TOKEN_OF_ASCII.findall if all(map(str.isascii, rows)) else tokens, rows)


def readings(text: str) -> Iterator[str]:
    """The ways to read a text that may quote code: `whole_readings`, and of what is in frames the inside.

    See `affixes`.
    """
    yield from whole_readings(text)
    plain = without_marks(text)
    if plain != text:
        known = set(text.split("\n"))
        yield "\n".join(row for row in plain.split("\n") if row not in known)
    if (bare := without_affixes(plain)) is not None:
        yield bare


def whole_readings(text: str) -> Iterator[str]:
    """The ways to read a text that may quote code, all of it.

    As it is, without line numbers, without what blame, grep, logs and tracebacks put between the
    lines, and without one side of a diff.

    In a diff the old lines and the new ones each make a whole when the other ones are left out.
    """
    yield text
    rows = text.split("\n")
    before = list(map(_before, rows))
    some = list(filter(None, before))  # of most rows there is none
    if sum(each.number >= 0 for each in some) >= _RUN_OF_NUMBERS:
        reading = _without_numbers(rows, before)
        if reading is not None:
            yield reading
    if sum(each.prefixed > 0 for each in some) >= _FEW_PREFIXES:
        yield _without_prefixes(rows, before)
    if hunk := _hunk(text):
        for sign in "+-":
            yield "\n".join("" if row.startswith(f"{hunk[1]}{sign}") else row for row in rows)


def is_diff(text: str) -> bool:
    """Whether it holds a diff, so that each of its sides is read by itself as well."""
    return _hunk(text) is not None


def _hunk(text: str) -> re.Match[str] | None:
    return _HUNK.search(text) if "@@ -" in text else None  # which is told at once


def _spelled(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace(_INNER, " ")
    if "&" in text:
        text = html.unescape(text)
    if "\\" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        # An escaped line end ends a line as well, but people do not count it.
        text = _TAB.sub(" ", _BREAK.sub(_INNER, _CELL_END.sub("", text)))
    # `translate` is slow where a text is not all ASCII.
    text = latin(text).replace("'", '"').replace("`", '"').replace("\\", "")
    return (_SAME_SIGNS_OF_ASCII if text.isascii() else _SAME_SIGNS).sub(r"\1", text)


class _Before(NamedTuple):
    """What stands before the code in a row, if it quotes any.

    Attributes:
        number: of the line.
        counted: where the code begins if that is left out; 0 for no number.
        prefixed: where it begins behind what blame, grep, a log or a traceback put there; 0 for none.
    """

    number: int
    counted: int
    prefixed: int


class _Rows(dict[str, _Before | None]):
    """What stands before the code in each row, found out when it is first met; most have nothing."""

    def __missing__(self, row: str) -> _Before | None:
        found = None
        if _DIGIT.search(row):
            number, prefix = _NUMBERED.match(row), _PREFIX.match(row)
            if number or prefix:
                counted = (int(number[1]), number.end()) if number else (-1, 0)
                found = _Before(*counted, prefix.end() if prefix else 0)
        if len(row) <= _LONG_ROW:  # so that no data is kept
            if len(self) >= _MOST_ROWS:
                self.clear()
            self[row] = found
        return found


_before = _Rows().__getitem__


def _without_numbers(rows: list[str], before: list[_Before | None]) -> str | None:
    """The text without the numbers that stand before at least three lines and count them."""
    numbers = [each.number if each else -1 for each in before]
    made, run = list(rows), list[int]()
    last = 0
    changed = False
    for place, number in enumerate([*numbers, -1]):
        if run and number == last + 1:
            run.append(place)
        else:
            if len(run) >= _RUN_OF_NUMBERS:
                changed = True
                for each in run:
                    there = before[each]
                    assert there is not None
                    made[each] = rows[each][there.counted :]
            run = [place] if number >= 0 else []
        last = number
    return "\n".join(made) if changed else None


def _without_prefixes(rows: list[str], before: list[_Before | None]) -> str:
    """The text without what tools that quote lines put before each."""
    both = zip(rows, before, strict=True)
    return "\n".join(row[each.prefixed :] if each else row for row, each in both)
