"""What types hold, their bases' members included, and of what type a value is."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from twolane_context.definitions import CALLABLES, TYPES, Kind
from twolane_context.modules import PARTS, modules
from twolane_context.targets import DEEPEST, RUST, Locals, Target, children, each_once
from twolane_context.uses import CALL, Uses

if TYPE_CHECKING:
    from twolane_context.index import File
    from twolane_context.outline import Symbol
    from twolane_context.resolve import Resolver

_MOST_IMPLS = 40


class Members:
    """Finds members.

    Args:
        resolver: the repository.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._of_type = cache(self._find)
        self._given: dict[tuple[Target, int], list[Target]] = {}

    def member(self, target: Target, name: str, depth: int) -> list[Target]:
        """The member of that name: of a module, of a class and its bases, of a value's type."""
        symbol = target.symbol
        offered = self._resolver.exports.offered
        if symbol is None:
            return offered(target.file, name, depth)
        if symbol.kind is Kind.MODULE:
            inner = modules(self._resolver.index, target.file, symbol.name)
            found = children(target.file, target.at, name)
            return found or [one for module in inner for one in offered(module, name, depth)]
        if symbol.kind in TYPES:
            return self._of_type(target, name, depth)
        if depth > DEEPEST:
            return []
        types = self.types_of(target, depth)
        return [found for one in types for found in self.member(one, name, depth + 1)]

    def bases(self, target: Target, depth: int) -> list[Target]:
        """The types that a type is made of."""
        symbol, file = target.symbol, target.file
        if symbol is None or depth > DEEPEST:
            return []
        symbols = file.outline.symbols
        bases = list(symbol.bases)
        if file.path.endswith(RUST):
            halves = [symbols[i] for i in file.named(symbol.name)]
            impls = [one for half in halves if half.kind is Kind.IMPL for one in half.bases]
            bases = impls or bases
        elif file.path.endswith(".go"):  # embedded types
            fields = (one for one in symbols if one.parent == target.at)
            bases += [b for one in fields for b in one.bases if PARTS.split(b)[-1] == one.name]
        return [
            found
            for base in bases
            for found in self._resolver.chain(
                file, symbol.parent, PARTS.split(base), None, depth + 1
            )
            if found.symbol is not None and found.symbol.kind in TYPES
        ]

    def called(self, target: Target, depth: int) -> list[Target]:
        """What a call gives: an instance of a class, what a function returns."""
        if target.symbol is not None and target.symbol.kind in TYPES:
            return [target]
        return self.types_of(target, depth)

    def types_of(self, target: Target, depth: int) -> list[Target]:
        """The types of a variable's value, or of what a function returns."""
        symbol = target.symbol
        if symbol is None or symbol.kind in TYPES or depth > DEEPEST:
            return []
        if not symbol.bases:
            return self._shown(target, symbol, depth)
        found: list[Target] = []
        for base in symbol.bases:
            if base == "Self":
                found += own_type(target.file, target.at)
                continue
            parts = [*PARTS.split(base), CALL]
            found += self._resolver.chain(target.file, symbol.parent, parts, None, depth + 1)
        return each_once(found)

    def _shown(self, target: Target, symbol: Symbol, depth: int) -> list[Target]:
        """What a function returns that does not say so, or an attribute is given, as code shows."""
        look, file, at = self._resolver.look, target.file, target.at
        is_field = symbol.kind is Kind.FIELD
        code = file.outline.innermost(symbol.row) if is_field else at
        if look is None or code < 0 or not (is_field or symbol.kind in CALLABLES):
            return []
        key = target, depth
        if key not in self._given:
            self._given[key] = []  # a function that returns what itself returns
            used = look(file, code) or Uses()
            self._given[key] = each_once(
                found
                for row, chain in (used.given if is_field else used.returned)
                if (row == symbol.row if is_field else file.outline.innermost(row) == at)
                for found in self._resolver.chain(file, code, chain, Locals(used.locals), depth + 1)
            )
        return self._given[key]

    def _find(self, target: Target, name: str, depth: int) -> list[Target]:
        """The member of a type, or of the types that it is made of."""
        seen: set[Target] = set()
        level = [target]
        fields: list[Target] = []
        for _ in range(DEEPEST):
            nexts: list[Target] = []
            for one in level:
                if one in seen or one.symbol is None:
                    continue
                seen.add(one)
                found = children(one.file, one.at, name)
                found = found or self._elsewhere(one, one.symbol, name)
                if declared := [t for t in found if t.symbol and t.symbol.kind is not Kind.FIELD]:
                    # In Python each assignment declares.
                    return found if one.file.path.endswith(".py") else declared
                fields = fields or found  # a base may declare what is set here
                nexts += self.bases(one, depth + 1)
            level = nexts
        return fields

    def _elsewhere(self, target: Target, symbol: Symbol, name: str) -> list[Target]:
        """Members of a type that stand outside of it: Go's methods, those in Rust's impls."""
        file = target.file
        if file.path.endswith(".go"):
            return self._resolver.exports.in_folder(file, target.at, name)
        if not file.path.endswith(RUST):
            return []
        crate = _crate(file.path)
        near = [f for f in self._resolver.index.holding(symbol.name) if _crate(f.path) == crate]
        near = sorted((f for f in near if f.holds(name)), key=lambda f: f is not file)
        for other in near[:_MOST_IMPLS]:
            halves = [i for i in other.named(symbol.name) if other.outline.symbols[i].kind in TYPES]
            if found := [t for half in halves for t in children(other, half, name)]:
                return found
        return []


def own_type(file: File, inside: int) -> list[Target]:
    """The class around a symbol, or that itself; what `self` and `this` are."""
    around = (Target(file, at) for at in file.outline.holders(inside))
    return [one for one in around if one.symbol and one.symbol.kind in TYPES][:1]


def _crate(path: str) -> str:
    """The folder of the crate that holds a file of Rust."""
    before, is_source, _ = f"/{path}".partition("/src/")
    return before if is_source else before.rpartition("/")[0]
