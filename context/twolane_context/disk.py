"""The files of a repository: listing, stamping and reading them.

Nothing here follows a link below the root or waits for a pipe, and no program that the repository
names is run. A path is relative to the root, with `/`; bytes that are no UTF-8 are surrogates in it.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from twolane_context.walk import TOOLS, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_T = TypeVar("_T")

LARGEST = 2_000_000
"""Bytes. Nobody writes larger sources by hand; a generated one would hold up all others for seconds."""

_MOST_HELD = 32  # descriptors of folders; one within more of them is opened from the root each time
_START = 8_192  # a binary file has a NUL here, as for git
_SAFE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_63_BITS = (1 << 63) - 1  # as much as SQLite holds
_GIT_SECONDS = 60
_GIT = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("ls-files", "-z", "--stage", "--cached", "--others", "--exclude-standard"),
)
# A blob that is not there would be fetched, by a program that the repository may name.
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
_STAGED = re.compile(rb"(\d{6}) [0-9a-f]{40,64} [0-3]\t")
_LINK, _SUBMODULE = b"120000", b"160000"


class Stamp(NamedTuple):
    """Tells without reading that a file is not what it was. To be compared, not reckoned with."""

    size: int
    changed_ns: int  # which no program can set, unlike the time of its last modification
    inode: int


class Row(NamedTuple):
    """What is known of one file, as processes tell each other and as the cache keeps it.

    Attributes:
        path: relative to the repository.
        stamp: what the file was when it was read.
        digest: of its bytes.
        words: its identifiers, parted by LF.
        facts: its packed outline; empty for none; `None` while it was not made yet.
        former: the paths that it had before.
    """

    path: str
    stamp: Stamp
    digest: bytes
    words: bytes
    facts: bytes | None
    former: tuple[str, ...] = ()


def digest_of(source: bytes) -> bytes:
    """The identity of a file's content; 16 bytes."""
    return blake2b(source, digest_size=16).digest()


def paths(root: Path) -> Iterator[str]:
    """All files that may be source, sorted: what git knows or would add, else what a walk finds.

    Submodules take part. A listed file may be gone, too large or no text: `stamps` and `reads` tell.
    """
    listed = _git(root)
    if listed is None:
        listed = walk(root, lambda path: (read(root, path) or (None, b""))[1])
    yield from sorted(listed)


def _git(root: Path) -> set[str] | None:
    """What git lists; `None` where it cannot."""
    git = shutil.which("git")
    if git is None or not git.startswith("/") or not os.path.lexists(root / ".git"):
        return None
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | _QUIET
    # From a broken `.git`, git would go on to the one above.
    environment["GIT_CEILING_DIRECTORIES"] = str(root.resolve().parent)
    try:
        output = subprocess.run(  # noqa: S603 - fixed words and one path
            [git, "-C", root, *_GIT],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=_GIT_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found: set[str] = set()
    for record in output.split(b"\0"):
        staged = _STAGED.match(record)
        path = os.fsdecode(record[staged.end() :] if staged else record)
        folder = path.rpartition("/")[0]
        if staged is None:  # unknown to git; `x/` is another repository
            wanted = path[-1:] not in {"", "/"} and "/." not in f"/{folder}"
        else:
            wanted = staged[1] not in {_LINK, _SUBMODULE}
        if wanted and TOOLS.isdisjoint(folder.split("/")):
            found.add(path)
        if staged and staged[1] == _SUBMODULE:
            with suppress(OSError):
                os.close(_folder(root, path))  # no link leads there
                found.update(f"{path}/{inner}" for inner in paths(root / path))
    return found


def _folder(root: Path, folder: str) -> int:
    """A descriptor of a folder that no link below `root` leads to.

    Raises:
        OSError: there is none.
    """
    at = _top(root)
    for part in folder.split("/") if folder else ():
        above = at
        try:
            at = _within(above, part)
        finally:
            os.close(above)
    return at


def _top(root: Path) -> int:
    return os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _within(above: int, part: str) -> int:
    if part in {"", ".", ".."}:
        raise FileNotFoundError(part)
    return os.open(part, _SAFE | os.O_DIRECTORY, dir_fd=above)


def stamps(root: Path, listed: Iterable[str]) -> Iterator[Stamp | None]:
    """The stamp of each path; quick where they are in order.

    `None` for what is gone, out of reach, no regular file or over `LARGEST`.
    """
    return _each(root, listed, _look)


def reads(root: Path, listed: Iterable[str]) -> Iterator[tuple[Stamp, bytes] | None]:
    """What `read` gives for each path, read when it is asked for; quick where they are in order."""
    return _each(root, listed, _read)


def read(root: Path, path: str) -> tuple[Stamp, bytes] | None:
    """The file's stamp, as it was before reading, and its bytes; a binary file reads as empty.

    `None` where `stamps` gives none, and for a file that cannot be read.
    """
    return next(reads(root, (path,)))


def _each(
    root: Path, listed: Iterable[str], do: Callable[[str, int], _T | None]
) -> Iterator[_T | None]:
    """What is done with each path, by its name and a descriptor of its folder."""
    here, at, folders = None, -1, _Folders(root)
    try:
        for path in listed:
            folder, _, name = path.rpartition("/")
            found = None
            with suppress(OSError, ValueError):
                if folder != here:
                    here, at = folder, -1
                    at = folders.open(folder)
                if at >= 0:
                    found = do(name, at)
            yield found
    finally:
        folders.close()


class _Folders:
    """Descriptors of the folder that was asked for last and of those it lies in.

    Paths in order share most of these, so that a folder costs one call of the system and not one for
    each part of its path.

    Args:
        root: the outermost; only below it no link is followed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._held: list[tuple[str, int]] = []  # by name, the root first
        self._alone: int | None = None

    def open(self, folder: str) -> int:
        """A descriptor of a folder, open until the next call; see `_folder`.

        Raises:
            OSError: there is none.
        """
        parts = ["", *(folder.split("/") if folder else ())]
        if len(parts) > _MOST_HELD:
            self.close()
            self._alone = _folder(self._root, folder)
            return self._alone
        same = 0
        for (name, _), part in zip(self._held, parts, strict=False):
            if name != part:
                break
            same += 1
        self._close(same)
        for part in parts[same:]:
            at = _within(self._held[-1][1], part) if self._held else _top(self._root)
            self._held.append((part, at))
        return self._held[-1][1]

    def close(self) -> None:
        """Let go of all."""
        self._close(0)

    def _close(self, kept: int) -> None:
        if self._alone is not None:
            os.close(self._alone)
            self._alone = None
        while len(self._held) > kept:
            os.close(self._held.pop()[1])


def _look(name: str, at: int) -> Stamp | None:
    return _stamp(os.stat(name, dir_fd=at, follow_symlinks=False))


def _read(name: str, at: int) -> tuple[Stamp, bytes] | None:
    handle = os.open(name, _SAFE, dir_fd=at)
    with open(handle, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor
        if found := _stamp(os.fstat(handle)):
            start = file.read(min(_START, found.size))
            return found, b"" if b"\0" in start else start + file.read(found.size - len(start))
    return None


def _stamp(status: os.stat_result) -> Stamp | None:
    if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
        return None
    return Stamp(status.st_size, status.st_ctime_ns & _63_BITS, status.st_ino & _63_BITS)
