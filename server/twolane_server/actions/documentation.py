"""Where a definition's documentation is, in each language's own way."""

from __future__ import annotations

import re
from bisect import bisect_left
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import tree_sitter

from twolane_context.captures import matches
from twolane_context.languages import grammar
from twolane_context.spans import Span, trimmed
from twolane_server.actions.docs.definitions import ATTRIBUTES
from twolane_server.edits.directives import COMMENTS
from twolane_server.edits.docstrings import docstring

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from twolane_context.definitions import Definition
    from twolane_context.languages import Language
    from twolane_context.trees import Parsed


class Docs(StrEnum):
    """How a language documents a definition.

    `STRING`: by the first statement of its body (Python). All others by comments above it: `OUTER`,
    `///` and `/** */` wherever they stand above it (Rust); `BLOCK`, one `/** */` directly above
    (JSDoc, Javadoc); `MARKED`, all `///`, `//!`, `/** */` and `/*! */` directly above (Doxygen);
    `LINES`, all comments directly above (Go, Lua, and what is not known here).
    """

    STRING = "string"
    OUTER = "outer"
    BLOCK = "block"
    MARKED = "marked"
    LINES = "lines"


_DOCS = {
    "python": Docs.STRING,
    "rust": Docs.OUTER,
    "typescript": Docs.BLOCK,
    "tsx": Docs.BLOCK,
    "javascript": Docs.BLOCK,
    "java": Docs.BLOCK,
    "c": Docs.MARKED,
    "cpp": Docs.MARKED,
}
_DIRECTLY = (Docs.LINES, Docs.MARKED)
_BLANK = re.compile(rb"\s*")
_LINE_END = re.compile(rb"\r\n|\n|\r")
# The Rust Reference, "Comments": four slashes or three stars are no documentation.
_OUTER = re.compile(rb"///(?!/)|/\*\*(?![*/])")
_JSDOC = re.compile(rb"/\*\*(?![*/])")
# Doxygen, "Comment blocks"; with `<` behind the mark they speak of what stands before them.
_DOXYGEN = re.compile(rb"///(?![/<])|//!(?!<)|/\*\*(?![*/<])|/\*!(?!<)")
# go/ast, CommentGroup.Text: what the toolchain reads is not documentation.
_DIRECTIVE = re.compile(rb"//(?:line |extern |export |[a-z0-9]+:[a-z0-9])")


def documents_above(language: Language) -> bool:
    """Whether a definition's documentation stands above it, and not within."""
    return _docs(language) is not Docs.STRING


def documentation(parsed: Parsed, definitions: Sequence[Definition]) -> list[Span | None]:
    """For each definition its docstring, or the doc comment directly above it or its attributes.

    From its first to its last character, without the line end; `None` where there is none.
    """
    docs = _docs(parsed.language)
    found = sorted(_found(parsed), key=lambda node: node.start_byte)
    if docs is Docs.STRING:
        bodies = {node.start_byte: node for node in reversed(found)}  # the outer of two wins
        return [_in_body(parsed, one, bodies) for one in definitions]
    comments = _Comments(parsed.source, docs, found)
    return [comments.above(one.start) for one in definitions]


def _in_body(
    parsed: Parsed, definition: Definition, bodies: dict[int, tree_sitter.Node]
) -> Span | None:
    body = bodies.get(definition.body_start)
    string = docstring(body, parsed.source) if body else None
    return string and Span(string.start_byte, string.end_byte)


class _Item(NamedTuple):
    """A comment or attribute; a line comment of tree-sitter may hold its line's end."""

    start: int
    end: int
    is_attribute: bool


class _Comments:
    """The comments and attributes of one file, in source order."""

    def __init__(self, source: bytes, docs: Docs, found: Sequence[tree_sitter.Node]) -> None:
        self._source = source
        self._docs = docs
        self._starts = [node.start_byte for node in found]
        self._items = [
            _Item(node.start_byte, trimmed(source, node.end_byte), node.type in ATTRIBUTES)
            for node in found
        ]

    def above(self, start: int) -> Span | None:
        """The documentation of the definition that, attributes included, starts at `start`."""
        index = bisect_left(self._starts, start)
        top = start
        # Documentation may also stand behind an attribute.
        while index < len(self._items) and self._items[index].start == top:
            top = _behind_blanks(self._source, self._items[index].end)
            index += 1
        doc: Span | None = None
        closed = False  # something that is no documentation stands above `doc`
        for place in range(index - 1, -1, -1):
            item = self._items[place]
            if trimmed(self._source, top) > item.end:
                break  # code stands between
            apart = len(_LINE_END.findall(self._source, item.end, top)) > 1
            if item.is_attribute:
                closed = doc is not None
            elif apart and self._docs is not Docs.OUTER:
                break
            elif self._docs in _DIRECTLY and line_opening(self._source, item.start) is None:
                break  # it speaks of the code before it
            elif not self._documents(item, last=doc is None):
                closed = doc is not None
            elif doc is None:
                doc = Span(item.start, item.end)
            elif closed or apart or self._docs is Docs.BLOCK:
                break
            else:
                doc = Span(item.start, doc.end)
            top = item.start
        return doc

    def _documents(self, item: _Item, *, last: bool) -> bool:
        comment = self._source[item.start : item.end]
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


def line_opening(source: bytes, offset: int) -> int | None:
    """Where the line starts if only blanks stand before `offset` on it, else `None`."""
    while offset and source[offset - 1] in b" \t\f":
        offset -= 1
    return offset if offset == 0 or source[offset - 1] in b"\r\n" else None


def _behind_blanks(source: bytes, offset: int) -> int:
    blank = _BLANK.match(source, offset)
    return blank.end() if blank else offset


def _docs(language: Language) -> Docs:
    return _DOCS.get(language.name, Docs.LINES)


def _found(parsed: Parsed) -> Iterator[tree_sitter.Node]:
    """Python's blocks; in other languages all comments, and attributes that stand before things."""
    for _, nodes in matches(parsed, _query(parsed.language)):
        yield from nodes["found"]


@cache
def _query(language: Language) -> tree_sitter.Query:
    known = grammar(language)
    wanted = ("block",) if _docs(language) is Docs.STRING else (*COMMENTS, *ATTRIBUTES)
    kinds = [kind for kind in wanted if known.id_for_node_kind(kind, True)]  # noqa: FBT003 - named
    return tree_sitter.Query(known, "\n".join(f"({kind}) @found" for kind in kinds))
