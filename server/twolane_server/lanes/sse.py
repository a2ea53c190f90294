"""Server-sent events: bytes in whatever pieces they come, the events' data out.

Source: WHATWG HTML, "9.2.6 Interpreting an event stream". Only `data` matters here; `event`, `id`,
`retry` and comments are passed over.
"""

from __future__ import annotations

LONGEST = 262_144
"""The most bytes of one line: 65,536 tokens of code in one event, as a relay may send that only seems to
stream. Reading costs the loop, and so the other lane, time: a line without an end is not read for long.
"""
_BOM = b"\xef\xbb\xbf"


class BadEvents(ValueError):
    """The bytes are no event stream that a lane accepts. The message says why, without the text."""


class Events:
    """Cuts a byte stream into events.

    Args:
        longest: how many bytes one line, and the data of one event, may have.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._open: list[bytes] = []
        self._open_size = 0
        self._half_end = False
        self._data: list[bytes] = []
        self._size = 0
        self._first = True

    def feed(self, data: bytes) -> list[str]:
        """The data of each event that is now whole.

        Raises:
            BadEvents: a line or an event is too long, or not UTF-8.
        """
        if self._is_one_event(data):
            return [_text(data[6:-2])]
        if self._half_end or b"\r" in data:
            data = self._with_line_feeds(data)
        *lines, rest = data.split(b"\n")
        if lines and self._open:
            lines[0] = b"".join((*self._open, lines[0]))
            self._open, self._open_size = [], 0
        if rest:
            # Joined only when the line's end is there: it may come in very many pieces.
            self._open.append(rest)
            self._open_size += len(rest)
        events = [event for line in lines if (event := self._line(line)) is not None]
        if self._open_size > self._longest:
            raise self._too_long()
        return events

    def end(self) -> str | None:
        """What the stream ended in the middle of: an event without its blank line, or None.

        Raises:
            BadEvents: the rest is too long, or not UTF-8.
        """
        rest = b"".join(self._open)
        self._open, self._open_size, self._half_end = [], 0, False
        if rest:
            self._line(rest)
        return self._line(b"")

    def _is_one_event(self, data: bytes) -> bool:
        """Whether it is what servers mostly send: one line of data and a blank one, on their own."""
        return (
            data.startswith(b"data: ")
            and data.find(b"\n") == len(data) - 2
            and data.endswith(b"\n")
            and b"\r" not in data
            and len(data) <= self._longest
            and not (self._data or self._open or self._half_end or self._first)
        )

    def _with_line_feeds(self, data: bytes) -> bytes:
        """The same with LF for every CRLF and CR. A CR at the very end may be half of a CRLF."""
        if self._half_end:
            data = b"\r" + data
        self._half_end = data.endswith(b"\r")
        if self._half_end:
            data = data[:-1]
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _line(self, line: bytes) -> str | None:
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._event() if self._data else None
        if len(line) > self._longest:
            raise self._too_long()
        name, _, value = line.partition(b":")
        if name != b"data":
            return None
        self._data.append(value.removeprefix(b" "))
        self._size += len(value)
        if self._size > self._longest:
            raise BadEvents(f"an event of more than {self._longest:,} bytes")
        return None

    def _event(self) -> str:
        data = b"\n".join(self._data)
        self._data, self._size = [], 0
        return _text(data)

    def _too_long(self) -> BadEvents:
        return BadEvents(f"a line of more than {self._longest:,} bytes")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        # Replacing the bytes would put U+FFFD into somebody's code.
        raise BadEvents("bytes that are not UTF-8") from None
