"""From the path in an import to files: `a.b`, `..c`, `./d`, `crate::e`, `f/g.h`.

One rule for all languages: a module path means the files whose own path ends with its parts. Where
several do, those that share the most folders with the file that imports. JavaScript's relative
paths and Go's packages are exact. Nothing outside the repository is known, so what is not in it
gives nothing.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from twolane_context.index import module_names, stands_for_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twolane_context.index import File, Index

PARTS = re.compile(r"[/\\.:]+")
_MOST = 8
# Rust's words for places within the crate: `rust_module` follows them.
CRATE_WORDS = frozenset({"self", "super", "crate"})
_C = frozenset({"c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "ipp", "inl", "cu", "cuh"})
# How JavaScript looks for a file, in this order. `./a.js` may have been compiled from `a.ts`.
_SCRIPTS = ("ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "d.ts")
_COMPILED = re.compile(r"\.[mc]?jsx?$")
_GO_MODULE = re.compile(rb"^module[ \t]+\"?([^\s\"]+)", re.MULTILINE)


def modules(index: Index, file: File, module: str) -> list[File]:
    """The files that a module path may mean, as seen from `file`; none for what is elsewhere."""
    suffix = file.path.rpartition(".")[2]
    if suffix == "go":
        return _package(index, file, module)
    if suffix in _SCRIPTS:
        return _script(index, file, module)
    parts = [part for part in PARTS.split(module) if part]
    here = PurePosixPath(file.path).parent.parts
    base: tuple[str, ...] | None = None
    has_suffix = len(parts) > 1 and PurePosixPath(module).suffix == f".{parts[-1]}"
    if module.startswith(("./", "../")):
        base = here[: len(here) - module.count("..")]
        parts = parts[:-1] if has_suffix else parts
    elif module.startswith("."):
        dots = len(module) - len(module.lstrip("."))
        base = here[: len(here) - (dots - 1)]
    elif has_suffix and ("/" in module or suffix in _C):
        parts = [*parts[:-2], ".".join(parts[-2:])]  # a header keeps its suffix
    while parts and parts[0] in CRATE_WORDS:
        parts = parts[1:]
    if base is not None and not parts:
        return _standing_for(index, base)
    return _nearest(index, file, parts, base) if parts else [file]


def in_folder(index: Index, folder: str, ending: str) -> list[File]:
    """The files of a package's folder, by path."""
    if folder:
        near = [path for path, _ in index.modules(*folder.split("/")[-2:])]
    else:
        near = sorted(index.files)
    return [index.files[one] for one in near if dirname(one) == folder and one.endswith(ending)]


def rust_module(index: Index, file: File, word: str) -> list[File]:
    """The file of the module that `crate` or `super` means in a file, or a crate's by its name."""
    outer = module_names(file.path)[0][:-1]
    if word == "super" and outer:
        return _standing_for(index, outer)
    if word in {"crate", "super"}:
        folder = file.path.split("/")[:-1]
        while folder:
            roots = ["/".join([*folder, stem]) for stem in ("lib.rs", "main.rs")]
            if found := [index.files[path] for path in roots if path in index.files]:
                return found
            folder.pop()
        return []
    roots = [path for path, names in index.modules(word) if names[0][-1:] == (word,)]
    return [index.files[path] for path in roots if path.endswith(("/lib.rs", "/main.rs"))][:1]


def shared(names: Iterable[str], others: Iterable[str]) -> int:
    """How many parts the two have in common from the start."""
    count = 0
    for one, other in zip(names, others, strict=False):
        if one != other:
            break
        count += 1
    return count


def _script(index: Index, file: File, module: str) -> list[File]:
    """JavaScript: a path beside the file, an alias of a folder, or a package of the workspace."""
    if module.startswith("."):
        path = normpath(join(dirname(file.path), module))
        plain = _COMPILED.sub("", path)
        tries = [
            path,
            *(f"{one}.{end}" for one in dict.fromkeys((plain, path)) for end in _SCRIPTS),
        ]
        tries += [f"{path}/index.{end}" for end in _SCRIPTS]
        return [index.files[one] for one in tries if one in index.files][:1]
    parts = _COMPILED.sub("", module.lstrip("@~#/")).split("/")
    for some in (parts, parts[1:] if module[0] in "@~#" else []):
        found = _nearest(index, file, some, None) if some else []
        if len(some) == 1:  # a package of that name, not any file
            found = [one for one in found if stands_for_folder(one.path)]
        if found:
            return found
    return []


def _package(index: Index, file: File, module: str) -> list[File]:
    """Go: one file of the package, found through go.mod where there is one."""
    roots = [path for path, _ in index.modules("go.mod")]
    folders: list[str] = []
    for root in roots:
        named = _GO_MODULE.search(index.files[root].source())
        prefix = named[1].decode("utf-8", "replace") if named else ""
        if prefix and f"{module}/".startswith(f"{prefix}/"):
            folders.append(join(dirname(root), module[len(prefix) + 1 :]).rstrip("/"))
    if not roots:
        parts = module.split("/")
        named_so = [names[2] for _, names in index.modules(parts[-1]) if _ends(names[2], parts)]
        here = file.path.split("/")
        nearest = max(named_so, key=lambda names: shared(names, here), default=())
        folders = ["/".join(nearest)] if nearest else []
    return [one for folder in folders for one in in_folder(index, folder, ".go")][:1]


def _nearest(
    index: Index, file: File, parts: Sequence[str], base: tuple[str, ...] | None
) -> list[File]:
    here = file.path.split("/")
    found: dict[str, int] = {}
    for path, names in index.modules(*(*(base or ()), *parts)[-2:]):
        if any(
            one == (*base, *parts)
            if base is not None
            else _ends(one, parts) and not _in_package(index, one[: -len(parts)])
            for one in names
        ):
            found[path] = shared(path.split("/"), here)
    top = max(found.values(), default=0)
    return [index.files[path] for path, near in found.items() if near == top][:_MOST]


def _in_package(index: Index, folder: Sequence[str]) -> bool:
    """Whether modules of a folder are imported by more than their own names (Python)."""
    return bool(folder) and "/".join([*folder, "__init__.py"]) in index.files


def _standing_for(index: Index, base: tuple[str, ...]) -> list[File]:
    """The file that stands for a folder."""
    found = index.modules(*base[-2:])
    return [index.files[path] for path, names in found if names[0] == base][:1]


def _ends(names: Sequence[str], parts: Sequence[str]) -> bool:
    return len(parts) <= len(names) and tuple(names[len(names) - len(parts) :]) == tuple(parts)
