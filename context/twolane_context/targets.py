"""What a name may stand for, and what a file says by itself of what stands under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import CALLABLES, TYPES, Kind
from twolane_context.outline import Symbol

if TYPE_CHECKING:
    from twolane_context.index import File

_MODULE = Symbol("", Kind.MODULE, 0, 0, 0, -1, 0, -1, 0, (), "")
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
    def symbol(self) -> Symbol:
        """The symbol; for a file's module, one without a name."""
        return self.file.outline.symbols[self.at] if self.at >= 0 else _MODULE

    @property
    def is_type(self) -> bool:
        """Whether it is a class, or what else has members."""
        return self.symbol.kind in TYPES

    @property
    def holder(self) -> str:
        """What the type or module is called that it is a member of; else empty."""
        above = Target(self.file, self.symbol.parent).symbol
        return self.symbol.owner or (above.name if above.kind not in CALLABLES else "")


def children(target: Target, name: str) -> list[Target]:
    """What a symbol, or a file at top level, defines under a name; no members of types elsewhere."""
    file, symbols = target.file, target.file.outline.symbols
    named = (at for at in file.named(name) if symbols[at].parent == target.at)
    return [Target(file, at) for at in named if not symbols[at].owner]


def twins(target: Target) -> list[Target]:
    """What stands beside a symbol under its name, and itself: overloads, setters."""
    where = target.symbol.parent, target.symbol.owner
    named = [Target(target.file, at) for at in target.file.named(target.symbol.name)]
    return [one for one in named if (one.symbol.parent, one.symbol.owner) == where] or [target]


def own_type(place: Target) -> list[Target]:
    """The class around a place, or that itself; what `self` and `this` are."""
    around = (Target(place.file, at) for at in place.file.outline.holders(place.at))
    return [one for one in around if one.is_type][:1]


def is_elsewhere(target: Target) -> bool:
    """Whether it is Rust's `mod a;`, which declares that a file is a module."""
    return target.symbol.kind is Kind.MODULE and target.symbol.row == target.symbol.end
