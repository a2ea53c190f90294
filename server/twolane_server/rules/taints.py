"""Files that stay NDA, since code under NDA was pasted into them: values, and how they are written.

So do files that a model made of such code. A taint belongs to a file, by its real path and by what the
file was when it was looked at: a file that is moved takes its taint along. Nothing of any text is in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = [
    "KEPT_DAYS",
    "MADE",
    "Identity",
    "Taint",
    "Taints",
    "aged",
    "cleared",
    "dump",
    "parse",
    "put",
]

KEPT_DAYS = 90
"""How long the taint of a file that is gone is kept: another branch may bring the file back."""

MADE = "a model made it of code under NDA"
"""What told that, for a file that an action wrote."""

_VERSION = 1
_MOST_SEEN = 4
_DAY_SECONDS = 86_400


class Identity(NamedTuple):
    """A file at one content, whatever it is called."""

    device: int
    inode: int
    size: int
    modified_ns: int


class Taint(NamedTuple):
    """One file that stays NDA.

    Attributes:
        path: the real one.
        day: when code under NDA was found in it, ISO 8601.
        found: the sentence that told so.
        seen: what the file was when it was looked at, the last time last.
        gone: since when there is no such file, in seconds of the epoch; 0 where there is one.
    """

    path: str
    day: str
    found: str
    seen: tuple[Identity, ...] = ()
    gone: int = 0

    @property
    def reason(self) -> str:
        """Why the file is NDA and what opens it, fit to stand behind a colon."""
        how = "made of code under NDA" if self.found == MADE else "code pasted into it"
        return f"{how} on {self.day} (twolane label --open)"

    def looked_at(self, identity: Identity | None) -> Taint:
        """The same, with what the file is now."""
        if identity is None:
            return self
        others = tuple(one for one in self.seen if one != identity)
        return self._replace(seen=(*others, identity)[-_MOST_SEEN:], gone=0)


@dataclass(frozen=True)
class Taints:
    """All files that stay NDA, as they are known at one moment.

    Attributes:
        rows: one for each path.
        fault: why nobody can tell, a sentence without its end; then every file is NDA.
    """

    rows: tuple[Taint, ...] = ()
    fault: str | None = None

    @cached_property
    def by_path(self) -> Mapping[str, Taint]:
        """The rows by their paths."""
        return {one.path: one for one in self.rows}

    @cached_property
    def by_identity(self) -> Mapping[Identity, Taint]:
        """The rows by all that their files were."""
        return {identity: one for one in self.rows for identity in one.seen}

    def find(self, paths: Iterable[str], identity: Identity | None) -> Taint | None:
        """The taint of a file.

        Args:
            paths: all by which it is or was reached; its real path first.
            identity: what it is now; `None` where there is no such file.
        """
        found = (self.by_path[path] for path in paths if path in self.by_path)
        return next(found, self.by_identity.get(identity) if identity else None)


def put(rows: Mapping[str, Taint], taint: Taint) -> dict[str, Taint]:
    """The rows with one more; what is known of its path already stays."""
    old = rows.get(taint.path)
    if old is None:
        return {**rows, taint.path: taint}
    for identity in taint.seen:
        old = old.looked_at(identity)
    return {**rows, taint.path: old}


def cleared(
    rows: Mapping[str, Taint], paths: Iterable[str], identities: Iterable[Identity]
) -> dict[str, Taint]:
    """The rows without some paths; and no other row knows these files any more."""
    gone, opened = frozenset(paths), frozenset(identities)
    return {
        path: one._replace(seen=tuple(each for each in one.seen if each not in opened))
        for path, one in rows.items()
        if path not in gone
    }


def aged(rows: Mapping[str, Taint], there: Callable[[str], bool], now: int) -> dict[str, Taint]:
    """The rows without those whose files have been gone for long.

    Args:
        rows: the rows.
        there: whether there is a file at a path.
        now: seconds of the epoch.
    """
    seen = (one._replace(gone=0 if there(one.path) else one.gone or now) for one in rows.values())
    return {one.path: one for one in seen if not one.gone or now - one.gone <= _kept_seconds()}


def dump(rows: Mapping[str, Taint]) -> str:
    """The rows as JSON."""
    listed = [rows[path] for path in sorted(rows)]
    return json.dumps({"version": _VERSION, "files": [one._asdict() for one in listed]}, indent=1)


def parse(text: str) -> dict[str, Taint]:
    """The rows that `dump` wrote, by their paths.

    Raises:
        ValueError, TypeError, KeyError, AttributeError, RecursionError: it wrote no such text.
    """
    whole = cast("dict[str, object]", json.loads(text))
    if whole["version"] != _VERSION:
        raise ValueError("another version")
    rows = map(_taint, cast("list[dict[str, object]]", whole["files"]))
    return {one.path: one for one in rows}


def _taint(row: Mapping[str, object]) -> Taint:
    seen = cast("list[list[object]]", row["seen"])
    return Taint(
        path=_text(row["path"]),
        day=_text(row["day"]),
        found=_text(row["found"]),
        seen=tuple(Identity(*map(_number, each)) for each in seen),
        gone=_number(row["gone"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("not a number")
    return value


def _kept_seconds() -> int:
    return KEPT_DAYS * _DAY_SECONDS
