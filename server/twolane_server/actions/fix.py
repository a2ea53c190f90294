"""*Fix*: the lines of another server's diagnostic, rewritten so that it has nothing to say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twolane_server.actions.base import Reads, Task, tree_for, tree_of
from twolane_server.actions.pieces import origin_of
from twolane_server.actions.replacing import replaced_with_imports, whole_lines
from twolane_server.actions.rewrite_prompt import rewrite_prompt
from twolane_server.edits.plain import plain
from twolane_server.errors import ActionError
from twolane_server.fragments import Fragment
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from twolane_context.spans import Span
    from twolane_server.actions.base import Subject
    from twolane_server.actions.outcomes import Edit, Edits

_LONGEST = 1_000
_DOING = "Fixing"


@dataclass(frozen=True, slots=True)
class FixDiagnostic:
    """The action; see `base.Action`. The selection is the diagnostic's, the instruction its words."""

    name: str = "fix"
    title: str = "Fix"
    home: LaneName = LaneName.CLOUD
    reads: Reads = Reads.PROBLEM

    def offered(self, subject: Subject) -> bool:
        """Whether a diagnostic says something about lines that hold something."""
        return (
            bool(subject.instruction.strip())
            and tree_of(subject) is not None
            and bool(_target(subject).cut(subject.text.source).strip())
        )

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: no diagnostic is given, or its lines are empty.
        """
        parsed, target = tree_for(subject, _DOING), _target(subject)
        problem = " ".join(plain(subject.instruction).split())[:_LONGEST]
        if not problem:
            raise ActionError("Say which problem to fix, in the words of the tool that found it.")
        if not target.cut(subject.text.source).strip():
            raise ActionError("There is nothing on the lines of this problem, so nothing to fix.")
        words = f"fix this problem, which a checker reports on these lines: {problem}"
        # It quotes the code, so it has the code's label; where it quotes other code under NDA, too,
        # then that is the label of the whole (`Reads.PROBLEM`).
        material = subject.material
        also = material.quoted if material is not None else ()
        origin = replace(origin_of(subject, target), also=also)
        instruction = Fragment(words, subject.label, origin)
        prompt = rewrite_prompt(subject, parsed, target, instruction, self.name)
        return Task(subject, prompt, target, problem)

    def finish(self, task: Task, reply: str) -> Edit | Edits:
        """The new lines, and the imports that they need.

        Raises:
            ReplyRefused: the reply is no code, or would leave a syntax error.
            ActionError: nothing would change.
        """
        parsed = tree_for(task.subject, _DOING)
        text, target = task.subject.text, task.target
        return replaced_with_imports(text, parsed, target, reply, alone=True)


def _target(subject: Subject) -> Span:
    return whole_lines(subject.text.source, subject.selection)
