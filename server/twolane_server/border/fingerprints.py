"""Whether a text holds code under NDA, however it got there: pasted, quoted, renamed, in a diff.

`Fingerprints` keeps hashes of all files under NDA beside the index. What can be recognised is told in
`prints`, what counts as a token in `tokens`, what is everybody's in `public`. Found is every run of
16 tokens that is not public; what is shorter only if it is a long line or a rare name; a copy with
other names from about ten lines on, and not always. In doubt it is found.

What is gone from a file, or a file that is gone, stays known for `KEPT_DAYS`: to move or delete a
file under NDA does not open its copies. Only `release` does, which is for the owner's own word.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.border.print_store import Edition, PrintStore
from twolane_server.border.prints import GRAM, Hasher, Kind, prints
from twolane_server.border.public import edition, everyday, public, short
from twolane_server.border.tokens import lines, readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import Self

    from twolane_server.border.print_store import Hit

__all__ = ["KEPT_DAYS", "Fingerprints", "Match", "Source", "Synced", "distinctive"]

KEPT_DAYS = 90
"""How long the hashes of code that is gone are kept: longer than most branches live."""

_DAY = 86_400
_PATIENCE_SECONDS = 2.0
_BATCH = 100_000  # hashes; sorted together they are written twice as fast
_ENOUGH = 300  # hits, of a text that is NDA through and through
_APART = 3  # lines without a hit that part one copy from the next


class Source(NamedTuple):
    """A file under NDA.

    Attributes:
        path: how people see it.
        digest: of its bytes; the same digest means that there is nothing to do.
        read: its text, or `None` for what is no text or cannot be read.
    """

    path: str
    digest: bytes
    read: Callable[[], str | None]


class Synced(NamedTuple):
    """What a sync did.

    Attributes:
        added: files that are new or changed.
        gone: files that are no longer there.
        unread: files without text; what is known of them stays.
    """

    added: tuple[str, ...]
    gone: tuple[str, ...]
    unread: tuple[str, ...]


class Match(NamedTuple):
    """Code under NDA in a text.

    Attributes:
        kind: by what it was recognised.
        path: the file that has it, or had it.
        first_line: 1-based, in that file.
        last_line: of the last hit's start.
    """

    kind: Kind
    path: str
    first_line: int
    last_line: int

    def __str__(self) -> str:
        what = {Kind.SHAPE: "code with other names but the shape of", Kind.NAME: "a name of"}
        rows = f"line {self.first_line}"
        if self.last_line > self.first_line:
            rows = f"about lines {self.first_line} to {self.last_line}"
        return f"it holds {what.get(self.kind, 'code of')} {self.path} ({rows}), which is NDA"


def distinctive(text: str, hasher: Hasher) -> dict[int, int]:
    """What a file under NDA is recognised by: each hash that is not public, with its first line."""
    keyed = prints(text, hasher, declared=True)
    open_ = prints(text, Hasher(), declared=True)
    everybodys = public()
    plain = everyday((token for line in lines(text) for token in line.tokens), GRAM)
    found: dict[int, int] = {}
    for ours, theirs in zip(keyed, open_, strict=True):
        dull = plain if ours.kind is Kind.GRAM else [False] * len(ours.hashes)
        for hash_, known, line, skip in zip(
            ours.hashes, theirs.hashes, ours.rows, dull, strict=True
        ):
            if not skip and short(known) not in everybodys:
                found.setdefault(hash_, line)
    return found


class Fingerprints:
    """The fingerprints of one repository's files under NDA. Any thread may use it.

    Until `sync` was called once nothing passes, since nobody knows what is under NDA.

    Args:
        file: where they are kept.
        key: the user's; see `print_store.read_key`.
        clock: seconds of the epoch.
    """

    def __init__(self, file: Path, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key = blake2b(key, person=b"prints").digest()
        mark = blake2b(key, digest_size=8, person=b"mark").hexdigest()
        self._store = PrintStore(file, f"{edition()} {mark}")
        self._clock = clock
        self._ready = False
        self._syncing = threading.Lock()

    @classmethod
    def open(cls, file: Path, key: bytes) -> Self:
        """The fingerprints in `file`, which only its owner can read. Nothing is read from it yet."""
        return cls(file, key)

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

    def pending(self, files: Iterable[Source]) -> int:
        """How many of the files a sync would read.

        Raises:
            sqlite3.Error: the database fails.
        """
        known = self._store.live()
        return sum(known.get(file.path) != file.digest for file in files)

    def release(self, paths: Iterable[str]) -> None:
        """Forget what files hold and held, since their owner says that they are open."""
        self._store.forget(paths)

    def match(self, text: str) -> Match | None:
        """The copy of code under NDA that most of a text is of, or `None`.

        Raises:
            sqlite3.Error: the database fails.
        """
        hasher = Hasher(self._key)
        kinds: dict[int, Kind] = {}
        for reading in readings(text):
            for series in prints(reading, hasher):
                kinds.update(dict.fromkeys(series.hashes, series.kind))
        hits = self._store.find(kinds, _ENOUGH)
        return _largest(hits, kinds) if hits else None

    def found(self, text: str) -> str | None:
        """Why a text may not leave, fit to be shown: without a word of the text; or `None`."""
        # One who reads them all now is waited for.
        if self._syncing.acquire(timeout=_PATIENCE_SECONDS):
            self._syncing.release()
        if not self._ready:
            return "the files under NDA are not all read yet, so nothing can be compared with them"
        try:
            match = self.match(text)
        except sqlite3.Error:
            return "the fingerprints of NDA code cannot be read"
        return None if match is None else str(match)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def _sync(self, files: Iterable[Source], now: int) -> Synced:
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
            batch.append(Edition(path, digest, distinctive(text, hasher)))
            size += len(batch[-1].lines)
            if size >= _BATCH:
                self._store.put(batch, now)
                batch, size = [], 0
        self._store.put(batch, now)
        gone = sorted(known.keys() - there)
        self._store.end(gone, now)
        self._store.expire(now - KEPT_DAYS * _DAY)
        return Synced(tuple(added), tuple(gone), tuple(unread))


def _largest(hits: list[Hit], kinds: dict[int, Kind]) -> Match:
    """The file with most hits, and of it the lines that lie together and have most."""
    counted = Counter(hit.path for hit in hits)
    path = min(counted, key=lambda each: (-counted[each], each))
    best: list[Hit] = []
    group: list[Hit] = []
    for hit in sorted((each for each in hits if each.path == path), key=lambda each: each.line):
        if group and hit.line - group[-1].line > _APART:
            group = []
        group.append(hit)
        if len(group) > len(best):
            best = list(group)
    kind = min(kinds[hit.hash] for hit in best)
    return Match(kind, path, best[0].line, best[-1].line)
