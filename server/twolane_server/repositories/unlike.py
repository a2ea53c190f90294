"""Which files may be others than when they were looked at last, told in less than half the time of a look."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_context.index import File
    from twolane_context.repository import Repository

__all__ = ["Below", "unlike"]

_FRESH_NS = 2_000_000_000


class Below(dict[str, tuple[int, int, int]]):
    """The stamps of what lay on disk below unsaved texts when that was looked at last, by path."""


def unlike(repository: Repository, paths: Iterable[str], below: Below | None = None) -> list[str]:
    """Those of some paths that are worth a look: all but what the disk has as it was.

    As for `disk.stamps`, a file is none behind a link that was laid in a folder's place.

    Args:
        repository: what it has in its index is what was looked at.
        paths: of files in that.
        below: kept from one time to the next; without it, what lies below an unsaved text is always worth
            a look.
    """
    root, files, plain = f"{repository.root}/", repository.index.files, {"": True}
    seen = Below() if below is None else below
    return [path for path in paths if not _is_alike(root, path, files[path], plain, seen)]


def _is_alike(root: str, path: str, file: File, plain: dict[str, bool], below: Below) -> bool:
    if not _is_plain(root, path.rpartition("/")[0], plain):
        return False
    try:
        now = os.lstat(root + path)
    except (OSError, ValueError):
        return False
    # A link, a folder, another file: each has another inode. No young file has such a stamp.
    stamp = now.st_size, now.st_ctime_ns, now.st_ino
    if file.stamp.inode:  # else nobody saved it: it is an editor's
        return stamp == file.stamp
    alike = below.pop(path, None) == stamp
    if time.time_ns() - now.st_ctime_ns > _FRESH_NS:
        below[path] = stamp
    return alike


def _is_plain(root: str, folder: str, plain: dict[str, bool]) -> bool:
    """Whether a folder and all above it are folders, and no links to some."""
    known = plain.get(folder)
    if known is None:
        known = _is_plain(root, folder.rpartition("/")[0], plain) and _is_folder(root + folder)
        plain[folder] = known
    return known


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False
