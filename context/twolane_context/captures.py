"""What a language's query finds in a tree, sorted by what it is for.

The captures that a query file (queries/*.scm) may use:

- `@function`, `@class`, … (any value of `facts.Kind`): a definition. `@callable` is a function, or
  a method where a class, an impl, a trait or an interface holds it.
- `@name`, `@body`: in the same pattern. A body that no one node covers is captured at both ends.
  `@owner`: the type that it is a member of, where that stands elsewhere (Go).
- `@wrapped`, `@wrapper`: the outer node belongs to the definition inside it (`export`, decorators).
- `@attribute`: stands before a definition and belongs to it.
- `@variable`: a variable or constant of a module or class, `@field`: an attribute that a method sets
  or declares (`@object` is what it is set on); both with `@name`.
- `@base`, in a pattern of its own: names a type that the definition or variable around it is made
  of: a base class, a trait, the type of a value, what a function returns.
- `@import`: an import statement. Inside it, in patterns of their own: `@bound`, a name it binds;
  `@bound.module`, a name for the whole module; `@bound.any`, a wildcard; `@bound.path`, a path whose
  last part is the name (Go); `@bound.default`, for what a module is mainly there for (JavaScript).
  With it `@from`, the module, and `@of`, what it was called there. All that lies in a `@scope`,
  behind its `@prefix`, comes from that module (Rust).
- `@export`: holds names that others may import, captured as in an import; without `@from` they are
  of this file.

Earlier patterns win where two find the same node, so the particular ones come first. To compare
texts, write `#same?` and `#differ?`: tree-sitter's own `#eq?` asks the tree for its text, and on
one that was parsed through a callback that ends the process (py-tree-sitter 0.26).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import tree_sitter

from twolane_context.languages import query
from twolane_context.trees import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_context.trees import Parsed

    _Nodes = dict[str, list[tree_sitter.Node]]

_PARTS = ("name", "body", "object", "owner", "of", "from", "prefix")
# A query's time grows with the square of the tokens in a row under one node (measured: 100,000
# brackets take 4 s, 5,000 take 10 ms). Nobody writes that, but files hold it.
_WIDE = 5_000
_WORD = re.compile(rb"\w")


@dataclass(frozen=True, slots=True)
class Found:
    """One definition as the query found it.

    Attributes:
        kind: the capture's name.
        node: the definition without what wraps it.
        name: its name.
        body: the nodes at both ends of its body; empty for none.
        pattern: the pattern that found it.
        owner: the name of the type that it is a member of, where that stands elsewhere.
    """

    kind: str
    node: tree_sitter.Node
    name: tree_sitter.Node
    body: tuple[tree_sitter.Node, ...]
    pattern: int
    owner: tree_sitter.Node | None

    def beats(self, other: Found | None) -> bool:
        """Whether to keep this one of two that found the same node."""
        return other is None or (self.pattern, -len(self.body)) < (other.pattern, -len(other.body))


@dataclass(frozen=True, slots=True)
class Bound:
    """A name that an import binds: the capture's name and its nodes (see above)."""

    kind: str
    node: tree_sitter.Node
    of: tree_sitter.Node | None
    module: tree_sitter.Node | None


@dataclass(frozen=True, slots=True)
class Held:
    """A variable or field: the whole node, its name, and what a field is set on."""

    kind: str
    node: tree_sitter.Node
    name: tree_sitter.Node
    object: tree_sitter.Node | None


@dataclass(slots=True)
class Captures:
    """All that the query found in one tree. `definitions` and `wrappers` go by the node's id."""

    definitions: dict[int, Found] = field(default_factory=dict[int, Found])
    wrappers: dict[int, tree_sitter.Node] = field(default_factory=dict[int, tree_sitter.Node])
    attributes: list[tree_sitter.Node] = field(default_factory=list[tree_sitter.Node])
    imports: list[tree_sitter.Node] = field(default_factory=list[tree_sitter.Node])
    exports: list[tree_sitter.Node] = field(default_factory=list[tree_sitter.Node])
    bound: list[Bound] = field(default_factory=list[Bound])
    held: list[Held] = field(default_factory=list[Held])
    bases: list[tree_sitter.Node] = field(default_factory=list[tree_sitter.Node])
    scopes: list[tuple[tree_sitter.Node, tree_sitter.Node]] = field(
        default_factory=list[tuple["tree_sitter.Node", "tree_sitter.Node"]]
    )

    def outermost(self, node: tree_sitter.Node) -> tree_sitter.Node:
        """The node with all that wraps it."""
        while (wrapper := self.wrappers.get(node.id)) is not None:
            node = wrapper
        return node


def capture(parsed: Parsed) -> Captures:
    """Run the language's query over the tree."""
    found = Captures()
    for pattern, nodes in matches(parsed, query(parsed.language)):
        if "wrapper" in nodes:
            found.wrappers[nodes["wrapped"][0].id] = nodes["wrapper"][0]
        elif "scope" in nodes:
            found.scopes.append((nodes["scope"][0], nodes["prefix"][0]))
        else:
            for kind, captured in nodes.items():
                if kind not in _PARTS:
                    _sort(found, kind, captured, nodes, pattern)
    return found


def _sort(
    found: Captures, kind: str, captured: list[tree_sitter.Node], nodes: _Nodes, pattern: int
) -> None:
    match kind:
        case "attribute":
            found.attributes += captured
        case "import":
            found.imports += captured
        case "export":
            found.exports += captured
        case "base":
            found.bases += captured
        case "bound" | "bound.any" | "bound.path" | "bound.module" | "bound.default":
            of, module = nodes.get("of", (None,))[0], nodes.get("from", (None,))[0]
            found.bound += [Bound(kind, node, of, module) for node in captured]
        case "variable" | "field":
            on = nodes.get("object", (None,))[0]
            found.held += [Held(kind, captured[0], name, on) for name in nodes["name"]]
        case _ if not kind.startswith("_"):
            name, owner = nodes["name"][0], nodes.get("owner", (None,))[0]
            one = Found(kind, captured[0], name, tuple(nodes.get("body", ())), pattern, owner)
            if one.beats(found.definitions.get(one.node.id)):
                found.definitions[one.node.id] = one
        case _:
            pass


def matches(parsed: Parsed, asked: tree_sitter.Query) -> Iterator[tuple[int, _Nodes]]:
    """What a query finds in the tree: each pattern's number and the nodes that it captured."""
    root = parsed.tree.root_node
    cursor = tree_sitter.QueryCursor(asked)
    holds = _comparing(parsed.source)
    if not _has_wide_node(parsed):
        yield from cursor.matches(root, holds)
        return
    # Each node by itself, passing over the tokens.
    cursor.set_max_start_depth(0)
    for node in walk(root):
        if node.is_named:
            yield from cursor.matches(node, holds)


def _comparing(source: bytes) -> tree_sitter.QueryPredicate:
    """What `#same?` and `#differ?` mean: two texts, each of them a capture's or written out."""

    def holds(
        predicate: str,
        args: list[tuple[str, Literal["capture", "string"]]],
        pattern_index: int,  # noqa: ARG001 - tree-sitter passes it
        captures: _Nodes,
    ) -> bool:
        nodes = [captures[value][0] if kind == "capture" else None for value, kind in args]
        left, right = (
            source[node.start_byte : node.end_byte] if node else value.encode()
            for node, (value, _) in zip(nodes, args, strict=True)
        )
        return (left == right) is (predicate == "same?")

    return holds


def _has_wide_node(parsed: Parsed) -> bool:
    """Whether a node may hold a flood of bare tokens: a broken one, or a run of punctuation."""
    root = parsed.tree.root_node
    half = _WIDE // 2  # a run of that width holds one of these blocks
    blocks = range(0, len(parsed.source) - half, half)
    if any(not _WORD.search(parsed.source, block, block + half) for block in blocks):
        return True
    if root.descendant_count < _WIDE:
        return False
    stack = [root] if root.has_error else []
    while stack:
        node = stack.pop()
        if node.child_count >= _WIDE:
            return True
        stack += [child for child in node.children if child.has_error]
    return False
