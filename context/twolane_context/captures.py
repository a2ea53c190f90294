"""What a language's query finds in a tree, sorted by what it is for.

The captures that a query file (queries/*.scm) may use:

- `@function`, `@class`, … (any value of `facts.Kind`): a definition. `@callable` is a function, or
  a method where a class, an impl, a trait or an interface holds it.
- `@name`, `@body`: in the same pattern. A body that no one node covers is captured at both ends.
  `@owner`: the type that it is a member of, where that stands elsewhere (Go); of a macro (Rust), what
  makes it, so that it is told from a function.
- `@wrapped`, `@wrapper`: the outer node belongs to the definition inside it (`export`, decorators).
- `@attribute`: stands before a definition and belongs to it.
- `@variable`: a variable or constant of a module or class, `@field`: an attribute that a method sets
  or declares (`@object` is what it is set on); both with `@name`.
- `@base`: names a type that the definition or variable around it is made of: a base class, a trait,
  the type of a value, what a function returns. Whatever pattern finds it, it goes by where it stands.
- `@import`: an import statement. Inside it, in patterns of their own: `@bound`, a name it binds;
  `@bound.module`, a name for the whole module; `@bound.any`, a wildcard; `@bound.path`, a path whose
  last part is the name (Go); `@bound.default`, for what a module is mainly there for (JavaScript).
  With it `@from`, the module, and `@of`, what it was called there. All that lies in a `@scope`,
  behind its `@prefix`, comes from that module (Rust).
- `@export`: holds names that others may import, captured as in an import; without `@from` they are
  of this file.
- `@block`: holds statements, as `@body` does. A query that names these must find all else in a
  statement that stands directly in one, or in what is directly in that statement. It never looks into
  expressions then, which takes half the time.

Earlier patterns win where two find the same node, so the particular ones come first. To compare
texts, write `#same?` and `#differ?`: tree-sitter's own `#eq?` asks the tree for its text, and on
one that was parsed through a callback that ends the process (py-tree-sitter 0.26).
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache, partial
from typing import TYPE_CHECKING, Literal, TypeAlias

import tree_sitter

from twolane_context.definitions import Kind
from twolane_context.languages import query
from twolane_context.trees import text_of, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_context.trees import Parsed

    _Args: TypeAlias = list[tuple[str, Literal["capture", "string"]]]

Nodes: TypeAlias = dict[str, list[tree_sitter.Node]]
# A capture's name, what it captured, the pattern's number, and all that the pattern captured.
Found: TypeAlias = tuple[str, list[tree_sitter.Node], int, Nodes]
# By what they are for: "definition", "held" (variables and fields), "bound", and the rest by name.
Captures: TypeAlias = defaultdict[str, list[Found]]

_GROUPS = {
    **{name: name for name in ("attribute", "base", "export", "import", "scope", "wrapper")},
    **dict.fromkeys([*Kind, "callable"], "definition"),
    **dict.fromkeys((Kind.VARIABLE, Kind.FIELD), "held"),
    **dict.fromkeys(("bound", "bound.module", "bound.any", "bound.path", "bound.default"), "bound"),
}
# A query's time grows with the square of the tokens in a row under one node (measured: 100,000
# brackets take 4 s, 5,000 take 10 ms). Nobody writes that, but files hold it.
_WIDE = 5_000
_WORD = re.compile(rb"\w")


def capture(parsed: Parsed, *within: int) -> Captures:
    """Run the language's query over the tree, or over what reaches into the bytes from one to another."""
    found: Captures = defaultdict(list)
    for pattern, nodes in matches(parsed, query(parsed.language), *within):
        for name, captured in nodes.items():
            if name in _GROUPS:
                found[_GROUPS[name]].append((name, captured, pattern, nodes))
    return found


def matches(parsed: Parsed, asked: tree_sitter.Query, *within: int) -> Iterator[tuple[int, Nodes]]:
    """What a query finds in the tree: each pattern's number and the nodes that it captured."""
    root, holds = parsed.tree.root_node, partial(_holds, parsed.source)
    cursor, todo = tree_sitter.QueryCursor(asked), [root]
    is_wide = _has_wide_node(parsed)
    cursor.set_byte_range(*within or (0, 0))  # which is all of it
    by_block = not is_wide and not root.has_error and _names_blocks(asked)
    if is_wide:  # each node by itself, passing over the tokens
        todo = [node for node in walk(root) if node.is_named][::-1]
    if is_wide or by_block:
        # So deep a statement, and what is directly in it, lies under its block.
        cursor.set_max_start_depth(2 if by_block else 0)
    while todo:
        for match in cursor.matches(todo.pop(), holds):
            yield match
            if by_block:
                todo += match[1].get("block") or match[1].get("body", ())


@cache
def _names_blocks(asked: tree_sitter.Query) -> bool:
    return "block" in {asked.capture_name(index) for index in range(asked.capture_count)}


def _holds(source: bytes, predicate: str, args: _Args, pattern_index: int, captures: Nodes) -> bool:
    """What `#same?` and `#differ?` mean: two texts, each of them a capture's or written out."""
    del pattern_index  # which tree-sitter passes
    left, right = (
        text_of(source, captures[value][0]) if kind == "capture" else value for value, kind in args
    )
    return (left == right) is (predicate == "same?")


def _has_wide_node(parsed: Parsed) -> bool:
    """Whether a node may hold a flood of bare tokens: a broken one, or a run of punctuation."""
    root = parsed.tree.root_node
    half = _WIDE // 2  # a run of that width holds one of these blocks
    blocks = range(0, len(parsed.source) - half, half)
    if any(not _WORD.search(parsed.source, block, block + half) for block in blocks):
        return True
    stack = [root] if root.has_error else []
    while stack:
        node = stack.pop()
        if node.child_count >= _WIDE:
            return True
        stack += [child for child in node.children if child.has_error]
    return False
