"""The grant "this repository may use the cloud lane", and when it lapses.

A grant is bound to the real path of the repository's root and to every rule that held when it was
given. Rules may be added under it; when one is gone, the policy has loosened and the grant lapses,
until the rule is back or the user grants anew.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.errors import Refused
from twolane_server.repository import between, outer_roots, real_path
from twolane_server.rules.grants import Grant, read_grants, write_grants
from twolane_server.rules.policy import FILES, POLICY_FILE, policy_hash, read_policies

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from twolane_server.rules.policy import Policy, Rule
    from twolane_server.settings.resolved import Folders

__all__ = [
    "EXAMPLE",
    "Standing",
    "compare",
    "give",
    "policies_of",
    "revoke",
    "rules_of",
    "standing",
]

_KEPT = 16
EXAMPLE = """\
[nda]
paths = ["clients/**", "secrets/"]   # globs in gitignore syntax
markers = ["INTERNAL ONLY"]          # beside CONFIDENTIAL, NDA and TRADE SECRET
words = ["Acme Corp"]                # a prompt that holds one stays local
"""
"""A `twolane.toml` to start from."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a repository may use the cloud lane now.

    Attributes:
        granted: whether it may.
        reason: why, fit to stand behind a colon.
        since: when the grant was given (ISO 8601), also of one that lapsed; `None` without one.
        policy_hash: the hash of the rules that hold now; empty when they cannot be read.
    """

    granted: bool
    reason: str
    since: str | None = None
    policy_hash: str = ""


def compare(grant: Grant | None, rules: frozenset[Rule], faults: tuple[str, ...] = ()) -> Standing:
    """What a grant is worth under the rules that hold now. Pure.

    Args:
        grant: what was granted, or `None`.
        rules: at least those rules of now that lie in the files of the grant.
        faults: why a policy cannot be read.
    """
    now = policy_hash(rules)
    if faults:
        return Standing(granted=False, reason=faults[0], since=grant.since if grant else None)
    if grant is None:
        return Standing(granted=False, reason="never granted (twolane trust)", policy_hash=now)
    gone = sorted(grant.rules - rules)
    if gone:
        reason = f"lapsed because the policy loosened: {_shown(gone[0])} is gone (twolane trust)"
        return Standing(granted=False, reason=reason, since=grant.since, policy_hash=now)
    reason = f"granted since {grant.since}"
    return Standing(granted=True, reason=reason, since=grant.since, policy_hash=now)


def standing(root: Path, folders: Folders) -> Standing:
    """Whether the repository at `root` may use the cloud lane, read from disk now."""
    real = _real(root)
    grants, problems = read_grants(folders.state)
    if problems:
        return Standing(granted=False, reason=str(problems[0]))
    grant = grants.get(str(real))
    granted: frozenset[Rule] = grant.rules if grant else frozenset()
    policies = _read(_places(_outermost(real), real, granted))
    return _compared(grant, policies, real)


# What follows from the disk is worked out once: it is read for every request, and seldom another.
@lru_cache(_KEPT)
def _compared(grant: Grant | None, policies: tuple[Policy, ...], real: Path) -> Standing:
    return compare(grant, rules_of(policies, real), _faults(policies, real))


@lru_cache(_KEPT)
def _places(outermost: Path, real: Path, granted: frozenset[Rule]) -> tuple[Path, ...]:
    """The folders whose policies a grant hangs on, in order.

    Files of rules that came later can only tighten, so only those of the grant are read; and of those
    above the root only the ones that hold: what was the outermost repository may be none now.
    """
    named = {Path(os.path.normpath((real / rule.file).parent)) for rule in granted}
    below = {folder for folder in named if folder.is_relative_to(real)}
    return tuple(sorted({*between(outermost, real), *below}))


def give(root: Path, folders: Folders, policies: Iterable[Policy], now: datetime) -> Standing:
    """Grant the repository at `root` the cloud lane under the rules that hold now.

    Args:
        root: the repository's root.
        folders: where grants are kept.
        policies: what `policies_of` read and the user saw.
        now: the time, with its time zone.

    Raises:
        Refused: there is no policy, or one that cannot be read.
        SettingsError: the grant cannot be written.
    """
    real, known = _real(root), tuple(policies)
    if not any((policy.folder, policy.name) == (real, POLICY_FILE) for policy in known):
        raise Refused(
            f"{real} has no {POLICY_FILE}, so all of it is NDA and there is nothing to grant; "
            f"say in one what is under NDA, for example:\n\n{EXAMPLE}"
        )
    if faults := _faults(known, real):
        raise Refused(f"Nothing was granted, because {faults[0]}.", reasons=faults)
    grant = Grant(now.isoformat(timespec="seconds"), rules_of(known, real))
    grants, _ = read_grants(folders.state)
    write_grants(folders.state, {**grants, str(real): grant})
    return compare(grant, grant.rules)


def revoke(root: Path, folders: Folders) -> bool:
    """Take the grant back; returns whether there was one.

    Raises:
        SettingsError: the grants cannot be written.
    """
    grants, _ = read_grants(folders.state)
    kept = {path: grant for path, grant in grants.items() if path != str(_real(root))}
    if kept == grants:
        return False
    write_grants(folders.state, kept)
    return True


def policies_of(root: Path) -> tuple[Policy, ...]:
    """All files of rules of the repository: outer ones, its own, and nested ones, read now.

    Repositories inside it are left out; each has a grant of its own.
    """
    real = _real(root)
    places = {*between(_outermost(real), real)}
    for folder, names, files in os.walk(real):
        inside = Path(folder)
        if inside != real and (".git" in names or ".git" in files):
            names.clear()
            continue
        names[:] = [name for name in names if name != ".git"]
        if any(name in FILES for name in (*files, *names)):
            places.add(inside)
    return _read(sorted(places))


def rules_of(policies: Iterable[Policy], root: Path) -> frozenset[Rule]:
    """The rules of all these policies, with their places relative to `root`."""
    return frozenset(rule for policy in policies for rule in policy.rules(root))


def _real(root: Path) -> Path:
    return Path(real_path(os.fspath(root)))


def _outermost(root: Path) -> Path:
    """The outermost repository that a root lies in, or itself."""
    return (root, *outer_roots(root))[-1]


def _read(folders: Iterable[Path]) -> tuple[Policy, ...]:
    return tuple(policy for folder in folders for policy in read_policies(folder))


def _faults(policies: Iterable[Policy], root: Path) -> tuple[str, ...]:
    found = (policy for policy in policies if policy.fault)
    return tuple(f"{_relative(policy, root)} {policy.fault}" for policy in found)


def _relative(policy: Policy, root: Path) -> str:
    return os.path.relpath(policy.folder / policy.name, root).replace(os.sep, "/")


def _shown(rule: Rule) -> str:
    if rule.kind == "file":
        return rule.file
    # A word is a client's name: it is not repeated.
    what = "one of the words" if rule.kind == "words" else rule.value
    return f"{what} in {rule.file}"
