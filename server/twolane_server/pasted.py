"""An open document into which code under NDA was pasted: it becomes NDA and stays it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from twolane_context.trees import changed

if TYPE_CHECKING:
    from twolane_server.border.standing import Prints

__all__ = ["Watched"]

_AROUND = 60
"""Lines on each side of a change: what is recognised by its form takes 40 tokens, seldom so many lines."""


class Watched:
    """One document. Any thread may ask, one at a time waits for the other.

    Once code under NDA was found in it, it stays NDA, also when that code is taken out again: what was
    written after it may well be made of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._before: bytes | None = None

    def look(self, text: str, prints: Prints) -> str | None:
        """Why the text is NDA, or `None`. Looks only at what changed since the last time."""
        with self._lock:
            if self._reason is None:
                source = text.encode("utf-8", "surrogatepass")
                part = source if self._before is None else _around_change(self._before, source)
                self._reason = prints.found(part.decode("utf-8", "replace")) if part else None
                self._before = source
            return self._reason


def _around_change(old: bytes, new: bytes) -> bytes:
    """The lines that changed, with those around them; nothing where nothing did."""
    if old == new:
        return b""
    _, span = changed(old, new)
    start, end = span.start, span.end
    for _ in range(_AROUND):
        start = max(0, new.rfind(b"\n", 0, max(0, start - 1)) + 1)
        after = new.find(b"\n", end + 1)
        end = len(new) if after < 0 else after
    return new[start:end]
