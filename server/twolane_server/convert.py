"""Between the editor's positions and the engine's: the only place that knows both.

An editor counts UTF-16 units (VS Code), UTF-8 bytes (Neovim) or code points in a line, as agreed
at `initialize`; the engine counts UTF-8 bytes from the start of the text. A column behind a line's
end means its end, and one inside a character means that character's start.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from lsprotocol import types

from twolane_context.spans import Span
from twolane_server.errors import ActionError
from twolane_server.text import encode

if TYPE_CHECKING:
    from twolane_server.text import Text

Encoding = types.PositionEncodingKind

_BASIC_PLANE_END = 0xFFFF
_TOP_BITS = 0b1100_0000
_UNSAID = re.compile(r"[\x00-\x1f]")
_CONTINUES = 0b1000_0000  # a byte of UTF-8 that continues a character


def points(line: str, units: int, encoding: Encoding) -> int:
    """The index in code points of a column of `units`, within the line before its end."""
    body = line.rstrip("\r\n")
    if units <= 0:
        return 0
    if encoding == Encoding.Utf32 or body.isascii():
        return min(units, len(body))
    if encoding == Encoding.Utf8:
        encoded = encode(body)
        end = min(units, len(encoded))
        while end < len(encoded) and encoded[end] & _TOP_BITS == _CONTINUES:
            end -= 1
        return len(encoded[:end].decode("utf-8", "surrogatepass"))
    seen = 0
    for index, character in enumerate(body):
        seen += 2 if ord(character) > _BASIC_PLANE_END else 1
        if seen > units:
            return index
    return len(body)


def units(prefix: str, encoding: Encoding) -> int:
    """How wide `prefix`, the part of a line before a column, is in the editor's units."""
    if encoding == Encoding.Utf32 or prefix.isascii():
        return len(prefix)
    if encoding == Encoding.Utf8:
        return len(encode(prefix))
    return sum(2 if ord(character) > _BASIC_PLANE_END else 1 for character in prefix)


def place(text: Text, position: types.Position, encoding: Encoding) -> tuple[int, int]:
    """Row and column in code points, the nearest that exist."""
    row, _ = text.clamped(position.line, 0)
    if row != position.line:
        return text.clamped(position.line, 0)
    return row, points(text.lines[row], position.character, encoding)


def offset(text: Text, position: types.Position, encoding: Encoding) -> int:
    """The byte offset of an editor's position."""
    row, column = place(text, position, encoding)
    return text.row_start(row) + len(encode(text.lines[row][:column]))


def span(text: Text, area: types.Range, encoding: Encoding) -> Span:
    """The bytes of an editor's range; an inverted range is turned the right way round."""
    first = offset(text, area.start, encoding)
    last = offset(text, area.end, encoding)
    return Span(min(first, last), max(first, last))


def position(text: Text, at: int, encoding: Encoding) -> types.Position:
    """The editor's position of a byte offset that lies on a character's boundary."""
    row = text.row_of(at)
    prefix = encode(text.lines[row])[: at - text.row_start(row)].decode("utf-8", "surrogatepass")
    return types.Position(line=row, character=units(prefix, encoding))


def area(text: Text, where: Span, encoding: Encoding) -> types.Range:
    """The editor's range of a span."""
    return types.Range(
        start=position(text, where.start, encoding), end=position(text, where.end, encoding)
    )


def changed(text: Text, change: types.TextDocumentContentChangeEvent, encoding: Encoding) -> Text:
    """The text after one change of `textDocument/didChange`, whole or in part."""
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return type(text).of(change.text)
    start = place(text, change.range.start, encoding)
    end = place(text, change.range.end, encoding)
    return text.spliced(min(start, end), max(start, end), change.text)


def check_rows(name: str, text: Text) -> None:
    """Raise where an editor may count other rows than we do.

    LSP lets a CR that stands alone end a line. Neovim and others show it within the line, and then
    every edit below it would go astray, without a trace in what they tell of it.

    Args:
        name: of the document, for people.
        text: as the editor has it.

    Raises:
        ActionError: a CR stands alone.
    """
    if b"\r" not in text.source:  # as most have none
        return
    row = next((row for row, line in enumerate(text.lines) if line.endswith("\r")), None)
    if row is not None:
        raise ActionError(
            f"{name} has a carriage return that stands alone (line {row + 1}), and editors do not "
            "agree whether a line ends there, so an edit could go astray; take it out first."
        )


def path_of(uri: str) -> str:
    """The file of a `file:` URI, absolute, percent-decoded and without `..`; else empty.

    Other schemes (`untitled:`, `git:`, notebook cells) and other hosts have no file that could
    tell a label, so they are unknown, and unknown is NDA.
    """
    if _UNSAID.search(uri):
        return ""  # `urlsplit` would drop it and name another file
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return ""
    decoded = os.fsdecode(unquote_to_bytes(parts.path))
    if not decoded.startswith("/") or "\0" in decoded or parts.query or parts.fragment:
        return ""
    path = Path(decoded)
    try:
        # What `..` means depends on links, so only the file system can say it.
        return str(path.resolve() if ".." in path.parts else path)
    except (OSError, RuntimeError):
        return ""  # links in a circle
