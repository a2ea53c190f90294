"""Tests put into a file: at its end, their imports among its imports, nothing that is there touched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twolane_context.trees import parse, text_of, walk
from twolane_server.edits.lines import eol_near, indent_unit, line_start, next_line
from twolane_server.edits.plain import harmful
from twolane_server.edits.python_syntax import python_reads
from twolane_server.edits.syntax import errors
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.text import Text, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from twolane_context.languages import Language
    from twolane_context.trees import Parsed

__all__ = ["Added", "added", "created"]

_IMPORTS = frozenset(
    {
        *("import_statement", "import_from_statement", "future_import_statement"),
        *("import_declaration", "use_declaration", "package_clause", "package_declaration"),
    }
)
_FILE_HEADS = frozenset({"package_clause", "package_declaration"})
_TEST = {
    "python": re.compile(r"(?m)^\s*(?:async )?def test|^class \w*Test|^class Test"),
    "go": re.compile(r"(?m)^func (?:Test|Benchmark|Fuzz|Example)"),
    "rust": re.compile(r"#\[(?:\w+::)*test\b"),
    "java": re.compile(r"@(?:Test|ParameterizedTest|RepeatedTest)\b"),
}
_SCRIPT_TEST = re.compile(r"\b(?:test|it|describe|suite)(?:\.\w+)*\s*\(")
_MARK = b"\xef\xbb\xbf"
_MAIN = re.compile(rb"(?m)^if __name__ == ")
_NO_TEST = "The model's reply holds no test; try again."
_BROKEN = "The reply was refused: it would leave a syntax error in the tests."


@dataclass(frozen=True, slots=True)
class Added:
    """A file with tests put into it.

    Attributes:
        text: the whole file.
        dropped: names of tests that were there already and were left out.
    """

    text: Text = field(repr=False)
    dropped: tuple[str, ...] = ()


def created(code: str, language: Language) -> Text:
    """A new test file, lines ended by LF.

    Raises:
        ReplyRefused: it does not parse, or holds no test.
    """
    text = Text.of(_checked(code, language).strip("\n") + "\n")
    if errors(parse(language, text.source)) or not _reads(text, language):
        raise ReplyRefused(_BROKEN)
    return text


def added(old: Text, code: str, language: Language) -> Added:
    """The old file with the code's tests at its end and its new imports among the old ones.

    Tests with names that are there already are left out. Rust's go into `mod tests`.

    Raises:
        ReplyRefused: the file would not parse as well as before, or the code holds no test.
        ActionError: all of the code's tests are there already.
    """
    parsed = parse(language, old.source)
    new = parse(language, encode(_checked(code, language).strip("\n") + "\n"))
    if language.name == "rust":
        new = _unwrapped(new)
    names = set(_names(parsed))
    imports, kept, dropped = _split(new, names)
    if not kept.strip():
        raise ActionError("The model wrote only tests that are there already; nothing to add.")
    source = _with_imports(parsed, imports)
    if language.name == "rust":
        source = _within_module(parse(language, source), kept)
    elif language.name == "java":
        source = _within_class(parse(language, source), kept)
    else:
        source = _at_end(source, kept, language)
    if old.lines[-1].strip("\ufeff"):  # a file without a last line ending stays so
        source = source.rstrip(b"\r\n")
    text = Text.of(decode(source))
    worse = errors(parse(language, source)) > errors(parsed)
    if worse or (_reads(old, language) and not _reads(text, language)):
        raise ReplyRefused(_BROKEN)
    return Added(text, tuple(dropped))


def _checked(code: str, language: Language) -> str:
    lines = code.replace("\r\n", "\n").replace("\r", "\n")
    if harmful(lines):
        raise ReplyRefused("The model's code holds control characters; nothing was changed.")
    if not _TEST.get(language.name, _SCRIPT_TEST).search(lines):
        raise ReplyRefused(_NO_TEST)
    return lines


def _reads(text: Text, language: Language) -> bool:
    return language.name != "python" or python_reads(text)


def _top(parsed: Parsed) -> Iterator[tree_sitter.Node]:
    yield from parsed.tree.root_node.named_children


def _names(parsed: Parsed) -> Iterator[str]:
    """The names of all definitions that could be tests, wherever they stand."""
    for node in walk(parsed.tree.root_node):
        name = node.child_by_field_name("name")
        if name is not None and (
            "function" in node.type or "class" in node.type or "method" in node.type
        ):
            yield text_of(parsed.source, name)


def _names_of(parsed: Parsed, node: tree_sitter.Node) -> Iterator[str]:
    name = node.child_by_field_name("name")
    if name is not None:
        yield text_of(parsed.source, name)


def _split(new: Parsed, names: set[str]) -> tuple[list[str], str, list[str]]:
    """The code's imports, the rest of it without what is there already, and the names of that."""
    imports: list[str] = []
    kept, done = b"", 0
    dropped: list[str] = []
    for node in _top(new):
        whole = text_of(new.source, node)
        heart = node.child_by_field_name("definition") or node
        name = heart.child_by_field_name("name")
        said = text_of(new.source, name) if name is not None else ""
        if node.type in _IMPORTS:
            imports += [whole] if node.type not in _FILE_HEADS else []
        elif said and said in names and new.language.name != "java":
            dropped.append(said)
        else:
            continue
        kept += new.source[done : node.start_byte]
        done = next_line(new.source, node.end_byte)
    kept += new.source[done:]
    text = re.sub(r"\n{4,}", "\n\n\n", decode(kept)).strip("\n")
    return imports, text, dropped


def _with_imports(parsed: Parsed, imports: list[str]) -> bytes:
    """The source with the imports that it lacks behind its last one."""
    source = parsed.source
    there = {
        " ".join(text_of(source, node).split())
        for node in walk(parsed.tree.root_node)
        if node.type in _IMPORTS or node.type == "import_spec"
    }
    missing = [
        each for each in imports if " ".join(each.split()) not in there and "__future__" not in each
    ]
    if parsed.language.name == "go":
        missing = [
            f"import {spec}" for each in missing for spec in _specs(each) if spec not in there
        ]
    tops = [node for node in _top(parsed) if node.type in _IMPORTS]
    if not missing or parsed.language.name == "rust":
        return source
    eol = eol_near(source, 0)
    lines = "".join(f"{each}\n" for each in missing).replace("\n", eol).encode()
    at = next_line(source, tops[-1].end_byte) if tops else _behind_head(parsed)
    ended = not source[:at].lstrip(_MARK) or source[at - 1 : at] in (b"\n", b"\r")
    gap = b"" if tops else eol.encode()
    return source[:at] + (b"" if ended else eol.encode()) + lines + gap + source[at:]


def _behind_head(parsed: Parsed) -> int:
    """Behind the comments and the docstring that a file may begin with."""
    at = len(_MARK) if parsed.source.startswith(_MARK) else 0
    for node in _top(parsed):
        string = node.type == "expression_statement" and node.named_children[0].type == "string"
        if not string and "comment" not in node.type:
            break
        at = next_line(parsed.source, node.end_byte)
    return at


def _specs(declaration: str) -> list[str]:
    """Go: the single imports of a declaration, as they are written."""
    return [
        found[0].strip()
        for found in re.finditer(r"(?m)(?:[\w.]+[ \t]+)?(?:\"[^\"\n]+\"|`[^`\n]+`)", declaration)
    ]


def _at_end(source: bytes, kept: str, language: Language) -> bytes:
    eol = eol_near(source, 0)
    gap = "\n\n" if language.name == "python" else "\n"
    found = list(_MAIN.finditer(source)) if language.name == "python" else []
    at = found[-1].start() if found else len(source)
    before, behind = source[:at].rstrip(b"\r\n"), source[at:]
    tail = f"{gap}\n".replace("\n", eol).encode() if behind else eol.encode()
    head = f"\n{gap}".replace("\n", eol).encode() if before.strip() else b""
    return before + head + kept.replace("\n", eol).encode() + tail + behind


def _indented(kept: str, unit: str, eol: str) -> bytes:
    lines = [f"{unit}{line}" if line.strip() else line for line in kept.split("\n")]
    return eol.join(lines).encode()


def _module(parsed: Parsed) -> tree_sitter.Node | None:
    """Rust: the body of `mod tests`."""
    for node in _top(parsed):
        name = node.child_by_field_name("name")
        if (
            node.type == "mod_item"
            and name is not None
            and text_of(parsed.source, name) in ("tests", "test")
        ):
            return node.child_by_field_name("body")
    return None


def _unwrapped(new: Parsed) -> Parsed:
    """Rust: what is within the reply's own `mod tests`, without its indentation and `use super::*`."""
    body = _module(new)
    code = decode(new.source)
    if body is not None:
        inner = decode(new.source[body.start_byte + 1 : body.end_byte - 1]).strip("\n")
        code = re.sub(r"(?m)^(?: {4}|\t)", "", inner)
    code = re.sub(r"(?m)^[ \t]*use super::\*;[ \t]*\n?", "", code).strip("\n")
    return parse(new.language, encode(code + "\n"))


def _within_module(parsed: Parsed, kept: str) -> bytes:
    source, body = parsed.source, _module(parsed)
    eol, unit = eol_near(source, 0), indent_unit(source)
    block = _indented(kept, unit, eol)
    if body is None:
        head = f"{eol}#[cfg(test)]{eol}mod tests {{{eol}{unit}use super::*;{eol}{eol}".encode()
        start = source.rstrip(b"\r\n")
        return start + (eol.encode() if start else b"") + head + block + f"{eol}}}{eol}".encode()
    at = line_start(source, body.end_byte - 1)
    if source[at : body.end_byte - 1].strip():
        at = body.end_byte - 1  # `mod tests {}` in one line
        return source[:at] + eol.encode() + block + eol.encode() + source[at:]
    return source[:at] + eol.encode() + block + eol.encode() + source[at:]


def _within_class(parsed: Parsed, kept: str) -> bytes:
    """Java: before the last brace of the file's class; the reply may hold a class around its tests."""
    source = parsed.source
    classes = [node for node in _top(parsed) if node.type == "class_declaration"]
    body = classes[-1].child_by_field_name("body") if classes else None
    new = parse(parsed.language, encode(kept))
    theirs = [node for node in _top(new) if node.type == "class_declaration"]
    inner = theirs[0].child_by_field_name("body") if theirs else None
    if body is None or inner is None:
        raise ReplyRefused(_BROKEN)
    names = set(_names(parsed))
    there = [n for n in inner.named_children if set(_names_of(new, n)) & names]
    if len(there) == len(inner.named_children):
        raise ActionError("The model wrote only tests that are there already; nothing to add.")
    members = "\n\n".join(
        f"{decode(new.source[line_start(new.source, n.start_byte) : n.start_byte])}"
        f"{text_of(new.source, n)}"
        for n in inner.named_children
        if n not in there
    )
    eol = eol_near(source, 0)
    at = line_start(source, body.end_byte - 1)
    at = at if not source[at : body.end_byte - 1].strip() else body.end_byte - 1
    block = members.replace("\n", eol).encode()
    return source[:at] + eol.encode() + block + eol.encode() + source[at:]
