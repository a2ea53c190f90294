"""The files of one repository, kept up to date: those on disk, and over them what is unsaved.

Use it from one thread at a time. The index in it is a value: what a question began with does not
change under it.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from twolane_context import disk
from twolane_context.index import Changed, File, Index
from twolane_context.languages import language_for
from twolane_context.names import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from twolane_context.cache import Cache

# A file may change again within a tick of its clock, so that its stamp stays the same.
_FRESH_NS = 2_000_000_000
_NONE = -1  # a time that no file has
_GONE = 1_000  # of what is gone so many are kept for the next process
_MANY = 100  # after so many paths that are new, looking at all is quicker


class Repository:
    """The live index of one repository.

    Args:
        root: its folder.
        cache: where what is found is kept for the next process, if anywhere.

    Attributes:
        root: the same.
        index: the files as they were when last looked at.
        formers: `former` of all files that had another path before.
        code_bytes: how large the files of code on disk are together. Any thread may read it.
    """

    def __init__(self, root: Path, cache: Cache | None = None) -> None:
        self.root = root
        self._cache = cache
        self._texts = lru_cache(128)(self._text)
        rows = sorted(cache.rows()) if cache else []
        self._saved = {row.path: File(row, self._read) for row in rows}
        self._kept = {row.path: row for row in rows}  # in the cache
        self.formers = {row.path: row.former for row in rows if row.former}
        self._listed = {*self._saved}  # when last asked
        self._unlisted: set[str] = set()  # there, but no part of the repository
        self._overlays: dict[str, File] = {}  # in the index over those that are saved
        self._left: dict[bytes, dict[str, None]] = {}  # by digest: where that content was before
        # Since all were looked at: what is gone, and by inode and path what went from there, its words
        # and former paths. Each may stand elsewhere now.
        self._gone: dict[str, File] = {}
        self._moved: dict[int, dict[str, tuple[bytes, tuple[str, ...]]]] = {}
        self.code_bytes = sum(map(_code_bytes, self._saved.values()))
        self.index = Index(self._saved)

    def refresh(self, paths: Iterable[str] | None = None, *, code_only: bool = False) -> None:
        """Look at files again; only what has another stamp is read.

        Args:
            paths: what may have changed, relative to the root: files or folders, there or gone.
                All files when it is `None`.
            code_only: leave files of no known language as they are; they take part by their words
                only, which a first answer can do without.
        """
        changed = set(paths or ())
        unknown = changed - self._saved.keys()
        wanted = changed - unknown
        if paths is None or len(unknown) > _MANY:
            self._unlisted.clear()
            self._listed = set(disk.paths(self.root))
            wanted = _code(self._saved.keys() | self._listed, only=code_only)
        elif unknown:
            folders = tuple(f"{path}/" for path in unknown)
            wanted |= {path for path in self._saved if path.startswith(folders)}
            if new := [one for one in unknown - self._unlisted if os.path.lexists(self.root / one)]:
                self._listed = set(disk.paths(self.root))
                strange = [path for path in new if path not in self._listed]
                self._unlisted.update(path for path in strange if not (self.root / path).is_dir())
                wanted |= _code(self._saved.keys() ^ self._listed, only=code_only)
        self._look(wanted)
        kept = _GONE if paths is not None or code_only else 0  # else all that came was seen
        self._gone = dict([*self._gone.items()][-kept:] if kept else ())
        self._moved = dict([*self._moved.items()][-kept:] if kept else ())

    def overlay(self, path: str, source: bytes | None) -> None:
        """Put unsaved text over a file, or (`None`) show what is on disk again."""
        saved, old = self._saved.get(path), self._overlays.pop(path, None)
        if source is None:
            if old is not None:
                self.index = self.index.changed({path: saved})
            self.refresh([path])
            return
        digest = disk.digest_of(source)
        if old is None or old.digest != digest:
            row = disk.Row(path, disk.Stamp(len(source), 0, 0), digest, words(source), None)
            old = File(row, lambda _path, _digest: source)
            if saved and saved.digest == old.digest:
                old.facts = saved.facts
            self.index = self.index.changed({path: old})
        self._overlays[path] = old

    def unexamined(self) -> list[str]:
        """The files on disk of which no outline is known, to be made in other processes."""
        self._listed = set(disk.paths(self.root))
        code = _code(self._listed, only=True)
        listed = sorted(code | (self._listed & self._saved.keys()))
        stamps = dict(zip(listed, disk.stamps(self.root, listed), strict=True))
        # First what is gone, so that what comes is seen to be what went elsewhere.
        self._take({path: None for path in self._saved if stamps.get(path) is None})
        known = {path: one.stamp for path, one in self._saved.items() if one.facts is not None}
        return [p for p in listed if p in code and stamps[p] not in {None, known.get(p)}]

    def adopt(self, rows: Iterable[disk.Row]) -> None:
        """Take what other processes found in files that are still as they were then."""
        ours = {row.path: row for row in rows if row.path in self._listed}
        stamps = zip(sorted(ours), disk.stamps(self.root, sorted(ours)), strict=True)
        self._take({path: ours[path] for path, stamp in stamps if ours[path].stamp == stamp})

    def saved(self, path: str) -> bytes | None:
        """The digest of a file as it was on disk when last looked at, whatever lies over it."""
        file = self._saved.get(path)
        return file and file.digest

    def former(self, path: str) -> tuple[str, ...]:
        """The paths that the file's content had before, so that a rename does not lose its label.

        Also those that it had in earlier processes, as far as the cache knows.
        """
        return self.formers.get(path, ())

    def forget_former(self, path: str) -> None:
        """Forget the paths that a file's content had before: what held for them holds no longer."""
        self.formers.pop(path, None)

    def save(self) -> None:
        """Keep in the cache what was found since the last time.

        Also what was only seen to be gone: the next process must see it, too, where it went elsewhere.
        """
        if self._cache is not None:
            rows = {
                path: disk.Row(path, one.stamp, one.digest, one.words, one.facts, self.former(path))
                for path, one in (self._gone | self._saved).items()
            }
            self._cache.put(row for path, row in rows.items() if row != self._kept.get(path))
            self._cache.drop(self._kept.keys() - rows.keys())
            self._kept = rows

    def _look(self, paths: AbstractSet[str]) -> None:
        """Look at some files. Those that are not listed any more are gone."""
        found: dict[str, disk.Row | None] = dict.fromkeys(paths - self._listed)
        here = sorted(paths & self._listed)
        stamps = zip(here, disk.stamps(self.root, here), strict=True)
        known = self._saved
        stale = [path for path, stamp in stamps if path not in known or stamp != known[path].stamp]
        rows = disk.rows(self.root, stale, lambda _, source: (words(source), None))
        self._take(found | dict(zip(stale, rows, strict=True)))

    def _take(self, found: Mapping[str, disk.Row | None]) -> None:
        """Have these files on disk; `None` for what is gone."""
        left = self._leave(found)
        changes: dict[str, File | None] = {}
        for path, row in found.items():
            old = file = self._saved.pop(path, None)
            self.code_bytes += _code_bytes(row) - _code_bytes(old)
            if row is not None:
                if file is None or file.digest != row.digest:
                    file = changes[path] = File(row, self._read)
                    self._came_from(path, self._left.get(row.digest, ()))
                elif row.facts is not None:
                    file.facts = row.facts
                # While the file is so young, its stamp is one that no file has.
                young = time.time_ns() - row.stamp.changed_ns < _FRESH_NS
                file.stamp = row.stamp._replace(changed_ns=_NONE) if young else row.stamp
                self._saved[path] = file
            elif old is not None:
                changes[path], self._gone[path] = None, old
        # What was seen before it was seen to be gone elsewhere, and what came after that.
        for file in [*self._saved.values()] if left else filter(None, changes.values()):
            for was, former in self._moved.get(file.stamp.inode, {}).values():
                if _alike(was, file.words):
                    self._came_from(file.path, former)
        shown = {path: file for path, file in changes.items() if path not in self._overlays}
        if shown:
            self.index = self.index.changed(shown)

    def _leave(self, found: Mapping[str, disk.Row | None]) -> bool:
        """Note where contents were that are there no longer; gives whether there are any."""
        known = [(row, self._saved[path]) for path, row in found.items() if path in self._saved]
        gone = [old for row, old in known if row is None or row.stamp.inode != old.stamp.inode]
        for old in gone:
            former = (*self.former(old.path), old.path)
            others = self._moved.pop(old.stamp.inode, {})  # to stand last again
            self._moved[old.stamp.inode] = {**others, old.path: (old.words, former)}
            if old.words.strip():
                self._left.setdefault(old.digest, {}).update(dict.fromkeys(former))
        return bool(gone)

    def _came_from(self, path: str, former: Iterable[str]) -> None:
        merged = dict.fromkeys((*self.former(path), *former))
        merged.pop(path, None)
        if len(merged) > len(self.former(path)):
            self.formers[path] = tuple(merged)

    def _read(self, path: str, digest: bytes) -> bytes:
        """The text of that digest, kept for as long as the file looks the same."""
        with suppress(OSError):
            return self._texts(path, digest, os.lstat(f"{self.root}/{path}").st_ctime_ns)
        raise Changed(path)

    def _text(self, path: str, digest: bytes, changed_ns: int) -> bytes:
        known, (stamp, source) = self._saved.get(path), disk.read(self.root, path) or (None, b"")
        same = known is not None and (known.digest, known.stamp) == (digest, stamp)
        # What looks as ever before and after it is read is the same; a digest takes as long as reading.
        same = same and os.lstat(f"{self.root}/{path}").st_ctime_ns == changed_ns
        if not same and (stamp is None or disk.digest_of(source) != digest):
            raise Changed(path)
        return source


def _code(paths: AbstractSet[str], *, only: bool) -> AbstractSet[str]:
    return {path for path in paths if language_for(path) is not None} if only else paths


def _code_bytes(one: File | disk.Row | None) -> int:
    return one.stamp.size if one is not None and language_for(one.path) is not None else 0


def _alike(words: bytes, others: bytes) -> bool:
    """Whether most of the words are the same: systems give the inode of what is gone to others."""
    one, other = set(words.split()), set(others.split())
    return 2 * len(one & other) > max(len(one), len(other))
