"""An open document into which code under NDA was pasted: it becomes NDA and stays it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from twolane_context.trees import changed
from twolane_server.border.fingerprints import UNREAD, UNREADABLE
from twolane_server.border.shapes import SHAPE
from twolane_server.border.tokens import is_diff, lines, readings

if TYPE_CHECKING:
    from twolane_server.border.print_sieve import Newest

__all__ = ["Recognises", "Watched"]

_AROUND = 8
"""Lines on each side of a change at first: so many show whether they are numbered."""

_FOR_NOW = frozenset({UNREAD, UNREADABLE})


class Recognises(Protocol):
    """What recognises code under NDA; see `recognised.Recognised`."""

    def found(self, text: str, /) -> str | None:
        """Why a text may not leave, or `None`."""
        ...

    def newest(self) -> tuple[Newest, ...] | None:
        """What stays the same as long as the same code is recognised."""
        ...


class Watched:
    """One document. Any thread may ask, one at a time waits for the other.

    Once code under NDA was found in it, it stays NDA, also when that code is taken out again: what was
    written after it may well be made of it. Only when the owner's word opens that code is it looked at
    anew.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._held = ""  # the part that the reason is of
        self._before: bytes | None = None
        self._newest: tuple[Newest, ...] | None = None

    @property
    def reason(self) -> str | None:
        """Why it was NDA when it was looked at last, or `None`."""
        return self._reason

    def look(self, text: str, prints: Recognises) -> str | None:
        """Why the text is NDA, or `None`.

        Looks only at what changed since the last time, if no more is under NDA than then.
        """
        with self._lock:
            newest = prints.newest()
            if self._reason is not None and self._still(prints, newest):
                return self._reason
            source = text.encode("utf-8", "surrogatepass")
            whole = self._before is None or newest is None or newest != self._newest
            changes = source if whole else _around_change(self._before or b"", source)
            part = changes.decode("utf-8", "replace")
            reason = prints.found(part) if part else None
            if reason in _FOR_NOW:
                return (
                    reason  # which says nothing of the text: the next look is at all of this again
                )
            self._reason, self._before, self._newest = reason, source, newest
            self._held = part if reason else ""
            return reason

    def _still(self, prints: Recognises, newest: tuple[Newest, ...] | None) -> bool:
        """Whether the code that was found once is still under NDA."""
        if newest is None or newest == self._newest:
            return True
        if found := prints.found(self._held):
            self._newest = self._newest if found in _FOR_NOW else newest
            return True
        self._reason = self._before = None
        return False


def _around_change(old: bytes, new: bytes) -> bytes:
    """The lines that changed, with those around them; nothing where nothing did."""
    if old == new:
        return b""
    if is_diff(new.decode("utf-8", "replace")):
        return new  # whose sides are read each as a whole
    _, span = changed(old, new)
    start, end = _line_start(new, span.start), _line_end(new, span.end)
    return _before(new, start) + new[start:end] + _after(new, end)


def _before(text: bytes, end: int) -> bytes:
    """The lines before a line's start that what is recognised may reach into."""
    start, count = end, _AROUND
    while True:
        for _ in range(count):
            start = _line_start(text, max(0, start - 1))
        if start == 0 or _tokens(text[start:end]) >= SHAPE:
            return text[start:end]
        count *= 2


def _after(text: bytes, start: int) -> bytes:
    """The same behind a line's end."""
    end, count = start, _AROUND
    while True:
        for _ in range(count):
            end = _line_end(text, min(len(text), end + 1))
        if end == len(text) or _tokens(text[start:end]) >= SHAPE:
            return text[start:end]
        count *= 2


def _line_start(text: bytes, place: int) -> int:
    return text.rfind(b"\n", 0, place) + 1


def _line_end(text: bytes, place: int) -> int:
    found = text.find(b"\n", place)
    return len(text) if found < 0 else found


def _tokens(text: bytes) -> int:
    """How many there are at least, whichever way the text is read."""
    ways = readings(text.decode("utf-8", "replace"))
    return min(sum(len(line.tokens) for line in lines(way)) for way in ways)
