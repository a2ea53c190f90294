"""Listing files without git: all that nested `.gitignore` files leave, links not followed."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOOLS = frozenset(
    {".git", ".hg", ".svn", ".tox", ".nox", ".venv", ".idea", "__pycache__", "node_modules"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
)
"""Folders of these names hold nothing that people write."""

# Matching backtracks: a line with so many stars could hold us up for hours.
_SLOW = re.compile(r"(?:\*[^/]*){4}|(?:\*\*.*){3}")
_HARMLESS = re.compile(r"(?<![^/])(?:\*\*/)+(?=\*\*(?:/|$))|/\*\*$")  # `**/` again, or at the end


class Rule(NamedTuple):
    """One line of a `.gitignore`. Its regex, pathspec's, also meets what is below a folder it meets."""

    regex: re.Pattern[str]
    ignores: bool
    folders: bool  # only folders: it ends with a slash

    def meets(self, path: str, *, folder: bool) -> bool:
        """Whether the path itself is met; `path` is relative to the `.gitignore`."""
        met = (folder or not self.folders) and self.regex.search(path.replace("\n", "\ufffd"))
        # The one group is the slash behind a folder.
        return bool(met) and met.lastgroup is None


def rules(content: bytes) -> list[Rule]:
    """The rules (https://git-scm.com/docs/gitignore), the last first; malformed ones are left out."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - with git, nobody needs it

    found: list[Rule] = []
    for line in os.fsdecode(content.removeprefix(b"\xef\xbb\xbf")).split("\n"):
        text = line.removesuffix("\r")
        text = text.rstrip() if not text.endswith("\\ ") else text
        bare = text.removesuffix("/")
        if _SLOW.search(_HARMLESS.sub("", bare)):
            continue
        try:
            patterns = GitIgnoreSpec.from_lines([bare], backend="simple").patterns
        except (ValueError, re.error):
            continue
        for one in patterns:
            regex = cast("re.Pattern[str] | None", one.regex)
            if regex is not None and one.include is not None:
                found.append(Rule(regex, one.include, bare != text))
    return found[::-1]


def walk(root: Path, read: Callable[[str], bytes]) -> Iterator[str]:
    """The relative paths of all files, in no order.

    Hidden folders, those of tools and virtual environments, and those that cannot be listed are
    left out. `read` gives the content of a `.gitignore` by its relative path.
    """
    stack: list[tuple[str, tuple[tuple[int, list[Rule]], ...]]] = [("", ())]
    while stack:
        folder, known = stack.pop()
        with suppress(OSError):
            entries = {one.name: one for one in os.scandir(f"{root}/{folder}")}
            if folder and "pyvenv.cfg" in entries:  # a virtual environment (PEP 405)
                continue
            if ".gitignore" in entries:
                known = ((len(folder), rules(read(f"{folder}.gitignore"))), *known)
            for name, one in entries.items():
                path, is_folder = folder + name, one.is_dir(follow_symlinks=False)
                if is_folder and name[0] != "." and name not in TOOLS:
                    if not _ignored(known, path, folder=True):
                        stack.append((f"{path}/", known))
                elif one.is_file(follow_symlinks=False) and not _ignored(known, path, folder=False):
                    yield path


def _ignored(known: tuple[tuple[int, list[Rule]], ...], path: str, *, folder: bool) -> bool:
    """What the nearest `.gitignore` says in its last line that meets the path."""
    for start, own in known:
        for rule in own:
            if rule.meets(path[start:], folder=folder):
                return rule.ignores
    return False
