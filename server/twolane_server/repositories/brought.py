"""How much of a repository comes with a prompt: as with the last one, and before that by its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.repositories.surroundings import map_tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twolane_server.documents import Document
    from twolane_server.lanes.base import LaneName
    from twolane_server.orders import Ready
    from twolane_server.rules.knowledge import Known

__all__ = ["Brought", "usually"]

# Measured in a dozen packages of Python, TypeScript and Rust, and in parts of them. What is chosen for a
# map counts itself with room to spare, so that three quarters of its room are used at most.
_BYTES_PER_MAP_TOKEN, _USED_OF_MAP = 16, 0.75
_BYTES_PER_PIECE_TOKEN, _MOST_IN_PIECES = 50, 200
_UNREAD_BYTES = 30_000  # taken for the code of a repository that was not looked at yet


class Brought:
    """How many tokens of each repository went with the last prompt on each lane.

    Args:
        code_bytes: how large the code of the repository at one of some folders is, from memory; `None`
            while that is not known.
    """

    def __init__(self, code_bytes: Callable[[tuple[Path, ...]], int | None]) -> None:
        self._code_bytes = code_bytes
        self._last: dict[tuple[tuple[Path, ...], LaneName], int] = {}

    def learn(self, known: Known, alone: Ready, ready: Ready) -> None:
        """Take what a prompt has, beside what it has alone.

        Args:
            known: of the document.
            alone: the order by itself.
            ready: the same order with its surroundings.
        """
        lane = ready.decision.lane
        more = ready.question.prompt_tokens(lane) - alone.question.prompt_tokens(lane)
        self._last[_roots(known), lane] = max(0, more)

    def of(self, known: Known, document: Document) -> Callable[[LaneName, int], int]:
        """What to expect of a document's repository on a lane with a window; nothing where there is none."""
        roots = _roots(known)

        def brought(lane: LaneName, window: int) -> int:
            last = self._last.get((roots, lane))
            if last is not None or not roots:
                return last or 0
            code = self._code_bytes(roots)
            size = len(document.text.source)
            return usually(lane, window, _UNREAD_BYTES if code is None else code, size)

        return brought


def usually(lane: LaneName, window: int, code: int, document: int) -> int:
    """About how many tokens of a repository come with a prompt: of its map, and of what is used.

    Args:
        lane: whose map it is.
        window: the tokens that the lane holds.
        code: the bytes of all code.
        document: those of the document, of which alone no map is shown.
    """
    used = min(code // _BYTES_PER_PIECE_TOKEN, _MOST_IN_PIECES)
    if code <= document:
        return used
    room = round(map_tokens(lane, window) * _USED_OF_MAP)
    return used + min(code // _BYTES_PER_MAP_TOKEN, room)


def _roots(known: Known) -> tuple[Path, ...]:
    return known.rules.roots if known.rules is not None else ()
