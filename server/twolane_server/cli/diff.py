"""A unified diff that `git apply` and `patch` take, with each line's own end."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from twolane_server.repository import name_in_repository

if TYPE_CHECKING:
    from twolane_server.text import Text

__all__ = ["diff"]

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_NO_END = "\\ No newline at end of file\n"


def diff(path: str, before: Text, after: Text) -> list[str]:
    """The lines of the diff, each with its end; none where nothing changed."""
    name = name_in_repository(path)
    # As git does: without the tab, `patch` would end the name at its first blank.
    name = f"{name}\t" if " " in name else name
    old, new = _lines(before), _lines(after)
    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", n=3)
    return [line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines]


def _lines(text: Text) -> list[str]:
    """For diffs, only a line feed ends a line."""
    return _LINE.findall(str(text))
