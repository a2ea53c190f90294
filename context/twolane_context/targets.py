"""What a name may stand for, and the sorts of definitions that names are followed through."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from twolane_context.index import File
    from twolane_context.outline import Symbol

SELF = frozenset({"self", "cls", "this", "Self"})
RUST = ".rs"
# More steps than these nobody writes; loops end by it.
DEEPEST = 6
# So many meanings of one name are followed further.
MOST = 8


class Target(NamedTuple):
    """What a chain may stand for.

    Attributes:
        file: where.
        at: which symbol of its outline, or -1 for the file's module itself.
    """

    file: File
    at: int

    @property
    def symbol(self) -> Symbol | None:
        """The symbol, or `None` for a module."""
        return self.file.outline.symbols[self.at] if self.at >= 0 else None


class Locals:
    """What is known of local variables; each is followed once, however many others lead to it.

    Args:
        known: see `uses.Uses`.
    """

    def __init__(self, known: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.known = known
        self.found: dict[tuple[int, str], list[Target]] = {}


def children(file: File, parent: int, name: str) -> list[Target]:
    """What a symbol, or (-1) a file at top level, defines under a name."""
    symbols = file.outline.symbols
    return [Target(file, at) for at in file.named(name) if symbols[at].parent == parent]


def twins(file: File, at: int) -> list[int]:
    """The symbols that stand beside one under the same name, and itself: overloads, setters."""
    symbols = file.outline.symbols
    where = symbols[at].parent, symbols[at].owner
    return [
        twin
        for twin in file.named(symbols[at].name)
        if (symbols[twin].parent, symbols[twin].owner) == where
    ]


def each_once(targets: Iterable[Target]) -> list[Target]:
    """The same without repetitions."""
    return list(dict.fromkeys(targets))
