"""Where a symbol is used under a name that an import gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_context.imports import DEFAULT
from twolane_context.modules import modules
from twolane_context.names import WORD
from twolane_server.repositories.importers import importers
from twolane_server.repositories.usages import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from twolane_context.answers import Answers
    from twolane_context.index import Index
    from twolane_context.repository import Repository

__all__ = ["aliases"]

_MOST = 20
_NONE = frozenset({DEFAULT, "*", ""})


def aliases(
    repository: Repository, answers: Answers, name: str, known: Iterable[str]
) -> dict[str, list[int]]:
    """Places in bytes, ascending, by path: what calls it so must change with it, but for its name.

    Args:
        repository: where.
        answers: of all of it.
        name: the symbol's own.
        known: the files that name it so.
    """
    index = repository.index
    found: dict[str, set[int]] = {}
    asked = [one for path in known for one in _given(index, path, name)]
    for path, other in [*dict.fromkeys(asked)][:_MOST]:
        source = index.files[path].source()
        at = next((one.start() for one in WORD.finditer(source) if one[0] == other.encode()), -1)
        uses = references(repository, answers, path, at) if at >= 0 else None
        for where, places in uses.places().items() if uses is not None else ():
            found.setdefault(where, set()).update(places)
    return {path: sorted(places) for path, places in found.items()}


def _given(index: Index, path: str, name: str) -> Iterator[tuple[str, str]]:
    """The names that are given to what a file calls so, each with the file that gives it."""
    bindings = index.files[path].outline.bindings if path in index.files else ()
    own = {*_NONE, name}
    yield from ((path, one.name) for one in bindings if one.of == name and one.name not in own)
    # What a file is mainly there for has whatever name its importers like.
    mainly = any(one.name == DEFAULT and one.of == name and not one.module for one in bindings)
    for user in importers(index, path) if mainly else ():
        for one in user.outline.bindings:
            other = one.of == DEFAULT and one.name not in own
            if other and any(file.path == path for file in modules(index, user, one.module)):
                yield user.path, one.name
