"""Opening the engine for a repository, and where what is found is kept."""

from __future__ import annotations

import os
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_context.cache import Cache
from twolane_context.languages import LANGUAGES
from twolane_context.repository import Repository

if TYPE_CHECKING:
    from twolane_server.settings.resolved import Folders

__all__ = [
    "cache_file",
    "cache_files",
    "fingerprint",
    "is_known",
    "open_repository",
]

_INDEX = ".sqlite"


def cache_file(root: Path, folders: Folders, suffix: str) -> Path:
    """Where something about a repository is kept from one process to the next."""
    name = blake2b(str(root).encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()
    return folders.cache / "index" / f"{name}{suffix}"


def cache_files(folders: Folders, suffix: str) -> list[Path]:
    """The files of one sort of all repositories that were ever asked about on this machine."""
    folder = folders.cache / "index"
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names, as few of them are wanted
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    return sorted(folder / name for name in names if name.endswith(suffix))


def is_known(root: Path, folders: Folders) -> bool:
    """Whether an earlier process has seen the repository."""
    return cache_file(root, folders, _INDEX).exists()


def open_repository(root: Path, folders: Folders) -> tuple[Repository, Cache]:
    """The live index of a repository, with what an earlier process found. Nothing is looked at yet.

    Args:
        root: the repository's folder.
        folders: where the cache is.
    """
    real = root.resolve()
    kept = Cache(cache_file(real, folders, _INDEX), fingerprint())
    return Repository(real, kept), kept


def fingerprint() -> str:
    """Changes with everything that facts depend on besides the file: engine, queries, grammars."""
    modules = {language.package for language in LANGUAGES} | {"twolane_context"}
    found = [find_spec(module) for module in sorted(modules)]
    folders = [Path(spec.origin).parent for spec in found if spec and spec.origin]
    parts = [file for folder in folders for file in (*folder.glob("*.*"), *folder.glob("*/*.scm"))]
    stamps = sorted((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in parts)
    return blake2b(repr(stamps).encode(), digest_size=10).hexdigest()
