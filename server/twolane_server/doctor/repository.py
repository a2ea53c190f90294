"""The doctor on a repository: its policy, the grant, and why everything may stay local there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.doctor.finding import broken, fine, unset
from twolane_server.repository import find_root
from twolane_server.rules.policy import POLICY_FILE, read_policies
from twolane_server.rules.trust import standing
from twolane_server.settings.resolved import Mode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twolane_server.doctor.finding import Finding
    from twolane_server.settings.resolved import Folders, Settings

__all__ = ["findings", "granted"]


def granted(where: Path, settings: Settings, folders: Folders) -> bool:
    """Whether anything of a repository may go to the cloud at all; see `findings`."""
    root = find_root(where)
    return settings.mode is not Mode.LOCAL and root is not None and standing(root, folders).granted


def findings(where: Path, settings: Settings, folders: Folders) -> Iterator[Finding]:
    """What keeps the code of a repository on the local lane.

    Args:
        where: a folder in it.
        settings: the user's.
        folders: where the grants are.
    """
    if settings.mode is Mode.LOCAL:
        fix = 'write `mode = "auto"`, or take `mode` out, if open code may leave'
        yield unset("mode", "The mode is local, so everything stays local.", fix)
    root = find_root(where)
    if root is None:
        yield unset(
            "repository",
            f"{where} is not in a git repository, so all of it is NDA and stays local.",
            "run it in a repository, or `git init` one",
        )
        return
    policies = read_policies(root)
    for problem in (problem for policy in policies for problem in policy.problems):
        yield broken("policy", str(problem), "correct or remove it")
    if not any(policy.name == POLICY_FILE for policy in policies):
        yield unset(
            "policy",
            f"{root.name} has no {POLICY_FILE}, so all of it is NDA and stays local.",
            f"write one that says what is NDA; `twolane trust {root}` shows an example",
        )
        return
    trust = standing(root, folders)
    said = f"{root.name}, cloud lane: {trust.reason}"
    if trust.granted:
        yield fine("trust", said)
    else:
        yield unset("trust", said, f"`twolane trust {root}`, if its open files may leave")
