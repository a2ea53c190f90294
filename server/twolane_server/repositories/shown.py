"""What of a repository was shown last: a map that says the same is the same fragments, their tokens counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from twolane_server.fragments import Fragment, Label, Origin
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from twolane_context.pack import Piece
    from twolane_context.repository_map import Entry, MapState

__all__ = ["Shown", "worth_a_look"]

_Placed: TypeAlias = "tuple[Entry, Label, str]"
_Key: TypeAlias = "tuple[int, Label, str]"


class Shown:
    """The maps shown last: an entry that is the same is the same fragment, its tokens counted.

    Attributes:
        sifts: whether something was left out once since it holds code under NDA; see `Wanted.sift`.
    """

    def __init__(self) -> None:
        self.sifts = False
        self._last: dict[LaneName, dict[_Key, tuple[Entry, Fragment]]] = {}
        self._whole: tuple[object, tuple[Entry, ...], tuple[Fragment, ...]] | None = None

    def same(
        self, entries: Sequence[Entry], made_of: object, make: Callable[[], tuple[Fragment, ...]]
    ) -> tuple[Fragment, ...]:
        """The local lane's map, of hundreds of entries: that of the last time, where nothing is another.

        Args:
            entries: all of it.
            made_of: all else that its fragments are made of, to be compared.
            make: makes them.
        """
        last = self._whole
        alike = last is not None and last[0] == made_of and _alike(last[1], entries)
        fragments = last[2] if last is not None and alike else make()
        self._whole = made_of, tuple(entries), fragments
        return fragments

    def fragments(self, audience: LaneName, entries: Iterable[_Placed]) -> tuple[Fragment, ...]:
        """The entries of a map for an audience, with the fragments of the last time.

        Args:
            audience: who is to read them.
            entries: each with the label and the file that its fragment has.
        """
        last = self._last.get(audience, {})
        now: dict[_Key, tuple[Entry, Fragment]] = {}
        for one, label, file in entries:
            key = id(one), label, file  # which are not another's while the entry is kept
            now[key] = last.get(key) or (
                one,
                Fragment(one.text, label, Origin(file, one.first, one.last)),
            )
        self._last[audience] = now
        return tuple(fragment for _, fragment in now.values())


def _alike(some: Sequence[Entry], others: Sequence[Entry]) -> bool:
    """Whether entries say the same; what they were made of may be another."""
    return len(some) == len(others) and all(
        one is other or (one.path, *one[3:]) == (other.path, *other[3:])
        for one, other in zip(some, others, strict=True)
    )


def worth_a_look(
    pieces: Iterable[Piece], state: MapState, audience: LaneName, *, heard: bool
) -> set[str]:
    """The files of an answer that are to be looked at with the question.

    Those of the local lane's map are hundreds, and nothing of it leaves: where each change is told, that
    tells of them soon enough.

    Args:
        pieces: of the answer.
        state: its map.
        audience: who is to read it.
        heard: whether each change is told.
    """
    heard = heard and audience is LaneName.LOCAL
    return {*(one.path for one in pieces), *(() if heard else (one.path for one in state.entries))}
