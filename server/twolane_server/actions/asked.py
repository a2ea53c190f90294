"""What the user asks for: typed, or written as a comment at or above the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.actions.docs.definitions import definition_at, name_of
from twolane_server.actions.instruction import instruction_above, instruction_in
from twolane_server.actions.pieces import origin_of, ours
from twolane_server.errors import ActionError
from twolane_server.fragments import Fragment

if TYPE_CHECKING:
    from twolane_context.spans import Span
    from twolane_context.trees import Parsed
    from twolane_server.actions.base import Subject

__all__ = ["asked_for"]


def asked_for(subject: Subject, parsed: Parsed, target: Span) -> tuple[str, Fragment]:
    """What is asked for, and as a part of the prompt: typed, or else in a comment of the file.

    Raises:
        ActionError: nothing is asked for.
    """
    typed = subject.instruction.strip()
    if typed:
        return typed, ours(typed)
    node = definition_at(parsed, target)
    written = instruction_in(parsed, target)
    if written and not parsed.source[written.span.end : target.end].strip():
        raise ActionError("Only a comment is selected; select the code below it, too.")
    written = written or instruction_above(parsed, target, name_of(parsed, node) if node else "")
    if written is None:
        raise ActionError(
            "Say what to change: type an instruction, or write it as a comment above the selection."
        )
    origin = origin_of(subject, written.span)
    return written.words, Fragment(written.words, subject.label, origin)
