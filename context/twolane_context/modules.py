"""From the path in an import to files: `a.b`, `..c`, `./d`, `crate::e`, `f/g.h`.

One rule for all languages: a module path means the files whose own path ends with its parts. Where
several do, those that share the most folders with the file that imports. Nothing outside the
repository is known, so what is not in it gives nothing.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from twolane_context.index import module_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twolane_context.index import File, Index

PARTS = re.compile(r"[/\\.:]+")
_MOST = 8
# Rust's words for places within the crate; with the nearest match they need not be followed.
_CRATE_WORDS = frozenset({"self", "super", "crate"})


def modules(index: Index, file: File, module: str) -> list[File]:
    """The files that a module path may mean, as seen from `file`; none for what is elsewhere."""
    parts = [part for part in PARTS.split(module) if part]
    here = PurePosixPath(file.path).parent.parts
    base: tuple[str, ...] | None = None
    if module.startswith(("./", "../")):
        base = here[: len(here) - module.count("..")]
        if len(parts) > 1 and PurePosixPath(module).suffix == "." + parts[-1]:
            parts = parts[:-1]
    elif module.startswith("."):
        dots = len(module) - len(module.lstrip("."))
        base = here[: len(here) - (dots - 1)]
    elif "/" in module and len(parts) > 1 and PurePosixPath(module).suffix == "." + parts[-1]:
        parts = [*parts[:-2], f"{parts[-2]}.{parts[-1]}"]  # a header keeps its suffix
    if module == "super":
        return _folder(index, module_names(file.path)[0][:-1])
    while parts and parts[0] in _CRATE_WORDS:
        parts = parts[1:]
    if base is not None and not parts:
        return _folder(index, base)
    return _nearest(index, file, parts, base) if parts else [file]


def shared(names: Iterable[str], others: Iterable[str]) -> int:
    """How many parts the two have in common from the start."""
    count = 0
    for one, other in zip(names, others, strict=False):
        if one != other:
            break
        count += 1
    return count


def _nearest(
    index: Index, file: File, parts: Sequence[str], base: tuple[str, ...] | None
) -> list[File]:
    here = file.path.split("/")
    found: dict[str, int] = {}
    for path, names in index.modules(parts[-1]):
        if any(one == (*base, *parts) if base is not None else _ends(one, parts) for one in names):
            found[path] = shared(path.split("/"), here)
    top = max(found.values(), default=0)
    return [index.files[path] for path, near in found.items() if near == top][:_MOST]


def _folder(index: Index, base: tuple[str, ...]) -> list[File]:
    """The file that stands for a folder."""
    found = index.modules(base[-1]) if base else []
    return [index.files[path] for path, names in found if names[0] == base][:1]


def _ends(names: Sequence[str], parts: Sequence[str]) -> bool:
    return len(parts) <= len(names) and tuple(names[len(names) - len(parts) :]) == tuple(parts)
