"""What was compared with code under NDA and holds none, so that only what is new is compared again.

A prompt is asked about several times on its way, and shares most of its rows with the one before it. A
run of tokens that reaches from known rows into new ones, or over a place where rows are gone, is
new: see `variants`.

When more code is under NDA than before, all that was compared is held against what was added. Where
some of it is in that, or nobody knows what was added, all is compared anew. What is no longer under NDA
changes nothing: texts that held some are not remembered.
"""

from __future__ import annotations

import threading
from array import array
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, Generic, TypeVar

from twolane_server.border.fresh import fresh_hashes
from twolane_server.border.shapes import SHAPE
from twolane_server.border.tokens import readings
from twolane_server.border.variants import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twolane_server.border.prints import Hasher

__all__ = ["Compared"]

_MOST_ROWS = 20_000
_MOST_HASHES = 500_000  # 4 MB; as many as that many rows have about twice
_MOST_TEXTS = 256
_State = TypeVar("_State")


class Compared(Generic[_State]):
    """The texts that hold no code under NDA, of one who asks. Any thread may use it.

    Args:
        hasher: makes the hashes that code is recognised by.
    """

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        self._lock = threading.Lock()
        self._state: _State | None = None
        self._pieces = Pieces(SHAPE)
        self._hashes = array("q")  # of all pieces
        self._whole: set[bytes] = set()  # digests: prompts are long

    def hold_none(
        self,
        texts: tuple[str, ...],
        state: _State,
        knows: Callable[[array[int]], bool],
        added: Callable[[_State], Iterable[int] | None],
    ) -> bool:
        """Whether texts hold no code under NDA. Where some does, nothing of them is remembered.

        Args:
            texts: what is asked about.
            state: what the same code is under NDA by as long as it is equal; read before `knows` is
                asked, so that what comes meanwhile makes another one.
            knows: whether some hash is of code under NDA; asked only about what is new. What it
                raises is raised.
            added: the hashes of code that was not under NDA at an earlier state and is now; it may
                tell more. `None` where nobody knows. What it raises is raised.
        """
        with self._lock:
            if len(self._hashes) > _MOST_HASHES or not self._count(state, added):
                self._pieces, self._hashes, self._whole = Pieces(SHAPE), array("q"), set()
            elif len(self._pieces) > _MOST_ROWS:
                # Somebody waits: what is asked about next is most likely among the latest. Of the others the
                # hashes stay, so that whatever is found in them later is known to have been asked about.
                self._pieces.shorten(_MOST_ROWS // 2)
            self._state = state
            if len(self._whole) > _MOST_TEXTS:
                self._whole = set()  # whose rows are known all the same
            every = {_digest(text): text for text in texts}
            fresh = {digest: text for digest, text in every.items() if digest not in self._whole}
            mark, clean = self._pieces.mark(), False
            try:
                ways = chain.from_iterable(map(readings, fresh.values()))
                pieces = self._pieces.of(ways)
                series = (one for piece in pieces for one in fresh_hashes(piece, self._hasher))
                hashes = [each for _, each in series if each]
                clean = not (hashes and knows(_joined(hashes)))
            finally:
                if not clean:
                    self._pieces.forget(mark)
            if clean:
                self._whole.update(fresh)
                for each in hashes:
                    self._hashes.extend(each)
            return clean

    def _count(self, state: _State, added: Callable[[_State], Iterable[int] | None]) -> bool:
        """Whether what was compared at the last state counts at this one."""
        if self._state is None or state == self._state:
            return True
        new = added(self._state)
        if new is None:
            return False
        several = frozenset(new)
        return not several or several.isdisjoint(self._hashes)


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _joined(parts: list[array[int]]) -> array[int]:
    whole = parts[0][:]
    for part in parts[1:]:
        whole.extend(part)
    return whole
