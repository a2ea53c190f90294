"""One spelling for text that looks the same, for the checks that read what would be sent."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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


# In between lies ASCII alone, which no normal form changes and nothing joins to what is before it.
_OTHERS = re.compile(r"[^\x00-\x7f]+")


def folded(text: str) -> str:
    """The text without accents, width and invisible characters (NFKD; marks and formats dropped)."""
    return text if text.isascii() else _OTHERS.sub(_respelled({}), text)


def latin(text: str) -> str:
    """`folded`, and letters, dashes and quotes of other scripts as their doubles in ASCII."""
    return text if text.isascii() else _OTHERS.sub(_respelled(_LATIN), text)


class _Spelling(dict[int, str | int | None]):
    """What becomes of each character, found out when it is first met; for `str.translate`."""

    def __init__(self, doubles: dict[int, int]) -> None:
        super().__init__({code: as_ and as_.translate(doubles) for code, as_ in _SAME.items()})
        self._doubles = doubles

    def __missing__(self, code: int) -> str | int | None:
        dropped = unicodedata.category(chr(code)) in _DROPPED
        self[code] = None if dropped else self._doubles.get(code, code)
        return self[code]


def _respelled(doubles: dict[int, int]) -> Callable[[re.Match[str]], str]:
    spelling = _Spelling(doubles)

    def respelled(run: re.Match[str]) -> str:
        return unicodedata.normalize("NFKD", run[0]).translate(spelling)

    return respelled
