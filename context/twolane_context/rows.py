"""What is known of one file, as processes tell each other and as the cache keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from twolane_context.disk import Stamp


class Row(NamedTuple):
    """What is known of one file.

    Attributes:
        path: relative to the repository.
        stamp: what the file was when it was read.
        digest: of its bytes.
        words: its identifiers, parted by LF.
        facts: its packed outline; empty for none; `None` while it was not made yet.
        former: the paths that it had before.
    """

    path: str
    stamp: Stamp
    digest: bytes
    words: bytes
    facts: bytes | None
    former: tuple[str, ...] = ()
