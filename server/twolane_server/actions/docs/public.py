"""Which definitions of a file are public, by each language's own rule."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from twolane_context.trees import text_of, walk
from twolane_server.actions.docs.definitions import is_definition, name_of, outermost

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from twolane_context.trees import Parsed

__all__ = ["public_definitions"]

# Within these, nothing can be reached from outside.
_BODIES = frozenset(
    {
        *("function_definition", "function_item", "function_declaration", "method_definition"),
        *(
            "arrow_function",
            "function_expression",
            "generator_function",
            "lambda",
            "closure_expression",
        ),
        *("method_declaration", "constructor_declaration", "lambda_expression", "func_literal"),
        "generator_function_declaration",
    }
)
_UNNAMED = frozenset({"impl_item", "namespace_definition"})
_HIDDEN = frozenset({"private", "protected"})


def public_definitions(parsed: Parsed, most: int | None = None) -> Iterator[tree_sitter.Node]:
    """The public definitions with a name, in the file's order; none within a function's body.

    Args:
        parsed: the file.
        most: how many nodes of its tree to look at, for who must not wait; `None` for all.
    """
    for node in islice(walk(parsed.tree.root_node), most):
        if node.type in _UNNAMED or not is_definition(parsed, node):
            continue
        if name_of(parsed, node) and _reachable(parsed, node):
            yield node


def _reachable(parsed: Parsed, node: tree_sitter.Node) -> bool:
    """Whether the definition and everything around it is public."""
    inner, above = node, node.parent
    if not _public(parsed, node):
        return False
    while above is not None:
        if above.type in _BODIES and above.child_by_field_name("body") == inner:
            return False
        if is_definition(parsed, above) and not _public(parsed, above):
            return False
        inner, above = above, above.parent
    return True


def _public(parsed: Parsed, node: tree_sitter.Node) -> bool:
    return _RULES.get(parsed.language.name, _public_in_c)(parsed, node)


def _public_in_python(parsed: Parsed, node: tree_sitter.Node) -> bool:
    return not name_of(parsed, node).startswith("_")


def _public_in_go(parsed: Parsed, node: tree_sitter.Node) -> bool:
    return name_of(parsed, node)[:1].isupper()


def _public_in_lua(parsed: Parsed, node: tree_sitter.Node) -> bool:
    name, whole = name_of(parsed, node), text_of(parsed.source, outermost(parsed, node))
    return not (name.startswith("_") or "._" in name or whole.startswith("local"))


def _public_in_c(parsed: Parsed, node: tree_sitter.Node) -> bool:
    head = parsed.source[outermost(parsed, node).start_byte : node.end_byte]
    return not head.lstrip().startswith(b"static ")


def _public_in_rust(parsed: Parsed, node: tree_sitter.Node) -> bool:
    if node.type in _UNNAMED:
        return True  # its members say for themselves
    above = node.parent.parent if node.parent is not None else None
    if above is not None and above.type == "trait_item":
        return True
    if node.type == "macro_definition":
        return False  # `#[macro_export]` stands above; who exports one documents it
    marks = (text_of(parsed.source, c) for c in node.children if c.type == "visibility_modifier")
    return "pub" in marks


def _public_in_java(parsed: Parsed, node: tree_sitter.Node) -> bool:
    above = node.parent.parent if node.parent is not None else None
    if above is not None and above.type in ("interface_declaration", "annotation_type_declaration"):
        return True
    modifiers = next((c for c in node.children if c.type == "modifiers"), None)
    words = set(text_of(parsed.source, modifiers).split()) if modifiers is not None else set[str]()
    return bool(words & {"public", "protected"})


def _public_in_javascript(parsed: Parsed, node: tree_sitter.Node) -> bool:
    name = name_of(parsed, node)
    if name.startswith(("#", "_")):
        return False
    words = {text_of(parsed.source, c) for c in node.children if c.type == "accessibility_modifier"}
    if words & _HIDDEN:
        return False
    above = node.parent
    if above is not None and above.type in ("class_body", "interface_body", "object_type"):
        return True  # as public as what it is a member of
    return outermost(parsed, node).type == "export_statement"


_RULES = {
    "python": _public_in_python,
    "go": _public_in_go,
    "rust": _public_in_rust,
    "java": _public_in_java,
    "javascript": _public_in_javascript,
    "typescript": _public_in_javascript,
    "tsx": _public_in_javascript,
    "lua": _public_in_lua,
}
