"""What an editor has of files, by whatever names: one file may be open under several at once.

A link, a hard link, another case or Unicode form, a folder that is mounted twice: each makes another
document, with an unsaved text of its own. What one of these texts says of its file holds for all.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from twolane_server.repository import RealPaths, real_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from twolane_server.documents import Document
    from twolane_server.text import Text

__all__ = ["OpenFile", "Unsaved", "same_file", "same_files", "unsaved"]

_Which: TypeAlias = "tuple[int, int] | str"


class OpenFile(NamedTuple):
    """A file that an editor has open.

    Attributes:
        ways: all absolute paths by which it is open or was reached.
        texts: all that the editor has of it, mostly one; the last is the one that the index has.
    """

    ways: tuple[str, ...] = ()
    texts: tuple[Text, ...] = ()


class Unsaved(NamedTuple):
    """What an editor has of files at one moment, as one repository sees it.

    Attributes:
        within: by path from the root.
        beside: those that lie elsewhere, to which a link may lead.
        left: texts of files that are not open any more, by path; nobody has looked at them yet.
    """

    within: Mapping[str, OpenFile]
    beside: tuple[OpenFile, ...] = ()
    left: Mapping[str, tuple[Text, ...]] = {}

    def at(self, real: str) -> OpenFile:
        """What the editor has of a file beside the repository, by its real path."""
        which = _which(real) if self.beside else ""
        found = (one for one in self.beside if any(_which(way) == which for way in one.ways))
        return next(found, OpenFile())


def unsaved(documents: Sequence[Document], root: str, left: Sequence[Document] = ()) -> Unsaved:
    """The documents by their files.

    Args:
        documents: of the editor.
        root: the repository's real folder.
        left: what documents were before much was taken out of them; these may be closed.
    """
    files, former, real_paths = _by_file(documents), _by_file(left), RealPaths()
    within: dict[str, OpenFile] = {}
    beside: list[OpenFile] = []
    gone: dict[str, tuple[Text, ...]] = {}
    for which, same in files.items():
        ways = dict.fromkeys(way for one in same for way in (one.path, *one.before))
        found = OpenFile(tuple(ways), _texts((*former.get(which, ()), *same)))
        inside = _inside((real_paths.of(one.path) for one in same), root)
        within |= dict.fromkeys(inside, found)
        if not inside:
            beside.append(found)
    for same in (former[which] for which in former.keys() - files.keys()):
        inside = _inside((real_paths.of(one.path) for one in same), root)
        gone |= dict.fromkeys(inside, _texts(same))
    return Unsaved(within, tuple(beside), gone)


def same_file(documents: Iterable[Document], path: str) -> list[Document]:
    """Those of some documents that are of the file at a path."""
    return same_files(documents, (path,))[0]


def same_files(documents: Iterable[Document], paths: Iterable[str]) -> list[list[Document]]:
    """The same for many paths at one moment: each document's file is asked for but once."""
    files = _by_file(documents)
    return [files.get(_which(path), []) if path else [] for path in paths]


def _by_file(documents: Iterable[Document]) -> dict[_Which, list[Document]]:
    files: dict[_Which, list[Document]] = {}
    for document in documents:
        if document.path:
            files.setdefault(_which(document.path), []).append(document)
    return files


def _texts(documents: Sequence[Document]) -> tuple[Text, ...]:
    last = documents[-1].text
    others = {one.text.source: one.text for one in documents if one.text.source != last.source}
    return (*others.values(), last)


def _inside(paths: Iterable[str], root: str) -> set[str]:
    """Those of some real paths that lie in a folder, from there."""
    return {path.removeprefix(f"{root}/") for path in paths if path.startswith(f"{root}/")}


def _which(path: str) -> _Which:
    """What is the same for all names of a file; its real path where there is no file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - of many files, for which a Path each is slow
    except (OSError, ValueError):
        return real_path(path)
    return found.st_dev, found.st_ino
