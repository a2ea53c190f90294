"""What a name means: from a chain of names to the symbols it may stand for.

Imports (relative, aliased, re-exported, wildcards), `self` and base classes, traits and impls,
members of modules. Types come from what the code says of them: annotations, constructors, what
functions return. Nothing is guessed here: what cannot be followed gives nothing.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import Kind
from twolane_context.index import module_names
from twolane_context.modules import modules
from twolane_context.uses import CALL, ITEM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from twolane_context.index import File, Index
    from twolane_context.outline import Symbol

_TYPES = frozenset(
    {Kind.CLASS, Kind.STRUCT, Kind.ENUM, Kind.TRAIT, Kind.IMPL, Kind.INTERFACE, Kind.TYPE}
)
_SELF = frozenset({"self", "cls", "this", "Self"})
_PARTS = re.compile(r"[/\\.:]+")
_DEEPEST = 6
_MOST = 8
# Languages in which the files of one folder see each other's names without an import.
_SHARED_FOLDER = frozenset({".go", ".java"})


class Target(NamedTuple):
    """What a chain may stand for.

    Attributes:
        file: where.
        at: which symbol of its outline, or -1 for the file's module itself.
        is_value: an instance of the class or the value of the variable, not the symbol itself.
    """

    file: File
    at: int
    is_value: bool = False

    @property
    def symbol(self) -> Symbol | None:
        """The symbol, or `None` for a module."""
        return self.file.outline.symbols[self.at] if self.at >= 0 else None


class Resolver:
    """Follows names through one index.

    Args:
        index: the repository.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self._members: dict[tuple[str, int, str], list[Target]] = {}

    def chain(
        self,
        file: File,
        inside: int,
        chain: Sequence[str],
        known: Mapping[str, Sequence[Sequence[str]]] | None = None,
        depth: int = 0,
    ) -> list[Target]:
        """What a chain stands for in a file.

        Args:
            file: the file that holds it.
            inside: the innermost symbol around it, or -1.
            chain: see `uses.Use`.
            known: what is known of local variables: see `uses.Uses`.
            depth: how many steps led here; loops end by it.
        """
        if depth > _DEEPEST or not chain:
            return []
        first, *rest = chain
        if first in _SELF:
            found = self._own_class(file, inside)
        elif first == "super":
            found = self._super(file, inside, depth)
        elif known is not None and first in known:
            found = [
                target._replace(is_value=True)
                for local in known[first]
                if local[0] != first
                for target in self.chain(file, inside, local, known, depth + 1)
            ]
        else:
            found = self.name(file, inside, first, depth)
        for step in rest:
            if not found:
                return []
            nexts: list[Target] = []
            for target in found[:_MOST]:
                if step == CALL:
                    nexts += self._called(target, depth)
                elif step == ITEM:
                    nexts += self._types_of(target, depth) or [target]
                else:
                    nexts += self.member(target, step, depth)
            found = list(dict.fromkeys(nexts))
        return found

    def name(self, file: File, inside: int, name: str, depth: int = 0) -> list[Target]:
        """What a name by itself stands for: own scopes, the file, its imports, its folder."""
        symbols = file.outline.symbols
        scope = inside
        while scope >= 0:
            if symbols[scope].kind not in _TYPES and (found := _children(file, scope, name)):
                return found
            scope = symbols[scope].parent
        found = _children(file, -1, name)
        found += [
            target
            for binding in file.outline.bindings
            if binding.name == name
            for target in self._imported(file, binding.module, binding.of, depth)
        ]
        if found:
            return found
        for binding in file.outline.bindings:
            if binding.name == "*":
                for module in modules(self.index, file, binding.module):
                    found += self._exported(module, name, depth)
        if not found and "".join(file.path.rpartition(".")[1:]) in _SHARED_FOLDER:
            folder = PurePosixPath(file.path).parent
            for other in self.index.holding(name):
                if PurePosixPath(other.path).parent == folder:
                    found += _children(other, -1, name)
        return found or (self._crate(file, name) if "/" in file.path else [])

    def member(self, target: Target, name: str, depth: int = 0) -> list[Target]:
        """The member of that name: of a module, of a class and its bases, of a value's type."""
        symbol = target.symbol
        if symbol is None:
            return self._exported(target.file, name, depth)
        if symbol.kind is Kind.MODULE:
            found = _children(target.file, target.at, name)
            inner = modules(self.index, target.file, symbol.name)
            return found or [t for module in inner for t in self._exported(module, name, depth)]
        if symbol.kind in _TYPES:
            return self._class_member(target, name, depth)
        if depth > _DEEPEST:
            return []
        types = self._types_of(target, depth)
        return [found for one in types for found in self.member(one, name, depth + 1)]

    def _imported(self, file: File, module: str, of: str, depth: int) -> list[Target]:
        """What an import binds: a member of a module, or a module."""
        if depth > _DEEPEST:
            return []
        sources = modules(self.index, file, module)
        if not of:
            return [Target(one, -1) for one in sources if one is not file]
        found = [
            target
            for one in sources
            if one is not file
            for target in self._exported(one, of, depth + 1)
        ]
        if found or "/" in module:
            return found
        joint = "" if not module or module.endswith(".") else "."
        inner = modules(self.index, file, f"{module}{joint}{of}")
        return [Target(one, -1) for one in inner if one is not file]

    def _exported(self, file: File, name: str, depth: int) -> list[Target]:
        """What a module offers under a name: its own, what it imports, a module below it."""
        found = _children(file, -1, name)
        if found or depth > _DEEPEST:
            return found
        for binding in file.outline.bindings:
            if binding.name == name:
                found += self._imported(file, binding.module, binding.of, depth + 1)
        for binding in file.outline.bindings if not found else ():
            if binding.name == "*":
                for module in modules(self.index, file, binding.module):
                    if module is not file:
                        found += self._exported(module, name, depth + 1)
        if not found:
            below = (*module_names(file.path)[0], name)
            found = [
                Target(self.index.files[path], -1)
                for path, names in self.index.modules(name)
                if names[0] == below
            ]
        return found

    def _crate(self, file: File, name: str) -> list[Target]:
        """A module of that name beside the file or a crate of the workspace (Rust)."""
        if not file.path.endswith(".rs"):
            return []
        return [Target(found, -1) for found in modules(self.index, file, name) if found is not file]

    def _own_class(self, file: File, inside: int) -> list[Target]:
        symbols = file.outline.symbols
        while inside >= 0 and symbols[inside].kind not in _TYPES:
            inside = symbols[inside].parent
        return [Target(file, inside, is_value=True)] if inside >= 0 else []

    def _super(self, file: File, inside: int, depth: int) -> list[Target]:
        own = self._own_class(file, inside)
        return [base for one in own for base in self._bases(one, depth)] or (
            [Target(file, -1)] if file.path.endswith(".rs") else []
        )

    def _class_member(self, target: Target, name: str, depth: int) -> list[Target]:
        key = (target.file.path, target.at, name)
        if key not in self._members:
            self._members[key] = []  # a loop of bases finds nothing here
            self._members[key] = self._find_member(target, name, depth)
        return self._members[key]

    def _find_member(self, target: Target, name: str, depth: int) -> list[Target]:
        seen: set[tuple[str, int]] = set()
        level = [target]
        fields: list[Target] = []
        for _ in range(_DEEPEST):
            nexts: list[Target] = []
            for one in level:
                if (one.file.path, one.at) in seen or one.symbol is None:
                    continue
                seen.add((one.file.path, one.at))
                found = _children(one.file, one.at, name)
                if found and all(t.symbol and t.symbol.kind is Kind.FIELD for t in found):
                    fields = fields or found  # a base may declare what is set here
                elif found:
                    return found
                nexts += self._bases(one, depth + 1)
                nexts += self._halves(one)
            level = nexts
        return fields

    def _halves(self, target: Target) -> list[Target]:
        """Where the type has more parts than one: Rust's struct and its impls."""
        symbol = target.symbol
        if symbol is None or not target.file.path.endswith(".rs"):
            return []
        return [
            Target(file, i)
            for file, i in self.index.defining(symbol.name)
            if file.outline.symbols[i].kind in _TYPES
        ]

    def _bases(self, target: Target, depth: int) -> list[Target]:
        symbol = target.symbol
        if symbol is None or depth > _DEEPEST:
            return []
        return [
            found
            for base in symbol.bases
            for found in self.chain(target.file, symbol.parent, _PARTS.split(base), None, depth + 1)
            if found.symbol is not None and found.symbol.kind in _TYPES
        ]

    def _called(self, target: Target, depth: int) -> list[Target]:
        symbol = target.symbol
        if symbol is None:
            return []
        if symbol.kind in _TYPES:
            return [target._replace(is_value=True)]
        return self._types_of(target, depth)

    def _types_of(self, target: Target, depth: int) -> list[Target]:
        """The types of a variable's value, or of what a function returns."""
        symbol = target.symbol
        if symbol is None or symbol.kind in _TYPES or depth > _DEEPEST:
            return []
        found: list[Target] = []
        for base in symbol.bases:
            if base == "Self":
                found += self._own_class(target.file, target.at)
                continue
            parts = [*_PARTS.split(base), CALL]
            found += self.chain(target.file, symbol.parent, parts, None, depth + 1)
        return list(dict.fromkeys(found))


def _children(file: File, parent: int, name: str) -> list[Target]:
    symbols = file.outline.symbols
    return [Target(file, at) for at in file.named(name) if symbols[at].parent == parent]
