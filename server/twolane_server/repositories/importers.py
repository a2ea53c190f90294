"""Which files import a file, and which file a name stands for: what else knows a module by its name."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from twolane_context.index import module_names, stands_for_folder
from twolane_context.modules import modules
from twolane_context.names import WORD
from twolane_context.targets import Target

if TYPE_CHECKING:
    from twolane_context.index import File, Index
    from twolane_context.resolve import Resolver

__all__ = ["importers", "module_word", "standing_for"]

_MOST_BELOW = 300  # files of a folder that may import it without its name


def importers(index: Index, path: str) -> list[File]:
    """The files that import a file, by path; none for a file that the index does not know.

    Args:
        index: the repository.
        path: of the file that is imported.
    """
    held = {*index.holding(module_word(path))}
    if "/index." in f"/{path}" and stands_for_folder(path):  # `./index`, or dots alone, is enough
        folder = path[: path.rfind("/") + 1]
        below = (one for one in index.files if one.startswith(folder))
        held |= {*index.holding("index"), *(index.files[one] for one in islice(below, _MOST_BELOW))}
    found = [one for one in held if one.path != path and _imports(index, one, path)]
    return sorted(found, key=lambda one: one.path)


def _imports(index: Index, file: File, path: str) -> bool:
    """Whether imports of one file mean another: where they look, or what they take from there."""
    meant: set[str] = set()
    for one in file.outline.bindings:
        between = "" if one.module.endswith((".", "/")) else "."
        meant |= {one.module, one.module + between + one.of if one.of.isidentifier() else ""}
    return any(path == one.path for module in meant - {""} for one in modules(index, file, module))


def module_word(path: str) -> str:
    """The last word of a file's name as a module: `cart` for `shop/cart.py` and `shop/cart/__init__.py`."""
    words = WORD.findall("/".join(module_names(path)[0]).encode())
    return words[-1].decode("utf-8", "replace") if words else ""


def standing_for(resolver: Resolver, file: File, name: str) -> list[File]:
    """The files that a name means in a file, where it is a module's: an import's, or Rust's `mod name;`.

    Args:
        resolver: the repository.
        file: where the name stands.
        name: as it stands there.
    """
    found = {one.file.path: one.file for one in resolver.name(Target(file, -1), name) if one.at < 0}
    return [one for path, one in sorted(found.items()) if module_word(path) == name]
