"""The hashes by which texts are held against fingerprints, under the user's key."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING

from twolane_server.border.fresh import fresh_hashes
from twolane_server.border.prints import Hasher
from twolane_server.border.shapes import SHAPE
from twolane_server.border.tokens import readings
from twolane_server.border.variants import Pieces

if TYPE_CHECKING:
    from array import array

    from twolane_server.border.prints import Kind

__all__ = ["asked_hashes", "hasher_of", "key_of"]


def key_of(key: bytes) -> bytes:
    """The key of all fingerprints that are under a user's key."""
    return blake2b(key, person=b"prints").digest()


def hasher_of(key: bytes) -> Hasher:
    """What makes the hashes of all fingerprints that are under a user's key."""
    return Hasher(key_of(key))


@lru_cache(maxsize=4)
def asked_hashes(key: bytes, texts: tuple[str, ...]) -> tuple[tuple[Kind, array[int]], ...]:
    """All hashes of the ways to read some texts, each way's as far as no earlier one has them.

    Kept for a moment: all repositories' fingerprints, which are under one key, are asked about the same
    texts. What they answer is never kept.
    """
    hasher = _kept_hasher(key)
    ways = chain.from_iterable(map(readings, texts))
    return tuple(
        one for piece in Pieces(SHAPE).of(ways) for one in fresh_hashes(piece, hasher) if one[1]
    )


@lru_cache(maxsize=2)  # most words of a text were in one before it
def _kept_hasher(key: bytes) -> Hasher:
    return Hasher(key)
