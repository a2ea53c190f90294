"""*Write commit message*: from what is staged, as the repository's commits are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.base import Reads, Task
from twolane_server.actions.changed import changed_files, examples
from twolane_server.actions.habits import Habits
from twolane_server.actions.outcomes import Edit, Page
from twolane_server.actions.pieces import ours, said
from twolane_server.edits.lines import eol_near
from twolane_server.edits.message import commit_message
from twolane_server.errors import ActionError
from twolane_server.lanes.base import LaneName
from twolane_server.prompts import Message, Prompt, Role

if TYPE_CHECKING:
    from twolane_server.actions.base import Subject
    from twolane_server.actions.outcomes import Outcome

_SYSTEM = (
    "You write git commit messages. Reply with the message and nothing else: a subject line in the "
    "imperative that says what the commit does, and, where the reason is not plain from that, a "
    "blank line and a short body that says why. Only say what the diff shows. No signatures."
)
_MAX_TOKENS = 512
_BUFFER = re.compile(r"(?:.*/)?(?:COMMIT_EDITMSG|MERGE_MSG|SQUASH_MSG)\Z")
_BLANK_LINES = re.compile(rb"\A(?:[ \t]*(?:\r\n|\n|\r))*")


@dataclass(frozen=True, slots=True)
class CommitMessage:
    """The action; see `base.Action`."""

    name: str = "commit"
    title: str = "Write commit message"
    home: LaneName = LaneName.CLOUD
    reads: Reads = Reads.INDEX

    def offered(self, subject: Subject) -> bool:
        """Wherever there is a file, since that has a repository."""
        return bool(subject.path)

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: nothing is staged.
        """
        material = subject.material
        if material is None:
            raise ActionError("Nothing is staged; `git add` what the commit is to hold.")
        habits = (material.habits or Habits()).told()
        question = [*examples(material), *changed_files(material)]
        asked = subject.instruction.strip()
        question.append(ours(f"{asked}\n" if asked else ""))
        question.append(ours(f"Write the message. {habits}"))
        messages = (said(Role.SYSTEM, _SYSTEM), Message(Role.USER, tuple(question)))
        prompt = Prompt("commit", messages, max_tokens=_MAX_TOKENS)
        return Task(
            subject, prompt, _top(subject) if is_message(subject.path) else Span(0, 0), asked
        )

    def finish(self, task: Task, reply: str) -> Outcome:
        """The message: at the top of git's own buffer, elsewhere as a page.

        Raises:
            ReplyRefused: there is none in the reply.
        """
        text = commit_message(reply)
        subject = task.subject
        if not is_message(subject.path):
            return Page("Commit message", text, "gitcommit")
        source = subject.text.source
        rest = source[task.target.end :].strip()
        whole = f"{text}\n" if rest else text
        return Edit(task.target, whole.replace("\n", eol_near(source, 0)))


def is_message(path: str) -> bool:
    """Whether a file is the one in which git asks for a message."""
    return bool(_BUFFER.match(path))


def _top(subject: Subject) -> Span:
    """The blank lines that git leaves for the message; what stands there already stays below it."""
    found = _BLANK_LINES.match(subject.text.source)
    return Span(0, found.end() if found else 0)
