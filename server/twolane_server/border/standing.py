"""What the owner and the repository say about a prompt's sources, at this moment.

The border takes it as a value, read twice: when a prompt is cleared and again just before it is
sent, since a policy may be tightened in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_server.fragments import Label, Origin

__all__ = ["Prints", "ReadStanding", "Standing"]


class Prints(Protocol):
    """Knows code under NDA again; see `fingerprints`."""

    def found(self, *texts: str) -> str | None:
        """Why texts may not leave, without a word of them; `None` if none holds code under NDA."""
        ...

    def whole(self, text: str) -> str | None:
        """The same of a file's text in whole, which may be a short file under NDA; see `wholes`."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for some sources now.

    Attributes:
        label: the highest label of all sources, read afresh.
        granted: whether their repository may use the cloud lane.
        words: names that must not leave.
        reasons: why it is NDA, or why there is no grant.
        policy_hash: which policy said so.
        prints: the fingerprints of NDA code; `None` where no code is under NDA.
    """

    label: Label
    granted: bool
    words: tuple[str, ...]
    reasons: tuple[str, ...]
    policy_hash: str
    prints: Prints | None = None


ReadStanding: TypeAlias = "Callable[[tuple[Origin, ...]], Standing]"
"""Reads the standing of some sources from disk. It runs in a worker thread."""
