"""What is NDA, and who said so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twolane_context.fragments import Label


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label and why.

    Attributes:
        label: how far the text may travel.
        reasons: what said so, each fit to stand behind a colon: `clients/** in twolane.toml`.
    """

    label: Label
    reasons: tuple[str, ...]
