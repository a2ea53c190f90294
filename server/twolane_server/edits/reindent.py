"""Fitting a model's code into its place: indentation, tabs or spaces, line endings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_context.trees import parse, walk
from twolane_server.edits.docstrings import docstring
from twolane_server.text import encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    import tree_sitter

    from twolane_context.languages import Language

_MULTILINE = frozenset(
    {"string", "template_string", "raw_string_literal", "string_literal", "jsx_text"}
)
_LEAD = re.compile(r"[ \t]*")


def fitted(code: str, language: Language, indent: str, unit: str) -> str:
    """The code with its first line at `indent`, the rest moved along, in the file's own unit.

    Lines within strings stay as they are, since there the blanks are part of the program (a Python
    docstring is moved). Code that already is at `indent` is left alone.

    Args:
        code: lines ended by LF.
        language: its grammar.
        indent: what stands before the first line in the file.
        unit: what one level of indentation is in the file.
    """
    lines = code.split("\n")
    fixed = _inside_strings(code, language)
    free = [n for n, line in enumerate(lines) if n not in fixed and line.strip()]
    if not free:
        return code
    lines = _with_unit(lines, free, unit)
    old = _LEAD.match(lines[free[0]])
    lead = old.group() if old else ""
    if lead == indent:
        return "\n".join(lines)
    return "\n".join(
        line if n in fixed else _moved(line, lead, indent) for n, line in enumerate(lines)
    )


def _moved(line: str, lead: str, indent: str) -> str:
    if not line.strip():
        return ""
    if line.startswith(lead):
        return indent + line[len(lead) :]
    # Less deep than the first line: as deep as can be told.
    return indent + line.lstrip(" \t")


def _with_unit(lines: list[str], free: Iterable[int], unit: str) -> list[str]:
    """Leading blanks in the file's unit, where the model used the other kind."""
    leads = {n: lead.group() for n in free if (lead := _LEAD.match(lines[n]))}
    out = list(lines)
    if unit == "\t":
        widths = [len(lead) for lead in leads.values() if lead and "\t" not in lead]
        step = next(
            (size for size in (4, 2, 8) if widths and all(w % size == 0 for w in widths)), 0
        )
        for n, lead in leads.items():
            if step and lead and "\t" not in lead:
                out[n] = "\t" * (len(lead) // step) + lines[n][len(lead) :]
        return out
    for n, lead in leads.items():
        if "\t" in lead:
            out[n] = lead.replace("\t", unit) + lines[n][len(lead) :]
    return out


def _inside_strings(code: str, language: Language) -> set[int]:
    """The rows that start within a string, but for docstrings."""
    rows: set[int] = set()
    source = encode(code)
    for node in walk(parse(language, source).tree.root_node):
        if node.type in _MULTILINE and not _is_docstring(node, source):
            rows.update(range(node.start_point.row + 1, node.end_point.row + 1))
    return rows


def _is_docstring(node: tree_sitter.Node, source: bytes) -> bool:
    statement = node.parent
    block = statement.parent if statement is not None else None
    return (
        statement is not None
        and block is not None
        and block.type in ("block", "module")
        and docstring(block, source) == statement
    )
