"""The file that a line of a reply names: a heading, a fence's first line, a comment, a sentence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from twolane_server.edits.paths import Paths

__all__ = ["Named", "named"]

_LEAD = re.compile(r"(?:[-*+>]\s+|\d+[.)]\s+|#{1,6}\s+|//+\s*|<!--\s*|/\*+\s*|--+\s+|\*\*|__)+")
_WORD = re.compile(
    r"(?i)(?:(?:new |existing |updated |the )?(?:file(?:name|path)?|path|filepath|title)\s*[:=]\s*)"
)
_TAIL = re.compile(
    r"(?:\s*(?:-->|\*/|\*\*|__|\((?:new|new file|modified|updated|created)\)|:))+\s*$"
)
_PLAIN = re.compile(r"[\w@.+\-()\[\]$~/\\:]+")
_LIKE_A_PATH = re.compile(
    r"(?:[^\s]*[/\\])?[^\s/\\]*\.[A-Za-z][A-Za-z0-9]{0,9}|[^\s]*[/\\][\w.\-]+"
)
_AROUND = "`\"'*_()[]<>{},;:!?"
_ATTRIBUTE = re.compile(r"(?:file(?:name|path)?|path|title)\s*=\s*[\"']?([^\"'\s}]+)")
_LONGEST = 400


class Named(NamedTuple):
    """What a line names.

    Attributes:
        path: the file, when the line is nothing but its name with what Markdown, comments and
            labels put around it; else empty.
        mentioned: the known files that a sentence names.
        unknown: whether a sentence quotes what may be another file.
    """

    path: str = ""
    mentioned: frozenset[str] = frozenset()
    unknown: bool = False


def named(line: str, paths: Paths) -> Named:
    """What a line names; paths are resolved."""
    text = line.strip()
    if not text or len(text) > _LONGEST:
        return Named()
    for name in _candidates(text):
        if (path := paths.resolved(name)) in paths.shown or path in paths.others:
            return Named(path)
    bare = _bare(text)
    if _PLAIN.fullmatch(bare) and _LIKE_A_PATH.fullmatch(bare):
        return Named(paths.resolved(bare))
    words = [word.strip(_AROUND).rstrip(".") for word in text.split()]
    like = {paths.resolved(word) for word in words if _LIKE_A_PATH.fullmatch(word)}
    quoted = any(_LIKE_A_PATH.fullmatch(one) for one in re.findall(r"`([^`\s]+)`", text))
    known = frozenset(like & paths.shown)
    return Named("", known, quoted and not known)


def _candidates(line: str) -> list[str]:
    bare = _bare(line)
    found = [line, bare]
    # A fence's info: `python src/a.py`, `python:src/a.py`, `python title="src/a.py"`.
    language, blank, rest = bare.partition(" ")
    if blank and language.isalnum():
        found.append(_bare(rest))
    language, colon, rest = bare.partition(":")
    if colon and language.isalnum():
        found.append(rest)
    if match := _ATTRIBUTE.search(line):
        found.append(match[1])
    return found


def _bare(line: str) -> str:
    """The line without what stands around a path."""
    for _ in range(3):  # `### **File: `a.py`**` wears three coats
        before = line
        line = _TAIL.sub("", _LEAD.sub("", line, count=1) if _LEAD.match(line) else line).strip()
        line = _WORD.sub("", line, count=1) if _WORD.match(line) else line
        for quote in ("`", '"', "'"):
            if len(line) > 1 and line.startswith(quote) and line.endswith(quote):
                line = line[1:-1]
        if line == before:
            break
    # A comment's mark in Python and shells reads like a heading without its blank.
    return line.removeprefix("#").strip() if line.startswith("#") else line.strip()
