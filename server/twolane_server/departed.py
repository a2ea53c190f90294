"""Files that are gone, as a commit held them: what was NDA then stays NDA.

What says so is read from the commit: the text, for its markers, and every policy of then. The rules of
now count as well.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.git import Git, home_of
from twolane_server.labels import rules_then
from twolane_server.policy import FILES, POLICY_FILE, Policy, parse_ignore, parse_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_server.fragments import Origin
    from twolane_server.labels import FileRules

__all__ = ["Departed", "rules_of_departed"]

_FILE = "100"


class Departed:
    """What a commit holds.

    Args:
        git: the repository.
        commit: its id, or `HEAD`.
    """

    def __init__(self, git: Git, commit: str) -> None:
        self.git = git
        self.commit = commit

    def text(self, path: str) -> str | None:
        """A file's text, by its path from the root; `None` for none, a link, or a large one."""
        mode, blob = self._tree.get(path, ("", ""))
        content = self.git.objects((blob,))[blob] if mode.startswith(_FILE) else None
        return None if content is None else content.decode("utf-8", "replace")

    def rules(self, path: str, now: FileRules) -> FileRules:
        """What speaks about a file, by its path from the root; the rules of now where it is not gone.

        Raises:
            ActionError: git cannot read the commit.
        """
        text = self.text(path) if now.gone else None
        return now if text is None else rules_then(now, text, self._policies)

    @cached_property
    def _tree(self) -> dict[str, tuple[str, str]]:
        return self.git.tree(self.commit)

    @cached_property
    def _policies(self) -> tuple[Policy, ...]:
        """Each with the place that it would have now, real as the ways to a file are."""
        named = {path: each for path, each in self._tree.items() if _name(path) in FILES}
        blobs = self.git.objects(blob for _, blob in named.values()) if named else {}
        root = Path(os.path.realpath(self.git.root))
        return tuple(
            _policy((base / path).parent, _name(path), mode, blobs[blob])
            for path, (mode, blob) in named.items()
            for base in dict.fromkeys((root, self.git.root))
        )


def rules_of_departed(origin: Origin, now: FileRules, environ: Mapping[str, str]) -> FileRules:
    """What speaks about a fragment's file that is gone, read afresh.

    Raises:
        ActionError: git cannot read the commit.
    """
    if not origin.commit or not now.gone:
        return now
    git = Git(home_of(origin.path), environ)
    real = Path(os.path.realpath(origin.path))
    path = real.relative_to(os.path.realpath(git.root)).as_posix()
    return Departed(git, origin.commit).rules(path, now)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _policy(folder: Path, name: str, mode: str, content: bytes | None) -> Policy:
    if content is None or not mode.startswith(_FILE):
        return Policy(folder, name, fault="cannot be read as it was committed")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Policy(folder, name, fault="is not UTF-8")
    parse = parse_policy if name == POLICY_FILE else parse_ignore
    return parse(folder, name, text)
