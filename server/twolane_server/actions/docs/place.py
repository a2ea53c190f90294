"""Where a definition's documentation goes, and what is there already."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.docs.definitions import (
    ATTRIBUTES,
    definition_at,
    name_of,
    outermost,
)
from twolane_server.actions.docs.python_place import python_slot
from twolane_server.edits.directives import COMMENTS, is_directive
from twolane_server.edits.lines import eol_near, indentation
from twolane_server.errors import ActionError
from twolane_server.text import decode

if TYPE_CHECKING:
    import tree_sitter

    from twolane_context.trees import Parsed

_FILE_TAGS = (
    "@file",
    "\\file",
    "@packageDocumentation",
    "@module",
    "@license",
    "@preserve",
    "@jsx",
    "@flow",
)


_DOXYGEN = re.compile(r"/\*\*(?![/<])|/\*!(?!<)")
_DOXYGEN_LINE = re.compile(r"///(?![/<])|//!(?!<)")
_LUA = re.compile(r"---(?!-)")


@dataclass(frozen=True, slots=True)
class Place:
    """A definition and the slot for its documentation.

    Attributes:
        name: the definition's; empty for one without.
        definition: all of it, with decorators, attributes and `export`, without comments above.
        target: the bytes to replace: the old documentation, or nothing.
        old: the old documentation as written, or empty.
        indent: what stands before each line of documentation.
        before: what goes before the new documentation within the target's place.
        after: what goes behind it.
        eol: the line ending used here.
    """

    name: str
    definition: Span
    target: Span
    old: str = field(repr=False)
    indent: str
    before: str
    after: str
    eol: str


def place_at(parsed: Parsed, selection: Span) -> Place:
    """The place for the documentation of the definition that the selection is in.

    Raises:
        ActionError: no definition is there, or it has no place for documentation.
    """
    node = definition_at(parsed, selection)
    if node is None:
        raise ActionError(
            "There is no function, class or other definition here; put the cursor into one."
        )
    outer = outermost(parsed, node)
    if parsed.language.name == "python":
        return _in_body(parsed, outer, node)
    return _above(parsed, outer, node)


def _in_body(parsed: Parsed, outer: tree_sitter.Node, node: tree_sitter.Node) -> Place:
    slot = python_slot(parsed, outer, node)
    return Place(
        name=name_of(parsed, node),
        definition=Span(outer.start_byte, outer.end_byte),
        target=slot.target,
        old=slot.old,
        indent=slot.indent,
        before=slot.before,
        after=slot.after,
        eol=eol_near(parsed.source, outer.start_byte),
    )


def _above(parsed: Parsed, outer: tree_sitter.Node, node: tree_sitter.Node) -> Place:
    above = _lines_above(parsed, outer)
    # Nearest first: everything up to the topmost attribute belongs to the definition's head.
    attributes = [index for index, item in enumerate(above) if item.type in ATTRIBUTES]
    head = above[attributes[-1]] if attributes else outer
    run = above[attributes[-1] + 1 :] if attributes else above
    if parsed.language.name == "rust":
        old, anchor = _rust_docs(above), head
    elif parsed.language.name == "go":
        old, anchor = _go_docs(parsed, run, head)
    elif parsed.language.name == "lua":
        old, anchor = _lua_docs(parsed, run, head)
    else:
        lines = parsed.language.name in ("c", "cpp")
        old, anchor = _block_docs(parsed, run, head, lines=lines)
    first = old[0] if old else anchor
    indent = indentation(parsed.source, first.start_byte)
    if indent is None:
        raise ActionError(
            "The definition shares its line with other code; put it on a line of its own first."
        )
    shown, eol = decode(indent), eol_near(parsed.source, first.start_byte)
    # tree-sitter-rust counts a doc comment's line end to the comment.
    end = _end(parsed, old[-1]) if old else first.start_byte
    separator = parsed.language.name == "go" and anchor is not head
    after = f"{eol}{shown}//" if separator else ""
    return Place(
        name=name_of(parsed, node),
        definition=Span(head.start_byte, outer.end_byte),
        target=Span(first.start_byte, end),
        old=decode(parsed.source[first.start_byte : end]) if old else "",
        indent=shown,
        before="",
        after=after if old else f"{after}{eol}{shown}",
        eol=eol,
    )


def _end(parsed: Parsed, node: tree_sitter.Node) -> int:
    text = parsed.source[node.start_byte : node.end_byte]
    return node.start_byte + len(text.rstrip())


def _lines_above(parsed: Parsed, outer: tree_sitter.Node) -> list[tree_sitter.Node]:
    """Comments and attributes that stand directly above on lines of their own, nearest first.

    A blank line ends them, except below a Rust doc comment or attribute, which reaches over it.
    """
    found: list[tree_sitter.Node] = []
    below, node = outer, outer.prev_sibling
    while node is not None and (node.type in COMMENTS or node.type in ATTRIBUTES):
        own_line = indentation(parsed.source, node.start_byte) is not None
        if node.type in COMMENTS and not own_line and not _is_rust_doc(node):
            break
        gap = parsed.source[_end(parsed, node) : below.start_byte]
        breaks = gap.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
        if breaks > 1 and node.type in COMMENTS and not _is_rust_doc(node):
            break
        found.append(node)
        below, node = node, node.prev_sibling
    return found


def _is_rust_doc(node: tree_sitter.Node) -> bool:
    return any(child.type == "outer_doc_comment_marker" for child in node.children)


def _rust_docs(above: list[tree_sitter.Node]) -> list[tree_sitter.Node]:
    """The topmost run of doc comments, in source order."""
    run: list[tree_sitter.Node] = []
    for node in reversed(above):
        if _is_rust_doc(node):
            run.append(node)
        elif run:
            break
    return run


def _go_docs(
    parsed: Parsed, run: list[tree_sitter.Node], head: tree_sitter.Node
) -> tuple[list[tree_sitter.Node], tree_sitter.Node]:
    """The first lines that are no directives, and what the documentation stands above."""
    below = list(reversed(run))
    texts = [is_directive(_text(parsed, node)) for node in below]
    start = texts.index(False) if False in texts else 0
    end = texts.index(True, start) if True in texts[start:] else len(below)
    return below[start:end], below[end] if end < len(below) else head


def _lua_docs(
    parsed: Parsed, run: list[tree_sitter.Node], head: tree_sitter.Node
) -> tuple[list[tree_sitter.Node], tree_sitter.Node]:
    """The text in `---` lines, without the tags below it, and what it stands above."""
    below = list(reversed(run))
    texts = [_text(parsed, node) for node in below]
    told = [is_directive(text) for text in texts]
    first = next(
        (n for n, text in enumerate(texts) if _LUA.match(text) and not told[n]), len(below)
    )
    end = next((n for n in range(first, len(below)) if told[n]), len(below))
    if first < len(below):
        return below[first:end], below[end] if end < len(below) else head
    return [], below[told.index(True)] if True in told else head


def _block_docs(
    parsed: Parsed, run: list[tree_sitter.Node], head: tree_sitter.Node, *, lines: bool
) -> tuple[list[tree_sitter.Node], tree_sitter.Node]:
    """The block directly above, and what a new one stands above: pragmas keep to their line.

    Args:
        parsed: the file.
        run: comments above, nearest first.
        head: the definition's first node.
        lines: whether documentation may also be a run of lines, and start as Doxygen's does.
    """
    anchor = head
    found: list[tree_sitter.Node] = []
    for node in run:
        text = _text(parsed, node)
        if text.startswith("/*") and any(tag in text for tag in _FILE_TAGS):
            break
        if lines and _DOXYGEN_LINE.match(text):
            found.insert(0, node)
        elif found:
            break
        elif is_directive(text):
            anchor = node
        elif _DOXYGEN.match(text) if lines else text.startswith("/**") and text != "/**/":
            return [node], anchor
    if found and any(tag in _text(parsed, node) for node in found for tag in _FILE_TAGS):
        return [], anchor
    return found, anchor


def _text(parsed: Parsed, node: tree_sitter.Node) -> str:
    return decode(parsed.source[node.start_byte : node.end_byte])
