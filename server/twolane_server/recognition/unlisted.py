"""Files of a repository that no index lists: what git ignores, hidden folders, other repositories, links.

Nothing is read of them here, and no rule is asked.
"""

from __future__ import annotations

import os
import re
from itertools import islice
from typing import TYPE_CHECKING

from twolane_context.walk import TOOLS
from twolane_server.errors import ActionError
from twolane_server.materials.git import Git

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from pathlib import Path

__all__ = ["unlisted"]

_ASK = ("ls-files", "-z", "--stage", "--others", "--directory")
_STAGED = re.compile(rb"(\d{6}) [0-9a-f]{40,64} [0-3]\t")
_LINK, _SUBMODULE = b"120000", b"160000"


def unlisted(
    root: Path, files: Container[str], most: int, named: Callable[[str], bool]
) -> tuple[list[str], list[str]]:
    """The paths of those files, from the root; and of those to which only a link leads.

    No more than `most` are told of each kind: of what lies in the repository itself, of what lies in
    other ones inside it, and of what links lead to; of each those first that lie where a rule says.

    Args:
        root: the repository's real folder.
        files: what the index lists.
        most: how many.
        named: whether a rule names a path; of a folder one that may lie in it is asked about.
    """
    walk = _Walk(root)
    own, folders = _listed(root, walk)

    def later(path: str) -> bool:
        return not named(path) and not named(f"{path}/_")

    if len(own) > most:
        own.sort(key=later)
    found = [*islice(_left(own, files), most)]
    for folder in sorted(folders, key=later):
        if TOOLS.isdisjoint(folder.split("/")):
            found += islice(_left(walk.within(folder, apart=True), files), most - len(found))
    inside = list[str]()
    for folder in sorted(walk.others, key=later):
        inside += islice(_left(walk.within(folder, apart=False), files), most - len(inside))
    walk.links.sort(key=later)
    return [*found, *inside], [*islice(walk.behind_links(), most)]


def _listed(root: Path, walk: _Walk) -> tuple[list[str], list[str]]:
    """What git tells: files, and folders to walk through; its links and submodules go to the walk."""
    try:
        listed = Git(root, os.environ).run(*_ASK).split(b"\0")
    except ActionError:
        return [], [""]  # without git all that is no file of the index
    own, folders = list[str](), list[str]()
    for row in sorted(filter(None, listed)):
        staged = _STAGED.match(row)
        path = os.fsdecode(row[staged.end() :] if staged else row)
        if staged and staged[1] == _LINK:
            walk.links.append(path)
        elif staged and staged[1] == _SUBMODULE:
            walk.others.append(path)
        elif path.endswith("/"):
            folders.append("" if path == "./" else path.rstrip("/"))
        elif not staged:
            own.append(path)
    return own, folders


def _left(paths: Iterator[str] | list[str], files: Container[str]) -> Iterator[str]:
    return (path for path in paths if path not in files)


class _Walk:
    """A walk through folders, which finds links and other repositories on its way.

    Args:
        root: the repository's real folder.

    Attributes:
        links: those found, by their paths from the root.
        others: the folders of other repositories that were found and not entered.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self.links: list[str] = []
        self.others: list[str] = []

    def within(self, top: str, *, apart: bool) -> Iterator[str]:
        """The files in a folder and in those below it, but for those of tools; no link is followed.

        Args:
            top: the folder, from the root; empty for that.
            apart: whether other repositories are only noted.
        """
        stack = [top]
        while stack:
            folder = stack.pop()
            try:
                with os.scandir(os.path.join(self._root, folder)) as listed:  # noqa: PTH118 - strings are faster
                    entries = sorted(listed, key=lambda one: one.name)
            except OSError:
                continue
            if apart and folder and any(one.name == ".git" for one in entries):
                self.others.append(folder)
                continue
            for one in entries:
                path = f"{folder}/{one.name}" if folder else one.name
                if one.is_symlink():
                    self.links.append(path)
                elif one.name in TOOLS:
                    continue
                elif one.is_dir():
                    stack.append(path)
                elif one.is_file():
                    yield path

    def behind_links(self) -> Iterator[str]:
        """The files that links lead to, by the paths of these; each folder is entered once."""
        seen = set[str]()
        for link in self.links:  # which grow on the way
            real = os.path.realpath(os.path.join(self._root, link))  # noqa: PTH118 - as above
            if os.path.isfile(real):  # noqa: PTH113 - as above
                yield link
            elif real not in seen and not f"{self._root}/".startswith(f"{real.rstrip('/')}/"):
                seen.add(real)
                yield from self.within(link, apart=False)
