"""*Review changes*: findings about what the document changes since its last commit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.base import Reads, Task
from twolane_server.actions.pieces import also_holds, needed, origin_of, ours
from twolane_server.actions.review import findings, reviewing
from twolane_server.edits.hunks import changes
from twolane_server.edits.lines import line_end
from twolane_server.errors import ActionError
from twolane_server.fragments import Fragment, Label
from twolane_server.lanes.base import LaneName
from twolane_server.text import Text

if TYPE_CHECKING:
    from twolane_server.actions.base import Subject
    from twolane_server.actions.outcomes import Findings
    from twolane_server.edits.hunks import Change
    from twolane_server.prompts import Prompt

_MARK = "\ufeff"
_MOST = 60_000
HOW = (
    "Review this change. Lines with + are new, lines with - are gone, the others are as they were; "
    "each that is there now stands behind its number.\n"
)


@dataclass(frozen=True, slots=True)
class ReviewChanges:
    """The action; see `base.Action`."""

    name: str = "changes"
    title: str = "Review changes since the last commit"
    home: LaneName = LaneName.CLOUD
    reads: Reads = Reads.HEAD

    def offered(self, subject: Subject) -> bool:
        """Whether it is code in a file."""
        return subject.language is not None and bool(subject.path)

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: nothing changed, or too much.
        """
        found = _changes(subject)
        if not found:
            raise ActionError(
                "This file is as it was committed last, so there is nothing to review."
            )
        if sum(len(one.shown) for one in found) > _MOST:
            raise ActionError(
                "That is too much to review at once; select a part of it and review that."
            )
        whole = Span(0, len(subject.text.source))
        return Task(subject, _prompt(subject, found), whole, subject.instruction.strip())

    def finish(self, task: Task, reply: str) -> Findings:
        """The findings. Those about lines that were not shown are left out and counted.

        Raises:
            ReplyRefused: the reply is no review.
        """
        subject = task.subject
        return findings(subject, reply, [lines_of(subject.text, one) for one in _changes(subject)])


def _changes(subject: Subject) -> list[Change]:
    head = subject.material.head if subject.material is not None else None
    before = head.text if head is not None else ""
    if not str(subject.text).startswith(_MARK):
        before = before.removeprefix(_MARK)  # which editors keep to themselves
    return list(changes(Text.of(before), subject.text))


def lines_of(text: Text, change: Change) -> Span:
    """The lines that are shown of the text as it is now."""
    start = text.row_start(change.first)
    return Span(start, line_end(text.source, text.row_start(max(change.first, change.last - 1))))


def _prompt(subject: Subject, found: list[Change]) -> Prompt:
    head = subject.material.head if subject.material is not None else None
    label = Label.highest((subject.label, *((head.label,) if head is not None else ())))
    spans = tuple(lines_of(subject.text, one) for one in found)
    question = [*needed(subject, spans), *also_holds(subject, spans[0], spans)]
    question.append(ours(HOW))
    also = (head.origin,) if head is not None else ()
    for one, span in zip(found, spans, strict=True):
        origin = replace(origin_of(subject, span), also=also)
        question += [Fragment(one.shown, label, origin), ours("\n")]
    return reviewing(subject, question, "changes", spans)
