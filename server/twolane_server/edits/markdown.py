"""Markdown of a model, made safe to be shown: it loads nothing and steers nothing.

A preview that renders it would fetch each picture, with whatever the address says, from whoever the
model names. So outside of code a picture becomes a link, and a tag becomes its own text.
"""

from __future__ import annotations

import re

from twolane_server.edits.plain import plain
from twolane_server.edits.reply import read, trimmed, without_reasoning

_FENCE = re.compile(r"[ \t]*(?:[-*+>]\s+)*(`{3,}|~{3,})")
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_PICTURE = re.compile(r"!(?=\[)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def markdown(reply: str) -> str:
    """The reply as Markdown, lines ended by LF; empty where it says nothing.

    A reply that is one block fenced as Markdown is what that block holds.
    """
    parts = read(reply)
    if not parts.prose and len(parts.fences) == 1 and parts.fences[0].info in ("markdown", "md"):
        text = parts.fences[0].text
    else:
        text = without_reasoning(reply)
    lines: list[str] = []
    fence = ""
    for line in trimmed(plain(text)).split("\n"):
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not line.strip(" \t`~"):
            fence = ""
        elif not fence:
            line = _tamed(line)  # noqa: PLW2901 - the same line, made safe
        lines.append(line)
    text = "\n".join(lines)
    return f"{text}\n" if text.strip() else ""


def _tamed(line: str) -> str:
    """A line of which nothing but code is left as it is."""
    done, out = 0, ""
    for code in _CODE.finditer(line):
        out += _safe(line[done : code.start()]) + code[0]
        done = code.end()
    return out + _safe(line[done:])


def _safe(prose: str) -> str:
    return _TAG.sub("&lt;", _PICTURE.sub("", prose))
