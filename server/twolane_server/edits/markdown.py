"""Markdown of a model, made safe to be shown: it loads nothing and steers nothing.

A preview that renders it would fetch each picture, with whatever the address says, from whoever the
model names. So outside of code a picture becomes a link, and a tag becomes its own text. What is code
is read line by line; where a parser of CommonMark still finds a picture or a tag after that, the reply
was made to mislead, and its code is treated like the rest.
"""

from __future__ import annotations

import re

from twolane_server.edits.plain import plain
from twolane_server.edits.reply import read, trimmed, without_reasoning

_FENCE = re.compile(r"[ \t]*(?:[-*+>]\s+)*(`{3,}|~{3,})")
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_PICTURE = re.compile(r"!+(?=\[)")
_DEEPEST = 100  # levels of lists and quotes; what is below them no parser of ours reads
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
    text = trimmed(plain(text))
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not line.strip(" \t`~"):
            fence = ""
        elif not fence:
            line = _tamed(line)  # noqa: PLW2901 - the same line, made safe
        lines.append(line)
    shown = "\n".join(lines)
    if _loads(shown):
        shown = _safe(text)
    return f"{shown}\n" if shown.strip() else ""


def _loads(text: str) -> bool:
    """Whether a preview would show a picture or a tag, with GitHub's tables or without."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - a command that shows no Markdown starts without it

    plainly, in_tables = (MarkdownIt("commonmark", {"maxNesting": _DEEPEST}) for _ in range(2))
    return any(
        token.level > _DEEPEST - 9 or inline.type in ("image", "html_inline", "html_block")
        for parser in (plainly, in_tables.enable("table"))
        for token in parser.parse(text)
        for inline in (token, *(token.children or ()))
    )


def _tamed(line: str) -> str:
    """A line of which nothing but code is left as it is."""
    done, out = 0, ""
    for code in _CODE.finditer(line):
        out += _safe(line[done : code.start()]) + code[0]
        done = code.end()
    return out + _safe(line[done:])


def _safe(prose: str) -> str:
    return _TAG.sub("&lt;", _PICTURE.sub("", prose))
