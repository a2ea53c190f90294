"""Definitions that a node's type alone does not tell: C's declarations, Lua's assignments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

C = frozenset(
    {
        "function_definition",
        "type_definition",
        "preproc_function_def",
        "alias_declaration",
        "namespace_definition",
        "concept_definition",
    }
)
_TYPES = frozenset({"struct_specifier", "union_specifier", "enum_specifier", "class_specifier"})
_STATEMENTS = frozenset({"declaration", "field_declaration"})
# Elsewhere, C++'s `A a(b);` only looks like a function.
_OUTSIDE = frozenset(
    {
        "translation_unit",
        "declaration_list",
        "field_declaration_list",
        "linkage_specification",
        "template_declaration",
        "friend_declaration",
        "preproc_ifdef",
        "preproc_if",
        "preproc_else",
        "preproc_elif",
    }
)


def is_c_definition(node: tree_sitter.Node) -> bool:
    """Whether a node of C or C++ is a function, a prototype, a type with a body, or the like."""
    parent = node.parent
    if node.type in C:
        return True
    if node.type in _TYPES:
        # Within `typedef struct {…} A;` or `struct {…} a;` the whole statement is meant.
        return _has_body(node) and (parent is None or parent.type in _OUTSIDE)
    if node.type not in _STATEMENTS or parent is None or parent.type not in _OUTSIDE:
        return False
    kind = node.child_by_field_name("type")
    return (kind is not None and _has_body(kind)) or _declares_function(node)


def is_lua_definition(node: tree_sitter.Node) -> bool:
    """Whether a node of Lua is a function with a name: `function f`, `f = function`."""
    if node.type == "function_declaration":
        return True
    if node.type == "field":
        value = node.child_by_field_name("value")
        return value is not None and value.type == "function_definition"
    if node.type != "assignment_statement":
        return False
    values = node.named_children[-1].named_children
    return [value.type for value in values] == ["function_definition"]


def named(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The node of the name that a C declaration or a Lua assignment gives, without its class."""
    if node.type == "assignment_statement":
        return node.named_children[0]
    if node.type in _STATEMENTS and not _declares_function(node):
        kind = node.child_by_field_name("type")
        return kind.child_by_field_name("name") if kind is not None else None
    found = _inner(node)
    while found is not None and (inner := _inner(found)) is not None:
        found = inner
    return found


def _inner(node: tree_sitter.Node) -> tree_sitter.Node | None:
    inner = node.child_by_field_name("declarator")
    if inner is None and node.type == "reference_declarator":
        inner = node.named_children[-1]
    return inner or (
        node.child_by_field_name("name") if node.type == "qualified_identifier" else None
    )


def _has_body(node: tree_sitter.Node) -> bool:
    return node.type in _TYPES and node.child_by_field_name("body") is not None


def _declares_function(node: tree_sitter.Node) -> bool:
    found = _inner(node)
    while found is not None and found.type in ("pointer_declarator", "reference_declarator"):
        found = _inner(found)
    return found is not None and (
        found.type == "operator_cast"
        or (
            found.type == "function_declarator"
            and (inner := _inner(found)) is not None
            and inner.type != "parenthesized_declarator"
        )
    )
