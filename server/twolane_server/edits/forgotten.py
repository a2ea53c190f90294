"""Which references a set of changes forgot: places that still say what is said so no more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.facts import extract
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.edits.compose import bare, rows
from twolane_server.edits.differences import differences
from twolane_server.text import encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from twolane_server.edits.changes import Changes, FileChange
    from twolane_server.text import Text

__all__ = ["DEFINES", "Forgotten", "forgotten"]


_IMPORT = re.compile(r"(?:from|import|use|pub use|export .*from|require)\b")
_LONGEST_IMPORT = 40
DEFINES = rb"\b(?:function\*?|class|interface|type|enum|const|let|var|def|fn|struct|trait|func)\s+"
"""What stands before a name where it is defined, by its look: for files that no grammar can read."""


class Forgotten(NamedTuple):
    """A reference that was not touched.

    Attributes:
        path: the file as it will be called.
        line: 1-based, in the text as it will be.
    """

    path: str
    line: int


def forgotten(
    name: str,
    texts: Mapping[str, Text],
    sites: Mapping[str, Sequence[int]],
    changes: Changes,
    among: Mapping[str, Sequence[int]] | None = None,
) -> list[Forgotten]:
    """The references that should have been touched and were not.

    Nothing while the symbol is still defined where it was: then its uses may well stay. When it
    is defined under its name elsewhere, imports of it must change; when it is gone, all uses.

    Args:
        name: the symbol's, before the changes.
        texts: the files before.
        sites: where each names the symbol, in bytes.
        changes: what becomes of them.
        among: the places to look at; by default all sites.
    """
    made = {one.path: one for one in changes}
    homes = {path: count for path in sites if (count := _defined(path, texts[path], name))}
    # A file may define the name more than once: members of several classes.
    gone = [
        path
        for path, count in homes.items()
        if path in made
        and ((after := made[path].after) is None or _defined(path, after, name) < count)
    ]
    if not gone:
        return []
    moved = any(one.path not in homes and _is_new_home(one, name) for one in changes)
    found: list[Forgotten] = []
    for path, places in sorted((sites if among is None else among).items()):
        change = made.get(path)
        if change is not None and change.after is None:
            continue
        after = texts[path] if change is None or change.after is None else change.after
        left, same = _left(name, texts[path], after, places)
        if moved:
            heads = {row: _import_of(after, row) for row in left if row in same}
            left = [row for row, head in heads.items() if head in same]
        found += [Forgotten(path if change is None else change.place, row + 1) for row in left]
    return found


def _is_new_home(change: FileChange, name: str) -> bool:
    """Whether a file defines the name that did not, or not so often."""
    before = 0 if change.before is None else _defined(change.path, change.before, name)
    return change.after is not None and _defined(change.place, change.after, name) > before


def _defined(path: str, text: Text, name: str) -> int:
    """How often a file defines the name; by its look where the grammar cannot read the file."""
    language = language_for(path)
    if language is None or encode(name) not in text.source:
        return 0
    tree = parse(language, text.source)
    facts = extract(tree)
    count = sum(one.name == name for one in facts.symbols)
    if count or not tree.tree.root_node.has_error:
        return count
    return len(re.findall(DEFINES + re.escape(encode(name)) + rb"(?![\w$])", text.source))


def _left(
    name: str, before: Text, after: Text, places: Sequence[int]
) -> tuple[list[int], set[int]]:
    """The rows, as they will be, in which sites still stand; and all rows that stay as they are."""
    old, new = ([bare(line) for line in rows(text)] for text in (before, after))
    at: dict[int, int] = {}
    for place in places:
        row = before.row_of(place)
        at[row] = at.get(row, 0) + 1
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    found: set[int] = set()
    same: set[int] = set()
    done = moved = 0  # of the old rows; and how far those that follow have moved
    for i, k, m, n in (*differences(old, new), (len(old), len(old), len(new), len(new))):
        same |= {*range(done + moved, m)}
        found |= {row + moved for row in range(done, i) if row in at}
        done, moved = k, n - k
        # What of the name is left beyond what never was a site: in texts, comments, other symbols.
        others = sum(len(word.findall(old[row])) - at.get(row, 0) for row in range(i, k))
        if any(row in at for row in range(i, k)):
            still = [row for row in range(m, n) for _ in word.findall(new[row])]
            found |= {*still[max(0, others) :]}
    return sorted(found), same


def _import_of(text: Text, row: int) -> int:
    """The row in which the import begins that a row is in, or -1."""
    for above in range(row, max(-1, row - _LONGEST_IMPORT), -1):
        line = text.lines[above].strip() if above < len(text.lines) else ""
        if _IMPORT.match(line):
            return above
        if above != row and (not line or line.endswith((")", ";", ":")) or "=" in line):
            return -1
    return -1
