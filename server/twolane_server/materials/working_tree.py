"""Which files of a working tree are not as they were committed last.

git tells what is there and what was committed. The two are compared here, since git itself would run
the filters that a repository may name.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.errors import ActionError
from twolane_server.materials.diffs import FileDiff
from twolane_server.materials.git import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from twolane_server.materials.git import Git
    from twolane_server.text import Text

__all__ = ["Changed", "changed_in"]

_FILES, _LINK = ("", "100644", "100755"), "120000"
_LEFT_OUT = "S"  # git's letter for what a sparse working tree does without
_SHA1 = 40
_PIECE = 1_048_576


class Changed(NamedTuple):
    """A file that changed, and what it holds now; `None` for nothing, or more than is read."""

    diff: FileDiff
    content: bytes | None


def changed_in(
    git: Git, inside: Callable[[str], bool], opened: Mapping[str, Text]
) -> Iterator[Changed]:
    """The files that changed, new ones among them, by path.

    Args:
        git: the repository.
        inside: whether a path, relative to its root, counts.
        opened: the texts that an editor has of files, by their real paths; they come before the disk.

    Raises:
        ActionError: git fails, or a file cannot be read.
    """
    tree, listed = git.tree(), git.listed()
    paths = {path for path in (*tree, *listed) if listed.get(path) != _LEFT_OUT}
    for path in filter(inside, sorted(paths)):
        mode, known = tree.get(path, ("", ""))
        if mode == _LINK:
            known = ""  # a file there now is a new one
        elif mode not in _FILES:
            continue  # another repository
        file = git.root / path
        text = opened.get(os.path.realpath(file)) if opened else None
        size = _size(file) if text is None else len(text.source)
        if size is None:
            continue
        if size == _GONE:
            if known:
                yield Changed(FileDiff(path, path, "D", known), None)
            continue
        content = _content(file, size) if text is None else text.source
        shown = file if content is None else content
        digest = _id(shown, size, known) if known or content is not None else ""
        if not known or digest != known:
            yield Changed(FileDiff(path, path, "M" if known else "A", known, digest), content)


_GONE = -1


def _size(file: Path) -> int | None:
    """How many bytes a file has; `_GONE` where there is none but a link, `None` for what is no file."""
    try:
        status = file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return _GONE
    except OSError as error:
        raise _unreadable(file, error) from error
    if stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode):
        return _GONE
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _content(file: Path, size: int) -> bytes | None:
    if size > LARGEST:
        return None
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from error


def _id(content: bytes | Path, size: int, like: str) -> str:
    """What git calls this content: a hash as long as another id of the repository."""
    digest = hashlib.new("sha1" if len(like) == _SHA1 else "sha256", usedforsecurity=False)
    if isinstance(content, bytes):
        digest.update(b"blob %d\0" % len(content) + content)
        return digest.hexdigest()
    digest.update(b"blob %d\0" % size)
    try:
        with content.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        raise _unreadable(content, error) from error
    return digest.hexdigest()


def _unreadable(file: Path, error: OSError) -> ActionError:
    return ActionError(f"{file} cannot be read: {error.strerror}.")
