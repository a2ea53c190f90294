"""The licence notice at a file's start, which a firm's open files and those under NDA have in common.

By a fixed rule, since a list that learned from the user's code could be taught: only comments before
the first line that is none, at most `MOST_LINES`; of them only the paragraphs that speak of copyright
or licence. What such a paragraph says beside that is not recognised.
"""

from __future__ import annotations

import re

__all__ = ["MOST_LINES", "without_notice"]

MOST_LINES = 60
"""So long may the comments be: the longest of the common notices, BSD's, takes some 30."""

_LEGAL = re.compile(
    r"copyright|\(c\) *\d|\u00a9|licen[cs]|spdx-|rights reserved|warrant(y|ies)|redistribut|proprietary"
    r"|unauthori[sz]ed (copying|use|disclosure)|confidential",
    re.IGNORECASE,
)
_LINE = re.compile(r"\s*(?:#|//|--|;|%|\*(?!/)|'(?!'')|\.\.|REM\b|dnl\b|<\?\w+[^?]*(\?>)?\s*$)")
_BLOCKS = {"/*": "*/", "<!--": "-->", '"""': '"""', "'''": "'''", "(*": "*)", "{-": "-}"}
_SAYS = re.compile(r"[^\W_]")


def without_notice(text: str) -> str:
    """The text with empty lines where its licence notice was."""
    rows = text.split("\n")
    comments = _comments(rows[:MOST_LINES])
    for paragraph in _paragraphs(rows, comments):
        if _LEGAL.search(" ".join(rows[place] for place in paragraph)):
            for place in paragraph:
                rows[place] = ""
    return "\n".join(rows)


def _comments(rows: list[str]) -> int:
    """How many lines at the start are blank or nothing but comment."""
    end = ""
    for place, row in enumerate(rows):
        inner = row.strip().lstrip("\ufeff")
        if not end:
            start = next((each for each in _BLOCKS if inner.startswith(each)), "")
            if start:
                end, inner = _BLOCKS[start], inner[len(start) :]
            elif inner and not _LINE.match(row):
                return place
        if end and end in inner:
            if inner.partition(end)[2].strip():
                return place  # code stands behind it
            end = ""
    return len(rows)


def _paragraphs(rows: list[str], count: int) -> list[list[int]]:
    """The places of the lines of each paragraph; lines that say nothing part them."""
    found: list[list[int]] = [[]]
    for place in range(count):
        if _SAYS.search(rows[place]):
            found[-1].append(place)
        elif found[-1]:
            found.append([])
    return [each for each in found if each]
