"""A unified diff that `git apply` and `patch` take, with each line's own end."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from twolane_server.edits.changes import Sort
from twolane_server.repository import name_in_repository
from twolane_server.text import Text

if TYPE_CHECKING:
    from twolane_server.edits.changes import FileChange

__all__ = ["diff", "diff_of"]

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_NULL, _NOTHING = "/dev/null", Text.of("")
_NO_END = "\\ No newline at end of file\n"


def diff(path: str, before: Text, after: Text) -> list[str]:
    """The lines of the diff of one file, each with its end; none where nothing changed."""
    name = name_in_repository(path)
    return _hunks(f"a/{name}", f"b/{name}", before, after)


def diff_of(change: FileChange) -> list[str]:
    """The lines of the diff of a change, as git writes one of a file that is made, moved or gone."""
    old, new = change.path, change.place
    head = [f"diff --git a/{old} b/{new}\n"]
    match change.sort:
        case Sort.CREATE:
            head.append("new file mode 100644\n")
        case Sort.DELETE:
            head.append("deleted file mode 100644\n")
        case Sort.RENAME:
            head += [f"rename from {old}\n", f"rename to {new}\n"]
        case Sort.EDIT:
            pass
    before = _NOTHING if change.before is None else change.before
    after = _NOTHING if change.after is None else change.after
    there = f"a/{old}" if change.before is not None else _NULL
    then = f"b/{new}" if change.after is not None else _NULL
    return [*head, *_hunks(there, then, before, after)]


def _hunks(old: str, new: str, before: Text, after: Text) -> list[str]:
    # As git does: without the tab, `patch` would end the name at its first blank.
    names = (f"{name}\t" if " " in name else name for name in (old, new))
    lines = difflib.unified_diff(_lines(before), _lines(after), *names, n=3)
    return [line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines]


def _lines(text: Text) -> list[str]:
    """For diffs, only a line feed ends a line."""
    return _LINE.findall(str(text))
