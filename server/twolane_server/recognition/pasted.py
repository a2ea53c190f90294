"""An open document into which code under NDA was pasted: it becomes NDA and stays it."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Protocol

from twolane_context.trees import changed
from twolane_server.border.fingerprints import UNREAD, UNREADABLE
from twolane_server.border.shapes import SHAPE
from twolane_server.border.tokens import is_diff, lines, whole_readings

if TYPE_CHECKING:
    from twolane_server.border.print_sieve import Newest
    from twolane_server.text import Text

__all__ = ["FOR_NOW", "Recognises", "Watched"]

_AROUND = 8
"""Lines on each side of a change at first: so many show whether they are numbered."""

_MOST_NOTICED = 8

FOR_NOW = frozenset({UNREAD, UNREADABLE})
"""What says nothing of a text, and holds until it can be looked at."""


class Recognises(Protocol):
    """What recognises code under NDA; see `recognised.Recognised`."""

    def found(self, text: str, /) -> str | None:
        """Why a text may not leave, or `None`."""
        ...

    def whole(self, text: str, /) -> str | None:
        """Why a text may not leave that is a whole file; see `wholes`."""
        ...

    def newest(self) -> tuple[Newest, ...] | None:
        """What stays the same as long as the same code is recognised."""
        ...


class Watched:
    """One document. Any thread may ask, one at a time waits for the other.

    Once code under NDA was found in it, it stays NDA, also when that code is taken out again: what was
    written after it may well be made of it. Only when the owner's word opens that code, or the document
    (`forget`), is it looked at anew.

    Attributes:
        noted: whether other processes can know of it; see `tainted`.
    """

    def __init__(self) -> None:
        self.noted = False
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._held = ""  # the part that the reason is of
        self._before: bytes | None = None
        self._waiting: list[str] = []  # what nobody could look at when it was there
        self._noticed: deque[Text] = deque(maxlen=_MOST_NOTICED)
        self._newest: tuple[Newest, ...] | None = None

    @property
    def reason(self) -> str | None:
        """Why it was NDA when it was looked at last, or `None`."""
        return self._reason

    def forget(self) -> None:
        """Look at the whole text anew the next time."""
        with self._lock:
            self._reason = self._before = None
            self._waiting.clear()
            self._noticed.clear()

    def notice(self, text: Text) -> None:
        """Keep what the document held for a moment, for the next look. Waits for nothing."""
        self._noticed.append(text)

    def check(self, prints: Recognises) -> str | None:
        """Why what it holds or held is NDA, or `None`: a look at the text of the last time."""
        with self._lock:
            self._take_noticed()
            before = self._before
        return None if before is None else self.look(before.decode("utf-8", "replace"), prints)

    def wait(self, text: str) -> str | None:
        """Keep what changed for the next look, while nothing can be recognised yet.

        Returns:
            Why the text is NDA meanwhile: something was in it that is there no longer. Or `None`.
        """
        with self._lock:
            self._take_noticed()
            self._keep(text.encode("utf-8", "surrogatepass"))
            self._newest = None
            seen = all(part in text for part in self._waiting)
            return None if seen else f"{UNREAD}; try again in a moment"

    def look(self, text: str, prints: Recognises) -> str | None:
        """Why the text is NDA, or `None`.

        Looks only at what changed since the last time, if no more is under NDA than then.
        """
        with self._lock:
            newest = prints.newest()
            self._take_noticed()
            if self._reason is not None and self._still(prints, newest):
                return self._reason
            source = text.encode("utf-8", "surrogatepass")
            whole = self._before is None or newest is None or newest != self._newest
            changes = source if whole else _around_change(self._before or b"", source)
            now = changes.decode("utf-8", "replace")
            reason, part = _first([*(one for one in self._waiting if one not in now), now], prints)
            if reason in FOR_NOW:  # which says nothing of the text
                self._keep(source)
                self._newest = None
                return reason
            self._reason, self._before, self._newest = reason, source, newest
            self._held, self._waiting = part, []
            return reason

    def _take_noticed(self) -> None:
        while self._noticed:
            self._keep(self._noticed.popleft().source)

    def _keep(self, source: bytes) -> None:
        """Have what changed looked at the next time."""
        part = source if self._before is None else _around_change(self._before, source)
        if part:
            self._waiting.append(part.decode("utf-8", "replace"))
        self._before = source

    def _still(self, prints: Recognises, newest: tuple[Newest, ...] | None) -> bool:
        """Whether the code that was found once is still under NDA."""
        if newest is None or newest == self._newest:
            return True
        if found := _why(self._held, prints):
            self._newest = self._newest if found in FOR_NOW else newest
            return True
        self._reason = self._before = None
        return False


def _first(parts: list[str], prints: Recognises) -> tuple[str | None, str]:
    """The first part that is under NDA, and why."""
    for part in filter(None, parts):
        if (reason := _why(part, prints)) is not None:
            return reason, part
    return None, ""


def _why(part: str, prints: Recognises) -> str | None:
    # What is around a change in a short document is all of it.
    return prints.found(part) or prints.whole(part)


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
    ways = whole_readings(text.decode("utf-8", "replace"))
    return min(sum(len(line.tokens) for line in lines(way)) for way in ways)
