"""One spelling for text that looks the same, for the checks that read what would be sent."""

from __future__ import annotations

import unicodedata

__all__ = ["folded", "latin"]

_DROPPED = frozenset({"Mn", "Me", "Cf"})
# Two letters that case mapping does not return to, and fillers that look like nothing.
_SAME = {0x131: "i", 0x345: "\u03b9", 0x115F: None, 0x1160: None, 0x3164: None, 0xFFA0: None}
# Cyrillic and Greek letters, dashes and quotes that a reader takes for the ones of ASCII.
_LATIN = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408"
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u0501\u051b\u051d\u04bb\u04cf"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u03bf\u03bd\u03c1\u03c5\u03b9"
    "\u2010\u2011\u2012\u2013\u2014\u2212\u2018\u2019\u201c\u201d\u2032\u2033\u00ab\u00bb\u00b4",
    'ABEKMHOPCTYXSIJaeopcyxsijdqwhlABEZHIKMNOPTYXovpui------"""""""""',
)


def folded(text: str) -> str:
    """The text without accents, width and invisible characters (NFKD; marks and formats dropped)."""
    if text.isascii():
        return text
    mapped = unicodedata.normalize("NFKD", text).translate(_SAME)
    return "".join(c for c in mapped if unicodedata.category(c) not in _DROPPED)


def latin(text: str) -> str:
    """`folded`, and letters, dashes and quotes of other scripts as their doubles in ASCII."""
    return text if text.isascii() else folded(text).translate(_LATIN)
