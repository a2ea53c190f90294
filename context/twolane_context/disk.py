"""The files of a repository: listing, stamping and reading them.

Nothing here follows a link below the root or waits for a pipe, and no program that the repository
names is run. A path is relative to the root, with `/`; bytes that are no UTF-8 are surrogates in it.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from hashlib import blake2b
from struct import Struct
from subprocess import DEVNULL, SubprocessError, check_output
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from twolane_context.walk import TOOLS, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    Examine = Callable[[str, bytes], tuple[bytes, bytes | None]]

_T = TypeVar("_T")

LARGEST = 2_000_000
"""Bytes. Nobody writes larger sources by hand; a generated one would hold up all others for seconds."""

_MOST_HELD = 32  # descriptors of folders
_START = 8_192  # a binary file has a NUL here, as for git
_AT_ONCE = 65_536  # most files need no second read, and of a picture no more is read
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_63_BITS = (1 << 63) - 1  # as much as SQLite holds
_HEAD, _NAMES = Struct("<qqq16sII?"), ("utf-8", "surrogateescape")  # of a row
_PATIENCE = 60  # seconds for git
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

    def packed(self) -> bytes:
        """The row as bytes: numbers, the paths with a NUL between them, words and facts."""
        path, stamp, digest, words, facts, former = self
        named = "\0".join((path, *former)).encode(*_NAMES)
        head = _HEAD.pack(*stamp, digest, len(named), len(words), facts is None)
        return b"".join((head, named, words, facts or b""))

    @classmethod
    def unpacked(cls, blob: bytes) -> Row:
        """The row that `packed` made bytes of.

        Raises:
            ValueError: it is too short for one.
        """
        if len(blob) < _HEAD.size:
            raise ValueError(blob)
        *stamp, digest, named, size, unknown = _HEAD.unpack_from(blob)
        start, end = _HEAD.size + named, _HEAD.size + named + size
        path, *former = blob[_HEAD.size : start].decode(*_NAMES).split("\0")
        facts = None if unknown else blob[end:]
        return cls(path, Stamp(*stamp), digest, blob[start:end], facts, tuple(former))


def digest_of(source: bytes) -> bytes:
    """The identity of a file's content; 16 bytes."""
    return blake2b(source, digest_size=16).digest()


def paths(root: Path) -> Iterator[str]:
    """All files that may be source, sorted: what git knows or would add, else what a walk finds.

    Submodules take part. A listed file may be gone, too large or no text: `stamps` and `read` tell.
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
        output = check_output(  # noqa: S603 - fixed words and one path
            [git, "-C", root, *_GIT],
            stdin=DEVNULL,
            stderr=DEVNULL,
            env=environment,
            timeout=_PATIENCE,
        )
    except (OSError, SubprocessError):
        return None
    found: set[str] = set()
    for record in output.split(b"\0"):
        staged = _STAGED.match(record)
        path = os.fsdecode(record[staged.end() :] if staged else record)
        folder, _, name = path.rpartition("/")
        kind = staged[1] if staged else b""
        hidden = not staged and "/." in f"/{folder}"
        # Without a name it is another repository, which this one does not know.
        wanted = name and not hidden and kind not in {_LINK, _SUBMODULE}
        if wanted and TOOLS.isdisjoint(folder.split("/")):
            found.add(path)
        # A folder, and no link leads there.
        if kind == _SUBMODULE and any(_each(root, [f"{path}/"], lambda _name, _at: True)):
            found.update(f"{path}/{inner}" for inner in paths(root / path))
    return found


def stamps(root: Path, listed: Iterable[str]) -> Iterator[Stamp | None]:
    """The stamp of each path; quick where they are in order.

    `None` for what is gone, out of reach, no regular file or over `LARGEST`.
    """
    return _each(root, listed, _look)


def read(root: Path, path: str) -> tuple[Stamp, bytes] | None:
    """The file's stamp, as it was before reading, and its bytes; a binary file reads as empty.

    `None` where `stamps` gives none, and for a file that cannot be read.
    """
    return next(_each(root, (path,), _read))


def rows(root: Path, listed: Sequence[str], examine: Examine) -> Iterator[Row | None]:
    """The row of each path, with what `examine` makes of path and source; `None` as for `read`.

    Each is read when it is asked for; quick where they are in order.
    """
    for path, found in zip(listed, _each(root, listed, _read), strict=True):
        yield found and Row(path, found[0], digest_of(found[1]), *examine(path, found[1]))


def _each(
    root: Path, listed: Iterable[str], do: Callable[[str, int], _T | None]
) -> Iterator[_T | None]:
    """What is done with each path, by its name and a descriptor of its folder.

    The folders around the path before stay open: paths in order share most of these.
    """
    held: list[tuple[str, int]] = []  # with a slash at their end; the root first
    try:
        for path in listed:
            try:  # `suppress` would take a tenth of the time
                while held and not path.startswith(held[-1][0]):
                    os.close(held.pop()[1])
                if not held:
                    held.append(("", os.open(root, _FOLDER)))
                *parts, name = path[len(held[-1][0]) :].split("/")
                for part in parts:
                    _enter(held, part)
                found = do(name, held[-1][1])
            except (OSError, ValueError):
                found = None
            yield found
    finally:
        for _, at in held:
            os.close(at)


def _enter(held: list[tuple[str, int]], part: str) -> None:
    """Open a folder of the last one that is held."""
    if part in {"", ".", ".."}:
        raise FileNotFoundError(part)
    above, at = held[-1]
    inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=at)
    if len(held) == _MOST_HELD:
        os.close(held.pop()[1])
    held.append((f"{above}{part}/", inner))


def _look(name: str, at: int) -> Stamp | None:
    return _stamp(os.stat(name, dir_fd=at, follow_symlinks=False))


def _read(name: str, at: int) -> tuple[Stamp, bytes] | None:
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    try:
        if found := _stamp(os.fstat(handle)):
            source = os.read(handle, min(_AT_ONCE, found.size))
            if source.find(b"\0", 0, _START) >= 0:
                return found, b""
            left = found.size - len(source)
            return found, source + os.read(handle, left) if left else source
    finally:
        os.close(handle)
    return None


def _stamp(status: os.stat_result) -> Stamp | None:
    if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
        return None
    return Stamp(status.st_size, status.st_ctime_ns & _63_BITS, status.st_ino & _63_BITS)
