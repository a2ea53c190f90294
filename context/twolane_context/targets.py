"""What a name may stand for, and what a file says by itself of what stands under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import CALLABLES, TYPES, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from twolane_context.index import File
    from twolane_context.outline import Symbol

SELF = frozenset({"self", "cls", "this", "Self"})


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

    @property
    def is_type(self) -> bool:
        """Whether it is a class, or what else has members."""
        return self.at >= 0 and self.file.outline.symbols[self.at].kind in TYPES

    @property
    def holder(self) -> str:
        """What the type or module is called that it is a member of; else empty."""
        symbols = self.file.outline.symbols
        owner, parent = symbols[self.at].owner, symbols[self.at].parent
        is_member = parent >= 0 and symbols[parent].kind not in CALLABLES
        return owner or (symbols[parent].name if is_member else "")


class Locals:
    """What is known of local variables; each is followed once, however many others lead to it.

    Args:
        known: see `uses.Uses`.
    """

    def __init__(self, known: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.known = known
        self.found: dict[tuple[Target, str], list[Target]] = {}


def children(target: Target, name: str) -> list[Target]:
    """What a symbol, or a file at top level, defines under a name; no members of types elsewhere."""
    file, symbols = target.file, target.file.outline.symbols
    named = (at for at in file.named(name) if symbols[at].parent == target.at)
    return [Target(file, at) for at in named if not symbols[at].owner]


def twins(target: Target) -> list[Target]:
    """What stands beside a symbol under its name, and itself: overloads, setters."""
    symbol, symbols = target.symbol, target.file.outline.symbols
    if symbol is None:
        return [target]
    named = ((at, symbols[at]) for at in target.file.named(symbol.name))
    where = symbol.parent, symbol.owner
    return [Target(target.file, at) for at, one in named if (one.parent, one.owner) == where]


def own_type(place: Target) -> list[Target]:
    """The class around a place, or that itself; what `self` and `this` are."""
    around = (Target(place.file, at) for at in place.file.outline.holders(place.at))
    return [one for one in around if one.is_type][:1]


def is_elsewhere(target: Target) -> bool:
    """Whether it is Rust's `mod a;`, which declares that a file is a module."""
    symbol = target.symbol
    return symbol is not None and symbol.kind is Kind.MODULE and symbol.row == symbol.end
