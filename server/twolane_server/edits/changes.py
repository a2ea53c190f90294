"""What an action would make of files: values that say all of it and have done nothing yet.

Paths are within one root (a repository, or a file's folder), with `/` between their parts. Texts
are whole texts, so that a change can be shown, checked, carried out and taken back from the value
alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from twolane_server.errors import ReplyRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from twolane_server.text import Text

__all__ = ["Changes", "FileChange", "Problem", "Sort", "digest"]


class Sort(StrEnum):
    """What happens to a file, in the words that people are shown."""

    EDIT = "edit"
    CREATE = "create"
    DELETE = "delete"
    RENAME = "rename"


def digest(text: Text) -> str:
    """The SHA-256 of a file that holds exactly this text, as hex."""
    return sha256(text.source).hexdigest()


@dataclass(frozen=True, slots=True)
class FileChange:
    """What becomes of one file. Its `repr` holds no text.

    Attributes:
        path: the file as it is named before, or, for one that is made, after.
        before: what it must hold for the change to be right; `None` for a file that is made.
        after: what it will hold; `None` for a file that is deleted.
        to: its new path, where it gets one; else empty.
    """

    path: str
    before: Text | None = field(repr=False)
    after: Text | None = field(repr=False)
    to: str = ""

    @property
    def sort(self) -> Sort:
        """What happens; a renamed file may have another text, too."""
        if self.before is None:
            return Sort.CREATE
        if self.after is None:
            return Sort.DELETE
        return Sort.RENAME if self.to else Sort.EDIT

    @property
    def before_sha256(self) -> str | None:
        """The hash of what must be there; `None` where nothing may be."""
        return None if self.before is None else digest(self.before)

    @property
    def place(self) -> str:
        """Where the new text will be."""
        return self.to or self.path

    @property
    def idle(self) -> bool:
        """Whether nothing would be different."""
        return not self.to and self.before == self.after

    def __str__(self) -> str:
        """`rename c.py to d.py`."""
        return f"{self.sort} {self.path}" + (f" to {self.to}" if self.to else "")


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of several files that belong together: all of them, or none. Make one with `of`.

    Attributes:
        files: by path; no path is in two of them, neither as it is nor as it will be.
    """

    files: tuple[FileChange, ...] = ()

    @classmethod
    def of(cls, files: Iterable[FileChange]) -> Changes:
        """The changes without those that change nothing.

        Raises:
            ReplyRefused: two of them speak of one path.
        """
        kept = sorted((one for one in files if not one.idle), key=lambda one: one.path)
        seen: set[str] = set()
        for path in (path for one in kept for path in {one.path, one.place}):
            if path in seen:
                raise ReplyRefused(
                    f"The reply was refused: it would change {path} in two ways at once."
                )
            seen.add(path)
        return cls(tuple(kept))

    def __iter__(self) -> Iterator[FileChange]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that is touched, old and new."""
        return tuple(dict.fromkeys(path for one in self.files for path in (one.path, one.place)))

    def applied(self, texts: Mapping[str, Text]) -> dict[str, Text]:
        """The texts afterwards; those that are not touched stay.

        Raises:
            ReplyRefused: a text is not what its change was made for.
        """
        after = dict(texts)
        for one in self.files:
            if after.pop(one.path, None) != one.before:
                raise ReplyRefused(f"The edit was refused: {one.path} is not what it was made for.")
        for one in self.files:
            if one.after is None:
                continue
            if one.place in after:
                raise ReplyRefused(f"The edit was refused: {one.place} is there already.")
            after[one.place] = one.after
        return after

    def __str__(self) -> str:
        """`3 files: edit a.py, create b.py, rename c.py to d.py`."""
        told = [str(one) for one in self.files]
        count = "1 file" if len(told) == 1 else f"{len(told)} files"
        return f"{count}: {', '.join(told)}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a part of a reply cannot be used. It holds no text of a file and none of the reply.

    Attributes:
        path: the file that is meant, as far as is known; else empty.
        reason: a sentence for the person, and for the model when it is asked again.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason
