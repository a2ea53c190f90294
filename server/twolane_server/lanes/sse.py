"""Server-sent events: bytes in whatever pieces they come, the events' data out.

Source: WHATWG HTML, "9.2.6 Interpreting an event stream". Only `data` matters here; `event`, `id`,
`retry` and comments are passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 1_048_576
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
        self._buffer = bytearray()
        self._searched = 0
        self._data: list[bytes] = []
        self._size = 0
        self._first = True

    def feed(self, data: bytes) -> Iterator[str]:
        """The data of each event that is now whole.

        Raises:
            BadEvents: a line or an event is too long, or not UTF-8.
        """
        self._buffer += data
        while (line := self._next_line()) is not None:
            event = self._line(line)
            if event is not None:
                yield event
        if len(self._buffer) > self._longest:
            raise BadEvents(f"a line of more than {self._longest:,} bytes")

    def end(self) -> str | None:
        """What the stream ended in the middle of: an event without its blank line, or None.

        Raises:
            BadEvents: the rest is too long, or not UTF-8.
        """
        rest = bytes(self._buffer).removesuffix(b"\r")
        self._buffer.clear()
        self._searched = 0
        if rest:
            self._line(rest)
        return self._line(b"")

    def _next_line(self) -> bytes | None:
        """The next line without its end (LF, CRLF or CR), or None until more bytes come."""
        buffer = self._buffer
        at = self._searched
        lf, cr = buffer.find(b"\n", at), buffer.find(b"\r", at)
        end = min(lf, cr) if lf >= 0 and cr >= 0 else max(lf, cr)
        # A CR at the very end may be the first half of a CRLF: wait for the next byte.
        if end < 0 or (end == cr and end == len(buffer) - 1):
            self._searched = len(buffer) if end < 0 else end
            return None
        width = 2 if buffer.startswith(b"\r\n", end) else 1
        line = bytes(buffer[:end])
        del buffer[: end + width]
        self._searched = 0
        return line

    def _line(self, line: bytes) -> str | None:
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        if len(line) > self._longest:
            raise BadEvents(f"a line of more than {self._longest:,} bytes")
        if not line:
            return self._event()
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value)
            if self._size > self._longest:
                raise BadEvents(f"an event of more than {self._longest:,} bytes")
        return None

    def _event(self) -> str | None:
        if not self._data:
            return None
        data = b"\n".join(self._data)
        self._data, self._size = [], 0
        try:
            return data.decode()
        except UnicodeDecodeError:
            # Replacing the bytes would put U+FFFD into somebody's code.
            raise BadEvents("bytes that are not UTF-8") from None
