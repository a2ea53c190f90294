"""Whether a text holds a name that must not leave, however it is written.

Case, accents, width and invisible characters make no difference (Unicode NFKD and case folding,
marks and format characters dropped). Separators make none where the name has a seam: `Acme Corp` is
found in `acme_corp`, `AcmeCorp` and `ACMECORP`. Between other letters they make none if the match
starts and ends where a word of the text does, so that `acmecorp` is found in `Acme Corp` but `acme`
not in `mac mention`. In doubt it is found: a false alarm keeps a prompt on the local lane.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_server.border.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["find_word"]

_SHORT = 4
_RUN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, repr=False)
class _Squashed:
    """A text's letters and digits alone, folded.

    Attributes:
        letters: what is left.
        gaps: offsets into `letters` between which something was left out.
        edges: offsets at which a word of the text starts or ends, camel humps included.
    """

    letters: str
    gaps: frozenset[int]
    edges: frozenset[int]


def find_word(text: str, words: Iterable[str]) -> str | None:
    """The first of `words` that `text` holds in any spelling, as it was given; else `None`.

    A name of fewer than four letters is found only as a word of its own (`IBM` in `ibm_client` and
    `useIBMClient`, not in `albmin`). An empty name is never found.
    """
    plain: str | None = None
    squashed: _Squashed | None = None
    for word in words:
        wanted = _squash(word)
        if wanted.letters:
            squashed = squashed or _squash(text)
            if _holds(squashed, wanted):
                return word
        elif sign := folded(word).strip():
            # No letter at all: a sign or an emoji, compared as it is.
            plain = folded(text) if plain is None else plain
            if sign in plain:
                return word
    return None


def _holds(text: _Squashed, word: _Squashed) -> bool:
    size = len(word.letters)
    start = text.letters.find(word.letters)
    while start >= 0:
        end = start + size
        whole = start in text.edges and end in text.edges
        if whole or (
            size >= _SHORT
            and all(
                offset - start in word.edges
                for offset in range(start + 1, end)
                if offset in text.gaps
            )
        ):
            return True
        start = text.letters.find(word.letters, start + 1)
    return False


def _squash(text: str) -> _Squashed:
    parts: list[str] = []
    gaps: set[int] = set()
    edges: set[int] = set()
    size = 0
    for run in _RUN.findall(folded(text)):
        gaps.add(size)
        edges.add(size)
        cuts = (
            frozenset[int]() if run.isascii() and run.islower() and run.isalpha() else _seams(run)
        )
        if run.isascii():
            parts.append(run.lower())
            edges |= {size + cut for cut in cuts}
            size += len(run)
            continue
        for place, character in enumerate(run):
            if place in cuts:
                edges.add(size)
            letters = folded(character.casefold())
            parts.append(letters)
            size += len(letters)
    gaps.add(size)
    edges.add(size)
    return _Squashed("".join(parts), frozenset(gaps), frozenset(edges))


def _seams(run: str) -> frozenset[int]:
    """The offsets within a run of letters and digits at which one word ends and the next starts."""
    return frozenset(_find_seams([_kind(character) for character in run]))


def _find_seams(kinds: list[str]) -> Iterator[int]:
    for place in range(1, len(kinds)):
        before, here = kinds[place - 1], kinds[place]
        apart = before != here and "digit" in {before, here}
        if apart or "other" in {before, here} or (before, here) == ("lower", "upper"):
            yield place
        elif before == "upper" and here == "lower" and place > 1 and kinds[place - 2] == "upper":
            # `IBMClient` and `IBMclient` both hold `IBM`.
            yield from (place - 1, place)


def _kind(character: str) -> str:
    """`other` is a letter without case: Chinese and its like write no gaps between words."""
    if character.isupper() or character.istitle():
        return "upper"
    if character.islower():
        return "lower"
    return "digit" if character.isnumeric() else "other"
