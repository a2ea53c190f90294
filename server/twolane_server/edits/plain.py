"""Text that cannot do anything in a source file but be read."""

from __future__ import annotations

import re
import unicodedata

_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# What reorders text on the screen ("Trojan Source", CVE-2021-42574; rustc refuses to compile it),
# and the byte order mark, which Go allows only at a file's start.
_REORDERING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HARMFUL = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff{_REORDERING}\ufeff\ufffe\uffff]")


def plain(text: str) -> str:
    """The text with every kind of line break as LF, and without characters that are not text.

    Gone are control characters, lone surrogates, marks that reorder what is shown, byte order
    marks. A tab becomes four spaces. The result is in Unicode's composed form (NFC).
    """
    broken = _HARMFUL.sub("", _BREAKS.sub("\n", text))
    return unicodedata.normalize("NFC", broken.replace("\t", "    "))


def harmful(code: str) -> set[str]:
    """The characters in a piece of code that no model has reason to write."""
    return set(_HARMFUL.findall(code)) | (set(_BREAKS.findall(code)) - {"\r\n", "\r", "\f"})
