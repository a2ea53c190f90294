"""*Rewrite selection…*: whole lines replaced as an instruction asks.

What comes back must parse at least as well as what was there, so that half an answer, prose or
another language never reaches the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.asked import asked_for
from twolane_server.actions.base import Reads, Task, tree_for, tree_of
from twolane_server.actions.docs.definitions import definition_at, outermost
from twolane_server.actions.replacing import replaced_with_imports, whole_lines
from twolane_server.actions.rewrite_prompt import rewrite_prompt
from twolane_server.errors import ActionError
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from twolane_context.trees import Parsed
    from twolane_server.actions.base import Subject
    from twolane_server.actions.outcomes import Edit, Edits

_DOING = "Rewriting"


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
        parsed = tree_for(subject, _DOING)
        target = _target(parsed, subject.selection)
        if target is None:
            raise ActionError("Select the lines to rewrite, or put the cursor into a definition.")
        words, instruction = asked_for(subject, parsed, target)
        prompt = rewrite_prompt(subject, parsed, target, instruction)
        return Task(subject, prompt, target, words)

    def finish(self, task: Task, reply: str) -> Edit | Edits:
        """The new lines, and the imports that they need.

        Raises:
            ReplyRefused: the reply is no code, or would leave a syntax error.
            ActionError: nothing would change.
        """
        parsed = tree_for(task.subject, _DOING)
        return replaced_with_imports(task.subject.text, parsed, task.target, reply)


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
    return whole_lines(source, selection)
