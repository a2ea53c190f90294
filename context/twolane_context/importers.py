"""Which files import a file, and which file a name stands for: what has to know when a file gets another name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_context.index import module_names
from twolane_context.modules import modules
from twolane_context.names import WORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_context.imports import Binding
    from twolane_context.index import File, Index

__all__ = ["importers", "module_word", "standing_for"]


def importers(index: Index, path: str) -> list[File]:
    """The files that import a file, by path; none for a file that the index does not know.

    Args:
        index: the repository.
        path: of the file that is imported.
    """
    target, word = index.files.get(path), module_word(path)
    if target is None or not word:
        return []
    held = index.holding(word)
    found = [file for file in held if file is not target and _imports(index, file, target)]
    return sorted(found, key=lambda file: file.path)


def module_word(path: str) -> str:
    """The last word of a file's name as a module: `cart` for `shop/cart.py` and `shop/cart/__init__.py`."""
    words = WORD.findall("/".join(module_names(path)[0]).encode())
    return words[-1].decode("utf-8", "replace") if words else ""


def standing_for(index: Index, file: File, name: str) -> list[File]:
    """The files that a name means in a file, where it is a module's: an import's, or Rust's `mod name;`.

    Args:
        index: the repository.
        file: where the name stands.
        name: as it stands there.
    """
    told = [one for bound in file.outline.bindings if bound.name == name for one in _paths(bound)]
    if file.path.endswith(".rs") and re.search(
        rb"(?m)^\s*(?:pub\b.*?)?\bmod\s+" + re.escape(name.encode()) + rb"\s*;", file.source()
    ):
        told.append(f"self::{name}")
    found = {one.path: one for path in told for one in modules(index, file, path)}
    return [one for path, one in sorted(found.items()) if module_word(path) == name]


def _imports(index: Index, file: File, target: File) -> bool:
    named = dict.fromkeys(path for bound in file.outline.bindings for path in _paths(bound))
    return any(target in modules(index, file, one) for one in named)


def _paths(bound: Binding) -> Iterator[str]:
    """What an import may name as a module: where it looks, and what it takes from there."""
    if bound.module:
        yield bound.module
    if bound.of.isidentifier():
        yield bound.module + ("" if bound.module.endswith((".", "/")) else ".") + bound.of
