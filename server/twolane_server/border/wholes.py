"""A whole file that is too short for a gram: known again only where another file is the same.

What everybody's short files hold says nothing of whose they are: a licence notice, `pass`, an
`__init__.py` that imports, `*.pyc`. So it must have rare words, of eight characters together, elsewhere
than in an import. White space, quotes and what else `tokens` leaves out make no difference.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from twolane_server.border.notices import without_notice
from twolane_server.border.prints import GRAM, Hasher, Kind
from twolane_server.border.public import everyday
from twolane_server.border.shapes import IMPORTS
from twolane_server.border.tokens import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_server.border.tokens import Line

__all__ = ["LARGEST", "may_be_whole", "whole"]

LARGEST = 8_192
"""Characters; a longer file has a licence notice longer than any, or more tokens."""

_SHORTEST_NUMBER = 4
_RARE = 8  # characters
_AT_ONCE = 16  # rows
_KEPT = 256  # texts; 2 MB at most


def may_be_whole(text: str) -> bool:
    """Whether a text may be a short file that tells whose it is."""
    return len(text) <= LARGEST and _tells(text)


@lru_cache(_KEPT)  # each request asks about the files of its map, which are mostly the same
def _tells(text: str) -> bool:
    return bool(whole(text, Hasher()))


def whole(text: str, hasher: Hasher) -> tuple[int, ...]:
    """The one hash of a text that is a short file; none for any other text."""
    if len(text) > LARGEST:
        return ()
    found: list[Line] = []
    tokens: list[str] = []
    for line in _lines(without_notice(text)):
        found.append(line)
        tokens += line.tokens
        if len(tokens) >= GRAM:
            return ()
    rare = {word for line in found for word in _rare(line)}
    if sum(map(len, rare)) < _RARE:
        return ()
    digest = hasher.of(Kind.WHOLE, " ".join(tokens))
    return (int.from_bytes(digest, "little", signed=True),)


def _lines(text: str) -> Iterator[Line]:
    """`lines`, some at a time: the first few tell of most texts that they have more tokens."""
    rows = text.split("\n")
    for start in range(0, len(rows), _AT_ONCE):
        yield from lines("\n".join(rows[start : start + _AT_ONCE]))


def _rare(line: Line) -> Iterator[str]:
    if line.tokens[0] in IMPORTS:
        return
    for token, common in zip(line.tokens, everyday(line.tokens, 1), strict=True):
        if not common and (len(token) >= _SHORTEST_NUMBER or not token.isdigit()):
            yield token
