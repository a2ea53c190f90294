"""What code is recognised by: hashes of its runs of tokens, of long lines and of rare names.

A *gram* is any run of 16 tokens. A *shape* is of 40 tokens, and a copy with other names has it too;
see `shapes`. A *line* holds much and is too short for a gram. A *name* is a long word of several
parts. See `Kind`.

Hashes are BLAKE2b under a key (https://www.rfc-editor.org/rfc/rfc7693). Without it they tell
nothing, not even to one who guesses the code.
"""

from __future__ import annotations

import re
import sys
from array import array
from enum import IntEnum
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.border.shapes import IMPORTS, KEYWORDS, shapes
from twolane_server.border.tokens import lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from twolane_server.border.tokens import Line

__all__ = [
    "GRAM",
    "Hasher",
    "Kind",
    "Series",
    "grams",
    "of_rows",
    "of_shapes",
    "prints",
    "prints_under",
]

GRAM = 16
_WIDTH = 8
_BYTES = GRAM * _WIDTH
_LONG_LINE = 40
_LONG_NAME = 16
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_MANY_PARTS = 3
_LARGEST = 100_000
_DECLARING_WORDS = (
    "class const def define enum fn func function interface let macro_rules module namespace record"
    " static struct trait type typedef union val var"
)
_TYPE_WORDS = "bool boolean byte char double float int long short string void"
_DECLARING = frozenset(_DECLARING_WORDS.split())
_TYPES = frozenset(_TYPE_WORDS.split())
_NEAR = 6


class Kind(IntEnum):
    """What a hash is of."""

    GRAM = 0
    SHAPE = 1
    LINE = 2
    NAME = 3
    WHOLE = 4  # a whole file that is too short for a gram; see `wholes`


class Series(NamedTuple):
    """The hashes of one kind in a text, in its order.

    Attributes:
        kind: what they are of.
        hashes: signed, 64 bits.
        rows: the 1-based line on which each starts.
    """

    kind: Kind
    hashes: array[int]
    rows: Sequence[int]


class Hasher(dict[str, bytes]):
    """Hashes under one key; as a mapping, from a token to its own.

    Args:
        key: at most 64 bytes; none for hashes that anybody may make.
    """

    def __init__(self, key: bytes = b"") -> None:
        super().__init__()
        # To copy one is twice as fast as to make one.
        self._begun = [
            blake2b(digest_size=_WIDTH, key=key, person=kind.name.encode()) for kind in Kind
        ]

    def __missing__(self, token: str) -> bytes:
        if len(self) >= _LARGEST:
            self.clear()
        made = self[token] = self.of(Kind.GRAM, token)
        return made

    def of(self, kind: Kind, text: str) -> bytes:
        """The hash of a text, another for each kind: 8 bytes."""
        return self.all_of(kind, (text,))[0]

    def all_of(self, kind: Kind, texts: Iterable[str]) -> list[bytes]:
        """The hashes of some texts."""
        begin = self._begun[kind].copy
        made: list[bytes] = []
        for text in texts:
            begun = begin()
            begun.update(text.encode() if text.isascii() else text.encode("utf-8", "surrogatepass"))
            made.append(begun.digest())
        return made


def prints(text: str, hasher: Hasher, *, declared: bool = False) -> tuple[Series, ...]:
    """All hashes of a text, a series for each kind. Which there are does not depend on the key.

    Args:
        text: code, or what may hold code.
        hasher: makes the hashes.
        declared: only the names that the text declares, since the others are anybody's.
    """
    return prints_under(list(lines(text)), (hasher,), declared=declared)[0]


def prints_under(
    found: Sequence[Line], hashers: Sequence[Hasher], *, declared: bool = False
) -> list[tuple[Series, ...]]:
    """`prints` of a text's lines under each of several keys."""
    rows = [line.number for line in found for _ in line.tokens]
    sizes = _sizes(found)
    others = (
        (Kind.SHAPE, list(shapes(found))),
        (Kind.LINE, list(_long_lines(found, sizes))),
        (Kind.NAME, list(_names(found, sizes, declared=declared))),
    )
    made: list[tuple[Series, ...]] = []
    for hasher in hashers:
        hashes = grams(found, hasher, range(len(rows) - GRAM + 1))
        run = Series(Kind.GRAM, hashes, rows[: len(hashes)])
        made.append((run, *(_series(kind, texts, hasher) for kind, texts in others)))
    return made


def grams(found: Sequence[Line], hasher: Hasher, starts: Iterable[int]) -> array[int]:
    """The hashes of some grams.

    Args:
        found: lines that follow one another.
        hasher: makes the hashes.
        starts: which of their tokens each starts with; no later one than the last gram does.
    """
    # The hashes of tokens are under the key already, and nobody can tell what they are.
    tokens = chain.from_iterable(line.tokens for line in found)
    whole = b"".join(map(hasher.__getitem__, tokens))
    begin = blake2b(digest_size=_WIDTH).copy
    digests: list[bytes] = []
    for start in starts:
        at = start * _WIDTH
        begun = begin()
        begun.update(whole[at : at + _BYTES])
        digests.append(begun.digest())
    return _numbers(digests)


def of_shapes(found: Sequence[Line], hasher: Hasher, starts: Iterable[int] | None = None) -> Series:
    """The hashes of shapes.

    Args:
        found: lines that follow one another.
        hasher: makes the hashes.
        starts: which of the lines each starts with, in order; all of them where it is not given.
    """
    return _series(Kind.SHAPE, shapes(found, starts), hasher)


def of_rows(found: Sequence[Line], hasher: Hasher) -> tuple[Series, ...]:
    """The hashes of long lines and of names, for which it makes no difference what stands around."""
    sizes = _sizes(found)
    return (
        _series(Kind.LINE, _long_lines(found, sizes), hasher),
        _series(Kind.NAME, _names(found, sizes, declared=False), hasher),
    )


def _sizes(found: Sequence[Line]) -> list[list[int]]:
    """How long each line's tokens are."""
    return [list(map(len, line.tokens)) for line in found]


def _series(kind: Kind, texts: Iterable[tuple[int, str]], hasher: Hasher) -> Series:
    found = list(texts)
    digests = hasher.all_of(kind, [text for _, text in found])
    return Series(kind, _numbers(digests), [row for row, _ in found])


def _long_lines(found: Sequence[Line], sizes: list[list[int]]) -> Iterator[tuple[int, str]]:
    for (number, tokens), lengths in zip(found, sizes, strict=True):
        if len(tokens) < GRAM and sum(lengths) >= _LONG_LINE and tokens[0] not in IMPORTS:
            yield number, " ".join(tokens)


def _names(
    found: Sequence[Line], sizes: list[list[int]], *, declared: bool
) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for (number, tokens), lengths in zip(found, sizes, strict=True):
        if max(lengths) < _LONG_NAME:
            continue
        for place, token in enumerate(tokens):
            if (
                len(token) >= _LONG_NAME
                and token not in seen
                and (not declared or _declares(tokens, place))
            ):
                seen.add(token)
                if len(_PARTS.findall(token)) >= _MANY_PARTS:
                    yield number, token


def _declares(tokens: list[str], place: int) -> bool:
    """Whether a line declares the name at a place, as far as that shows in most languages."""
    before = tokens[place - 1] if place else ""
    after = tokens[place + 1] if place + 1 < len(tokens) else ""
    if before in _DECLARING:
        return True
    if after in {"=", ":"}:
        return tokens[:place] in ([], ["self", "."], ["this", "."])
    # A function of C's family: `Type name(`, `Type *name(`.
    typed = before.isidentifier() and (before not in KEYWORDS or before in _TYPES)
    return after == "(" and (typed or before in {"*", "&"}) and place <= _NEAR


def _numbers(digests: list[bytes]) -> array[int]:
    made = array("q", b"".join(digests))
    if sys.byteorder == "big":
        made.byteswap()
    return made
