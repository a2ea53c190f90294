"""What really changed from one release of a package to the next, cut into what belongs together.

Files belong together when a name whose definition came, went or changed its first line in one of them stands
in a line that changed in the other. Such a group is one change: the person names the files, as the
subject of a commit and its list of files do, and the model makes what the authors made.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.facts import extract
from twolane_context.languages import language_for
from twolane_context.trees import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Release", "releases"]

_MOST_FILES, _MOST_GROUPS = 10, 8
_LARGEST = 120_000
_ENDS = (".py", ".ts", ".tsx", ".rs", ".md", ".rst")
_NAME = re.compile(r"[A-Za-z_]\w{3,}")


class Release(NamedTuple):
    """One group: the texts before and after, and the definition that a person would have begun at."""

    path: str
    at: int
    name: str
    before: dict[str, str]
    after: dict[str, str]


def releases(old: Path, new: Path) -> Iterator[Release]:
    """The groups of two releases, each in folders of its own; in the order of their first files."""
    was, now = _texts(old), _texts(new)
    changed = [path for path in sorted(was | now) if was.get(path) != now.get(path)]
    lines = {path: _changed(was.get(path, ""), now.get(path, "")) for path in changed}
    heads = {
        path: _heads(path, was.get(path, "")) ^ _heads(path, now.get(path, "")) for path in changed
    }
    found = 0
    left = dict.fromkeys(changed)
    while left and found < _MOST_GROUPS:
        group = [next(iter(left))]
        for one in group:
            names = {name for name, _ in heads[one]}
            group += [
                other
                for other in left
                if other not in group
                and (names & lines[other] or {name for name, _ in heads[other]} & lines[one])
            ]
        for path in group:
            left.pop(path, None)
        made = _release(group, was, now)
        if made is not None:
            found += 1
            yield made


def _release(group: list[str], was: dict[str, str], now: dict[str, str]) -> Release | None:
    """The group as one change; `None` where no definition in it is one to begin at."""
    if len(group) > _MOST_FILES:
        return None
    for path in group:
        language = language_for(path)
        if language is None or path not in was or path not in now:
            continue
        source = was[path].encode()
        starts = _changed_at(was[path], now[path])
        within = [
            one
            for one in extract(parse(language, source)).definitions
            if any(one.start <= start < one.end for start in starts)
        ]
        if within:
            one = min(within, key=lambda one: one.end - one.start)
            at = source.find(one.name.encode(), one.start)
            before = {p: was[p] for p in group if p in was}
            after = {p: now[p] for p in group if p in now}
            return Release(path, at, one.name, before, after)
    return None


def _changed_at(before: str, after: str) -> list[int]:
    """The bytes at which lines that change begin."""
    old = before.splitlines(keepends=True)
    steps = SequenceMatcher(
        None, old, after.splitlines(keepends=True), autojunk=False
    ).get_opcodes()
    rows = [row for tag, i, k, _, _ in steps if tag != "equal" for row in range(i, k)]
    return [len("".join(old[:row]).encode()) for row in rows]


def _texts(root: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*")):
        if "/." in f"/{path.relative_to(root).as_posix()}":
            continue  # such a folder is looked into only where Git keeps it, and here is no Git
        if path.is_file() and path.suffix in _ENDS and path.stat().st_size < _LARGEST:
            try:
                found[path.relative_to(root).as_posix()] = path.read_bytes().decode()
            except UnicodeDecodeError:
                continue
    return found


def _changed(before: str, after: str) -> set[str]:
    """The names in lines that came or went."""
    old, new = before.split("\n"), after.split("\n")
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    rows = [line for tag, i, k, m, n in steps if tag != "equal" for line in (*old[i:k], *new[m:n])]
    return {name for line in rows for name in _NAME.findall(line)}


def _heads(path: str, text: str) -> set[tuple[str, str]]:
    """Each definition's name and first line."""
    language = language_for(path)
    if language is None:
        return set()
    source = text.encode()
    return {
        (one.name, source[one.start : source.find(b"\n", one.start)].decode("utf-8", "replace"))
        for one in extract(parse(language, source)).definitions
    }
