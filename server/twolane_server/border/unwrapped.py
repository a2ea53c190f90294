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
from itertools import chain, islice
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

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
_ALPHABETS = re.compile(r"[A-Za-z0-9+/]{24,}"), re.compile(r"[A-Za-z0-9_-]{24,}")
_FOLDED = re.compile(r"(?<=[A-Za-z0-9+/]{40})[\"'\\]?\s*\r?\n[ \t>#*\"']*(?=[A-Za-z0-9+/=]{2})")
_LONG_LINE = 40
_HEX = re.compile(r"[0-9A-Fa-f]{24,}")
_HEX_LIST = re.compile(r"0x[0-9A-Fa-f]{2}(?:,\s*0x[0-9A-Fa-f]{2}){11,}")
_HEX_PARTED = re.compile(  # as dumps print it, with an address before it or without
    r"(?<![0-9A-Za-z])[0-9A-Fa-f]{2}(?:[0-9A-Fa-f]{2})?(?:(?: {1,2}|[:-])[0-9A-Fa-f]{2}(?:[0-9A-Fa-f]{2})?){5,}"
    r"(?![0-9A-Za-z])"
)
_NUMBERS = re.compile(r"(?<![\w.])\d{1,3}(?:,\s*\d{1,3}){11,}(?![\w.])")
_SOME_HEX = re.compile(r"[0-9A-Fa-f]{2}[ :-][0-9A-Fa-f]{2}(?:[0-9A-Fa-f]{2})?[ :-] ?[0-9A-Fa-f]{2}")
_SOME_NUMBERS = re.compile(r",\s*\d{1,3},\s*\d{1,3},\s*\d{1,3},\s*\d")
_NO_PARTS = str.maketrans("", "", " :-")
_LARGEST_BYTE = 255
_SHOWN = re.compile(rb"(?:[\t\n\r -~]\0?){24,}")  # in bytes of which the others are no text
_TRIED_PACKED = 64
_BY_ITS_START, _BARE = 47, -15  # zlib's window bits: gzip or zlib; deflate without either's head
# Format characters, U+FEFF among them; the whole category Cf without those that letters need.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_QUOTED_PRINTABLE = re.compile(r"=(?:3D|20|0[9AD]|2[28]|(?<=[^=\s]=)\r?\n)")  # in all that is so
_PRINTED = re.compile(r"(?:=[0-9A-F]{2})+|(?<=[^=\s])=\r?\n")
_FEW = 4
_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{2})|[xu]\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|U(000[0-9A-Fa-f]{5})"
    r"|([0-7]{3})|([nrt\"'/\\])|\r?\n)"
)
_ENTITY = re.compile(r"&(?:#\w{1,8}|[A-Za-z][A-Za-z0-9]{1,8});")
_SEAM = re.compile(
    r"([\"'`])[ \t]*(?:[+.&]|\.\.)?[ \t]*(?:\\?\r?\n[ \t]*)?(?:[+.&][ \t]*)?[rbfu]?\1"
)
_WRAPPING = re.compile(
    rf"{_SEAM.pattern}|\\|{_PERCENT.pattern}|{_ENTITY.pattern}|[^\x00-\x7f]", re.DOTALL
)
_AROUND = 80
_LAST = 0x10FFFF
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}
_GZIP, _ZLIB = b"\x1f\x8b", (b"\x78\x01", b"\x78\x9c", b"\x78\xda")
_PACKED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x9c\xda]")


def unwrapped(text: str) -> tuple[str, ...]:
    """The text itself, without NUL characters, and every other form of it that says more.

    Looked into are NUL and invisible characters, full-width letters, percent-encoding, quoted-printable,
    backslash escapes, HTML entities, string literals written one behind the other, base64 (also folded
    over lines, behind a URL's path, and gzip or zlib in it), hexadecimal (also as dumps print it) and lists
    of bytes, each within the others up to three deep.
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
        if "+" in plain:  # which stands for a blank in a query
            yield unquote_plus(plain, errors="replace")
        plain = unquote(plain, errors="replace")
    if "\\" in plain:
        plain = _ESCAPE.sub(_unescape, plain)
    if _ENTITY.search(plain):
        plain = html.unescape(plain)
    plain = _SEAM.sub("", plain)
    if plain != wrapped:
        yield from _without_nul(plain)
    if len(_QUOTED_PRINTABLE.findall(text)) >= _FEW:
        yield _PRINTED.sub(_unprinted, text)
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
    if number := found[1] or found[2] or found[3] or found[4]:
        return chr(min(int(number, 16), _LAST))
    if found[5]:
        return chr(int(found[5], 8))
    return _NAMED.get(found[6], found[6] or "")


def _unprinted(found: re.Match[str]) -> str:
    """What quoted-printable writes so: bytes, or the end of a line that it broke."""
    octets = bytes.fromhex(found[0].replace("=", "")) if found[0][1:2].isalnum() else b""
    return octets.decode("utf-8", "replace")


def _decoded(text: str) -> Iterator[str]:
    """What base64 and hexadecimal runs hold, where that is readable."""
    runs = _BASE64.findall(text)
    for run in chain.from_iterable(map(_HEX.findall, runs)):  # whose letters hold its digits
        yield from _readable(bytes.fromhex(run[: len(run) // 2 * 2]))
    for run in _HEX_LIST.findall(text):
        yield from _readable(bytes(int(each, 16) for each in run.split(",")))
    if _SOME_HEX.search(text) and (parted := "".join(_HEX_PARTED.findall(text))):
        digits = parted.translate(_NO_PARTS)
        yield from _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    for run in _NUMBERS.findall(text) if _SOME_NUMBERS.search(text) else ():
        numbers = [int(each) for each in run.split(",")]
        if max(numbers) <= _LARGEST_BYTE:
            yield from _readable(bytes(numbers))
    if any(len(run) > _LONG_LINE for run in runs):
        runs += _BASE64.findall(_FOLDED.sub("", text))
    for run in dict.fromkeys(runs):
        parts = (part for alphabet in _ALPHABETS for part in alphabet.findall(run))
        for part in dict.fromkeys(parts):
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
    if len(run) > _SHOWN_START:
        yield from _behind_others(standard)
        yield from _readable(_inflated(_bytes(standard), _BARE))


def _behind_others(run: str) -> Iterator[str]:
    """What base64 holds behind other letters of its alphabet, such as a URL's host and path."""
    for shift in range(4):
        raw = _bytes(run[shift:])
        for shown in _SHOWN.findall(raw):
            yield from _readable(shown)
        for packed in islice(_PACKED.finditer(raw), _TRIED_PACKED):
            yield from _readable(raw[packed.start() :])


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


def _inflated(raw: bytes, kind: int = _BY_ITS_START) -> bytes:
    try:
        return zlib.decompressobj(kind).decompress(raw, _MOST_INFLATED)
    except zlib.error:
        return b""


def _looks_readable(raw: bytes) -> bool:
    """Whether nearly all of it is printable ASCII, or UTF-16 of such."""
    raw = raw.replace(b"\0", b"")
    if len(raw) < _SHORTEST:
        return False
    hidden = len(raw.translate(None, _PRINTABLE))
    return len(raw) - hidden >= _READABLE * len(raw)
