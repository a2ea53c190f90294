"""The border's two ways to say no, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.errors import Refused

if TYPE_CHECKING:
    from twolane_server.errors import LedgerError

__all__ = ["refused", "unwritable"]


def refused(reasons: tuple[str, ...]) -> Refused:
    """A check said no."""
    return Refused(f"Nothing was sent to the cloud: {'; '.join(reasons)}.", reasons=reasons)


def unwritable(error: LedgerError) -> Refused:
    """Nothing could record what would leave."""
    reason = "the ledger cannot be written, so nothing is sent to the cloud"
    return Refused(f"{reason[0].upper()}{reason[1:]}. {error}", reasons=(reason,))
