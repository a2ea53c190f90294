"""The ticket that the gate gives for a request which may go to the cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twolane_server.fragments import Origin

__all__ = ["Cleared"]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Cleared:
    """A ticket for one request that may go to the cloud; see `Gate.stream`.

    It tells about the request and does not hold it; only one that the gate made opens anything.

    Attributes:
        model: the model's id that the body names.
        host: where it goes.
        size: the body's length in bytes.
        sha256: the body's digest in hexadecimal.
        files: what the prompt was cut from.
    """

    model: str
    host: str
    size: int
    sha256: str
    files: tuple[Origin, ...]
