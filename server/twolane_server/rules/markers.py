"""Markers: words in the head of a file that say it is confidential."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from twolane_server.border.folding import latin

if TYPE_CHECKING:
    from twolane_server.text import Text

__all__ = ["ALWAYS", "HEAD_CHARACTERS", "HEAD_LINES", "find_markers", "head_of"]

ALWAYS = ("PROPRIETARY AND CONFIDENTIAL", "TRADE SECRET", "CONFIDENTIAL", "NDA")
"""Markers in every repository, whatever its policy says."""

HEAD_LINES = 40
HEAD_CHARACTERS = 4_096
# A head of 40 long lines is cut here: a minified file has its licence at the top.
_LONGEST = 65_536
_WORD = re.compile(r"[^\W_]+")
# Capitals with a gap between them, as titles are set: `C O N F I D E N T I A L`, `N.D.A.`
_APART = re.compile(r"[A-Z][ .-](?<![A-Za-z0-9_.]..)[A-Z](?:[ .-][A-Z])+(?![A-Za-z0-9_])")
_GAPS = re.compile(r"[ .-]")
_END = re.compile(r"\r\n|\n|\r")


def head_of(text: Text) -> str:
    """As much of a text's start as markers are looked for in."""
    head = "".join(text.lines[:HEAD_LINES])
    return head if len(head) >= HEAD_CHARACTERS else "".join(text.lines[:HEAD_CHARACTERS])


def find_markers(head: str, markers: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Which markers the head of a file holds: `marker CONFIDENTIAL in line 2`, each one once.

    The head is the first 40 lines, and the first 4,096 characters where those reach further. Case,
    width, invisible characters, accents, look-alikes of other scripts and gaps between single letters
    make no difference; between the words of a marker there may be
    anything but letters and digits, so that a comment may wrap; a plural counts.

    Args:
        head: the file's text, or at least its head.
        markers: the repository's and the user's own, on top of those that always hold.
    """
    return _found(_head(head), markers)


@lru_cache(maxsize=128)  # a question asks about the same few dozen heads several times
def _found(head: str, markers: tuple[str, ...]) -> tuple[str, ...]:
    every, found = (*ALWAYS, *markers), dict[str, str]()
    for text in dict.fromkeys((_folded(head), _spelled(head))):
        for hit in _pattern(every).finditer(text) if _may_hold(text, every) else ():
            name = _name(hit.lastgroup, markers)
            line = 1 + len(_END.findall(text[: hit.start()]))
            found.setdefault(name, f"marker {name} in line {line}")
    return tuple(found.values())


def _may_hold(text: str, markers: tuple[str, ...]) -> bool:
    """Whether it is worth to look for markers: some of them has all its words somewhere in it."""
    if not text.isascii():
        return True
    lower = text.lower()
    return any(
        all(word in lower for word in words) if words else True for words in _words_of(markers)
    )


@lru_cache(maxsize=128)
def _words_of(markers: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The words of each marker in small letters; none for one that has others than those of ASCII."""
    folded = [_folded(marker).lower() for marker in markers]
    return tuple(tuple(_WORD.findall(each)) if each.isascii() else () for each in folded)


def _head(text: str) -> str:
    if "\r" not in text:
        end = -1
        for _ in range(HEAD_LINES):
            end = text.find("\n", end + 1, _LONGEST)
            if end < 0:
                return text[:_LONGEST]
        return text[: max(end + 1, HEAD_CHARACTERS)]
    ends = (match.end() for match in _END.finditer(text, 0, _LONGEST))
    lines = next(islice(ends, HEAD_LINES - 1, None), _LONGEST)
    return text[: max(lines, HEAD_CHARACTERS)]


def _folded(text: str) -> str:
    if text.isascii():
        return text
    normal = unicodedata.normalize("NFKC", text)
    # Each character is looked up once: a head has thousands, of which few differ.
    unseen = {ord(c): None for c in set(normal) if unicodedata.category(c) == "Cf"}
    return normal.translate(unseen) if unseen else normal


def _spelled(text: str) -> str:
    """The text with letters of other scripts as their doubles, and with no gaps between single letters."""
    return _APART.sub(lambda found: _GAPS.sub("", found[0]), latin(_folded(text)))


def _name(group: str | None, markers: tuple[str, ...]) -> str:
    return (*ALWAYS, *markers)[int((group or "m0")[1:])]


@lru_cache(maxsize=128)
def _pattern(markers: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for all; the longest first, so that a phrase is named rather than its part."""
    order = sorted(range(len(markers)), key=lambda index: -len(markers[index]))
    phrases = "|".join(f"(?P<m{index}>{_phrase(markers[index])})" for index in order)
    return re.compile(rf"(?<![^\W_])(?:{phrases})s?(?![^\W_])", re.IGNORECASE)


def _phrase(marker: str) -> str:
    words = _WORD.findall(_folded(marker))
    return r"[\W_]+".join(map(re.escape, words)) if words else re.escape(_folded(marker).strip())
