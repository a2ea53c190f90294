"""Which definition the user means, straight from the tree: fast enough for a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.docs.declared import is_c_definition, is_lua_definition, named
from twolane_server.edits.directives import COMMENTS
from twolane_server.edits.lines import line_start, skip_blanks

if TYPE_CHECKING:
    import tree_sitter

    from twolane_context.trees import Parsed

ATTRIBUTES = frozenset({"attribute_item", "decorator"})

_MARK = "\ufeff".encode()
_FUNCTIONS = frozenset(
    {"arrow_function", "function_expression", "generator_function", "class", "function"}
)
_JAVASCRIPT = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "class_declaration",
        "abstract_class_declaration",
        "method_definition",
        "abstract_method_signature",
        "method_signature",
        "function_signature",
        "interface_declaration",
        "type_alias_declaration",
        "enum_declaration",
    }
)
_VALUED = frozenset(
    {"variable_declarator", "public_field_definition", "field_definition", "export_statement"}
)
_RUST = frozenset(
    {
        "function_item",
        "function_signature_item",
        "struct_item",
        "enum_item",
        "union_item",
        "trait_item",
        "type_item",
        "mod_item",
        "impl_item",
        "macro_definition",
        "associated_type",
    }
)
_RUST_OUTSIDE = frozenset({"const_item", "static_item"})
_GO = frozenset(
    {"function_declaration", "method_declaration", "type_spec", "type_alias", "method_elem"}
)
_GO_OUTSIDE = frozenset({"const_spec", "var_spec"})
_GO_GROUPS = frozenset({"type_declaration", "const_declaration", "var_declaration"})
_GO_LIST = "var_spec_list"
_JAVA = frozenset(
    {
        "class_declaration",
        "record_declaration",
        "enum_declaration",
        "interface_declaration",
        "annotation_type_declaration",
        "annotation_type_element_declaration",
        "method_declaration",
        "constructor_declaration",
        "compact_constructor_declaration",
    }
)
_WRAPPERS = frozenset(
    {
        "decorated_definition",
        "export_statement",
        "ambient_declaration",
        "lexical_declaration",
        "variable_declaration",
        "template_declaration",
        "friend_declaration",
        "linkage_specification",
    }
)
_OUTER = _WRAPPERS - {"lexical_declaration"}
_KINDS = {
    "python": frozenset({"function_definition", "class_definition"}),
    "rust": _RUST,
    "typescript": _JAVASCRIPT,
    "tsx": _JAVASCRIPT,
    "javascript": _JAVASCRIPT,
    "go": _GO,
    "java": _JAVA,
}
_TOLD = {"c": is_c_definition, "cpp": is_c_definition, "lua": is_lua_definition}


def definition_at(parsed: Parsed, selection: Span) -> tree_sitter.Node | None:
    """The innermost definition that can carry documentation and holds the selection.

    Blanks around the selection do not count, nor before a cursor in its line; a comment or
    decorator directly above a definition belongs to it.
    """
    span = _trimmed(parsed.source, selection)
    node = parsed.tree.root_node.descendant_for_byte_range(span.start, span.end)
    if node is not None and not is_definition(parsed, node):
        covered = _covered(parsed, node, span)
        if covered is not None:
            return covered
    while node is not None:
        if is_definition(parsed, node):
            return node
        inner = None
        if node.type in COMMENTS or node.type in ATTRIBUTES:
            inner = _under(parsed, node)
        elif _wraps(node):
            inner = unwrapped(parsed, node)
        if inner is not None:
            return inner
        node = node.parent
    return None


def _trimmed(source: bytes, selection: Span) -> Span:
    first = len(_MARK) if source.startswith(_MARK) else 0
    end = max(first, min(selection.end, len(source)))
    start = max(first, min(selection.start, end))
    text = source[start:end]
    if text.strip():
        start += len(text) - len(text.lstrip())
        return Span(start, start + len(text.strip()))
    if not source[line_start(source, start) : start].strip():
        start = skip_blanks(source, start)
    elif not source[start : start + 1].strip() and source[start - 1 : start].strip():
        # Behind the last character of a line: what ends there is meant.
        start -= 1
    return Span(start, start)


def _covered(parsed: Parsed, node: tree_sitter.Node, span: Span) -> tree_sitter.Node | None:
    """The definition that the selection starts with (comments aside) and takes in as a whole."""
    # Not `first_child_for_byte`, which ends the process on a node without children
    # (tree-sitter 0.26.1 for Python).
    child = next((one for one in node.children if one.end_byte > span.start), None)
    if not span.end > span.start:
        return None
    while child is not None and (child.type in COMMENTS or child.type in ATTRIBUTES):
        child = child.next_sibling
    return unwrapped(parsed, child) if child is not None and child.end_byte <= span.end else None


def _wraps(node: tree_sitter.Node) -> bool:
    """Whether the node only stands around a definition."""
    return node.type in _WRAPPERS or (node.type in _GO_GROUPS and _ungrouped(node))


def _under(parsed: Parsed, comment: tree_sitter.Node) -> tree_sitter.Node | None:
    """The definition directly below a comment or attribute, with no blank line between."""
    node, end = comment.next_sibling, comment.end_byte
    if parsed.source[line_start(parsed.source, comment.start_byte) : comment.start_byte].strip():
        return None
    while node is not None:
        gap = parsed.source[end : node.start_byte].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if gap.strip() or gap.count(b"\n") > 1:
            return None
        if node.type not in COMMENTS and node.type not in ATTRIBUTES:
            return unwrapped(parsed, node)
        node, end = node.next_sibling, node.end_byte
    return None


def is_definition(parsed: Parsed, node: tree_sitter.Node) -> bool:
    """Whether the node itself is a definition that documentation can stand at."""
    name = parsed.language.name
    if node.type in _KINDS.get(name, ()) and node.is_named:
        return True
    if name in _TOLD:
        return _TOLD[name](node)
    if name == "rust" and node.type in _RUST_OUTSIDE:
        return node.parent is not None and node.parent.type != "block"
    if name == "go" and node.type in _GO_OUTSIDE:
        group = node.parent
        if group is not None and group.type == _GO_LIST:
            group = group.parent
        outside = group.parent if group is not None else None
        return outside is not None and outside.type == "source_file"
    if name in ("javascript", "typescript", "tsx") and node.type in _VALUED:
        value = node.child_by_field_name("value")
        return value is not None and value.type in _FUNCTIONS and _alone(node)
    return False


def _alone(declarator: tree_sitter.Node) -> bool:
    """Whether it is the only one of its `const`: a comment above speaks of the first one."""
    return declarator.type != "variable_declarator" or (
        declarator.parent is not None
        and declarator.parent.type in ("lexical_declaration", "variable_declaration")
        and [child.type for child in declarator.parent.named_children].count("variable_declarator")
        == 1
    )


def outermost(parsed: Parsed, node: tree_sitter.Node) -> tree_sitter.Node:
    """The whole statement that a definition is the heart of: with `export`, decorators, `type`."""
    name = parsed.language.name
    while (parent := node.parent) is not None:
        wraps = (
            parent.type in _OUTER
            or (node.type == "variable_declarator")
            or (name == "go" and parent.type in _GO_GROUPS and _ungrouped(parent))
        )
        if not wraps:
            break
        node = parent
    return node


def _ungrouped(declaration: tree_sitter.Node) -> bool:
    return all(child.type not in ("(", _GO_LIST) for child in declaration.children)


def unwrapped(parsed: Parsed, statement: tree_sitter.Node) -> tree_sitter.Node | None:
    """The definition at the heart of a statement, or `None` when it has none."""
    todo = [statement]
    while todo:
        node = todo.pop(0)
        if is_definition(parsed, node):
            return node
        if _wraps(node):
            todo += node.named_children
    return None


def name_of(parsed: Parsed, node: tree_sitter.Node) -> str:
    """The definition's name as written, or empty for one without."""
    found = node.child_by_field_name("name") or node.child_by_field_name("property") or named(node)
    if found is None:
        return ""
    return parsed.source[found.start_byte : found.end_byte].decode("utf-8", "replace")
