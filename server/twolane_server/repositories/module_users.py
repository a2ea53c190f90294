"""Which files name a module: those that import it, and those that reach it through its package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_context.modules import modules
from twolane_server.repositories.importers import importers, module_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_context.imports import Binding
    from twolane_context.index import File, Index

__all__ = ["users_of"]


def users_of(index: Index, path: str) -> Iterator[str]:
    """The files that must know when a file gets another name or goes, by path.

    Args:
        index: the repository.
        path: of the file.
    """
    direct = [one.path for one in importers(index, path)]
    yield from direct
    folder = path.rpartition("/")[0]
    packages = [f"{folder}/__init__.py", f"{folder}/__init__.pyi"]
    if folder and path.endswith((".py", ".pyi")) and path not in packages:
        word = module_word(path)
        for package in packages:
            for one in importers(index, package):
                if one.path not in (*direct, path) and _reaches(index, one, package, word):
                    yield one.path


def _reaches(index: Index, file: File, package: str, word: str) -> bool:
    """Whether `package.word` stands in a file, whatever it calls the package (Python)."""
    names = {
        bound.name
        for bound in file.outline.bindings
        if any(one.path == package for one in modules(index, file, _meant(bound)))
    }
    form = rb"(?<![\w.])(\w+)(?:\.\w+)*\." + re.escape(word.encode()) + rb"\b"
    return any(
        one[1].decode("utf-8", "replace") in names for one in re.finditer(form, file.source())
    )


def _meant(bound: Binding) -> str:
    """The module that an imported name means, if it means one."""
    between = "" if not bound.of or bound.module.endswith(".") else "."
    return bound.module + between + bound.of
