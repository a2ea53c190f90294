"""Files under NDA as texts to be recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PART", "Source", "Synced"]

PART = "\ud800"
"""Between texts that a file holds at the same time, such as the saved one and an unsaved one.

Half of a pair, as no decoder makes it, while NUL and all else may stand in a file.
"""


class Source(NamedTuple):
    """A file under NDA.

    Attributes:
        path: how people see it.
        digest: of its bytes; the same digest means that there is nothing to do.
        read: its text, or several with `PART` between them; `None` for what is no text or cannot be read.
    """

    path: str
    digest: bytes
    read: Callable[[], str | None]


class Synced(NamedTuple):
    """What a sync did.

    Attributes:
        added: files that are new or changed.
        gone: files that are no longer there.
        unread: files without text; what is known of them stays.
    """

    added: tuple[str, ...]
    gone: tuple[str, ...]
    unread: tuple[str, ...]
