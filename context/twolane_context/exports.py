"""What modules offer: their own names, what they import and pass on, the modules below them."""

from __future__ import annotations

from functools import cache, partial
from posixpath import dirname, splitext
from typing import TYPE_CHECKING

from twolane_context.definitions import Kind
from twolane_context.imports import DEFAULT
from twolane_context.index import module_names
from twolane_context.modules import CRATE_WORDS, PARTS, in_folder, modules, rust_module
from twolane_context.targets import DEEPEST, MOST, RUST, Target, children, each_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_context.index import File
    from twolane_context.resolve import Resolver

# Languages in which the files of one folder see each other's names without an import.
_SHARED_FOLDER = (".go", ".java")


class Exports:
    """Follows imports.

    Args:
        resolver: the repository.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver, self._index = resolver, resolver.index
        self._imported = cache(self._follow)
        self._modules = cache(partial(modules, self._index))
        self._folder = cache(partial(in_folder, self._index))

    def visible(self, file: File, name: str, depth: int) -> list[Target]:
        """What a name at a file's top level stands for."""
        found = [*children(file, -1, name), *self._bound(file, name, depth)]
        found = found or self._passed_on(file, name, depth)
        if not found and file.path.endswith(_SHARED_FOLDER):
            return self.in_folder(file, -1, name)
        if not found and file.path.endswith(RUST):
            return [Target(one, -1) for one in rust_module(self._index, file, name)]
        return found

    def offered(self, file: File, name: str, depth: int) -> list[Target]:
        """What a module offers under a name: its own, what it imports, a module below it."""
        if file.path.endswith(_SHARED_FOLDER):
            return self.in_folder(file, -1, name)
        own = children(file, -1, name)
        if file.path.endswith(RUST):  # of `mod a;`, the file
            own = [one for one in own if not is_elsewhere(one)]
        if own or depth > DEEPEST:
            return own
        found = self._bound(file, name, depth + 1) or self._passed_on(file, name, depth + 1)
        if found:
            return found
        below = (*module_names(file.path)[0], name)
        inner = self._index.modules(*below[-2:])
        return [Target(self._index.files[path], -1) for path, names in inner if names[0] == below]

    def in_folder(self, file: File, parent: int, name: str) -> list[Target]:
        """What the files of a folder define under a name at top level, or (Go) as a type's member."""
        owner = file.outline.symbols[parent].name if parent >= 0 else ""
        return [
            found
            for other in self._folder(dirname(file.path), splitext(file.path)[1])
            if other.holds(name)
            for found in children(other, -1, name)
            if found.symbol is not None and found.symbol.owner == owner
        ]

    def _bound(self, file: File, name: str, depth: int) -> list[Target]:
        """What the file's imports bind to a name."""
        return [
            target
            for binding in file.outline.bindings
            if binding.name == name and depth <= DEEPEST
            for target in self._imported(file, binding.module, binding.of, depth)
        ]

    def _passed_on(self, file: File, name: str, depth: int) -> list[Target]:
        """What the file's wildcards may bind to a name."""
        return [
            target
            for binding in file.outline.bindings
            if binding.name == "*"
            for module in self._modules(file, binding.module)
            if module is not file
            for target in self.offered(module, name, depth)
        ]

    def _follow(self, file: File, module: str, of: str, depth: int) -> list[Target]:
        """What an import binds: a member of a module, or a module."""
        if file.path.endswith(RUST):
            return self._path(file, [*PARTS.split(module), of], depth)
        if not module:
            return self._resolver.name(file, -1, of, depth + 1)  # an export of what is here
        sources = [one for one in self._modules(file, module) if one is not file]
        if not of:
            return [Target(one, -1) for one in sources]
        found = [target for one in sources for target in self.offered(one, of, depth + 1)]
        if of == DEFAULT and not found:
            return [Target(one, -1) for one in sources]
        if found or "/" in module:
            return found
        joint = "" if module.endswith(".") else "."
        inner = self._modules(file, f"{module}{joint}{of}")
        return [Target(one, -1) for one in inner if one is not file]

    def _path(self, file: File, path: Sequence[str], depth: int) -> list[Target]:
        """What a path in a `use` of Rust leads to."""
        first, *rest = [part for part in path if part]
        # `super` in a module within the file is the file.
        found = [Target(file, -1)] if first in {"self", "super"} else []
        if first not in CRATE_WORDS:
            found = self.offered(file, first, depth + 1)
        if first == "super" or not found:
            found += [Target(one, -1) for one in rust_module(self._index, file, first)]
        for part in rest:
            found = [
                target
                for one in found[:MOST]
                for target in self._resolver.members.member(one, part, depth + 1)
            ]
        return each_once(found)


def is_elsewhere(target: Target) -> bool:
    """Whether it is Rust's `mod a;`, which declares that a file is a module."""
    symbol = target.symbol
    return symbol is not None and symbol.kind is Kind.MODULE and symbol.start == symbol.end
