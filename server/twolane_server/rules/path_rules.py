"""Rules of paths: which of the repository's and the user's name a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.rules import globs
from twolane_server.rules.policy import place

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.rules.policy import Policy
    from twolane_server.rules.ways import Way
    from twolane_server.settings.resolved import NdaRules

__all__ = ["LONGEST_PATH", "path_reasons"]

LONGEST_PATH = 1_024
"""Longer ones are not matched, which would take too long: such a file is NDA for that."""


def path_reasons(way: Way, user: NdaRules) -> list[str]:
    """Which rules of paths name a file by one way to it, and which of the policies cannot be read.

    Args:
        way: the way.
        user: the user's own rules.
    """
    if len(str(way.path)) > LONGEST_PATH:
        return []
    reasons: list[str] = []
    for policy in way.policies:
        if policy.fault:
            reasons.append(f"{_name(policy, way)} cannot be read")
        elif policy.paths and (hit := _first(policy.paths, way.path, policy.folder)):
            reasons.append(f"{hit} in {_name(policy, way)}")
    hits = (_first(user.paths, way.path, root) for root in way.roots if user.paths)
    return [*reasons, *(f"{hit} in your settings" for hit in hits if hit)]


def _name(policy: Policy, way: Way) -> str:
    return place(policy.folder / policy.name, way.roots[0])


def _first(paths: tuple[str, ...], path: Path, folder: Path) -> str | None:
    hit = globs.compile_globs(paths).first(path.relative_to(folder).as_posix())
    # One that starts with `/` may have been meant from the file system's root.
    rooted = () if hit else tuple(glob for glob in paths if glob.startswith("/"))
    if not rooted:
        return hit
    return globs.compile_globs(rooted).first(path.relative_to(path.anchor).as_posix())
