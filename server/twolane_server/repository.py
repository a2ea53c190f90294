"""Where repositories start, and under which names one file can be reached."""

from __future__ import annotations

import os
import stat
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "RealPaths",
    "between",
    "find_root",
    "name_in_repository",
    "outer_roots",
    "real_path",
    "spellings",
]

# Linux gives up after as many (path_resolution(7)).
_LINKS = 40
_PATHS = 1_024  # whose folders are remembered


def real_path(path: str) -> str:
    """`os.path.realpath`, sooner where there is no link on the way, as of most files; asks the disk."""
    way = _on_the_way(path)
    return path if way and all(map(_is_plain, way)) else os.path.realpath(path)


class RealPaths:
    """`real_path` of several files at one moment: what is on the way to more than one is asked for once."""

    def __init__(self) -> None:
        self._is_plain = cache(_is_plain)

    def of(self, path: str) -> str:
        """The real path of one."""
        way = _on_the_way(path)
        return path if way and all(map(self._is_plain, way)) else os.path.realpath(path)


def _is_plain(path: str) -> bool:
    """Whether something is there, and no link."""
    try:
        return not stat.S_ISLNK(os.lstat(path).st_mode)
    except OSError:
        return False


@lru_cache(_PATHS)
def _on_the_way(path: str) -> tuple[str, ...]:
    """The folders that a path goes through, and itself; none where more than links must be seen to."""
    plain = os.name == "posix" and path.startswith("/") and not path.startswith("//")
    if not plain or "\0" in path or os.path.normpath(path) != path:
        return ()
    ends = (place for place, each in enumerate(path) if each == "/" and place)
    return (*(path[:end] for end in ends), path)


def find_root(path: Path | str) -> Path | None:
    """The nearest folder at or above `path` that holds `.git`, or `None`.

    `.git` may be a folder, or a file as in submodules and linked worktrees. The path is taken as
    it is written; see `spellings` for what lies behind symbolic links.
    """
    return next(map(Path, _roots(os.path.abspath(path))), None)  # noqa: PTH100 - keeps links


def outer_roots(root: Path) -> tuple[Path, ...]:
    """The repositories that `root` lies in, nearest first: what a submodule or a nested one has."""
    return tuple(map(Path, _roots(os.path.dirname(os.path.abspath(root)))))  # noqa: PTH100, PTH120 - the same


def name_in_repository(path: str) -> str:
    """A file's path from its repository's root, as git names it; its name where there is no root."""
    real = Path(os.path.realpath(path))
    root = find_root(real)
    return real.relative_to(root).as_posix() if root else real.name


def between(top: Path, folder: Path) -> tuple[Path, ...]:
    """`top`, then each folder on the way down to `folder`, that one included.

    Raises:
        ValueError: when `folder` is not at or below `top`.
    """
    found = [top]
    for part in folder.relative_to(top).parts:
        found.append(found[-1] / part)
    return tuple(found)


def spellings(path: Path) -> tuple[Path, ...]:
    """Every absolute path by which following `path` leads to its file.

    First the path as given, then one for each symbolic link on the way (of the file or of a
    folder), last the real path. A rule for any of them is a rule for the file.

    Raises:
        OSError: the links go round in a circle.
    """
    # `..` behind a link leads elsewhere than its text says, so links are followed before it is
    # taken away.
    given = os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118 - pathlib would drop `./..`
    found = [_absolute(given)]
    hop: str | None = given
    for _ in range(_LINKS):
        hop = _next(hop)
        if hop is None:
            break
        found.append(_absolute(hop))
    else:
        raise OSError("too many symbolic links")
    # The last hop already; said by the platform too, which knows other kinds of links than we do.
    found.append(Path(os.path.realpath(given)))
    return tuple(dict.fromkeys(found))


def _roots(folder: str) -> Iterator[str]:
    """The repositories that start at an absolute path or above it, nearest first; as it is written."""
    at, above = folder, ""
    while at != above:
        if os.path.lexists(f"{at}{os.sep}.git"):
            yield at
        above = at
        at = os.path.dirname(at)  # noqa: PTH120 - strings are faster


def _absolute(path: Path | str) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps `..`


def _next(path: str) -> str | None:
    """The path with its first symbolic link replaced by what it points to, or `None`."""
    drive, *parts = Path(path).parts
    done = drive
    for place, part in enumerate(parts):
        if part == "..":
            done = os.path.dirname(done)  # noqa: PTH120 - strings throughout, for readlink's sake
            continue
        here = os.path.join(done, part)  # noqa: PTH118 - as above
        try:
            target = os.readlink(here)  # noqa: PTH115 - as above
        except OSError:
            done = here
            continue
        return os.path.join(done, target, *parts[place + 1 :])  # noqa: PTH118 - as above
    return None
