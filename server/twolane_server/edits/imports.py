"""Imports that new lines need, as a model writes them: in a block of their own, or above the lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twolane_context.trees import parse, text_of
from twolane_server.edits.reply import code, read, trimmed
from twolane_server.text import decode, encode

if TYPE_CHECKING:
    from twolane_context.languages import Language

__all__ = ["STATEMENTS", "Answer", "answer", "can_import", "leading"]

STATEMENTS = {
    "python": frozenset({"import_statement", "import_from_statement"}),
    "rust": frozenset({"use_declaration"}),
    "typescript": frozenset({"import_statement"}),
    "tsx": frozenset({"import_statement"}),
    "javascript": frozenset({"import_statement"}),
    "go": frozenset({"import_declaration"}),
}
"""By language, the sorts of nodes that are imports."""


@dataclass(frozen=True, slots=True)
class Answer:
    """New lines, and the imports that they need. Its `repr` holds no text.

    Attributes:
        code: the lines, ended by LF; empty where the answer holds imports alone.
        imports: import statements, each as the model wrote it.
    """

    code: str = field(repr=False)
    imports: tuple[str, ...] = field(repr=False)


def can_import(language: Language) -> bool:
    """Whether imports of this language can be told from other code."""
    return language.name in STATEMENTS


def answer(reply: str, language: Language, *, indented: bool) -> Answer:
    """A reply as new lines and imports: those of blocks that hold nothing else, and those above the lines.

    Args:
        reply: the model's.
        language: of the file.
        indented: whether the lines stand within something. Then an import at the head of lines that
            are not indented either is one of these lines.

    Raises:
        ReplyRefused: there is no code, there are several blocks of it, or it breaks off.
    """
    if not can_import(language):
        return Answer(code(reply, language), ())
    fences = {fence.text: fence for fence in read(reply).fences}
    named = [text for text, fence in fences.items() if fence.is_in(language)]
    blocks = {text: leading(text, language) for text in named or fences}
    alone = [one for one in blocks.values() if one.imports and not one.code]
    others = [text for text, one in blocks.items() if one not in alone]
    if alone and len(others) == 1 and all(fences[text].closed for text in blocks):
        imports, whole = [each for one in alone for each in one.imports], others[0]
    else:
        imports, whole = list[str](), code(reply, language)
    found = leading(whole, language)
    if indented and found.code and not found.code[:1].isspace():
        found = Answer(whole, ())
    return Answer(found.code, tuple(dict.fromkeys((*imports, *found.imports))))


def leading(source: str, language: Language) -> Answer:
    """Code without the import statements above its first other line; whole where a comment is there."""
    parsed = parse(language, encode(source))
    found: list[str] = []
    end = 0
    for node in parsed.tree.root_node.children:
        gap = parsed.source[end : node.start_byte].strip(b" \t\r\n;")
        if node.type not in STATEMENTS[language.name] or node.has_error or gap:
            break
        found.append(text_of(parsed.source, node).rstrip())
        end = node.end_byte
    head, _, tail = parsed.source[end:].partition(b"\n")
    if not found or head.strip(b" \t\r;"):
        return Answer(source, ())
    return Answer(trimmed(decode(tail)), tuple(found))
