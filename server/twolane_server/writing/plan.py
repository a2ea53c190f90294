"""What will be done to which files, as it stands in the journal. It holds hashes and no text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Act", "Plan", "Step", "plan_from"]

_VERSION = 1


class Act(StrEnum):
    """What is done to one path. A file that is renamed is made at one and dropped at another."""

    MAKE = "make"
    PUT = "put"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Step:
    """One path's part.

    Attributes:
        act: what is done.
        path: where, absolute, with no link on the way.
        before: the SHA-256 of what must be there; empty where nothing may be.
        after: the SHA-256 of what will be there; empty where nothing will.
        aside: the beginning of the names, in the same folder, that the step's own files have.
    """

    act: Act
    path: str
    before: str
    after: str
    aside: str

    @property
    def new(self) -> str:
        """Where the new text waits."""
        return f"{self.aside}.new"

    @property
    def old(self) -> str:
        """Where the file is kept that was there."""
        return f"{self.aside}.old"

    @property
    def back(self) -> str:
        """Where the new text goes when the step is taken back."""
        return f"{self.aside}.back"


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps of one set of changes.

    Attributes:
        name: of the journal's files.
        steps: in the order in which they are done.
        folders: those that are made, outer first.
        began: when, in local time, for people.
    """

    name: str
    steps: tuple[Step, ...]
    folders: tuple[str, ...]
    began: str

    @property
    def touched(self) -> tuple[str, ...]:
        """The folders whose names change."""
        return tuple(dict.fromkeys(str(Path(step.path).parent) for step in self.steps))

    def encoded(self) -> bytes:
        """As the journal has it."""
        return json.dumps({"version": _VERSION, **asdict(self)}).encode()


def plan_from(content: bytes) -> Plan | None:
    """A plan as the journal has it; `None` for what is not one."""
    try:
        found = cast("dict[str, Any]", json.loads(content))
        if found["version"] != _VERSION:
            return None
        given = cast("Iterable[dict[str, str]]", found["steps"])
        steps = tuple(Step(**{**one, "act": Act(one["act"])}) for one in given)  # pyright: ignore[reportArgumentType] - the act is one
        folders = tuple(str(one) for one in cast("Iterable[object]", found["folders"]))
        return Plan(str(found["name"]), steps, folders, str(found["began"]))
    except (ValueError, KeyError, TypeError):
        return None
