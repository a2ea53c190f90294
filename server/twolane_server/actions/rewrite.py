"""*Rewrite selection…*: whole lines replaced as an instruction asks.

What comes back must parse at least as well as what was there, so that half an answer, prose or
another language never reaches the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_context.trees import parse
from twolane_server.actions.base import Reads, Task, tree_of
from twolane_server.actions.docs.definitions import definition_at, name_of, outermost
from twolane_server.actions.instruction import instruction_above, instruction_in
from twolane_server.actions.outcomes import Edit
from twolane_server.actions.pieces import origin_of, ours
from twolane_server.actions.rewrite_prompt import rewrite_prompt
from twolane_server.edits.lines import (
    eol_near,
    indent_unit,
    line_end,
    line_start,
    skip_blanks,
)
from twolane_server.edits.plain import harmful
from twolane_server.edits.reindent import fitted
from twolane_server.edits.reply import code
from twolane_server.edits.sound import python_reads
from twolane_server.edits.syntax import errors
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Fragment
from twolane_server.lanes.base import LaneName
from twolane_server.text import decode

if TYPE_CHECKING:
    from twolane_context.trees import Parsed
    from twolane_server.actions.base import Subject


@dataclass(frozen=True, slots=True)
class RewriteSelection:
    """The action; see `base.Action`."""

    name: str = "rewrite"
    title: str = "Rewrite selection…"
    home: LaneName = LaneName.CLOUD
    reads: Reads = Reads.DOCUMENT

    def offered(self, subject: Subject) -> bool:
        """Whether something is selected, or the cursor is in a definition."""
        parsed = tree_of(subject)
        return parsed is not None and _target(parsed, subject.selection) is not None

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: nothing is selected, or no instruction is given.
        """
        parsed = _tree(subject)
        target = _target(parsed, subject.selection)
        if target is None:
            raise ActionError("Select the lines to rewrite, or put the cursor into a definition.")
        words, instruction = _instruction(subject, parsed, target)
        prompt = rewrite_prompt(subject, parsed, target, instruction)
        return Task(subject, prompt, target, words)

    def finish(self, task: Task, reply: str) -> Edit:
        """The new lines.

        Raises:
            ReplyRefused: the reply is no code, or would leave a syntax error.
            ActionError: the code is what it was.
        """
        subject, parsed, target = task.subject, _tree(task.subject), task.target
        old = decode(target.cut(parsed.source))
        lines = code(reply, parsed.language).replace("\r\n", "\n").replace("\r", "\n")
        if harmful(lines) - harmful(old):
            raise ReplyRefused("The model's code holds control characters; nothing was changed.")
        # Blank lines at both ends of the selection are not the model's business.
        head = old[: len(old) - len(old.lstrip("\r\n"))]
        tail = old[len(old.rstrip("\r\n")) :]
        start = target.start + len(head.encode())
        indent = decode(parsed.source[start : skip_blanks(parsed.source, start)])
        new = fitted(lines, parsed.language, indent, indent_unit(parsed.source))
        new = head + new.replace("\n", eol_near(parsed.source, target.start)) + tail
        if new == old:
            raise ActionError("The model would change nothing.")
        after = subject.text.replaced([(target, new)])
        if errors(parse(parsed.language, after.source)) > errors(parsed):
            raise ReplyRefused("The reply was refused: it would leave a syntax error.")
        if (
            parsed.language.name == "python"
            and python_reads(subject.text)
            and not python_reads(after)
        ):
            raise ReplyRefused("The reply was refused: it would leave a syntax error.")
        return Edit(target, new)


def _tree(subject: Subject) -> Parsed:
    parsed = tree_of(subject)
    if parsed is None:
        raise ActionError(
            "Rewriting needs Python, Rust, TypeScript, JavaScript, Go, C, C++, Java or Lua."
        )
    return parsed


def _target(parsed: Parsed, selection: Span) -> Span | None:
    """The selection as whole lines, without the last line's end; or the definition at the cursor."""
    source = parsed.source
    if selection.start == selection.end:
        node = definition_at(parsed, selection)
        if node is None:
            return None
        outer = outermost(parsed, node)
        selection = Span(outer.start_byte, outer.end_byte)
    if not selection.cut(source).strip():
        return None
    start, end = line_start(source, selection.start), min(selection.end, len(source))
    if end > start and line_start(source, end) == end:
        # The selection ends at the start of a line: it does not take that line in.
        end = line_start(source, end - 1)
    return Span(start, max(line_end(source, end), start))


def _instruction(subject: Subject, parsed: Parsed, target: Span) -> tuple[str, Fragment]:
    """What is asked for, and as a part of the prompt: typed, or else in a comment of the file."""
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
