"""Which file a model means by a name: as it was shown, or with what models put before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Paths", "fault"]

_DRIVE = re.compile(r"[A-Za-z]:")
_PREFIXES = ("a/", "b/")
_LONGEST = 400


def fault(path: str) -> str:
    """Why no file may be made at a path, as a sentence; empty where one may."""
    if not path or len(path) > _LONGEST or not path.isprintable() or path != path.strip():
        return "It is not a path."
    if path.startswith(("/", "~")) or _DRIVE.match(path) or "\\" in path:
        return "It must be a path within the repository, with `/` between its parts."
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "It must be a path within the repository, without `..` and empty parts."
    if any(part.casefold() == ".git" for part in parts):
        return "Nothing is written into .git."
    return ""


@dataclass(frozen=True, slots=True)
class Paths:
    """The files that a reply may name. Make one with `of`.

    Attributes:
        shown: those that the model has seen.
        others: those that are there, too.
        roots: the folder of all of them, absolute, in each spelling that the model may have seen;
            with `/` between the parts and at the end.
    """

    shown: frozenset[str]
    others: frozenset[str]
    roots: tuple[str, ...]

    @classmethod
    def of(
        cls, shown: Iterable[str], others: Iterable[str] = (), roots: Iterable[str] = ()
    ) -> Paths:
        """The files; a root may be given in the system's spelling."""
        kept = frozenset(shown)
        ended = tuple(root.replace("\\", "/").rstrip("/") + "/" for root in roots if root)
        return cls(kept, frozenset(others) - kept, ended)

    def resolved(self, name: str) -> str:
        """The path that is meant; the name itself, without `./` and root, where no file fits.

        A longer name counts when only the root's own folder is before a file's path. A shorter one
        never does: `util.py` may be any.
        """
        if name in self.shown:
            return name
        path = name.replace("\\", "/")
        for root in self.roots:
            path = path.removeprefix(root)
        while path.startswith("./"):
            path = path[2:]
        if path in self.shown or path in self.others:
            return path
        folders = (f"{root.rstrip('/').rpartition('/')[2]}/" for root in self.roots)
        for prefix in ("/", *_PREFIXES, *folders):
            if path.startswith(prefix) and path.removeprefix(prefix) in self.shown:
                return path.removeprefix(prefix)
        return path

    def taken(self, path: str, *, by: str = "") -> str:
        """The file that is at a path already, in whatever case of letters; empty where none is.

        Args:
            path: where a file is to be.
            by: the file itself, when it is renamed.
        """
        if path in self.shown or path in self.others:
            return path
        folded = path.casefold()
        same = (one for one in (*self.shown, *self.others) if one.casefold() == folded)
        return next((one for one in same if one != by), "")
