"""Code under NDA that is known again: the fingerprints of all repositories on this machine.

Each repository's fingerprints lie beside its index. A text is held against those of its own
repository, which must be up to date, and against all others as they are.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

from twolane_server.border.fingerprints import Fingerprints
from twolane_server.border.print_store import read_key
from twolane_server.errors import FingerprintsUnusable
from twolane_server.indexing import cache_file, cache_files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from twolane_server.border.fingerprints import Source
    from twolane_server.settings.resolved import Folders

__all__ = ["Recognised"]

_SUFFIX, _KEY = ".prints", "fingerprints.key"
_UNREADABLE = "the fingerprints of NDA code cannot be read"


class Recognised:
    """The fingerprints as one repository asks them. Any thread may use it.

    Args:
        root: the repository's real folder.
        folders: where fingerprints and their key are.

    Raises:
        FingerprintsUnusable: there is no key and none can be made.
    """

    def __init__(self, root: Path, folders: Folders) -> None:
        try:
            self._key = read_key(folders.state / _KEY)
        except OSError as error:
            raise FingerprintsUnusable(
                f"The key of the fingerprints in {folders.state} cannot be used ({error.strerror}), "
                "so nothing is sent to the cloud; see to that folder."
            ) from error
        self._folders = folders
        self._file = cache_file(root, folders, _SUFFIX)
        self._own = Fingerprints.open(self._file, self._key)
        self._others: dict[Path, Fingerprints] = {}
        self._lock = threading.Lock()

    @property
    def problem(self) -> str | None:
        """A sentence for the person when what was known was lost or cannot be kept."""
        return self._own.problem

    def sync(self, files: Iterable[Source]) -> None:
        """Take in all files of the repository that are under NDA now. Reads only what is new.

        Raises:
            FingerprintsUnusable: they cannot be written; then nothing passes.
        """
        try:
            self._own.sync(files)
        except sqlite3.Error as error:
            raise FingerprintsUnusable(
                f"The fingerprints of NDA code cannot be written ({error}), so nothing is sent to "
                "the cloud; see to the cache folder."
            ) from error

    def pending(self, files: Iterable[Source]) -> int:
        """How many of the files under NDA are not read yet.

        Raises:
            FingerprintsUnusable: they cannot be read.
        """
        try:
            return self._own.pending(files)
        except sqlite3.Error as error:
            raise FingerprintsUnusable(
                f"The fingerprints of NDA code cannot be read ({error}), so nothing is sent to the "
                "cloud; see to the cache folder."
            ) from error

    def found(self, text: str, /) -> str | None:
        """Why a text may not leave, without a word of it; `None` if it holds no code under NDA."""
        if reason := self._own.found(text):
            return reason
        try:
            matches = (other.match(text) for other in self._elsewhere())
            return next((str(match) for match in matches if match is not None), None)
        except sqlite3.Error:
            return _UNREADABLE

    def release(self, path: str) -> None:
        """Forget what a file holds and held, since its owner says that it is open."""
        self._own.release([path])

    def close(self) -> None:
        """Let go of all files."""
        for prints in (self._own, *self._others.values()):
            prints.close()

    def _elsewhere(self) -> list[Fingerprints]:
        """Those of all other repositories that were ever indexed here."""
        with self._lock:
            for file in cache_files(self._folders, _SUFFIX):
                if file != self._file and file not in self._others:
                    self._others[file] = Fingerprints.open(file, self._key)
            return list(self._others.values())
