"""The files of one repository, kept up to date: those on disk, and over them what is unsaved.

Use it from one thread at a time. The index in it is a value: what a question began with does not
change under it.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from twolane_context import disk
from twolane_context.disk import Row, digest_of
from twolane_context.index import File, Index
from twolane_context.languages import language_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from twolane_context.cache import Cache
    from twolane_context.disk import Stamp

    Found = Mapping[str, tuple[Stamp, File] | None]

# A file may change again within a tick of its clock, so that its stamp stays the same.
_FRESH_NS = 2_000_000_000
_NONE = -1  # a size that no file has
_MANY = 100  # after so many paths that are new, looking at all is quicker


class Repository:
    """The live index of one repository.

    Args:
        root: its folder.
        cache: where what is found is kept for the next process, if anywhere.

    Attributes:
        root: the same.
        index: the files as they were when last looked at.
    """

    def __init__(self, root: Path, cache: Cache | None = None) -> None:
        self.root = root
        self._cache = cache
        self._stamps: dict[str, Stamp] = {}
        self._files: dict[str, File] = {}  # those on disk; the index has the unsaved ones over them
        self._overlays: dict[str, File] = {}
        self._unlisted: set[str] = set()  # there, but no part of the repository
        self._awaited: set[str] = set()  # listed, and given to others to be examined
        self._former: dict[str, tuple[str, ...]] = {}
        self._left: dict[bytes, tuple[str, ...]] = {}  # by digest: where that content was before
        self._unsaved: set[str] = set()
        self._bare: set[str] = set()  # saved without an outline
        for row in sorted(cache.rows()) if cache else ():
            self._stamps[row.path] = row.stamp
            self._files[row.path] = self._file(row)
            if row.former:
                self._former[row.path] = row.former
            if row.facts is None:
                self._bare.add(row.path)
        self.index = Index(self._files)

    def refresh(self, paths: Iterable[str] | None = None, *, code_only: bool = False) -> None:
        """Look at files again; only what has another stamp is read.

        Args:
            paths: what may have changed, relative to the root: files or folders, there or gone.
                All files when it is `None`.
            code_only: leave files of no known language as they are; they take part by their words
                only, which a first answer can do without.
        """
        if paths is None:
            self._unlisted.clear()
            listed = self._list()
            self._look(_code(self._stamps.keys() | listed, only=code_only), listed)
            return
        changed = set(paths)
        unknown = changed - self._stamps.keys()
        wanted = changed - unknown
        if len(unknown) > _MANY:
            self.refresh(code_only=code_only)
            return
        if unknown:
            folders = tuple(f"{path}/" for path in unknown)
            wanted |= {path for path in self._stamps if path.startswith(folders)}
        new = [path for path in unknown - self._unlisted if os.path.lexists(self.root / path)]
        if not new:
            self._look(wanted)
            return
        listed = self._list()
        self._unlisted.update(p for p in new if p not in listed and not (self.root / p).is_dir())
        self._look(wanted | _code(self._stamps.keys() ^ listed, only=code_only), listed)

    def overlay(self, path: str, source: bytes | None) -> None:
        """Put unsaved text over a file, or (`None`) show what is on disk again."""
        old, saved = self._overlays.pop(path, None), self._files.get(path)
        if source is None:
            if old is not None:
                if saved is not None:
                    saved = self._files[path] = self._file(self._row(path))  # no file comes twice
                self.index = self.index.changed({path: saved})
            self.refresh([path])
            return
        if old is None or old.digest != digest_of(source):
            old = File.of(path, source, lambda _: source)
            if saved is not None and saved.digest == old.digest and saved.facts is not None:
                old.learn(saved.facts)
            self.index = self.index.changed({path: old})
        self._overlays[path] = old

    def unexamined(self) -> list[str]:
        """The files on disk of which no outline is known, to be made in other processes."""
        here = self._list()
        listed = sorted(_code(here, only=True) | (here & self._stamps.keys()))
        stamps = dict(zip(listed, disk.stamps(self.root, listed), strict=True))
        # First what is gone, so that what comes is seen to be what went elsewhere.
        self._take({path: None for path in self._stamps if stamps.get(path) is None})
        missing = [
            path
            for path, stamp in stamps.items()
            if stamp is not None
            and language_for(path) is not None
            and (stamp != self._stamps.get(path) or self._files[path].facts is None)
        ]
        self._awaited.update(missing)
        return missing

    def adopt(self, rows: Iterable[Row]) -> None:
        """Take what other processes found in files that are still as they were then."""
        found: dict[str, tuple[Stamp, File] | None] = {}
        ours = [row for row in rows if row.path in self._stamps or row.path in self._awaited]
        ours.sort(key=lambda row: row.path)
        for row, stamp in zip(ours, disk.stamps(self.root, [o.path for o in ours]), strict=True):
            old = self._files.get(row.path)
            if old is not None and old.digest == row.digest and row.facts is not None:
                old.learn(row.facts)
            if stamp == row.stamp:
                found[row.path] = row.stamp, self._file(row)
        self._take(found)

    def former(self, path: str) -> tuple[str, ...]:
        """The paths that the file's content had before, so that a rename does not lose its label.

        Also those that it had in earlier processes, as far as the cache knows.
        """
        return self._former.get(path, ())

    def forget_former(self, path: str) -> None:
        """Forget the paths that a file's content had before: what held for them holds no longer."""
        if self._former.pop(path, None) is not None:
            self._unsaved.add(path)

    def save(self) -> None:
        """Keep in the cache what was found since the last time."""
        if self._cache is None:
            return
        here = self._files.keys()
        learned = {path for path in self._bare & here if self._files[path].facts is not None}
        self._bare -= self._unsaved | learned
        rows = [self._row(path) for path in sorted((self._unsaved | learned) & here)]
        self._bare.update(row.path for row in rows if row.facts is None)
        self._cache.put(rows)
        self._cache.drop(sorted(self._unsaved - here))
        self._unsaved.clear()

    def _list(self) -> set[str]:
        listed = set(disk.paths(self.root))
        self._awaited &= listed
        return listed

    def _look(self, paths: Collection[str], listed: Collection[str] | None = None) -> None:
        """Look at some files. Those that are not `listed` any more are gone."""
        found: dict[str, tuple[Stamp, File] | None] = {}
        ordered = sorted(paths)
        for path, stamp in zip(ordered, disk.stamps(self.root, ordered), strict=True):
            known, here = self._stamps.get(path), listed is None or path in listed
            if stamp is not None and here and stamp == known:
                continue
            read = disk.read(self.root, path) if stamp is not None and here else None
            if read is not None:
                file = self._files.get(path)
                if file is None or file.digest != digest_of(read[1]):
                    file = File.of(path, read[1], self._read)
                found[path] = read[0], file
            elif known is not None:
                found[path] = None
        self._take(found)

    def _take(self, found: Found) -> None:
        """Have these files on disk; `None` for what is gone."""
        moved = self._leave(found)
        changes: dict[str, File | None] = {}
        for path, now in found.items():
            old = self._files.get(path)
            self._unsaved.add(path)
            if now is None:
                del self._stamps[path], self._files[path]
                changes[path] = None
                continue
            self._stamps[path] = _kept(now[0])
            if old is None or old.digest != now[1].digest:
                changes[path] = self._files[path] = now[1]
                self._came_from(path, self._left.get(now[1].digest, ()))
        if moved:  # what came may have been seen before what went
            for path, stamp in self._stamps.items():
                for words, former in moved.get(stamp.inode, ()):
                    if _alike(words, self._files[path].words):
                        self._came_from(path, former)
        shown = {path: file for path, file in changes.items() if path not in self._overlays}
        if shown:
            self.index = self.index.changed(shown)

    def _leave(self, found: Found) -> dict[int, list[tuple[bytes, tuple[str, ...]]]]:
        """Note where contents were that are there no longer; by inode, their words and paths."""
        moved: dict[int, list[tuple[bytes, tuple[str, ...]]]] = {}
        for path, now in found.items():
            stamp = self._stamps.get(path)
            if stamp is not None and (now is None or now[0].inode != stamp.inode):
                file, former = self._files[path], (*self.former(path), path)
                moved.setdefault(stamp.inode, []).append((file.words, former))
                if file.words.strip():
                    before = self._left.get(file.digest, ())
                    self._left[file.digest] = tuple(dict.fromkeys((*before, *former)))
        return moved

    def _came_from(self, path: str, former: tuple[str, ...]) -> None:
        merged = dict.fromkeys((*self.former(path), *former))
        merged.pop(path, None)
        if merged and len(merged) > len(self.former(path)):
            self._former[path] = tuple(merged)
            self._unsaved.add(path)

    def _file(self, row: Row) -> File:
        return File(row.path, row.digest, row.words, row.facts, self._read)

    def _row(self, path: str) -> Row:
        file = self._files[path]
        stamp = self._stamps[path]
        return Row(path, stamp, file.digest, file.words, file.facts, self.former(path))

    def _read(self, path: str) -> bytes | None:
        found = disk.read(self.root, path)
        return None if found is None else found[1]


def _code(paths: set[str], *, only: bool) -> set[str]:
    return {path for path in paths if language_for(path) is not None} if only else paths


def _kept(stamp: Stamp) -> Stamp:
    """The stamp to compare with later; one that no file has where the file is still too young."""
    young = time.time_ns() - stamp.changed_ns < _FRESH_NS
    return stamp._replace(size=_NONE) if young else stamp


def _alike(words: bytes, others: bytes) -> bool:
    """Whether most of the words are the same: systems give the inode of what is gone to others."""
    one, other = set(words.split()), set(others.split())
    return 2 * len(one & other) > max(len(one), len(other))
