"""Whether a text holds code under NDA, however it got there: pasted, quoted, renamed, in a diff.

`Fingerprints` keeps hashes of all files under NDA beside the index. What can be recognised is told in
`prints`, what counts as a token in `tokens`, what is everybody's in `public`, what else is left out in
`distinctive`: licence notices, and most of what comes after 100,000 tokens of a file. Found is every
other run of 16 tokens; what is shorter only if it is a long line or a rare name; a copy with other
names from about ten lines on, and not always. In doubt it is found.

What is gone from a file, or a file that is gone, stays known for `KEPT_DAYS`: to move or delete a
file under NDA does not open its copies. Only `release` and `release_code` do, which are for the
owner's own word.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from functools import lru_cache, partial
from hashlib import blake2b
from itertools import chain, islice
from typing import TYPE_CHECKING

from twolane_server.border.asked import asked_hashes, key_of
from twolane_server.border.distinctive import RULES, distinctive
from twolane_server.border.matching import largest
from twolane_server.border.print_store import Edition, PrintStore
from twolane_server.border.prints import Hasher, Kind
from twolane_server.border.public import edition
from twolane_server.border.sources import PART, Source, Synced
from twolane_server.border.wholes import whole

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import Self

    from twolane_server.border.matching import Match
    from twolane_server.border.print_sieve import Newest

__all__ = [
    "KEPT_DAYS",
    "UNREAD",
    "UNREADABLE",
    "Fingerprints",
    "Source",
    "Synced",
]

KEPT_DAYS = 90
"""How long the hashes of code that is gone are kept: longer than most branches live."""

UNREAD = "the files under NDA are not all read yet, so nothing can be compared with them"
UNREADABLE = "the fingerprints of NDA code cannot be read"

_DAY = 86_400
_BESIDES = 4  # texts, with some 20 bytes for each sign of theirs
_PATIENCE_SECONDS = 2.0
_BATCH = 100_000  # hashes; sorted together they are written twice as fast
_ENOUGH = 300  # hits, of a text that is NDA through and through


class Fingerprints:
    """The fingerprints of one repository's files under NDA. Any thread may use it.

    Until `sync` was called once nothing passes, since nobody knows what is under NDA.

    Args:
        file: where they are kept.
        key: the user's; see `print_store.read_key`.
        clock: seconds of the epoch.
        root: the repository's folder; noted at a sync, so that others can tell whose they are.
        ours: whether to make them; see `look`.
    """

    def __init__(
        self,
        file: Path,
        key: bytes,
        clock: Callable[[], float] = time.time,
        *,
        root: Path | None = None,
        ours: bool = True,
    ) -> None:
        self._key = key_of(key)
        mark = blake2b(key, digest_size=8, person=b"mark").hexdigest()
        self._store = PrintStore(file, f"{RULES} {edition()} {mark}", ours=ours)
        self._clock = clock
        self._root = root
        self._ready = False
        self._syncing = threading.Lock()
        # What an unsaved text lies over stays the same while somebody types.
        self._besides = lru_cache(_BESIDES)(partial(distinctive, hasher=Hasher(self._key)))

    @classmethod
    def open(cls, file: Path, key: bytes, root: Path | None = None) -> Self:
        """The fingerprints in `file`, which only its owner can read. Nothing is read from it yet."""
        return cls(file, key, root=root)

    @classmethod
    def look(cls, file: Path, key: bytes) -> Self:
        """Another repository's, to be asked as they are: they are neither made nor synced.

        Raises:
            Outdated: they are of another version, so nothing can be compared with them.
            sqlite3.Error: they cannot be read.
        """
        return cls(file, key, ours=False)

    @property
    def problem(self) -> str | None:
        """A sentence for the person when what was known was lost or cannot be kept."""
        return self._store.problem

    def sync(self, files: Iterable[Source]) -> Synced:
        """Take in all files that are under NDA now. Reads only what is new; takes its time.

        Raises:
            sqlite3.Error: the database fails; then nothing passes until a sync went well.
        """
        with self._syncing:
            self._ready = False
            done = self._sync(files, int(self._clock()))
            self._ready = True
            return done

    def pending(self, files: Iterable[Source], most: int) -> int:
        """How many of the files a sync would read; no more than `most` are counted.

        Raises:
            sqlite3.Error: the database fails.
        """
        known = self._store.live()
        unread = (file for file in files if known.get(file.path) != file.digest)
        return sum(1 for _ in islice(unread, most))

    def release(self, paths: Iterable[str]) -> None:
        """Forget what files hold and held, since their owner says that they are open.

        Raises:
            sqlite3.Error: the database fails.
        """
        self._store.forget(paths)

    def release_code(self, text: str, paths: Iterable[str]) -> None:
        """Forget of what files hold and held that which a text has too; likewise the owner's word.

        Raises:
            sqlite3.Error: the database fails.
        """
        asked = chain.from_iterable(map(_hashes, asked_hashes(self._key, (text,))))
        self._store.forget_hashes(paths, chain(asked, whole(text, Hasher(self._key))))

    def whole(self, text: str) -> Match | None:
        """The short file under NDA that a text is in whole, or `None`; see `wholes`.

        Raises:
            sqlite3.Error: the database fails.
        """
        return next(iter(self._wholes(text, 1)), None)

    def match(self, *texts: str) -> Match | None:
        """The copy of code under NDA that most of some texts is of, or `None`.

        Raises:
            sqlite3.Error: the database fails.
        """
        return next(iter(self._matches(texts, _ENOUGH)), None)

    def matches(self, text: str) -> tuple[Match, ...]:
        """A match for each file that has or had code of a text, those with most of it first.

        Raises:
            sqlite3.Error: the database fails.
        """
        return tuple(self._matches((text,))) or tuple(self._wholes(text))

    def newest(self) -> Newest:
        """What was added and opened last; while it is the same, the same code is under NDA.

        Raises:
            sqlite3.Error: the database fails.
        """
        return self._store.newest()

    def added(self, since: Newest) -> Sequence[int] | None:
        """All hashes of what is under NDA and was not at a moment; see `PrintStore.added`, also for errors."""
        return self._store.added(since)

    def root(self) -> Path | None:
        """The repository's folder, as far as that is known.

        Raises:
            sqlite3.Error: the database fails.
        """
        return self._store.root()

    def found(self, *texts: str) -> str | None:
        """Why some texts may not leave, fit to be shown: without a word of them; or `None`.

        Texts that are nearly the same, as the forms of one are, cost hardly more than the first.
        """
        if not self.wait():
            return UNREAD
        try:
            match = self.match(*texts)
        except sqlite3.Error:
            return UNREADABLE
        return None if match is None else str(match)

    def wait(self) -> bool:
        """Wait a moment for one who reads all files now; whether they are read."""
        if self._syncing.acquire(timeout=_PATIENCE_SECONDS):
            self._syncing.release()
        return self._ready

    def knows(self, hashes: Iterable[int]) -> bool:
        """Whether some of these hashes, made as `asked.hasher_of` makes them, is of code under NDA.

        Raises:
            sqlite3.Error: the database fails.
        """
        return bool(self._store.find(hashes, 1))

    def expect_many(self) -> None:
        """Get ready for many questions, so that none of them has to wait for that.

        Raises:
            sqlite3.Error: the database fails.
        """
        self._store.expect_many()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def _matches(self, texts: tuple[str, ...], enough: int | None = None) -> Iterator[Match]:
        asked = asked_hashes(self._key, texts)
        hits = self._store.find(chain.from_iterable(map(_hashes, asked)), enough)
        if not hits:
            return
        hit = {each.hash for each in hits}
        kinds: dict[int, Kind] = {}
        for kind, hashes in asked:
            kinds.update(dict.fromkeys(hit.intersection(hashes), kind))
        counted = Counter(each.path for each in hits)
        for path in sorted(counted, key=lambda each: (-counted[each], each)):
            yield largest(path, [each for each in hits if each.path == path], kinds)

    def _wholes(self, text: str, enough: int | None = None) -> Iterator[Match]:
        kinds = dict.fromkeys(whole(text, Hasher(self._key)), Kind.WHOLE)
        hits = self._store.find(kinds, enough) if kinds else []
        for path in sorted({each.path for each in hits}):
            yield largest(path, [each for each in hits if each.path == path], kinds)

    def _sync(self, files: Iterable[Source], now: int) -> Synced:
        if self._root is not None:
            self._store.note(self._root)
        known = self._store.live()
        hasher = Hasher(self._key)
        added: list[str] = []
        unread: list[str] = []
        batch: list[Edition] = []
        there: set[str] = set()
        size = 0
        for path, digest, read in files:
            there.add(path)
            if known.get(path) == digest:
                continue
            text = read()
            if text is None:
                unread.append(path)
                continue
            added.append(path)
            first, *others = text.split(PART)
            found = distinctive(first, hasher)
            for part in map(self._besides, others):
                found = part | found
            batch.append(Edition(path, digest, found))
            size += len(batch[-1].lines)
            if size >= _BATCH:
                self._store.put(batch, now)
                batch, size = [], 0
        self._store.put(batch, now)
        gone = sorted(known.keys() - there)
        self._store.end(gone, now)
        self._store.expire(now - KEPT_DAYS * _DAY)
        return Synced(tuple(added), tuple(gone), tuple(unread))


def _hashes(asked: tuple[Kind, array[int]]) -> array[int]:
    return asked[1]
