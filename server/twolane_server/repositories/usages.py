"""Where a symbol is used in a repository, with the texts that say so."""

from __future__ import annotations

from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.index import Changed
from twolane_context.references import Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_context.answers import Answers
    from twolane_context.repository import Repository

__all__ = ["References", "references"]


class References(NamedTuple):
    """Where a symbol is used.

    Attributes:
        place: what was asked about.
        sites: the places, by path, row and column.
        texts: of their files, by path within the repository.
    """

    place: Site
    sites: list[Site]
    texts: Mapping[str, bytes]

    def places(self) -> dict[str, list[int]]:
        """The sites as bytes of their texts, ascending, by path."""
        found: dict[str, list[int]] = {}
        for path, source in self.texts.items():
            starts = [0, *accumulate(len(line) + 1 for line in source.split(b"\n"))]
            own = (site for site in self.sites if site.path == path)
            found[path] = sorted(starts[site.row] + site.column for site in own)
        return found


def references(repository: Repository, answers: Answers, path: str, at: int) -> References | None:
    """All places that refer to the symbol at a byte of a file; `None` where files change too fast."""

    def look() -> References:
        files = repository.index.files
        before = files[path].source()[:at]
        place = Site(path, before.count(b"\n"), at - (before.rfind(b"\n") + 1))
        sites, files = answers.references(*place), repository.index.files
        return References(place, sites, {site.path: files[site.path].source() for site in sites})

    with suppress(Changed, KeyError):
        return answers.steady(look)
    return None
