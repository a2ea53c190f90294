"""Whether a file may become what a reply makes of it: the checks that every edit must pass."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.edits.elided import elisions
from twolane_server.edits.plain import harmful
from twolane_server.edits.python_syntax import python_reads
from twolane_server.edits.syntax import errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_context.trees import Parsed
    from twolane_server.edits.changes import FileChange
    from twolane_server.text import Text

__all__ = ["elided", "objection"]

_MARKERS = re.compile(r"(?m)^(?:<{7}|>{7}|\|{7})(?: |$)")
_END = re.compile(r"\r\n|\r|\n")
_MARK = "\ufeff"


def objection(change: FileChange) -> str:
    """Why a change must not be made, as the end of a sentence; empty for one that may be."""
    after = change.after
    if after is None or (change.before == after):
        return ""
    before = change.before
    old, new = "" if before is None else str(before), str(after)
    if harmful(new) - harmful(old):
        return "would hold control characters"
    if len(_MARKERS.findall(new)) > len(_MARKERS.findall(old)):
        return "would hold the markers of an edit"
    if before is not None and (difference := _form(old, new)):
        return difference
    return _syntax(change, before, after)


def elided(changes: Iterable[FileChange]) -> str:
    """The first file of those that would lose code to a line such as `# ... rest of the code`.

    Code that moves from one file to another takes its own such lines along.
    """
    sides = {
        one.path: [
            Counter[str]() if text is None else elisions(text, _tree(path, text))
            for path, text in ((one.path, one.before), (one.place, one.after))
        ]
        for one in changes
    }
    gone = sum((was - now for was, now in sides.values()), Counter[str]())
    for path, (was, now) in sides.items():
        come = now - was
        brought = come & gone
        gone -= brought
        if now.total() - was.total() > brought.total():
            return path
    return ""


def _form(old: str, new: str) -> str:
    """What of a file's form would be lost: its mark, its line endings, how it ends."""
    if old.startswith(_MARK) != new.startswith(_MARK):
        return "would lose or get a byte order mark"
    kinds = set(_END.findall(old))
    if kinds and set(_END.findall(new)) - kinds:
        return "would get other line endings"
    if old.strip(_MARK) and new.strip(_MARK) and _ends(old) != _ends(new):
        return "would end with or without a line ending, otherwise than it does"
    return ""


def _ends(text: str) -> bool:
    return text.endswith(("\n", "\r"))


def _syntax(change: FileChange, before: Text | None, after: Text) -> str:
    tree = _tree(change.place, after)
    if tree is None:
        return ""
    old = None if before is None else _tree(change.path, before)
    if errors(tree) > (0 if old is None else errors(old)):
        return "would have a syntax error"
    reads = before is None or old is None or python_reads(before)
    if tree.language.name == "python" and reads and not python_reads(after):
        return "would have a syntax error"
    return ""


def _tree(path: str, text: Text) -> Parsed | None:
    language = language_for(path)
    return None if language is None else parse(language, text.source)
