"""Imports added where a file has its own, and nowhere else.

What is added is whole import statements, in one place of the import block. Nothing that is there is
changed, moved or imported a second time, and no name gets another meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twolane_context.facts import extract
from twolane_context.spans import Span
from twolane_context.trees import parse, text_of
from twolane_server.edits.imports import STATEMENTS
from twolane_server.edits.lines import eol_near, line_start, next_line
from twolane_server.edits.plain import harmful
from twolane_server.edits.syntax import errors
from twolane_server.errors import ReplyRefused
from twolane_server.text import Text, encode

if TYPE_CHECKING:
    import tree_sitter

    from twolane_context.imports import Binding
    from twolane_context.languages import Language
    from twolane_context.trees import Parsed

__all__ = ["Addition", "addition"]

# What may stand above imports, besides comments.
_PREAMBLE = frozenset(
    {
        "future_import_statement",
        "hash_bang_line",
        "inner_attribute_item",
        "extern_crate_declaration",
        "package_clause",
    }
)
_COMMENTS = frozenset({"comment", "line_comment", "block_comment"})
_MOST, _LONGEST = 20, 400
_MARK = b"\xef\xbb\xbf"
_FOR_FILE = re.compile(rb"#!|#.*coding[:=]")
_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Addition:
    """Imports to be added.

    Attributes:
        span: where; empty, between two lines of the import block.
        text: whole lines.
        told: what is added, for people.
    """

    span: Span
    text: str = field(repr=False)
    told: str


def addition(text: Text, parsed: Parsed, imports: tuple[str, ...], target: Span) -> Addition | None:
    """What adds imports to a file that lacks them; `None` where it has them all.

    Args:
        text: the file.
        parsed: its tree.
        imports: import statements.
        target: the lines that are replaced, which the place must not be within.

    Raises:
        ReplyRefused: they cannot be added without touching something else.
    """
    if parsed.language.name == "go":
        specs = (spec for one in imports for spec in _specs(parsed.language, one))
        imports = tuple(f"import {spec}" for spec in specs)
    wanted = _missing(parsed, imports)
    if not wanted:
        return None
    if len(wanted) > _MOST or any(len(one) > _LONGEST or harmful(one) for one in wanted):
        raise ReplyRefused("The reply was refused: it would add imports that are none.")
    span, new = _placed(parsed, wanted)
    if target.start < span.start < target.end:
        raise ReplyRefused(
            "The reply was refused: it would add an import within the selected lines; select the "
            "imports, too, or none of them."
        )
    after = parse(parsed.language, text.replaced([(span, new)]).source)
    if errors(after) > errors(parsed) or _others(after) != _others(parsed):
        raise ReplyRefused(
            "The reply was refused: its imports would change other code of the file."
        )
    return Addition(span, new, "; ".join(" ".join(one.split()) for one in wanted))


def _missing(parsed: Parsed, imports: tuple[str, ...]) -> tuple[str, ...]:
    """The statements that bind something new.

    Raises:
        ReplyRefused: one would give a name another meaning, or import whatever there is.
    """
    held = {one.name: one for each in extract(parsed).imports for one in each.bindings}
    there = {" ".join(text_of(parsed.source, node).split()) for node in _top(parsed)}
    wanted: dict[str, None] = {}
    for statement in imports:
        if " ".join(statement.split()) in there:
            continue
        bound = _bindings(parsed.language, statement)
        known = [held[one.name] == one for one in bound if one.name in held]
        # Only Python lets a name be imported twice.
        twice = known and len(known) < len(bound) and parsed.language.name != "python"
        if twice or not all(known) or any(one.name in {"*", "."} for one in bound):
            raise ReplyRefused(
                "The reply was refused: it would import a name that the file knows otherwise."
            )
        if not bound or len(known) < len(bound):
            wanted[statement] = None
    return tuple(wanted)


def _bindings(language: Language, statement: str) -> tuple[Binding, ...]:
    found = extract(parse(language, _alone(language, statement))).imports
    return tuple(one for each in found for one in each.bindings)


def _alone(language: Language, statement: str) -> bytes:
    """A file of this statement alone; Go reads none without a package."""
    return encode(f"package x\n{statement}\n" if language.name == "go" else f"{statement}\n")


def _top(parsed: Parsed) -> list[tree_sitter.Node]:
    kinds = STATEMENTS[parsed.language.name]
    return [node for node in parsed.tree.root_node.children if node.type in kinds]


def _others(parsed: Parsed) -> list[tuple[str, str]]:
    """Everything at the file's top but imports, with its text."""
    kinds = STATEMENTS[parsed.language.name]
    nodes = (node for node in parsed.tree.root_node.children if node.type not in kinds)
    return [(node.type, text_of(parsed.source, node)) for node in nodes]


def _placed(parsed: Parsed, wanted: tuple[str, ...]) -> tuple[Span, str]:
    """Where the statements go, and the lines: below the last import of the block, else above all code."""
    source = parsed.source
    last, above = _block(parsed)
    over = last or above
    at = _top_of(source) if over is None else next_line(source, over.end_byte - 1)
    eol = eol_near(source, 0 if over is None else over.start_byte)
    lines = eol.join(one.replace("\r\n", "\n").replace("\n", eol) for one in wanted) + eol
    if last is not None and (group := _group(parsed, last)) is not None:
        rows = (f"\t{spec}{eol}" for one in wanted for spec in _specs(parsed.language, one))
        return Span(group, group), "".join(rows)
    if at and source[at - 1 : at] not in (b"\n", b"\r") and not source[:at].endswith(_MARK):
        lines = eol + lines.removesuffix(eol)
    if last is None:
        before = eol if above is not None and above.type not in _COMMENTS else ""
        below = source[at : next_line(source, at)].strip()
        lines = before + lines + (eol if below else "")
    return Span(at, at), lines


def _block(parsed: Parsed) -> tuple[tree_sitter.Node | None, tree_sitter.Node | None]:
    """The last import of the block at the file's top, and the last of what must stand above imports."""
    last = above = None
    nodes = parsed.tree.root_node.children
    for node, below in zip(nodes, (*nodes[1:], None), strict=False):  # there may be no node at all
        if node.type in STATEMENTS[parsed.language.name]:
            last = node
        elif node.type in _PREAMBLE or _is_text(node):
            above = node
        elif node.type in _COMMENTS:
            if _is_inner(node) or _stands_alone(parsed.source, node, below):
                above = node
        elif node.type != ";":
            break
    return last, above


def _stands_alone(source: bytes, node: tree_sitter.Node, below: tree_sitter.Node | None) -> bool:
    """Whether a comment is about the file, and not about what follows."""
    if _FOR_FILE.match(source[node.start_byte : node.end_byte]):
        return True
    between = source[node.start_byte : len(source) if below is None else below.start_byte]
    return len(_END.findall(between[len(between.rstrip()) :])) > 1


def _is_text(node: tree_sitter.Node) -> bool:
    """A docstring or a directive such as `"use strict"`."""
    return node.type == "expression_statement" and [one.type for one in node.named_children] == [
        "string"
    ]


def _is_inner(comment: tree_sitter.Node) -> bool:
    """A comment on the whole file, which must stand above everything (Rust)."""
    return any(one.type == "inner_doc_comment_marker" for one in comment.children)


def _top_of(source: bytes) -> int:
    return len(_MARK) if source.startswith(_MARK) else 0


def _group(parsed: Parsed, node: tree_sitter.Node) -> int | None:
    """In a group of Go's imports, the start of the line that ends it; `None` for anything else."""
    lists = [one for one in node.children if one.type == "import_spec_list"]
    if parsed.language.name != "go" or not lists:
        return None
    end = lists[0].end_byte - 1
    start = line_start(parsed.source, end)
    return None if parsed.source[start:end].strip() else start


def _specs(language: Language, statement: str) -> list[str]:
    """What Go's statement imports, without the keyword and the brackets."""
    tree = parse(language, _alone(language, statement))
    found: list[str] = []
    stack = list(tree.tree.root_node.children)
    while stack:
        node = stack.pop()
        if node.type == "import_spec":
            found.append(text_of(tree.source, node))
        stack.extend(reversed(node.children))
    return found
