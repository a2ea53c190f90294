"""Grants on disk: which repositories may use the cloud lane, and under which rules."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from twolane_server.errors import SettingsError
from twolane_server.policy import Rule, policy_hash
from twolane_server.problems import Problem
from twolane_server.reading import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    if exposed := _exposed(file):
        return {}, (_problem(file, exposed),)
    try:
        return _parse(json.loads(read.text)), ()
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
        _replace(state / FILE, text)
    except OSError as error:
        raise SettingsError(
            f"The grants cannot be written to {state} ({error.strerror}); nothing was changed."
        ) from error


def _replace(file: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{FILE}.")  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _exposed(file: Path) -> str | None:
    """Why others could have written the grants; only POSIX tells."""
    if os.name != "posix":
        return None
    status = file.stat()
    if status.st_uid not in {os.getuid(), 0}:
        return "belongs to another user"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written by other users (chmod 600 mends that)"
    return None


def _parse(data: object) -> dict[str, Grant]:
    """The grants.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is not what `write_grants` writes.
    """
    whole = cast("dict[str, object]", data)
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
