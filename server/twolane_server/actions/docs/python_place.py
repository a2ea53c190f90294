"""Where a Python docstring goes: the first statement of the body (PEP 257)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.edits.directives import COMMENTS, is_directive
from twolane_server.edits.docstrings import docstring
from twolane_server.edits.lines import (
    eol_near,
    indent_unit,
    indentation,
    line_end,
    next_line,
)
from twolane_server.errors import ActionError
from twolane_server.text import decode

if TYPE_CHECKING:
    import tree_sitter

    from twolane_context.trees import Parsed


@dataclass(frozen=True, slots=True)
class Slot:
    """The bytes to replace, and what goes around the docstring there; see `place.Place`."""

    target: Span
    old: str = field(repr=False)
    indent: str
    before: str
    after: str


def python_slot(parsed: Parsed, outer: tree_sitter.Node, node: tree_sitter.Node) -> Slot:
    """The slot for the docstring of a function or class.

    Raises:
        ActionError: its body cannot be read, or a comment for a tool holds it on one line.
    """
    source = parsed.source
    body = node.child_by_field_name("body")
    colon = next((child for child in reversed(node.children) if child.type == ":"), None)
    if body is None or colon is None or body.start_byte == body.end_byte:
        raise ActionError("The definition has no body yet, so a docstring has no place.")
    first = next((child for child in body.children if child.type not in COMMENTS), body)
    doc = docstring(body, source)
    if _on_one_line(source[colon.end_byte : first.start_byte]):
        return _split(parsed, outer, colon, first, doc)
    indent = indentation(source, first.start_byte)
    if indent is None:
        raise ActionError("The body's first statement does not start its line; put it on its own.")
    shown = decode(indent)
    if doc is not None:
        span = Span(doc.start_byte, doc.end_byte)
        return Slot(span, decode(span.cut(source)), shown, "", "")
    at = next_line(source, colon.end_byte)
    # A signature comment (PEP 484) keeps its place, directly below the colon.
    while source[at : line_end(source, at)].strip().startswith(b"# type:"):
        at = next_line(source, at)
    return Slot(Span(at, at), "", shown, shown, eol_near(source, colon.end_byte))


def _on_one_line(gap: bytes) -> bool:
    """Whether the body follows the colon on its (logical) line, judged by what is between."""
    stripped = gap.lstrip(b" \t\f")
    return not stripped or stripped.startswith(b"\\")


def _split(
    parsed: Parsed,
    outer: tree_sitter.Node,
    colon: tree_sitter.Node,
    first: tree_sitter.Node,
    doc: tree_sitter.Node | None,
) -> Slot:
    """The slot in `def f(): return 1`, whose body goes to a line of its own."""
    source = parsed.source
    comment = source[first.start_byte : line_end(source, first.start_byte)].partition(b"#")[2]
    if comment and is_directive("#" + decode(comment)):
        raise ActionError(
            "The definition is on one line with a comment that a tool reads; "
            "put the body on a line of its own first."
        )
    base = indentation(source, outer.start_byte)
    if base is None:
        raise ActionError(
            "The definition shares its line with other code; put it on its own first."
        )
    indent = decode(base) + indent_unit(source)
    eol = eol_near(source, colon.end_byte)
    end = first.start_byte if doc is None else doc.end_byte
    old = "" if doc is None else decode(source[doc.start_byte : doc.end_byte])
    after = "" if doc is not None else eol + indent
    return Slot(Span(colon.end_byte, end), old, indent, eol + indent, after)
