"""Proofs that an edit to documentation changed nothing but documentation."""

from __future__ import annotations

import ast
from collections import deque
from typing import TYPE_CHECKING

from twolane_context.trees import parse
from twolane_server.edits.directives import COMMENTS, comments, directives
from twolane_server.edits.docstrings import docstring
from twolane_server.edits.python_syntax import python_tree
from twolane_server.edits.syntax import errors
from twolane_server.text import decode

if TYPE_CHECKING:
    from collections.abc import Iterable

    import tree_sitter

    from twolane_context.languages import Language
    from twolane_context.trees import Parsed
    from twolane_server.text import Text

_DOCUMENTED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# Where an outer doc comment may stand in Rust: it is an attribute (Rust reference, "Comments").
_RUST_DOCUMENTABLE = frozenset(
    {
        "field_declaration",
        "enum_variant",
        "macro_definition",
        "macro_invocation",
        "associated_type",
        "extern_crate_declaration",
        "use_declaration",
        "foreign_mod_item",
        "match_arm",
        "let_declaration",
    }
)


def problem_with_documentation(
    language: Language, before: Text, after: Text, parsed: Parsed | None = None
) -> str | None:
    """Why `after` is more than `before` with other documentation, or `None` when it is not.

    Args:
        language: of both.
        before: the text without the edit.
        after: the text with it.
        parsed: `before`'s tree, where the caller has it.

    Returns:
        A clause that finishes the sentence "The reply was refused: …".
    """
    old = parsed or parse(language, before.source)
    new = parse(language, after.source)
    if errors(new) > errors(old):
        return "it would leave a syntax error"
    if not _same_code(language, before, after, old, new):
        return "it would change the code, not only its documentation"
    said = [comments(parsed) for parsed in (old, new)]
    if directives(old, said[0]) != directives(new, said[1]):
        return "it would touch a comment that a tool reads"
    if language.name == "python" and _texts(old, said[0]) != _texts(new, said[1]):
        return "it would change a comment"
    if language.name == "rust" and misplaced_rust_docs(new) > misplaced_rust_docs(old):
        return "it would put a doc comment where Rust allows none"
    return None


def _same_code(language: Language, before: Text, after: Text, old: Parsed, new: Parsed) -> bool:
    if language.name == "python":
        equal = same_python(before, after)
        if equal is not None:
            return equal
    return tokens(old) == tokens(new)


def same_python(before: Text, after: Text) -> bool | None:
    """Whether two Python modules are equal but for their docstrings.

    Returns:
        `None` when `before` is not Python 3 or too deep for Python's own parser: compare tokens.
    """
    old, new = _statements(before), _statements(after)
    if old is None or new is None:
        return None if old is None else False
    # Most of a long file stands as it did, and to look into that would take most of the time.
    while old and new and _said(old[0], before) == _said(new[0], after):
        del old[0], new[0]
    while old and new and _said(old[-1], before) == _said(new[-1], after):
        del old[-1], new[-1]
    outlines = [_outline(statements) for statements in (old, new)]
    return None if outlines[0] is None else outlines[0] == outlines[1]


def _statements(text: Text) -> deque[ast.stmt] | None:
    """A module's statements without its docstring; `None` for what Python does not read."""
    tree = python_tree(text)
    if tree is None:
        return None
    return deque(tree.body[ast.get_docstring(tree, clean=False) is not None :])


def _said(statement: ast.stmt, text: Text) -> tuple[object, ...]:
    """All that a statement's tree is made from: its lines, and where in them it begins and ends."""
    decorators = (
        statement.decorator_list
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        else ()
    )
    top = min(one.lineno for one in (statement, *decorators)) - 1
    return statement.col_offset, statement.end_col_offset, text.lines[top : statement.end_lineno]


def _outline(statements: Iterable[ast.stmt]) -> list[str] | None:
    """The statements' trees as text, without docstrings and positions."""
    try:
        for node in (node for statement in statements for node in ast.walk(statement)):
            if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                del node.body[0]
        return [ast.dump(statement) for statement in statements]
    except RecursionError:
        return None


def tokens(parsed: Parsed) -> list[tuple[str, bytes]]:
    """The leaves of the tree, as kind and text, without comments and docstrings.

    Python's blocks are tokens too, since only the indentation shows where they end. Doc comments
    inside a Rust macro's tokens stay in: the macro receives them as attributes.
    """
    found: list[tuple[str, bytes]] = []
    stack: list[tree_sitter.Node | str] = [parsed.tree.root_node]
    python = parsed.language.name == "python"
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            found.append((node, b""))
        elif node.type in COMMENTS and not _is_macro_token(node):
            continue
        elif not node.children or node.type in COMMENTS:
            found.append((node.type, parsed.source[node.start_byte : node.end_byte]))
        else:
            block = python and node.type in ("module", "block")
            children = list(node.children)
            if block:
                found.append(("indent", b""))
                stack.append("dedent")
                doc = docstring(node, parsed.source)
                children = [child for child in children if child != doc]
            stack.extend(reversed(children))
    return found


def _is_macro_token(comment: tree_sitter.Node) -> bool:
    parent = comment.parent
    return (
        parent is not None
        and parent.type in ("token_tree", "token_tree_pattern")
        and any(child.type.endswith("doc_comment_marker") for child in comment.children)
    )


def _texts(parsed: Parsed, nodes: Iterable[tree_sitter.Node]) -> list[str]:
    return [decode(parsed.source[node.start_byte : node.end_byte]) for node in nodes]


def misplaced_rust_docs(parsed: Parsed) -> int:
    """How many outer doc comments stand where no item, field, variant or the like follows."""
    return sum(
        not _documents_something(node)
        for node in comments(parsed)
        if any(child.type == "outer_doc_comment_marker" for child in node.children)
        and not _is_macro_token(node)
    )


def _documents_something(comment: tree_sitter.Node) -> bool:
    node = comment.next_sibling
    while node is not None and (node.type in COMMENTS or node.type == "attribute_item"):
        node = node.next_sibling
    return node is not None and (node.type in _RUST_DOCUMENTABLE or node.type.endswith("_item"))
