"""What the engine knows of one file: definitions, variables and imports."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.captures import capture
from twolane_context.definitions import CALLABLES, HELD, Definition, Kind
from twolane_context.imports import Import, imports
from twolane_context.spans import BLANKS, trimmed
from twolane_context.trees import once, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from twolane_context.captures import Captures, Found, Nodes
    from twolane_context.trees import Parsed

    # Where it starts and (negative) ends, what it is, its node, and what its pattern captured.
    _Placed = tuple[int, int, str, tree_sitter.Node, Nodes]
    # What the walk is in: where it (negative) ends, its index, and who is the parent of what it holds.
    _Around = tuple[int, int, int | None]

# What may stand between an attribute and what it belongs to.
_COMMENTS = re.compile(rb"(?:\s+|//[^\n]*|/\*(?s:.*?)\*/)*")
# Without any of these, nothing but blanks stands between a signature's last token and the body.
_COMMENT = re.compile(rb"#|//|\*/|--|\\")
_MARKS = b"#/-\\"
_SELF = ("self", "cls", "this")
_DOTTED = re.compile(r"(?!\d)[\w$]+(?:(?:\.|::|->)(?!\d)[\w$]+)*")
_MOST_BASES = 6
_KINDS = {**{kind.value: kind for kind in Kind}, "callable": Kind.FUNCTION}
_METHOD, _FIELD = Kind.METHOD, Kind.FIELD  # an attribute of an `Enum` is slow to get
_HOLDERS = (Kind.CLASS, Kind.STRUCT, Kind.IMPL, Kind.TRAIT, Kind.INTERFACE)


class Facts(NamedTuple):
    """All of one file, in source order (outer before inner).

    Attributes:
        symbols: what it defines, and the variables and constants of modules and classes, with the
            attributes that methods set; the parent of these is the class. Locals of functions are
            not among them.
        imports: what it imports.
        exports: the statements that say what others may import from it, where that is not what
            it defines, with these names.
    """

    symbols: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    exports: tuple[Import, ...] = ()

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The symbols that are no variables."""
        return tuple(one for one in self.symbols if one.kind not in HELD)


def extract(parsed: Parsed) -> Facts:
    """The facts of one file. Broken code gives the facts that are there; nothing is raised."""
    return once(parsed, Facts, _extracted)


def _extracted(parsed: Parsed) -> Facts:
    source, found = parsed.source, capture(parsed)
    imported, exported = (imports(found, source, one) for one in ("import", "export"))
    return Facts(tuple(symbols_of(source, found)), imported, exported)


def symbols_of(source: bytes, found: Captures) -> list[Definition]:
    """One walk over all that was found, outer before inner, so that each knows what it is in."""
    symbols: list[Definition] = []
    around: list[_Around] = [(-len(source), -1, None)]  # first the file, in which all is
    placed = [*_defined(source, found), *_held(source, found)]
    for _, captured, _, nodes in found["base"]:
        placed += [(node.start_byte, -node.end_byte, "base", node, nodes) for node in captured]
    for one in sorted(placed, key=itemgetter(0, 1)):
        while around[-1][0] > one[1]:
            around.pop()
        if one[2] == "base":
            _add_base(source, one[3], symbols, around)
        elif (symbol := _symbol(source, one, symbols, around[-1][2])) and symbol.name:
            at = len(symbols)
            around.append((one[1], at, symbol.parent if symbol.kind in HELD else at))
            symbols.append(symbol)
    return symbols


def _defined(source: bytes, found: Captures) -> Iterator[_Placed]:
    """Where each definition starts and ends, with all that wraps it and stands before it."""
    wrappers = {nodes["wrapped"][0].id: outer[0] for _, outer, _, nodes in found["wrapper"]}
    attributes = {
        after.end(): node.start_byte
        for _, nodes, _, _ in found["attribute"]
        for node in nodes
        if (after := _COMMENTS.match(source, node.end_byte))
    }
    # Of those that found the same node: what the earliest pattern found, with most of the body.
    best: dict[int, Found] = {}
    for one in found["definition"]:
        at = one[1][0].id
        if best.setdefault(at, one) is not one and _rank(one) < _rank(best[at]):
            best[at] = one
    for sort, captured, _, nodes in best.values():
        node = captured[0]
        while (wrapper := wrappers.get(node.id)) is not None:
            node = wrapper
        start, end = node.start_byte, node.end_byte
        while start in attributes:
            start = attributes[start]
        # A line of C's preprocessor holds its line's end.
        yield start, -trimmed(source, end) if source[end - 1] in BLANKS else -end, sort, node, nodes


def _rank(found: Found) -> tuple[int, int]:
    return found[2], -len(found[3].get("body", ()))


def _held(source: bytes, found: Captures) -> list[_Placed]:
    """Each name of a variable or a field, with the place of all that declares or sets it."""
    bound = {node.start_byte for _, captured, _, _ in found["bound"] for node in captured}
    held: dict[int, _Placed] = {}
    for sort, captured, _, nodes in found["held"]:
        if (of := nodes.get("object")) is None or text_of(source, of[0]) in _SELF:
            start, end = captured[0].start_byte, trimmed(source, captured[0].end_byte)
            for name in nodes["name"]:
                held[name.start_byte] = (start, -end, sort, name, nodes)
    return [held[at] for at in sorted(held) if at not in bound]


def _symbol(
    source: bytes, placed: _Placed, symbols: list[Definition], parent: int | None
) -> Definition | None:
    """The definition, variable or field; `None` for a local."""
    start, before_end, sort, node, nodes = placed
    kind, name, end = _KINDS[sort], nodes["name"][0], -before_end
    if kind in HELD:
        while kind is _FIELD and parent is not None and symbols[parent].kind in CALLABLES:
            parent = symbols[parent].parent
        if kind is _FIELD if parent is None else symbols[parent].kind in CALLABLES:
            return None
        return Definition(text_of(source, node), kind, start, end, end, node.start_byte, parent)
    if sort == "callable" and parent is not None and symbols[parent].kind in _HOLDERS:
        kind = _METHOD
    body, owner = nodes.get("body"), nodes.get("owner")
    first, last, head = 0, 0, end
    # In broken code it may be empty.
    if body and (low := body[0].start_byte) < (high := min(body[-1].end_byte, end)):
        first, last, head = low, high, _head_end(source, node, start, body[0])
    text, owned_by = text_of(source, name), text_of(source, owner[0]) if owner else ""
    return Definition(text, kind, start, end, head, name.start_byte, parent, first, last, owned_by)


def _add_base(
    source: bytes, node: tree_sitter.Node, symbols: list[Definition], around: list[_Around]
) -> None:
    """Give the types that a node names to what it stands in, but for what is in its body."""
    inner = symbols[around[-1][1]] if len(around) > 1 else None
    if inner is None or 0 < inner.body_start <= node.start_byte:
        return
    text = text_of(source, node)
    names: list[str] = [text] if text.isidentifier() else _DOTTED.findall(text)
    for _, at, _ in around[:0:-1]:
        if (one := symbols[at]).start != inner.start:  # `a, b int` holds two
            return
        bases = tuple(dict.fromkeys((*one.bases, *names)))[:_MOST_BASES]
        symbols[at] = Definition._make((*one[:-1], bases))


def _head_end(source: bytes, node: tree_sitter.Node, start: int, body: tree_sitter.Node) -> int:
    """Where the last token before the body ends; comments between the two are left out."""
    head = source[start : body.start_byte]
    bare = len(head.translate(None, _MARKS)) == len(head)  # far quicker than a search
    if (bare or not _COMMENT.search(head)) and not node.has_error:
        return start + len(head.rstrip(BLANKS))
    before: tree_sitter.Node | None = body
    while before is not None and (before.is_extra or before.end_byte > body.start_byte):
        before = before.prev_sibling or before.parent
    return before.end_byte if before is not None else start
