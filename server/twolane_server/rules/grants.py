"""Grants on disk: which repositories may use the cloud lane, and under which rules."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from twolane_server.errors import SettingsError
from twolane_server.private_file import exposed, replace_private
from twolane_server.problems import Problem
from twolane_server.reading import read_text
from twolane_server.rules.policy import Rule, policy_hash

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["FILE", "Grant", "read_grants", "write_grants"]

FILE = "grants.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant.

    Attributes:
        since: when it was given, ISO 8601 with the offset from UTC.
        rules: all rules that held then, nested ones included.
    """

    since: str
    rules: frozenset[Rule]

    @property
    def policy_hash(self) -> str:
        """The hash of those rules."""
        return policy_hash(self.rules)


def read_grants(state: Path) -> tuple[dict[str, Grant], tuple[Problem, ...]]:
    """All grants by real root path; none, and a problem, from a file that cannot be trusted.

    Args:
        state: the folder that holds them.
    """
    file = state / FILE
    read = read_text(file)
    if read.text is None:
        return {}, (_problem(file, read.fault),) if read.fault else ()
    if why := exposed(file):
        return {}, (_problem(file, why),)
    try:
        return dict(_parse(read.text)), ()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}, (_problem(file, "is damaged"),)


def write_grants(state: Path, grants: Mapping[str, Grant]) -> None:
    """Write all grants at once, readable by their owner alone. A damaged file is kept beside it.

    Raises:
        SettingsError: the folder cannot be written to.
    """
    rows = {
        root: {
            "since": grant.since,
            "hash": grant.policy_hash,
            "rules": [[rule.file, rule.kind, rule.value] for rule in sorted(grant.rules)],
        }
        for root, grant in sorted(grants.items())
    }
    text = json.dumps({"version": _VERSION, "grants": rows}, indent=1)
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if read_grants(state)[1]:
            (state / FILE).replace(state / f"{FILE}.damaged")
        replace_private(state / FILE, text)
    except OSError as error:
        raise SettingsError(
            f"The grants cannot be written to {state} ({error.strerror}); nothing was changed."
        ) from error


@lru_cache(maxsize=2)  # read anew for every request, and hardly ever another text
def _parse(text: str) -> dict[str, Grant]:
    """The grants that a file's text gives.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is not what `write_grants` writes.
    """
    whole = cast("dict[str, object]", json.loads(text))
    if whole["version"] != _VERSION:
        raise ValueError("another version")
    rows = cast("dict[str, dict[str, object]]", whole["grants"])
    return {root: _grant(row) for root, row in rows.items()}


def _grant(row: Mapping[str, object]) -> Grant:
    rules = [
        Rule(*map(_text, cast("list[object]", each))) for each in cast("list[object]", row["rules"])
    ]
    grant = Grant(_text(row["since"]), frozenset(rules))
    if grant.policy_hash != row["hash"]:
        raise ValueError("the hash does not fit the rules")
    return grant


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _problem(file: Path, fault: str | None) -> Problem:
    return Problem(str(file), f"{fault}; no repository may use the cloud lane until it is mended.")
