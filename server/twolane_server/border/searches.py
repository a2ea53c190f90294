"""What is looked for in the texts of a body: words, code under NDA, secrets."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from twolane_server.border.secrets import FAILURES, find_secret
from twolane_server.border.unwrapped import unwrapped
from twolane_server.border.wire import texts
from twolane_server.border.words import find_word

if TYPE_CHECKING:
    from twolane_server.border.standing import Prints

__all__ = ["Searches"]

_KEPT = 8


class Searches:
    """The three searches. What the last few texts hold is remembered; any thread may ask.

    A prompt is searched up to five times on its way: before the person decides, as a draft, as final
    bytes, at the moment of sending. The same text holds the same words and secrets each time, so the
    second time costs nothing. What code is under NDA may change meanwhile: that is asked each time. A
    search that failed is made again.
    """

    def __init__(self) -> None:
        self._texts = lru_cache(maxsize=_KEPT)(texts)
        self._unwrapped = lru_cache(maxsize=_KEPT)(unwrapped)
        self._word = lru_cache(maxsize=_KEPT)(_find_word)
        self._secret = lru_cache(maxsize=_KEPT)(partial(find_secret, unwrap=self._unwrapped))

    def objection(self, body: bytes, words: tuple[str, ...], prints: Prints | None) -> str | None:
        """The first reason of all three why what a body says may not leave, or `None`."""
        return self.word(body, words) or self.nda_code(body, prints) or self.secret(body)

    def word(self, body: bytes, words: tuple[str, ...]) -> str | None:
        """Why a body's words may not leave, in plain or wrapped, or `None`."""
        try:
            found = (self._word(self._unwrapped(text), words) for text in self._texts(body))
            word = next((each for each in found if each is not None), None)
        except ValueError:
            return "the request cannot be read back, so its words cannot be checked"
        return None if word is None else f"it holds the word “{word}”, which must not leave"

    def nda_code(self, body: bytes, prints: Prints | None) -> str | None:
        """Why a body may not leave for code that it holds, in plain or wrapped, or `None`."""
        if prints is None:
            return None
        try:
            forms = [form for text in self._texts(body) for form in self._unwrapped(text)]
        except ValueError:
            return "the request cannot be read back, so it cannot be compared with NDA code"
        return prints.found(*forms)

    def secret(self, body: bytes) -> str | None:
        """Why a body may not leave for a secret that it holds, in plain or wrapped, or `None`."""
        try:
            found = (self._secret(text) for text in self._texts(body))
            kind = next((each for each in found if each is not None), None)
        except FAILURES:
            return "the search for secrets failed, so it is not known whether it holds one"
        return None if kind is None else f"it holds what looks like a secret ({kind})"


def _find_word(forms: tuple[str, ...], words: tuple[str, ...]) -> str | None:
    found = (find_word(form, words) for form in forms)
    return next((each for each in found if each is not None), None)
