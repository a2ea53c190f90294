"""A text, and what is wrapped in it: encoded, escaped, split up or hidden between other characters.

Whoever looks for something that must not leave looks at all of these. Each form is a whole text of
its own, so that what is found does not depend on where in the text it was.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
import zlib
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["unwrapped"]

_DEPTH = 3
_MOST_INFLATED = 4_194_304
_READABLE = 0.9
_SHORTEST = 12
_SHOWN_START = 64
_PRINTABLE = bytes(range(32, 127)) + b"\t\n\r"
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}")
# Both alphabets apart, where a run mixes them: the one's `-` or `/` is the other's delimiter.
_ALPHABETS = re.compile(r"[A-Za-z0-9+/]{24,}|[A-Za-z0-9_-]{24,}")
_FOLDED = re.compile(r"(?<=[A-Za-z0-9+/]{40})[\"'\\]?\s*\r?\n[ \t>#*\"']*(?=[A-Za-z0-9+/=]{2})")
_LONG_LINE = 40
_HEX = re.compile(r"[0-9A-Fa-f]{24,}")
_HEX_LIST = re.compile(r"0x[0-9A-Fa-f]{2}(?:,\s*0x[0-9A-Fa-f]{2}){11,}")
# Format characters, U+FEFF among them; the whole category Cf without those that letters need.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{2})|u\{?([0-9A-Fa-f]{4})\}?|([0-7]{3})|([nrt\"'/\\])|\r?\n)"
)
_ENTITY = re.compile(r"&(?:#\w+|quot|amp|lt|gt|apos);")
_SEAM = re.compile(
    r"([\"'`])[ \t]*(?:[+.&]|\.\.)?[ \t]*(?:\\?\r?\n[ \t]*)?(?:[+.&][ \t]*)?[rbfu]?\1"
)
_WRAPPING = re.compile(
    rf"{_SEAM.pattern}|\\|{_PERCENT.pattern}|{_ENTITY.pattern}|[^\x00-\x7f]", re.DOTALL
)
_AROUND = 80
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}
_GZIP, _ZLIB = b"\x1f\x8b", (b"\x78\x01", b"\x78\x9c", b"\x78\xda")


def unwrapped(text: str) -> tuple[str, ...]:
    """The text itself, without NUL characters, and every other form of it that says more.

    Looked into are NUL and invisible characters, full-width letters, percent-encoding, backslash
    escapes, HTML entities, string literals written one behind the other, base64 (also folded over
    lines, and gzip or zlib in it) and hexadecimal, each within the others up to three deep.
    """
    found = dict.fromkeys(_without_nul(text))
    fresh = tuple(found)
    for _ in range(_DEPTH):
        fresh = tuple(
            form
            for form in dict.fromkeys(form for each in fresh for form in _forms(each))
            if form not in found
        )
        if not fresh:
            break
        found |= dict.fromkeys(fresh)
    return tuple(found)


def _without_nul(text: str) -> Iterator[str]:
    if "\0" not in text:
        yield text
        return
    yield text.replace("\0", "\n")  # what it stands between
    yield text.replace("\0", "")  # UTF-16 that was read as something else


def _forms(text: str) -> Iterator[str]:
    # All in one, and not one by one: forms of forms would multiply.
    wrapped = plain = "\n".join(_neighbourhoods(text))
    if not plain.isascii():
        plain = _visible(plain)
    if _PERCENT.search(plain):
        plain = unquote(plain, errors="replace")
    if "\\" in plain:
        plain = _ESCAPE.sub(_unescape, plain)
    if _ENTITY.search(plain):
        plain = html.unescape(plain)
    plain = _SEAM.sub("", plain)
    if plain != wrapped:
        yield from _without_nul(plain)
    decoded = "\n".join(_decoded(text))
    if decoded:
        yield decoded


def _neighbourhoods(text: str) -> Iterator[str]:
    """The lines in which something is wrapped, with what stands near: the rest needs no second look."""
    start = end = 0
    for found in _WRAPPING.finditer(text):
        if found.start() >= end:
            if end:
                yield text[start:end]
            start = text.rfind("\n", 0, max(end, found.start() - _AROUND)) + 1
            start = max(start, end)
        if found.end() + _AROUND > end:
            line = text.find("\n", found.end() + _AROUND)
            end = len(text) if line < 0 else line
    if end:
        yield text[start:end]


def _visible(text: str) -> str:
    """Full-width and other variant letters as plain ones, and no character that nobody sees."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


def _unescape(found: re.Match[str]) -> str:
    if number := found[1] or found[2]:
        return chr(int(number, 16))
    if found[3]:
        return chr(int(found[3], 8))
    return _NAMED.get(found[4], found[4] or "")


def _decoded(text: str) -> Iterator[str]:
    """What base64 and hexadecimal runs hold, where that is readable."""
    runs = _BASE64.findall(text)
    for run in chain.from_iterable(map(_HEX.findall, runs)):  # whose letters hold its digits
        yield from _readable(bytes.fromhex(run[: len(run) // 2 * 2]))
    for run in _HEX_LIST.findall(text):
        yield from _readable(bytes(int(each, 16) for each in run.split(",")))
    if any(len(run) > _LONG_LINE for run in runs):
        runs += _BASE64.findall(_FOLDED.sub("", text))
    for run in dict.fromkeys(runs):
        for part in _ALPHABETS.findall(run):
            yield from _from_base64(part)


def _from_base64(run: str) -> Iterator[str]:
    standard = run.replace("-", "+").replace("_", "/")
    # What stands before it without a gap may have moved it by some letters.
    for shift in range(4):
        part = standard[shift:]
        # A few groups tell whether the rest is worth it: most runs are names and hashes.
        start = _bytes(part[:_SHOWN_START])
        if start.startswith((_GZIP, *_ZLIB)) or _looks_readable(start):
            yield from _readable(_bytes(part))
            return


def _bytes(part: str) -> bytes:
    usable = part[: len(part) - 1] if len(part) % 4 == 1 else part
    try:
        return base64.b64decode(usable + "=" * (-len(usable) % 4))
    except binascii.Error:
        return b""


def _readable(raw: bytes) -> Iterator[str]:
    if raw.startswith((_GZIP, *_ZLIB)):
        raw = _inflated(raw)
    if _looks_readable(raw[:_SHOWN_START]):
        yield from _without_nul(raw.decode("utf-8", "replace"))


def _inflated(raw: bytes) -> bytes:
    try:
        # 47: gzip or zlib, whichever its start says.
        return zlib.decompressobj(47).decompress(raw, _MOST_INFLATED)
    except zlib.error:
        return b""


def _looks_readable(raw: bytes) -> bool:
    """Whether nearly all of it is printable ASCII, or UTF-16 of such."""
    raw = raw.replace(b"\0", b"")
    if len(raw) < _SHORTEST:
        return False
    hidden = len(raw.translate(None, _PRINTABLE))
    return len(raw) - hidden >= _READABLE * len(raw)
