"""A text, and what is wrapped in it: encoded, escaped, split up or hidden between other characters.

Whoever looks for something that must not leave looks at all of these. Each form is a whole text of
its own, so that what is found does not depend on where in the text it was.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from twolane_server.border.decoded import decoded, without_nul

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["unwrapped"]

_DEPTH = 3
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
_BEHIND_QUOTE = r"[ \t]*(?:[+.&]|\.\.)?[ \t]*(?:\\?\r?\n[ \t]*)?(?:[+.&][ \t]*)?[rbfu]?\1"
_SEAM = re.compile(rf"([\"'`]){_BEHIND_QUOTE}")
_LAST = 0x10FFFF
# Any of these, told apart behind the first character: what all begin with is found much faster.
_WRAPPING = re.compile(
    rf"[\"'`\\%&\x80-{chr(_LAST)}](?:(?<=([\"'`])){_BEHIND_QUOTE}|(?<=\\)\\*|(?<=[^\x00-\x7f])[^\x00-\x7f]*"
    rf"|(?<=%){_PERCENT.pattern[1:]}|(?<=&){_ENTITY.pattern[1:]})"
)
_AROUND = 80
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}


def unwrapped(text: str) -> tuple[str, ...]:
    """The text itself, without NUL characters, and every other form of it that says more.

    Looked into are NUL and invisible characters, full-width letters, percent-encoding, quoted-printable,
    backslash escapes, HTML entities, string literals written one behind the other, base64 (also folded
    over lines, behind a URL's path, and gzip or zlib in it), hexadecimal (also as dumps print it) and lists
    of bytes, each within the others up to three deep.
    """
    found = dict.fromkeys(without_nul(text))
    known: dict[str, tuple[str, ...]] = {}  # for `decoded`
    fresh = tuple(found)
    for _ in range(_DEPTH):
        fresh = tuple(
            form
            for form in dict.fromkeys(form for each in fresh for form in _forms(each, known))
            if form not in found
        )
        if not fresh:
            break
        found |= dict.fromkeys(fresh)
    return tuple(found)


def _forms(text: str, known: dict[str, tuple[str, ...]]) -> Iterator[str]:
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
        yield from without_nul(plain)
    if len(_QUOTED_PRINTABLE.findall(text)) >= _FEW:
        yield _PRINTED.sub(_unprinted, text)
    if said := "\n".join(decoded(text, known)):
        yield said


def _neighbourhoods(text: str) -> Iterator[str]:
    """The lines in which something is wrapped, with what stands near: the rest needs no second look."""
    start = end = last = 0
    for found in _WRAPPING.finditer(text):
        here = found.start()
        if here >= last + _AROUND or not last:  # else it stands near the last one
            if last:
                end = _line_end(text, last + _AROUND)
            if here >= end:
                if last:
                    yield text[start:end]
                start = max(text.rfind("\n", 0, max(end, here - _AROUND)) + 1, end)
        last = found.end()
    if last:
        yield text[start : _line_end(text, last + _AROUND)]


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


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
