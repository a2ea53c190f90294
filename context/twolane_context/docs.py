"""Where a definition's documentation is, in each language's own way."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_context.languages import Docs
from twolane_context.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import tree_sitter

_BRACKETED = 3
_DIRECTLY = (Docs.LINES, Docs.MARKED)
_LINE_END = re.compile(rb"\r\n|\n|\r")
# The Rust Reference, "Comments": four slashes or three stars are no documentation.
_OUTER = re.compile(rb"///(?!/)|/\*\*(?![*/])")
_JSDOC = re.compile(rb"/\*\*(?![*/])")
# Doxygen, "Comment blocks"; with `<` behind the mark they speak of what stands before them.
_DOXYGEN = re.compile(rb"///(?![/<])|//!(?!<)|/\*\*(?![*/<])|/\*!(?!<)")
# go/ast, CommentGroup.Text: what the toolchain reads is not documentation.
_DIRECTIVE = re.compile(rb"//(?:line |extern |export |[a-z0-9]+:[a-z0-9])")


@dataclass(frozen=True, slots=True)
class Above:
    """What belongs to a definition but stands before its first token.

    Attributes:
        start: where the definition starts with its attributes.
        doc: the doc comment, or `None`.
    """

    start: int
    doc: Span | None


class Surroundings:
    """The comments and attributes of one file, to be asked what stands above a place.

    Args:
        source: the file, UTF-8.
        docs: how its language documents.
        comments: all of its comments, in any order.
        attributes: all nodes that belong to the definition they stand before.
    """

    def __init__(
        self,
        source: bytes,
        docs: Docs,
        comments: Iterable[tree_sitter.Node],
        attributes: Iterable[tree_sitter.Node],
    ) -> None:
        self._source = source
        self._docs = docs
        # A line comment of tree-sitter may hold its line's end.
        self._items = sorted(
            [(node.start_byte, trimmed(source, node.end_byte), False) for node in comments]
            + [(node.start_byte, node.end_byte, True) for node in attributes]
        )
        self._has_attributes = any(is_attribute for _, _, is_attribute in self._items)
        self._starts = [start for start, _, _ in self._items]

    def above(self, start: int, *, documentation: bool = True) -> Above:
        """What belongs to the definition whose first token starts at `start`."""
        if not documentation and not self._has_attributes:
            return Above(start, None)
        begin = top = start
        doc: Span | None = None
        closed = False  # something that is no documentation stands above `doc`
        for index in range(bisect_left(self._starts, start) - 1, -1, -1):
            item_start, item_end, is_attribute = self._items[index]
            if trimmed(self._source, top) > item_end:
                break  # code stands between
            apart = len(_LINE_END.findall(self._source, item_end, top)) > 1
            if is_attribute:
                begin, closed = item_start, doc is not None
            elif apart and self._docs is not Docs.OUTER:
                break
            elif self._docs in _DIRECTLY and not starts_line(self._source, item_start):
                break  # it speaks of the code before it
            elif not self._documents(item_start, item_end, last=doc is None):
                closed = doc is not None
            elif doc is None:
                doc = Span(item_start, item_end)
            elif closed or apart or self._docs is Docs.BLOCK:
                break
            else:
                doc = Span(item_start, doc.end)
            top = item_start
        return Above(begin, doc)

    def _documents(self, start: int, end: int, *, last: bool) -> bool:
        comment = self._source[start:end]
        match self._docs:
            case Docs.OUTER:
                return _OUTER.match(comment) is not None
            case Docs.BLOCK:
                return _JSDOC.match(comment) is not None
            case Docs.MARKED:
                return _DOXYGEN.match(comment) is not None
            case Docs.LINES:
                # gofmt parts documentation from the directives below it with an empty comment.
                return not _DIRECTIVE.match(comment) and not (last and comment == b"//")
            case Docs.STRING:
                return False


def starts_line(source: bytes, offset: int) -> bool:
    """Whether only blanks stand before `offset` on its line."""
    start = indentation(source, offset)
    return start == 0 or source[start - 1] in b"\r\n"


def indentation(source: bytes, offset: int) -> int:
    """Where the blanks directly before `offset` start."""
    while offset and source[offset - 1] in b" \t\f":
        offset -= 1
    return offset


def docstring(body: tree_sitter.Node, source: bytes) -> tree_sitter.Node | None:
    """The statement that documents a Python body or module: its first, and only plain strings.

    As `ast.get_docstring` has it: adjacent and bracketed strings count, f-strings and bytes do not,
    and comments before or between them do not matter.

    Args:
        body: a block or a module.
        source: what it was parsed from. (`Node.text` is not used in this house: on a tree that was
            parsed through a callback it crashes, py-tree-sitter 0.26.)
    """
    statement = next((node for node in _named(body)), None)
    if statement is None or statement.type != "expression_statement":
        return None
    node = statement
    while node.type in {"expression_statement", "parenthesized_expression"}:
        tokens = [child for child in node.children if child.type != "comment"]
        # More tokens than the string and its brackets make a tuple or an expression.
        if len(tokens) != (1 if node is statement else _BRACKETED):
            return None
        node = tokens[len(tokens) // 2]
    strings = list(_named(node)) if node.type == "concatenated_string" else [node]
    return statement if all(_is_plain_string(string, source) for string in strings) else None


def _named(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """The named children that are no comments, found one by one: a module may have thousands."""
    for index in range(node.named_child_count):
        if (child := node.named_child(index)).type != "comment":
            yield child


def _is_plain_string(node: tree_sitter.Node, source: bytes) -> bool:
    if node.type != "string" or node.has_error:
        return False
    start = node.child(0)
    prefix = source[start.start_byte : start.end_byte].lower()
    return not set(prefix) & set(b"bft")


def trimmed(source: bytes, end: int) -> int:
    """`end` without the white space directly before it."""
    while end and source[end - 1] in b" \t\f\r\n":
        end -= 1
    return end
