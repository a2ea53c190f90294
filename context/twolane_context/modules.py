"""From the path in an import to files: `a.b`, `..c`, `./d`, `crate::e`, `f/g.h`.

One rule for all languages: a module path means the files whose own path ends with its parts. Where
several do, those that share the most folders with the file that imports. JavaScript's relative
paths and Go's packages are exact. Nothing outside the repository is known, so what is not in it
gives nothing.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from posixpath import commonprefix, dirname, join, normpath
from typing import TYPE_CHECKING

from twolane_context.index import SCRIPTS, module_names, stands_for_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_context.index import File, Index

RUST = ".rs"
PARTS = re.compile(r"[/\\.:]+")
_MOST = 8
# Rust's words for places within the crate: `rust_module` follows them.
CRATE_WORDS = frozenset({"self", "super", "crate"})
_C = frozenset({"c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "ipp", "inl", "cu", "cuh"})
# `./a.js` may have been compiled from `a.ts`.
_COMPILED = re.compile(r"\.[mc]?jsx?$")
_ENDINGS = ("", *(f"{start}.{end}" for start in ("", "/index") for end in SCRIPTS))


def modules(index: Index, file: File, module: str) -> list[File]:
    """The files that a module path may mean, as seen from `file`; none for what is elsewhere."""
    suffix = file.path.rpartition(".")[2]
    if suffix == "go":
        return _package(index, file, module)
    if module.startswith(("./", "../")) or (suffix in SCRIPTS and module in {".", ".."}):
        path = normpath(join(dirname(file.path), module))
        tries = [f"{one}{end}" for one in (path, _COMPILED.sub("", path)) for end in _ENDINGS]
        return [index.files[one] for one in tries if one in index.files][:1]
    if suffix in SCRIPTS:
        return _aliased(index, file, module)
    if suffix in _C or "/" in module:  # a header keeps its suffix
        return _nearest(index, file, module.split("/"))
    return _dotted(index, file, module)


def exactly(index: Index, path: tuple[str, ...]) -> list[File]:
    """The files of a module whose whole path is known."""
    return [index.files[one] for one, names in index.modules(*path[-2:]) if names[0] == path]


def in_folder(index: Index, folder: str, ending: str) -> list[File]:
    """The files of a package's folder, by path."""
    near = dict(index.modules(*folder.split("/")[-2:])) if folder else sorted(index.files)
    return [index.files[one] for one in near if dirname(one) == folder and one.endswith(ending)]


def rust_module(index: Index, file: File, word: str) -> list[File]:
    """The files of the module that `self`, `super` or `crate` means, or a crate's by its name."""
    outer = module_names(file.path)[0][:-1]
    if word == "self":
        return [file]
    if word == "super" and outer:
        return exactly(index, outer)
    if word in {"crate", "super"}:
        above = PurePosixPath(file.path).parents
        roots = [f"{folder}/{stem}" for folder in above for stem in ("lib.rs", "main.rs")]
        found = [one for one in roots if one in index.files]
        return [index.files[one] for one in found if dirname(one) == dirname(found[0])]
    roots = [path for path, names in index.modules(word) if names[0][-1:] == (word,)]
    return [index.files[path] for path in roots if path.endswith("/lib.rs")][:1]


def below(index: Index, file: File, name: str) -> list[File]:
    """The modules of that name below a file's; in Rust, what its words mean, or a crate of that name."""
    inner = exactly(index, (*module_names(file.path)[0], name)) if index.modules(name) else []
    if inner or not file.path.endswith(RUST):
        return inner
    # In the edition of 2015 a path begins at the crate's root.
    roots = [module_names(one.path)[0] for one in rust_module(index, file, "crate")]
    at_root = [one for root in roots for one in exactly(index, (*root, name))]
    return rust_module(index, file, name) or at_root


def crate_of(path: str) -> str:
    """The folder of the crate that holds a file of Rust."""
    before, is_source, _ = f"/{path}".partition("/src/")
    return before if is_source else before.rpartition("/")[0]


def _aliased(index: Index, file: File, module: str) -> list[File]:
    """JavaScript: a path below the root or an alias of a folder, or a package of the workspace."""
    parts = [one for one in _COMPILED.sub("", module.lstrip("@~#/")).split("/") if one != "src"]
    for some in (parts, parts[1:] if module[0] in "@~#" else []):
        # By itself it is a package of that name, not any file, but below what mostly is the root.
        alone = len(some) == 1 and not module.startswith(("src/", "@/", "~/", "#/"))
        at_root = exactly(index, (*some,)) if some and not alone else []
        if found := at_root or _nearest(index, file, some, packages=alone):
            return found
    packages = index.named("package.json", module)
    paths = ((root, f"./{below}{rest}") for root, rest in packages for below in ("src/", ""))
    return [one for root, path in paths for one in modules(index, root, path)][:1]


def _dotted(index: Index, file: File, module: str) -> list[File]:
    """Names with dots or colons between them; Python's dots in front say where to begin."""
    parts = [part for part in PARTS.split(module) if part and part not in CRATE_WORDS]
    if module.startswith("."):
        dots = len(module) - len(module.lstrip("."))
        return exactly(index, (*file.path.split("/")[:-dots], *parts))
    return _nearest(index, file, parts) if parts else [file]


def _package(index: Index, file: File, module: str) -> list[File]:
    """Go: one file of the package, found through go.mod where there is one."""
    named = index.named("go.mod", module)
    folders = (join(dirname(root.path), rest).rstrip("/") for root, rest in named)
    found = [one for folder in folders for one in in_folder(index, folder, ".go")]
    return (found if index.modules("go.mod") else _nearest(index, file, module.split("/")))[:1]


def _nearest(index: Index, file: File, parts: list[str], *, packages: bool = False) -> list[File]:
    """The files of which a module's path ends with these parts, the nearest of them."""
    here = file.path.split("/")
    found = {
        path: len(commonprefix([path.split("/"), here]))
        for path, names in index.modules(*parts[-2:])
        if any(_means(index, one, parts) for one in names)
        if not packages or stands_for_folder(path)
    }
    top = max(found.values(), default=0)
    return [index.files[path] for path, near in found.items() if near == top][:_MOST]


def _means(index: Index, names: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether a module's path ends so; modules of a package of Python have to be named with it."""
    folder = names[: len(names) - len(parts)]
    in_package = folder and "/".join([*folder, "__init__.py"]) in index.files
    return [*folder, *parts] == [*names] and not in_package
