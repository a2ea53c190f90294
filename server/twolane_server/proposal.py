"""Asking the person, once, whether a repository's open files may use the cloud lane.

`twolane trust` is the way to grant; an editor's user may not know of it. So the first action that
only a missing grant keeps from the cloud asks, with what would be sent. It does not wait for the
answer: the action itself stays local.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.repository import find_root
from twolane_server.rules.trust import give, policies_of, rules_of, standing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.orders import Ready
    from twolane_server.rules.policy import Policy, Rule
    from twolane_server.settings.resolved import Folders

__all__ = ["Proposal", "accept", "needs_grant", "proposal"]

_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Proposal:
    """A grant that could be given.

    Attributes:
        root: the repository's folder.
        policies: its rules, as the person is told of them.
        sentence: what to ask.
    """

    root: Path
    policies: tuple[Policy, ...]
    sentence: str


def needs_grant(ready: Ready) -> bool:
    """Whether an order would take the cloud lane if its repository had a grant. From memory."""
    question = ready.question
    kept = question.granted or ready.task.subject.label is not Label.OPEN
    at_home = question.home is LaneName.CLOUD and question.wish is not LaneName.LOCAL
    return at_home and not kept and question.cloud_state is None


def proposal(ready: Ready, folders: Folders) -> Proposal | None:
    """The grant that this order lacks; `None` where it lacks something else, or who was asked before.

    Waits for the disk. From then on the person counts as asked about the policy as it is.
    """
    if not needs_grant(ready):
        return None
    root = find_root(Path(os.path.realpath(ready.task.subject.path)).parent)
    if root is None:
        return None
    now, policies = standing(root, folders), policies_of(root)
    own = any(policy.folder == root for policy in policies)
    if now.granted or not own or any(policy.fault for policy in policies):
        return None
    if not _first_time(root, now.policy_hash, folders):
        return None
    return Proposal(root, policies, _sentence(ready, root, rules_of(policies, root)))


def accept(offered: Proposal, folders: Folders) -> None:
    """Grant what was proposed, under the rules that the person was told of.

    Raises:
        Refused: there is nothing any more that could be granted.
        SettingsError: the grant cannot be written.
    """
    give(offered.root, folders, offered.policies, datetime.now(UTC))


def _sentence(ready: Ready, root: Path, rules: Iterable[Rule]) -> str:
    cloud, alone = ready.settings.cloud, ready.task.prompt.without_context()
    lines = [part.origin for part in alone.fragments if part.origin.path]
    first, last = min(one.start_line for one in lines), max(one.end_line for one in lines)
    where = f"{Path(ready.task.subject.path).name} (of lines {first} to {last})"
    if ready.task.subject.material is not None:
        where = "its diff"
    nda = sorted({rule.value for rule in rules if rule.kind == "paths"})
    shown = ", ".join([*nda[:_MOST_SHOWN], *(["…"] if len(nda) > _MOST_SHOWN else [])])
    kept = f" Files under NDA ({shown}) stay on the local lane." if shown else ""
    return (
        f"May open code of {root.name} go to {cloud.model} at {urlsplit(cloud.url).netloc}? An action "
        f"such as this one would send about {alone.tokens(cloud.model):,} tokens of "
        f"{where}, and open definitions "
        f"that they use.{kept} `twolane trust --revoke` takes it back; you are asked only once."
    )


def _first_time(root: Path, policy: str, folders: Folders) -> bool:
    """Whether the person was never asked about this policy; if so, it is noted."""
    told = f"{root}\0{policy}".encode("utf-8", "surrogateescape")
    note = folders.state / "asked" / hashlib.sha256(told).hexdigest()
    try:
        note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with note.open("x"):
            return True
    except OSError:
        return False  # asked before, or it could not be noted: then it would be asked each time
