"""What a name means: from a chain of names to the symbols it may stand for.

Imports (relative, aliased, re-exported, wildcards), `self` and base classes, traits and impls,
members of modules. Types come from what the code says of them: annotations, constructors, what
functions return. Nothing is guessed here: what cannot be followed gives nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import Kind
from twolane_context.imports import DEFAULT
from twolane_context.index import module_names
from twolane_context.modules import beside, modules, rust_module
from twolane_context.uses import CALL, ITEM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from twolane_context.index import File, Index
    from twolane_context.outline import Symbol

TYPES = frozenset(
    {Kind.CLASS, Kind.STRUCT, Kind.ENUM, Kind.TRAIT, Kind.IMPL, Kind.INTERFACE, Kind.TYPE}
)
SELF = frozenset({"self", "cls", "this", "Self"})
_PARTS = re.compile(r"[/\\.:]+")
_DEEPEST = 6
_MOST_IMPLS = 40
_MOST = 8
# Languages in which the files of one folder see each other's names without an import.
_SHARED_FOLDER = (".go", ".java")
_RUST = ".rs"


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


class Locals:
    """What is known of local variables; each is followed once, however many others lead to it.

    Args:
        known: see `uses.Uses`.
    """

    def __init__(self, known: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.known = known
        self.found: dict[tuple[int, str], list[Target]] = {}


class Resolver:
    """Follows names through one index.

    Args:
        index: the repository.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self._members: dict[tuple[str, int, str, int], list[Target]] = {}
        self._names: dict[tuple[str, str, str, int], list[Target]] = {}
        self._folders: dict[str, list[File]] = {}

    def chain(
        self,
        file: File,
        inside: int,
        chain: Sequence[str],
        known: Locals | None = None,
        depth: int = 0,
    ) -> list[Target]:
        """What a chain stands for in a file.

        Args:
            file: the file that holds it.
            inside: the innermost symbol around it, or -1.
            chain: see `uses.Use`.
            known: what is known of local variables.
            depth: how many steps led here; loops end by it.
        """
        if depth > _DEEPEST or not chain:
            return []
        first, *rest = chain
        if first in SELF:
            found = self._own_class(file, inside)
            if first == "self" and rest and file.path.endswith(_RUST):
                found = [*found, Target(file, -1)]
        elif first in {"super", "crate"}:
            found = self._super(file, inside, first, depth)
        elif known is not None and first in known.known:
            found = self._local(file, inside, first, known, depth)
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
            if symbols[scope].kind not in TYPES and (found := _children(file, scope, name)):
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
        if not found and file.path.endswith(_SHARED_FOLDER):
            found = self._in_folder(file, -1, name)
        if not found and file.path.endswith(_RUST):
            found = [Target(one, -1) for one in rust_module(self.index, file, name)]
        return found

    def member(self, target: Target, name: str, depth: int = 0) -> list[Target]:
        """The member of that name: of a module, of a class and its bases, of a value's type."""
        symbol = target.symbol
        if symbol is None:
            return self._exported(target.file, name, depth)
        if symbol.kind is Kind.MODULE:
            found = _children(target.file, target.at, name)
            inner = modules(self.index, target.file, symbol.name)
            return found or [t for module in inner for t in self._exported(module, name, depth)]
        if symbol.kind in TYPES:
            return self._class_member(target, name, depth)
        if depth > _DEEPEST:
            return []
        types = self._types_of(target, depth)
        return [found for one in types for found in self.member(one, name, depth + 1)]

    def _local(self, file: File, inside: int, name: str, known: Locals, depth: int) -> list[Target]:
        key = inside, name
        if key not in known.found:
            known.found[key] = []  # a loop of variables finds nothing here
            found = [
                target._replace(is_value=True)
                for chain in known.known[name]
                if chain[0] != name
                for target in self.chain(file, inside, chain, known, depth + 1)
            ]
            known.found[key] = list(dict.fromkeys(found))
        return known.found[key]

    def _imported(self, file: File, module: str, of: str, depth: int) -> list[Target]:
        """What an import binds: a member of a module, or a module."""
        key = file.path, module, of, depth
        if key not in self._names:
            self._names[key] = [] if depth > _DEEPEST else self._follow(file, module, of, depth)
        return self._names[key]

    def _follow(self, file: File, module: str, of: str, depth: int) -> list[Target]:
        if file.path.endswith(_RUST):
            return self._rust(file, [*_PARTS.split(module), of], depth)
        if not module:
            return self.name(file, -1, of, depth + 1)  # an export of what is here
        sources = modules(self.index, file, module)
        if not of:
            return [Target(one, -1) for one in sources if one is not file]
        found = [
            target
            for one in sources
            if one is not file
            for target in self._exported(one, of, depth + 1)
        ]
        if of == DEFAULT and not found:
            return [Target(one, -1) for one in sources]
        if found or "/" in module:
            return found
        joint = "" if not module or module.endswith(".") else "."
        inner = modules(self.index, file, f"{module}{joint}{of}")
        return [Target(one, -1) for one in inner if one is not file]

    def _exported(self, file: File, name: str, depth: int) -> list[Target]:
        """What a module offers under a name: its own, what it imports, a module below it."""
        if file.path.endswith(_SHARED_FOLDER):
            return self._in_folder(file, -1, name)
        found = _children(file, -1, name)
        if file.path.endswith(_RUST):  # of `mod a;`, the file
            found = [one for one in found if not _is_elsewhere(one.symbol)]
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

    def _rust(self, file: File, path: Sequence[str], depth: int) -> list[Target]:
        """What a path in a `use` leads to."""
        first, *rest = [part for part in path if part]
        found = [Target(file, -1)] if first == "self" else []
        found = found or [Target(one, -1) for one in rust_module(self.index, file, first)]
        if first == "super":
            found.append(Target(file, -1))  # as seen from a module within the file
        found = found or self._exported(file, first, depth + 1)
        for part in rest:
            found = [t for one in found[:_MOST] for t in self.member(one, part, depth + 1)]
        return list(dict.fromkeys(found))

    def _in_folder(self, file: File, parent: int, name: str) -> list[Target]:
        """What the files of a folder define under a name at top level, or (Go) as a type's member."""
        folder, _, _ = file.path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = beside(self.index, file)
        word = b"\n%b\n" % name.encode("utf-8", "surrogatepass")
        owner = file.outline.symbols[parent].name if parent >= 0 else ""
        return [
            found
            for other in self._folders[folder]
            if word in other.words
            for found in _children(other, -1, name)
            if found.symbol is not None and found.symbol.owner == owner
        ]

    def _own_class(self, file: File, inside: int) -> list[Target]:
        symbols = file.outline.symbols
        while inside >= 0 and symbols[inside].kind not in TYPES:
            inside = symbols[inside].parent
        return [Target(file, inside, is_value=True)] if inside >= 0 else []

    def _super(self, file: File, inside: int, word: str, depth: int) -> list[Target]:
        if file.path.endswith(_RUST):
            return [Target(one, -1) for one in rust_module(self.index, file, word)]
        return [base for one in self._own_class(file, inside) for base in self._bases(one, depth)]

    def _class_member(self, target: Target, name: str, depth: int) -> list[Target]:
        key = (target.file.path, target.at, name, depth)
        if key not in self._members:
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
                found = found or self._elsewhere(one, one.symbol, name)
                if found and all(t.symbol and t.symbol.kind is Kind.FIELD for t in found):
                    fields = fields or found  # a base may declare what is set here
                elif found:
                    return found
                nexts += self._bases(one, depth + 1)
            level = nexts
        return fields

    def _elsewhere(self, target: Target, symbol: Symbol, name: str) -> list[Target]:
        """Members of a type that stand outside of it: Go's methods, those in Rust's impls."""
        file = target.file
        if file.path.endswith(".go"):
            return self._in_folder(file, target.at, name)
        if not file.path.endswith(_RUST):
            return []
        crate, word = _crate(file.path), b"\n%b\n" % name.encode("utf-8", "surrogatepass")
        near = [f for f in self.index.holding(symbol.name) if _crate(f.path) == crate]
        near = sorted((f for f in near if word in f.words), key=lambda f: f is not file)
        for other in near[:_MOST_IMPLS]:
            halves = [i for i in other.named(symbol.name) if other.outline.symbols[i].kind in TYPES]
            if found := [t for half in halves for t in _children(other, half, name)]:
                return found
        return []

    def _bases(self, target: Target, depth: int) -> list[Target]:
        symbol, file = target.symbol, target.file
        if symbol is None or depth > _DEEPEST:
            return []
        symbols = file.outline.symbols
        bases = list(symbol.bases)
        if file.path.endswith(_RUST):
            halves = [symbols[i] for i in file.named(symbol.name)]
            bases = [
                one for half in halves if half.kind is Kind.IMPL for one in half.bases
            ] or bases
        elif file.path.endswith(".go"):  # embedded types
            fields = (one for one in symbols if one.parent == target.at)
            bases += [b for one in fields for b in one.bases if _PARTS.split(b)[-1] == one.name]
        return [
            found
            for base in bases
            for found in self.chain(file, symbol.parent, _PARTS.split(base), None, depth + 1)
            if found.symbol is not None and found.symbol.kind in TYPES
        ]

    def _called(self, target: Target, depth: int) -> list[Target]:
        symbol = target.symbol
        if symbol is None:
            return []
        if symbol.kind in TYPES:
            return [target._replace(is_value=True)]
        return self._types_of(target, depth)

    def _types_of(self, target: Target, depth: int) -> list[Target]:
        """The types of a variable's value, or of what a function returns."""
        symbol = target.symbol
        if symbol is None or symbol.kind in TYPES or depth > _DEEPEST:
            return []
        found: list[Target] = []
        for base in symbol.bases:
            if base == "Self":
                found += self._own_class(target.file, target.at)
                continue
            parts = [*_PARTS.split(base), CALL]
            found += self.chain(target.file, symbol.parent, parts, None, depth + 1)
        return list(dict.fromkeys(found))


def _is_elsewhere(symbol: Symbol | None) -> bool:
    return symbol is not None and symbol.kind is Kind.MODULE and symbol.start == symbol.end


def _crate(path: str) -> str:
    """The folder of the crate that holds a file of Rust."""
    return path.partition("/src/")[0] if "/src/" in path else path.rpartition("/")[0]


def _children(file: File, parent: int, name: str) -> list[Target]:
    symbols = file.outline.symbols
    return [Target(file, at) for at in file.named(name) if symbols[at].parent == parent]
