"""Files as git held them: what was NDA then stays NDA.

Of a file that is gone, a commit says what it was: its text, for the markers, and every policy of
then. Of one that is there, the texts that it had. The rules of now count as well.
"""

from __future__ import annotations

import os
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.materials.git import Git, home_of
from twolane_server.reading import decoded
from twolane_server.rules.labels import HEAD_BYTES, rules_also, rules_then, rules_with
from twolane_server.rules.policy import FILES, POLICY_FILE, Policy, parse_ignore, parse_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from twolane_server.fragments import Origin
    from twolane_server.rules.labels import FileRules

__all__ = ["Departed", "Past"]

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
        content = self.git.objects((blob,))[blob] if (blob := self.blob(path)) else None
        return None if content is None else content.decode("utf-8", "replace")

    def blob(self, path: str) -> str:
        """The id of a file's text, by its path from the root; empty for none and for a link."""
        mode, blob = self._tree.get(path, ("", ""))
        return blob if mode.startswith(_FILE) else ""

    def rules(self, path: str, now: FileRules) -> FileRules:
        """What speaks about a file, by its path from the root; the rules of now where it is not gone.

        Raises:
            ActionError: git cannot read the commit.
        """
        text = self.text(path) if now.gone else None
        return now if text is None else rules_then(now, text, self._policies)

    def rules_also(self, now: FileRules) -> FileRules:
        """What speaks about a file that is there now, with the rules that the commit holds.

        Raises:
            ActionError: git cannot read the commit.
        """
        return rules_also(now, self._policies)

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


class Past:
    """What git holds of the places that a prompt is judged by; for one moment, each read but once.

    Args:
        origins: the places.
        environ: the environment variables.
    """

    def __init__(self, origins: Iterable[Origin], environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._commits: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._texts: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._departed: dict[tuple[Path, str], Departed] = {}
        self._roots: dict[str, Path] = {}
        for one in origins:
            if one.commit:
                self._commits[one.path][one.commit] = None
            if one.texts:
                self._texts[one.path].update(dict.fromkeys(one.texts))

    def rules(self, path: str, now: FileRules) -> FileRules:
        """What speaks about a file: now, as a commit held it where it is gone, and with its old texts.

        Raises:
            ActionError: git cannot read the commit or the texts.
        """
        if now.gone:
            for commit in self._commits.get(path, ()):
                now = self._of(path, commit).rules(self._within(path), now)
        texts = self._texts.get(path, ())
        return rules_with(now, map(self._starts.get, texts)) if texts else now

    def starts(self, path: str) -> tuple[str, ...]:
        """How the texts begin that a file had."""
        return tuple(filter(None, map(self._starts.get, self._texts.get(path, ()))))

    @cached_property
    def _starts(self) -> dict[str, str]:
        """How each text begins; none for one that cannot be read."""
        wanted: defaultdict[Path, dict[str, None]] = defaultdict(dict)
        for path, texts in self._texts.items():
            wanted[self._root(path)].update(texts)
        return {
            each: text
            for root, texts in wanted.items()
            for each, start in Git(root, self._environ).heads(texts, HEAD_BYTES).items()
            if start is not None and (text := decoded(start, HEAD_BYTES)) is not None
        }

    def _of(self, path: str, commit: str) -> Departed:
        key = self._root(path), commit
        if key not in self._departed:
            self._departed[key] = Departed(Git(key[0], self._environ), commit)
        return self._departed[key]

    def _root(self, path: str) -> Path:
        folder = os.path.dirname(path)  # noqa: PTH120 - thousands of them
        if folder not in self._roots:
            self._roots[folder] = home_of(path)
        return self._roots[folder]

    def _within(self, path: str) -> str:
        real = Path(os.path.realpath(path))
        return real.relative_to(os.path.realpath(self._root(path))).as_posix()


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
