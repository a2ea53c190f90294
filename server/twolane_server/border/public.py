"""What code of many public projects has in common, and so says nothing of whose code it is.

The list (`public.bin`) holds hashes of grams and shapes that at least three of some 440 public
projects have, of lines and names that two have, and of the 3,000 words that three of ten have: a
gram of nothing but such everyday words counts as public too. tests/corpus/build_public_prints.py
makes it. It is the same for everybody and never learns from a user's code: otherwise whoever copies
code under NDA often enough would make it public.

It errs on the side of NDA. What is public but of one project alone is not in it: a public library
that lies among code under NDA is held back like the rest, which costs an answer of the better
model, where a longer list could cost a secret. A hash has 32 bits here, so that by chance one gram
in about 35,000 counts as public though it is not; a copy of 17 tokens has a second one.
"""

from __future__ import annotations

import lzma
import string
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from twolane_server.border.prints import Hasher
from twolane_server.border.tokens import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "FILE",
    "KEYLESS",
    "edition",
    "everyday",
    "pack",
    "public",
    "short",
    "unpack",
    "word_hash",
]

KEYLESS = Hasher()
"""Makes the hashes that the list holds."""

FILE = Path(__file__).with_name("public.bin")
_HEAD = b"2LPP" + VERSION.to_bytes(2, "big")
_BITS = 32
_SIGNS = frozenset(string.punctuation)
_MOST_WORDS = 100_000
_LOW, _MORE = 0x7F, 0x80


@cache
def public() -> frozenset[int]:
    """The list: short hashes, made without a key."""
    return unpack(FILE.read_bytes())


def edition() -> str:
    """Which list it is, so that what was made with another can be told."""
    return f"{VERSION} {crc32(FILE.read_bytes()):08x}"


def short(hash_: int) -> int:
    """As much of a hash as the list holds."""
    return hash_ & ((1 << _BITS) - 1)


def word_hash(word: str) -> int:
    """A word's hash, made without a key."""
    return int.from_bytes(KEYLESS[word], "little")


class _Rare(dict[str, bool]):
    """Whether each word is none that everybody uses, found out when it is first met."""

    def __missing__(self, word: str) -> bool:
        if len(self) >= _MOST_WORDS:
            self.clear()
        self[word] = found = word not in _SIGNS and short(word_hash(word)) not in public()
        return found


_is_rare = _Rare().__getitem__


def everyday(tokens: Iterable[str], run: int) -> list[bool]:
    """For each run of so many tokens whether all its words are everyday ones."""
    before = [0, *accumulate(map(_is_rare, tokens))]
    return [last == first for first, last in zip(before, before[run:], strict=False)]


def pack(hashes: Iterable[int]) -> bytes:
    """A list as bytes: the steps from one to the next, 7 bits a byte, the lowest first; then LZMA."""
    steps = bytearray()
    last = 0
    for each in sorted(set(hashes)):
        step, last = each - last, each
        while step > _LOW:
            steps.append(step & _LOW | _MORE)
            step >>= 7
        steps.append(step)
    return _HEAD + lzma.compress(bytes(steps), preset=9)


def unpack(packed: bytes) -> frozenset[int]:
    """The list in bytes of `pack`.

    Raises:
        ValueError: they are of another version of what a token is.
    """
    if not packed.startswith(_HEAD):
        raise ValueError("the list of public code is of another version")
    found: list[int] = []
    last = step = shift = 0
    for byte in lzma.decompress(packed[len(_HEAD) :]):
        step |= (byte & _LOW) << shift
        shift += 7
        if byte <= _LOW:
            last += step
            found.append(last)
            step = shift = 0
    return frozenset(found)
