"""What base64, hexadecimal and lists of bytes hold in a text, where that is readable."""

from __future__ import annotations

import binascii
import re
import zlib
from itertools import chain, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["decoded", "may_be_parted", "places_of_letters", "without_nul"]

_MOST_INFLATED = 4_194_304
_READABLE = 0.9
_SHORTEST = 12
_SHOWN_START = 64
_TENTH = 10
_PRINTABLE = bytes(range(32, 127)) + b"\t\n\r"
_PRINTABLE_OR_NUL = _PRINTABLE + b"\0"
# Long runs are seldom there. With the same byte for all of a kind they are found much faster.
_LETTERS = bytes(97 if chr(each).isalnum() or chr(each) in "+/_-" else 32 for each in range(256))
_RUN = b"a" * 24
_DIGITS = bytes(
    97 if chr(each) in "0123456789ABCDEFabcdef" else 32 if chr(each) in " :-" else 0
    for each in range(256)
)
_SOME_HEX = b"aa aa aa", b"aa aaaa aa", b"aa aa  aa", b"aa aaaa  aa"
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
_SOME_NUMBERS = re.compile(r",\s*\d{1,3},\s*\d{1,3},\s*\d{1,3},\s*\d")
_NO_PARTS = str.maketrans("", "", " :-")
_LARGEST_BYTE = 255
_SHOWN = re.compile(rb"(?:[\t\n\r -~]\0?){24,}")  # in bytes of which the others are no text
_TRIED_PACKED = 64
_BY_ITS_START, _BARE = 47, -15  # zlib's window bits: gzip or zlib; deflate without either's head
_HEADS = b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda"  # of gzip and zlib
_PACKED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x9c\xda]")


def without_nul(text: str) -> Iterator[str]:
    """The text, or both that it may have been before NUL characters came between."""
    if "\0" not in text:
        yield text
        return
    yield text.replace("\0", "\n")  # what it stands between
    yield text.replace("\0", "")  # UTF-16 that was read as something else


def decoded(text: str, known: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """What base64 and hexadecimal runs hold, where that is readable.

    Args:
        text: what they are looked for in.
        known: for runs of base64 what they hold; added to. Texts that are alike have the same.
    """
    octets = text.encode("ascii", "replace")
    places = list(places_of_letters(octets))
    runs = [text[start:end] for start, end in places]
    for run in chain.from_iterable(map(_HEX.findall, runs)):  # whose letters hold its digits
        yield from _readable(bytes.fromhex(run[: len(run) // 2 * 2]))
    for run in _HEX_LIST.findall(text):
        yield from _readable(bytes(int(each, 16) for each in run.split(",")))
    if may_be_parted(octets) and (parted := "".join(_HEX_PARTED.findall(text))):
        digits = parted.translate(_NO_PARTS)
        yield from _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    for run in _NUMBERS.findall(text) if _SOME_NUMBERS.search(text) else ():
        numbers = [int(each) for each in run.split(",")]
        if max(numbers) <= _LARGEST_BYTE:
            yield from _readable(bytes(numbers))
    if any(len(run) > _LONG_LINE for run in runs) and any(
        _FOLDED.match(text, end) for start, end in places if end - start >= _LONG_LINE
    ):
        unfolded = _FOLDED.sub("", text)
        places = places_of_letters(unfolded.encode("ascii", "replace"))
        runs += [unfolded[start:end] for start, end in places]
    for run in dict.fromkeys(runs):
        parts = (part for alphabet in _ALPHABETS for part in alphabet.findall(run))
        for part in dict.fromkeys(parts):
            if part not in known:
                known[part] = tuple(_from_base64(part))
            yield from known[part]


def places_of_letters(octets: bytes) -> Iterator[tuple[int, int]]:
    """Where the runs of at least 24 characters of base64's alphabets are."""
    letters = octets.translate(_LETTERS)
    start = letters.find(_RUN)
    while start >= 0:
        end = letters.find(b" ", start)
        end = len(letters) if end < 0 else end
        yield start, end
        start = letters.find(_RUN, end)


def may_be_parted(octets: bytes) -> bool:
    """Whether hexadecimal in parts may be there."""
    shown = octets.translate(_DIGITS)
    return any(each in shown for each in _SOME_HEX)


def _from_base64(run: str) -> Iterator[str]:
    standard = run.replace("-", "+").replace("_", "/")
    # What stands before it without a gap may have moved it by some letters.
    for shift in range(4):
        # A few groups tell whether the rest is worth it: most runs are names and hashes.
        start = _bytes(standard[shift : shift + _SHOWN_START])
        if start.startswith(_HEADS) or _looks_readable(start):
            yield from _readable(_bytes(standard[shift:]))
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
        return binascii.a2b_base64(usable + "=" * (-len(usable) % 4))
    except binascii.Error:
        return b""


def _readable(raw: bytes) -> Iterator[str]:
    if raw.startswith(_HEADS):
        raw = _inflated(raw)
    if _looks_readable(raw[:_SHOWN_START]):
        yield from without_nul(raw.decode("utf-8", "replace"))


def _inflated(raw: bytes, kind: int = _BY_ITS_START) -> bytes:
    try:
        return zlib.decompressobj(kind).decompress(raw, _MOST_INFLATED)
    except zlib.error:
        return b""


def _looks_readable(raw: bytes) -> bool:
    """Whether nearly all of it is printable ASCII, or UTF-16 of such."""
    if _TENTH * len(raw.translate(None, _PRINTABLE_OR_NUL)) > len(raw):
        return False  # which is so of most, and told at once
    raw = raw.replace(b"\0", b"")
    if len(raw) < _SHORTEST:
        return False
    hidden = len(raw.translate(None, _PRINTABLE))
    return len(raw) - hidden >= _READABLE * len(raw)
