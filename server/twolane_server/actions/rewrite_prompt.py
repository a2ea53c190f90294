"""What a model is asked for when it is to rewrite lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.pieces import context_of, fenced, needed, opening, ours, said
from twolane_server.edits.imports import can_import
from twolane_server.edits.lines import line_end, next_line
from twolane_server.prompts import Message, Prompt, Role

if TYPE_CHECKING:
    from twolane_context.trees import Parsed
    from twolane_server.actions.base import Subject
    from twolane_server.fragments import Fragment

_SYSTEM = (
    "You rewrite code. Reply with the new text of the selected lines and nothing else, as one "
    "fenced block. Keep the indentation. Change only what the instruction asks for."
)
_IMPORTS = " Imports that the file lacks and these lines need go into a second block that holds nothing else."
_EXAMPLE = (
    "Selected lines:\n```python\n    total = 0\n    for item in items:\n"
    "        total += item.price\n```\nInstruction: use sum()"
)
_ANSWER = "```python\n    total = sum(item.price for item in items)\n```"
_MOST_AROUND = 1_500
_LEAST_TOKENS = 512
_MOST_TOKENS = 8_192
_BYTES_PER_TOKEN = 3


def rewrite_prompt(
    subject: Subject, parsed: Parsed, target: Span, instruction: Fragment, action: str = "rewrite"
) -> Prompt:
    """The question: imports and signatures, the code around, the lines, then what to do.

    Args:
        subject: the document.
        parsed: its tree.
        target: the lines.
        instruction: what to do.
        action: the action's name, for the ledger.
    """
    above, below = _around(parsed, target)
    more = _IMPORTS if can_import(parsed.language) else ""
    question: list[Fragment] = [*needed(subject, (above, below))]
    signatures = not subject.around.pieces
    sections = (
        ("The file also holds:", context_of(parsed, target, (above, below), signatures=signatures)),
        ("Above the selected lines:", [above]),
        ("Below the selected lines:", [below]),
        ("Selected lines:", [target]),
    )
    for title, spans in sections:
        if any(span.cut(parsed.source).strip() for span in spans):
            question.append(ours(f"{title}\n"))
            question += fenced(subject, parsed.language.name, spans, dedent=False)
    messages = (
        Message(Role.SYSTEM, opening(subject, _SYSTEM + more, (above, below))),
        said(Role.USER, _EXAMPLE),
        said(Role.ASSISTANT, _ANSWER),
        Message(Role.USER, (*question, ours("Instruction: "), instruction)),
    )
    return Prompt(action, messages, max_tokens=answer_tokens(len(target)))


def answer_tokens(size: int) -> int:
    """How long the new text of lines of so many bytes may be."""
    return min(_LEAST_TOKENS + 2 * size // _BYTES_PER_TOKEN, _MOST_TOKENS)


def _around(parsed: Parsed, target: Span) -> tuple[Span, Span]:
    """Whole lines above and below, each side up to a limit."""
    first = max(0, target.start - _MOST_AROUND)
    start = next_line(parsed.source, first) if first else 0
    below = next_line(parsed.source, target.end)
    end = min(len(parsed.source), below + _MOST_AROUND)
    if end < len(parsed.source):
        end = max(below, line_end(parsed.source, end))
    return Span(min(start, target.start), target.start), Span(below, end)
