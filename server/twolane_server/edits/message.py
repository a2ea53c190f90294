"""Messages for git out of what a model wrote: a subject, a blank line, a body; nothing around."""

from __future__ import annotations

import re
import textwrap

from twolane_server.edits.plain import plain
from twolane_server.edits.reply import read, trimmed
from twolane_server.errors import ReplyRefused

__all__ = ["commit_message", "unfenced"]

_WIDTH = 72
_LONGEST_SUBJECT = 150
_LABEL = re.compile(
    r"(?i)\A(?:\W*(?:here(?:'s| is)|sure|suggested)[^\n]*:\s*\n+|\W*(?:commit message|subject|title)\W*:\W*)"
)
_QUOTES = "`\"'*“”"
# A model signs for nobody.
_TRAILER = re.compile(r"(?i)(?:signed-off-by|co-authored-by|reviewed-by|acked-by|change-id)\s*:.*")
_HEADING = re.compile(r"#+(?:[ \t]+|\Z)")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")


def unfenced(reply: str) -> str:
    """The reply's text: of its only fenced block where there is one and little else, else all of it."""
    parts = read(reply)
    if len(parts.fences) == 1 and parts.prose.count("\n") <= 1:
        return parts.fences[0].text
    return parts.prose


def commit_message(reply: str) -> str:
    """The message, lines ended by LF. No line starts with `#`, which git takes for a comment.

    Raises:
        ReplyRefused: there is no line that could be a subject.
    """
    text = _LABEL.sub("", trimmed(plain(unfenced(reply))), count=1).strip()
    lines = [line.rstrip() for line in text.split("\n") if not _TRAILER.fullmatch(line.strip())]
    lines = [_plain_start(line) for line in lines]
    subject = _subject(lines[0]) if lines else ""
    if not subject:
        raise ReplyRefused("The model's reply holds no commit message; try again.")
    if len(subject) > _LONGEST_SUBJECT:
        raise ReplyRefused("The model's reply has no subject line, only a paragraph; try again.")
    body = trimmed("\n".join(line for each in lines[1:] for line in _wrapped(each)))
    body = re.sub(r"\n{3,}", "\n\n", body)
    return f"{subject}\n\n{body}\n" if body.strip() else f"{subject}\n"


def _plain_start(line: str) -> str:
    if not line.startswith("#"):
        return line
    rest = _HEADING.sub("", line, count=1)
    return f" {rest}" if rest.startswith("#") else rest


def _subject(line: str) -> str:
    line = line.strip()
    for mark in ("**", "`", '"', "“", "'"):
        end = "”" if mark == "“" else mark
        if len(line) > 2 * len(mark) and line.startswith(mark) and line.endswith(end):
            inner = line[len(mark) : -len(end)]
            line = inner if mark not in inner else line
    return line.lstrip("#").strip()


def _wrapped(line: str) -> list[str]:
    if len(line) <= _WIDTH or not line.strip():
        return [line]
    item = _ITEM.match(line)
    indent = " " * len(item[0]) if item else ""
    wrapped = textwrap.wrap(
        line,
        _WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    # A word of the paragraph may begin a line now.
    return [f" {each}" if each.startswith("#") else each for each in wrapped]
