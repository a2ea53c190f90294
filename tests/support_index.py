"""Repositories in memory, with a `<CURSOR>` in one of their files, and what the engine finds there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from support_sources import parsed
from twolane_context.disk import Row, Stamp, digest_of
from twolane_context.index import File, Index
from twolane_context.names import words
from twolane_context.question import around, row_span
from twolane_context.resolve import Resolver
from twolane_context.targets import Target
from twolane_context.uses import Uses, uses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_context.index import Read
    from twolane_context.outline import Outline
    from twolane_context.trees import Parsed

CURSOR = "<CURSOR>"


def index_of(sources: Mapping[str, str]) -> Index:
    """The index of a repository that consists of these files."""
    return Index({path: file_of(path, source.encode()) for path, source in sources.items()})


def file_of(path: str, source: bytes, read: Read | None = None) -> File:
    """A file of which only the words are known yet; read from nowhere, if nobody says where from."""
    row = Row(path, Stamp(len(source), 0, 0), digest_of(source), words(source), None)
    return File(row, read or (lambda _path, _digest: source))


class Marked(NamedTuple):
    """A repository without the mark, and where it stood; row and column count from 0, in bytes."""

    whole: Index
    path: str
    row: int
    column: int

    @property
    def file(self) -> File:
        return self.whole.files[self.path]

    def tree(self, path: str) -> Parsed | None:
        file = self.whole.files.get(path)
        return parsed(path, file.source()) if file else None


def marked(sources: Mapping[str, str]) -> Marked:
    """The repository without its mark."""
    path = next(path for path, source in sources.items() if CURSOR in source)
    before = sources[path].partition(CURSOR)[0].encode()
    plain = {path: source.replace(CURSOR, "") for path, source in sources.items()}
    return Marked(
        index_of(plain), path, before.count(b"\n"), len(before) - (before.rfind(b"\n") + 1)
    )


def look(file: File, at: int) -> Uses | None:
    """What the code of a symbol uses; see `Resolver`."""
    symbol = file.outline.symbols[at]
    tree = parsed(file.path, file.source())
    return uses(tree, row_span(tree.source, symbol.start, symbol.end))


def named(outline: Outline, at: int) -> str:
    """A symbol with what holds it: `A.f`."""
    parts: list[str] = []
    while at >= 0:
        symbol = outline.symbols[at]
        parts.insert(0, f"{symbol.owner}.{symbol.name}" if symbol.owner else symbol.name)
        at = symbol.parent
    return ".".join(parts)


def meaning(sources: Mapping[str, str], *, returns: bool = False) -> list[str]:
    """What the name behind the mark stands for: `path:A.f`, or a path for a module."""
    where = marked(sources)
    tree = where.tree(where.path)
    assert tree is not None
    inside, rows = around(where.file.outline, where.row, where.row)
    found = uses(tree, row_span(tree.source, *rows))
    use = next(one for one in found.uses if (one.row, one.column) == (where.row, where.column))
    resolver = Resolver(where.whole, look if returns else None)
    targets = resolver.chain(Target(where.file, inside), use.chain, found)
    return [
        f"{one.file.path}:{named(one.file.outline, one.at)}" if one.at >= 0 else one.file.path
        for one in targets
    ]
