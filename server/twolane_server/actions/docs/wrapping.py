"""Breaking documentation into lines."""

from __future__ import annotations

import re
import textwrap

_LIST = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]+")
_FIELD = re.compile(r"[ \t]*(?:[@:]\w|\*{0,2}\w+(?: ?\([^)]*\))?:(?:\s|$)|-{3,}|={3,})")
_NARROWEST = 30


def wrapped(text: str, width: int, first: int = 0) -> list[str]:
    """The text as lines of at most `width` characters, where its words allow.

    Lines that fit stay as they are. A paragraph of plain lines is filled anew when one of them does
    not fit; a list item, field or indented line is broken alone, with its indentation.

    Args:
        text: paragraphs, lines ended by LF.
        width: for each line; at least 30 is used.
        first: how many characters stand before the first line's text already.
    """
    width = max(width, _NARROWEST)
    lines: list[str] = []
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            lines.append("")
        lines += _paragraph(paragraph.split("\n"), width, first if number == 0 else 0)
    return lines


def _paragraph(lines: list[str], width: int, first: int) -> list[str]:
    room = [width - first, *[width] * (len(lines) - 1)]
    if all(len(line) <= most for line, most in zip(lines, room, strict=True)):
        return lines
    if not any(_LIST.match(line) or _FIELD.match(line) or line[:1] == " " for line in lines):
        return _fill(" ".join(lines), width, "", "", first)
    out: list[str] = []
    for line, most in zip(lines, room, strict=True):
        if len(line) <= most:
            out.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        item = _LIST.match(line)
        hang = " " * len(item[0]) if item else indent + ("    " if _FIELD.match(line) else "")
        out += _fill(line.strip(), width, indent, hang, width - most)
    return out


def _fill(text: str, width: int, indent: str, hang: str, first: int) -> list[str]:
    # The room that is taken already stands as a word that cannot be broken, removed afterwards.
    taken = "\x00" * first
    lines = textwrap.wrap(
        taken + text,
        max(width, len(hang) + _NARROWEST, first + 1),
        initial_indent=indent,
        subsequent_indent=hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\x00", "") for line in lines]
