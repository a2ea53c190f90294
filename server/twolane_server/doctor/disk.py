"""The doctor on what lies on disk: settings, folders, the ledger."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from twolane_server.border.ledger import Ledger, verify
from twolane_server.doctor.finding import broken, fine
from twolane_server.errors import TwolaneError
from twolane_server.recognition.recognised import SUFFIX
from twolane_server.repositories.indexing import cache_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twolane_server.doctor.finding import Finding
    from twolane_server.problems import Problem
    from twolane_server.settings.resolved import Folders

__all__ = ["fingerprints", "folders", "ledger", "settings"]

_LEAST_FREE = 200_000_000


def settings(problems: tuple[Problem, ...], found: Folders) -> Iterator[Finding]:
    """Whether the settings could be read."""
    for problem in problems:
        yield broken("settings", str(problem), "correct or remove it")
    if not problems:
        path = found.config / "settings.toml"
        read = f"read from {path}" if path.exists() else f"all defaults; {path} would change them"
        yield fine("settings", read)


def folders(found: Folders) -> Iterator[Finding]:
    """Whether index, grants and ledger can be written."""
    for name, folder in (("cache", found.cache), ("state", found.state)):
        there = _nearest(folder)
        if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
            yield broken(
                name, f"{folder} cannot be written.", "make that folder yours and writable"
            )
            continue
        free = shutil.disk_usage(there).free
        if free < _LEAST_FREE:
            yield broken(name, f"{free // 1_000_000} MB are free at {folder}.", "free some space")
        else:
            yield fine(name, f"{folder}, with {free // 1_000_000_000} GB free")


def _nearest(folder: Path) -> Path:
    """The folder, or the one that it would be made in."""
    return next((each for each in (folder, *folder.parents) if each.exists()), folder)


def fingerprints(found: Folders) -> Iterator[Finding]:
    """Which of those of code under NDA are damaged: then nothing goes to the cloud from anywhere."""
    for file in cache_files(found, SUFFIX):
        try:
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
                told = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.Error as error:
            told = str(error)
        if told != "ok":
            yield broken(
                "fingerprints",
                f"The fingerprints of code under NDA in {file} cannot be read ({told}), so nothing"
                " goes to the cloud.",
                "remove that file; `twolane index` in its repository makes it anew",
            )


def ledger(found: Folders) -> Iterator[Finding]:
    """Whether the record is whole, and can be written on."""
    folder = found.state / "ledger"
    try:
        verdict = verify(folder)
        if verdict.whole and verdict.entries:
            Ledger.open(folder).close()  # one that can only be read lets nothing out
    except TwolaneError as error:
        yield broken("ledger", str(error), "make it writable again")
        return
    if verdict.whole:
        said = f"whole, {verdict.entries:,} entries (requests and their outcomes)"
        yield fine("ledger", said)
    else:
        yield broken(
            "ledger",
            f"It is not whole, at entry {verdict.bad}: {verdict.why}.",
            "move its folder away to start a new one, and keep it as evidence",
        )
