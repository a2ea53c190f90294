"""The files of one repository, kept up to date: those on disk, and over them what is unsaved.

Use it from one thread at a time. The index in it is a value: what a question began with does not
change under it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from twolane_context import disk
from twolane_context.cache import Row
from twolane_context.index import File, Index
from twolane_context.languages import language_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from twolane_context.cache import Cache
    from twolane_context.disk import Stamp

# A file may change again within a tick of its clock, so that its stamp stays the same.
_FRESH_NS = 2_000_000_000
_NO_STAMP = disk.Stamp(-1, 0, 0)


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
        self._overlays: dict[str, File] = {}
        self._unlisted: set[str] = set()
        self._former: dict[str, tuple[str, ...]] = {}
        self._unsaved: set[str] = set()
        files: dict[str, File] = {}
        for row in sorted(cache.rows()) if cache else ():
            self._stamps[row.path] = row.stamp
            files[row.path] = File(row.path, row.digest, row.words, row.facts, self._read)
        self.index = Index(files)

    def refresh(self, paths: Iterable[str] | None = None, *, code_only: bool = False) -> None:
        """Look at files again; only what has another stamp is read.

        Args:
            paths: what may have changed, relative to the root: files or folders, there or gone.
                All files when it is `None`.
            code_only: leave files of no known language as they are; they take part by their words
                only, which a first answer can do without.
        """
        if paths is not None:
            changed = {path for path in paths if path not in self._unlisted}
            folders = tuple(f"{path}/" for path in changed)
            changed |= {path for path in self._stamps if path.startswith(folders)}
            known = sorted(changed & self._stamps.keys())
            new = changed - self._stamps.keys()
            if not any((self.root / path).exists() for path in new):
                self._look(known)
                return
            self._unlisted |= new
        listed = list(disk.paths(self.root))
        self._unlisted = self._unlisted - set(listed) if paths is not None else set()
        wanted = sorted(self._stamps.keys() | set(listed))
        if code_only:
            wanted = [path for path in wanted if language_for(path) is not None]
        self._look(wanted, frozenset(listed))

    def overlay(self, path: str, source: bytes | None) -> None:
        """Put unsaved text over a file, or (`None`) show what is on disk again."""
        if source is None:
            self._overlays.pop(path, None)
            self._stamps[path] = _NO_STAMP
            self.index = self.index.changed({path: None})
            self._look([path])
            return
        old = self._overlays.get(path)
        new = File.of(path, source, lambda _: source)
        if old is None or old.digest != new.digest:
            self._overlays[path] = new
            self.index = self.index.changed({path: new})

    def unexamined(self) -> list[str]:
        """The files on disk of which no outline is known, to be made in other processes."""
        listed = [path for path in disk.paths(self.root) if language_for(path) is not None]
        files = self.index.files
        return [
            path
            for path, stamp in zip(listed, disk.stamps(self.root, listed), strict=True)
            if stamp is not None
            and (path not in files or files[path].facts is None or stamp != self._stamps.get(path))
        ]

    def adopt(self, rows: Iterable[Row]) -> None:
        """Take what other processes found in files. What has changed since, `refresh` sees."""
        changes: dict[str, File | None] = {}
        for row in rows:
            old = self.index.files.get(row.path)
            if old is not None and old.digest == row.digest and row.facts is not None:
                old.learn(row.facts)
            elif row.path not in self._overlays:
                self._stamps[row.path] = _kept(row.stamp)
                changes[row.path] = File(row.path, row.digest, row.words, row.facts, self._read)
            self._unsaved.add(row.path)
        self._apply(changes, {})

    def former(self, path: str) -> tuple[str, ...]:
        """The paths that the file had before, so that a rename does not lose its label."""
        return self._former.get(path, ())

    def save(self) -> None:
        """Keep in the cache what was found since the last time."""
        if self._cache is None:
            return
        names = self._unsaved - self._overlays.keys()
        files = [file for path in sorted(names) if (file := self.index.files.get(path))]
        self._cache.put(
            Row(file.path, self._stamps[file.path], file.digest, file.words, file.facts)
            for file in files
        )
        self._cache.drop(sorted(names - self.index.files.keys()))
        self._unsaved -= names

    def _look(self, paths: Sequence[str], listed: frozenset[str] | None = None) -> None:
        changes: dict[str, File | None] = {}
        inodes: dict[str, int] = {}
        for path, stamp in zip(paths, disk.stamps(self.root, paths), strict=True):
            known = self._stamps.get(path)
            if stamp is not None and stamp == known:
                continue
            listed_now = listed is None or path in listed
            found = disk.read(self.root, path) if stamp is not None and listed_now else None
            if found is not None:
                self._stamps[path] = _kept(found[0])
                inodes[path] = found[0].inode
                new, old = File.of(path, found[1], self._read), self.index.files.get(path)
                self._unsaved.add(path)
                if old is None or old.digest != new.digest:
                    changes[path] = new
            elif known is not None:
                changes[path] = None
        self._apply(changes, inodes)

    def _apply(self, changes: dict[str, File | None], inodes: dict[str, int]) -> None:
        gone = [path for path, new in changes.items() if new is None and path in self._stamps]
        by_inode = {self._stamps.pop(path).inode: path for path in gone}
        by_digest = {
            self.index.files[path].digest: path for path in gone if path in self.index.files
        }
        self._unsaved.update(gone)
        for path, new in changes.items():
            if new is not None and path not in self.index.files:
                old = by_digest.get(new.digest) or by_inode.get(inodes.get(path, -1))
                if old is not None:
                    self._former[path] = (*self._former.get(old, ()), old)
        seen = {path: new for path, new in changes.items() if path not in self._overlays}
        if seen:
            self.index = self.index.changed(seen)

    def _read(self, path: str) -> bytes | None:
        found = disk.read(self.root, path)
        return None if found is None else found[1]


def _kept(stamp: Stamp) -> Stamp:
    """The stamp to compare with later; one that no file has where the file is still too young."""
    young = time.time_ns() - stamp.mtime_ns < _FRESH_NS
    return _NO_STAMP._replace(inode=stamp.inode) if young else stamp
