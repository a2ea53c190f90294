"""Code under NDA that is known again: the fingerprints of all repositories on this machine.

Each repository's fingerprints lie beside its index. A text is held against those of its own
repository, which must be up to date, and against all others as they are. Where those were made by
another version of twolane they cannot be compared with until that repository is looked at again,
which `problem` tells; where they cannot be read, nothing passes.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.border.asked import hasher_of
from twolane_server.border.compared import Compared
from twolane_server.border.fingerprints import UNREAD, UNREADABLE, Fingerprints
from twolane_server.border.print_file import Outdated
from twolane_server.border.print_store import read_key
from twolane_server.border.wholes import may_be_whole
from twolane_server.errors import FingerprintsUnusable
from twolane_server.repositories.indexing import cache_file, cache_files

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from twolane_server.border.fingerprints import Source
    from twolane_server.border.matching import Match
    from twolane_server.border.print_sieve import Newest
    from twolane_server.settings.resolved import Folders

__all__ = ["SUFFIX", "Held", "Recognised", "not_read"]

SUFFIX = ".prints"
"""Of the file that holds a repository's fingerprints, in its cache."""

_KEY = "fingerprints.key"


class Held(NamedTuple):
    """Code under NDA in a text.

    Attributes:
        match: what of it, and in which file.
        file: that file's absolute path, whether it is still there or not; `None` where nobody knows.
        prints: the fingerprints that know it.
    """

    match: Match
    file: Path | None
    prints: Fingerprints


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
        self._folders, self._root = folders, root
        self._file = cache_file(root, folders, SUFFIX)
        self._own = Fingerprints.open(self._file, self._key, root)
        self._compared: Compared[tuple[Newest, ...]] = Compared(hasher_of(self._key))
        self._others: dict[Path, Fingerprints] = {}
        self._outdated: set[Path] = set()
        self._lock = threading.Lock()

    @property
    def problem(self) -> str | None:
        """A sentence for the person when what was known was lost, cannot be kept or compared with."""
        if self._own.problem:
            return self._own.problem
        with suppress(sqlite3.Error):
            self._elsewhere()
        if not self._outdated:
            return None
        return (
            f"NDA code of {len(self._outdated)} other repositories, last looked at by another version "
            "of twolane, is not recognised here until `twolane index` has run there."
        )

    def sync(self, files: Iterable[Source]) -> None:
        """Take in all files of the repository that are under NDA now. Reads only what is new.

        Raises:
            FingerprintsUnusable: they cannot be written; then nothing passes.
        """
        try:
            self._own.sync(files)
        except sqlite3.Error as error:
            raise _unwritable(error) from error
        self.found()  # hold what was compared against what is new, so that no question has to

    def pending(self, files: Iterable[Source], most: int) -> int:
        """How many of the files under NDA are not read yet; no more than `most` are counted.

        Raises:
            FingerprintsUnusable: they cannot be read.
        """
        try:
            return self._own.pending(files, most)
        except sqlite3.Error as error:
            raise FingerprintsUnusable(
                f"The fingerprints of NDA code cannot be read ({error}), so nothing is sent to the "
                "cloud; `twolane doctor` tells what to do."
            ) from error

    def found(self, *texts: str) -> str | None:
        """Why texts may not leave, without a word of them; `None` if none holds code under NDA."""
        if not self._own.wait():
            return UNREAD
        try:
            every = (self._own, *self._elsewhere())
            state = tuple(each.newest() for each in every)

            def knows(hashes: array[int]) -> bool:
                return any(each.knows(hashes) for each in every)

            if self._compared.hold_none(texts, state, knows, partial(_added, every)):
                return None
        except sqlite3.Error:
            return UNREADABLE
        return self._found(texts)

    def whole(self, text: str) -> str | None:
        """Why a file with this text may not leave: it is a short file under NDA; see `wholes`."""
        if not may_be_whole(text):
            return None
        if not self._own.wait():
            return UNREAD
        try:
            matches = (prints.whole(text) for prints in (self._own, *self._elsewhere()))
            return next((str(match) for match in matches if match is not None), None)
        except sqlite3.Error:
            return UNREADABLE

    def _found(self, texts: tuple[str, ...]) -> str | None:
        if reason := self._own.found(*texts):
            return reason
        try:
            matches = (other.match(*texts) for other in self._elsewhere())
            return next((str(match) for match in matches if match is not None), None)
        except sqlite3.Error:
            return UNREADABLE

    def holding(self, texts: Sequence[str]) -> set[str]:
        """Those of some texts that hold code under NDA; asked about together, as most hold none."""
        if self.found(*texts) is None:
            return set()
        return {text for text in texts if self.found(text) is not None}

    def held(self, text: str) -> tuple[Held, ...]:
        """All files, of any repository here, that have or had code which is in a text.

        Raises:
            FingerprintsUnusable: the fingerprints cannot be read.
        """
        found: list[Held] = []
        try:
            for prints in (self._own, *self._elsewhere()):
                for match in prints.matches(text):
                    root = self._root if prints is self._own else prints.root()
                    file = root and root / match.path.partition("/")[2]
                    found.append(Held(match, file, prints))
        except sqlite3.Error as error:
            raise _unreadable(error) from error
        return tuple(found)

    def release_code(self, text: str, held: Iterable[Held]) -> None:
        """Forget of some files what a text has of them, since its owner says that it is open.

        Raises:
            FingerprintsUnusable: the fingerprints cannot be written.
        """
        try:
            for match, _, prints in held:
                prints.release_code(text, [match.path])
        except sqlite3.Error as error:
            raise _unwritable(error) from error

    def release(self, paths: Iterable[str]) -> None:
        """Forget what files hold and held, since their owner says that they are open.

        Args:
            paths: within the repository.

        Raises:
            FingerprintsUnusable: the fingerprints cannot be written.
        """
        try:
            self._own.release(f"{self._root.name}/{path}" for path in paths)
        except sqlite3.Error as error:
            raise _unwritable(error) from error

    def expect_many(self) -> None:
        """Get ready for many questions, so that none of them has to wait for that; in a thread."""
        with suppress(sqlite3.Error):  # which the next question tells
            for each in (self._own, *self._elsewhere()):
                each.expect_many()

    def close(self) -> None:
        """Let go of all files."""
        for prints in (self._own, *self._others.values()):
            prints.close()

    def newest(self) -> tuple[Newest, ...] | None:
        """What was added to all fingerprints and opened last; `None` where they cannot be read.

        While it is the same, the same code is under NDA.
        """
        try:
            return tuple(each.newest() for each in (self._own, *self._elsewhere()))
        except sqlite3.Error:
            return None

    def lost(self) -> tuple[int, int]:
        """How often the repository's own were made anew or opened, by whichever process.

        While it is the same, what a sync took in is there.

        Raises:
            FingerprintsUnusable: they cannot be read.
        """
        try:
            newest = self._own.newest()
        except sqlite3.Error as error:
            raise _unreadable(error) from error
        return newest.schema, newest.released

    def _elsewhere(self) -> list[Fingerprints]:
        """Those of all other repositories that were ever indexed here.

        Raises:
            sqlite3.Error: some cannot be read.
        """
        with self._lock:
            self._outdated.clear()
            for file in cache_files(self._folders, SUFFIX):
                if file != self._file and file not in self._others:
                    try:
                        self._others[file] = Fingerprints.look(file, self._key)
                    except Outdated:
                        self._outdated.add(file)
            return list(self._others.values())


def _added(every: Sequence[Fingerprints], since: Sequence[Newest]) -> list[int] | None:
    """All hashes of code under NDA that were not there at a moment; `None` if nobody knows.

    Raises:
        sqlite3.Error: some cannot be read.
    """
    if len(every) != len(since):  # another repository has come
        return None
    hashes: list[int] = []
    for each, was in zip(every, since, strict=True):
        added = each.added(was)
        if added is None:
            return None
        hashes += added
    return hashes


def not_read(name: str) -> FingerprintsUnusable:
    """The error that a repository of that name is not read yet."""
    return FingerprintsUnusable(
        f"The code under NDA in {name} is not all read yet, so nothing is sent to the cloud; try again "
        "in a moment."
    )


def _unwritable(error: sqlite3.Error) -> FingerprintsUnusable:
    return FingerprintsUnusable(
        f"The fingerprints of NDA code cannot be written ({error}), so nothing is sent to "
        "the cloud; `twolane doctor` tells what to do."
    )


def _unreadable(error: sqlite3.Error) -> FingerprintsUnusable:
    return FingerprintsUnusable(
        f"The fingerprints of NDA code cannot be read ({error}); `twolane doctor` tells what to do."
    )
