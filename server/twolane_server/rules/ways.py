"""The ways to files: every path that leads to one, and which repositories and rules it passes.

What can be said of a folder is looked at but once however many of its files are asked about. So a
`Ways` is for one moment only: whoever wants to know what holds by now makes another one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.repository import spellings
from twolane_server.rules.policy import read_policies

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_server.rules.labels import FileRules
    from twolane_server.rules.policy import Policy
    from twolane_server.rules.remembered import Remembered

    Stand = tuple[tuple[Path, ...], tuple[Policy, ...]]

__all__ = ["Way", "Ways"]

_NOWHERE: Stand = (), ()


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach a file.

    Attributes:
        path: absolute.
        roots: the repositories it lies in on this way, nearest first.
        policies: all files of rules in the folders from the outermost root down to the file.
    """

    path: Path
    roots: tuple[Path, ...]
    policies: tuple[Policy, ...]


class Ways:
    """The ways as they are at one moment.

    Args:
        read: reads the policies that lie in one folder.
        kept: what was read of files at other moments; see `labels.rules_for`.
    """

    def __init__(
        self,
        read: Callable[[str], tuple[Policy, ...]] = read_policies,
        kept: Remembered[FileRules] | None = None,
    ) -> None:
        self._read = read
        self.kept = kept
        self._stands: dict[str, Stand] = {}
        self._spelled: dict[str, tuple[str, ...]] = {}

    def spellings(self, path: str | Path) -> tuple[str, ...]:
        """Every absolute path by which following `path` leads to its file; see `spellings`.

        Raises:
            OSError: the links go round in a circle.
        """
        given = os.fspath(path)
        if not os.path.isabs(given):  # noqa: PTH117 - strings are faster
            given = os.path.join(os.getcwd(), given)  # noqa: PTH109, PTH118 - the same
        if "\0" in given or given.startswith("//") or os.path.normpath(given) != given:
            return tuple(map(str, spellings(Path(path))))
        return self._spellings(given)

    def _spellings(self, path: str) -> tuple[str, ...]:
        """Those of a path without dots; each folder on it is asked once whether it is a link."""
        known, todo = self._spelled, list[str]()
        while path not in known:
            folder: str = os.path.dirname(path)  # noqa: PTH120 - the same
            if folder == path:
                known[path] = (path,)
                break
            todo.append(path)
            path = folder
        for each in reversed(todo):
            folder, name = os.path.split(each)
            over = known[folder]
            plain = over == (folder,)  # as most are: there is no link above it
            at = each if plain else os.path.join(over[-1], name)  # noqa: PTH118 - the same
            if os.path.islink(at):  # noqa: PTH114 - the same
                known[each] = tuple(map(str, spellings(Path(each))))
            elif plain:
                known[each] = (each,)
            else:
                known[each] = tuple(os.path.join(one, name) for one in over)  # noqa: PTH118 - the same
        return known[todo[0] if todo else path]

    def way(self, path: str | Path) -> Way:
        """The way that an absolute path is."""
        return Way(Path(path), *self.stand(os.fspath(path)))

    def stand(self, path: str) -> Stand:
        """The repositories that a file lies in, nearest first, and all rules for what lies there."""
        known, todo = self._stands, list[str]()
        folder = lowest = os.path.dirname(path)  # noqa: PTH120 - as above
        while folder not in known:  # of which there may be hundreds
            todo.append(folder)
            above: str = os.path.dirname(folder)  # noqa: PTH120 - as above
            if above == folder:
                break
            folder = above
        over = known.get(folder, _NOWHERE)
        for each in reversed(todo):
            over = known[each] = self._look(each, *over)
        return known[lowest]

    def _look(self, folder: str, roots: tuple[Path, ...], policies: tuple[Policy, ...]) -> Stand:
        if os.path.lexists(f"{folder}{os.sep}.git"):
            roots = (Path(folder), *roots)
        return roots, (*policies, *self._read(folder)) if roots else ()
