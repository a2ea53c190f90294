"""`twolane trust`: let a repository's open files use the cloud lane, or take that back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.cli.plain import one_line
from twolane_server.errors import FingerprintsUnusable, Refused
from twolane_server.folders import folders
from twolane_server.fragments import Label
from twolane_server.repository import find_root
from twolane_server.rules.grants import read_grants
from twolane_server.rules.labels import label_with, rules_for
from twolane_server.rules.trust import Standing, give, policies_of, revoke, rules_of, standing
from twolane_server.rules.ways import Ways
from twolane_server.settings.load import load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from twolane_server.rules.policy import Policy, Rule
    from twolane_server.settings.resolved import Folders, NdaRules

_MOST_FILES = 20_000
_GIT_SECONDS = 30
_SHOWN_HASH = 12


@dataclass(frozen=True, slots=True)
class _Count:
    """How many files of a repository have which label."""

    nda: int
    open: int


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("root", nargs="?", default=".", metavar="ROOT", help="the repository")
    parser.add_argument("--json", action="store_true", help="one object, for programs")
    parser.add_argument("--yes", action="store_true", help="grant without asking")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--revoke", action="store_true", help="take the grant back")
    what.add_argument("--show", action="store_true", help="show the grant and change nothing")


def run(arguments: argparse.Namespace) -> int:
    """Grant, revoke or show; returns the exit status.

    Raises:
        Refused: there is nothing that could be granted; the sentence says why.
        SettingsError: the grant cannot be written.
    """
    kept = folders(os.environ)
    root = find_root(Path(os.path.realpath(arguments.root)))
    if not os.path.lexists(arguments.root):
        # A misspelt name must not stand for the repository around it.
        raise Refused(f"{one_line(arguments.root)} is not there; nothing was changed.")
    if root is None:
        raise Refused(
            f"{one_line(arguments.root)} is not in a git repository; trust is given to one."
        )
    if arguments.revoke:
        return _revoke(root, kept, as_json=arguments.json)
    if arguments.show:
        _print(standing(root, kept), root, as_json=arguments.json)
        return 0
    return _grant(root, kept, arguments)


def _revoke(root: Path, kept: Folders, *, as_json: bool) -> int:
    existed = revoke(root, kept)
    if as_json:
        _print(standing(root, kept), root, as_json=True)
    elif existed:
        print(f"Taken back: all code of {one_line(str(root))} stays local from now on.")
    else:
        print(f"{one_line(str(root))} had no grant; nothing was changed.")
    return 0 if existed else 1


def _grant(root: Path, kept: Folders, arguments: argparse.Namespace) -> int:
    settings, problems = load(kept, None, os.environ)
    policies = policies_of(root)
    told = (
        *problems,
        *read_grants(kept.state)[1],
        *(p for each in policies for p in each.problems),
    )
    for problem in told:
        print(f"twolane: {one_line(str(problem))}", file=sys.stderr)
    rules = rules_of(policies, root)
    if not arguments.json and any(policy.folder == root for policy in policies):
        print(_explain(root, rules, _count(root, settings.nda)))
    if not arguments.yes and not _may_grant(policies, root):
        print("Nothing was granted.", file=sys.stderr)
        return 1
    given = give(root, kept, policies, datetime.now(UTC))
    _release(root, kept, settings.nda)
    _print(given, root, as_json=arguments.json)
    return 0


def _release(root: Path, kept: Folders, nda: NdaRules) -> None:
    """Let open files be open also where they were under NDA before a rule was loosened."""
    from twolane_server.recognition.opened import release_open  # noqa: PLC0415 - imports tree-sitter

    try:
        release_open(root, kept, nda)
    except FingerprintsUnusable as error:
        print(f"twolane: {one_line(str(error))}", file=sys.stderr)


def _may_grant(policies: Iterable[Policy], root: Path) -> bool:
    """Ask; but where the answer is clear, leave the sentence to `give`."""
    if any(policy.fault for policy in policies) or all(each.folder != root for each in policies):
        return True
    if not sys.stdin.isatty():
        raise Refused("Nobody can be asked here; `twolane trust --yes` grants without asking.")
    print("Grant this? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _print(value: Standing, root: Path, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"root": str(root), **asdict(value)}))
    else:
        lane = "may use the cloud lane" if value.granted else "stays local"
        policy = f", policy {value.policy_hash[:_SHOWN_HASH]}" if value.policy_hash else ""
        print(f"{one_line(str(root))} {lane}: {one_line(value.reason)}{policy}")


def _explain(root: Path, rules: Iterable[Rule], count: _Count | None) -> str:
    lines = [
        f"Repository {root}",
        "",
        "With this grant, code of files that no rule calls NDA may be sent to the cloud lane.",
        "Files under NDA, and prompts that hold one of the words, stay on the local lane.",
        "",
        "NDA by the repository's rules:",
        *(f"  {rule.kind[:-1]:<7}{rule.value}  ({rule.file})" for rule in _telling(rules)),
        "  and every file with CONFIDENTIAL, NDA or TRADE SECRET in its head",
        "",
    ]
    if count is not None:
        lines += [f"That makes {count.nda:,} files NDA and {count.open:,} open.", ""]
    lines.append("The grant lapses when one of these rules is taken away; more may be added.")
    return "\n".join(map(one_line, lines))


def _telling(rules: Iterable[Rule]) -> list[Rule]:
    return sorted(rule for rule in rules if rule.kind != "file")


def _count(root: Path, user: NdaRules) -> _Count | None:
    """Labels of the files git knows or would add; `None` without git, or for very many."""
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(root), "ls-files", "-z"]
    command += ["--cached", "--others", "--exclude-standard"]
    try:
        # A repository may name a program as its file-system monitor; that is switched off.
        listed = subprocess.run(  # noqa: S603 - fixed words and one path
            command, capture_output=True, timeout=_GIT_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    names = sorted({name for name in listed.split(b"\0") if name})
    if len(names) > _MOST_FILES:
        return None
    ways = Ways()
    labels = [
        label_with(rules_for(root / os.fsdecode(name), user, ways), None).label for name in names
    ]
    return _Count(nda=labels.count(Label.NDA), open=labels.count(Label.OPEN))
