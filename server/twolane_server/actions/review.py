"""*Review*: findings about the selected lines, each with a fix where the model has a sound one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.base import Reads, Task, tree_of
from twolane_server.actions.outcomes import Finding, Findings, Severity
from twolane_server.actions.pieces import also_holds, needed, numbered, opening, ours
from twolane_server.actions.replacing import replaced, without
from twolane_server.actions.selected import selected, worth_asking
from twolane_server.edits.findings import remarks
from twolane_server.edits.lines import line_end
from twolane_server.errors import ActionError
from twolane_server.lanes.base import LaneName
from twolane_server.prompts import Message, Prompt, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twolane_server.actions.base import Subject
    from twolane_server.actions.outcomes import Edit
    from twolane_server.edits.findings import Remark
    from twolane_server.fragments import Fragment

_SYSTEM = (
    "You review code. Look for mistakes: wrong results, missed cases, leaks, races, misuse of what "
    "is called. Say nothing about taste. Reply with a JSON list and nothing else, one object for "
    'each finding: {%s"line": first line, "end_line": last line, "severity": "error", "warning" or '
    '"info", "message": one or two sentences, "fix": the new text of exactly these lines, or null}. '
    "Where there is nothing to find, reply with []."
)
_FILE = '"file": its path, '
MAX_TOKENS = 4_096


@dataclass(frozen=True, slots=True)
class Review:
    """The action; see `base.Action`."""

    name: str = "review"
    title: str = "Review"
    home: LaneName = LaneName.CLOUD
    reads: Reads = Reads.DOCUMENT

    def offered(self, subject: Subject) -> bool:
        """Whether there is code."""
        return subject.language is not None and bool(
            selected(subject).span.cut(subject.text.source).strip()
        )

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: nothing is there, or too much.
        """
        target = worth_asking(subject, "review")
        return Task(subject, _prompt(subject, target), target, subject.instruction.strip())

    def finish(self, task: Task, reply: str) -> Findings:
        """The findings. Those about lines that were not shown are left out and counted.

        Raises:
            ReplyRefused: the reply is no review.
        """
        return findings(task.subject, reply, (task.target,))


def findings(subject: Subject, reply: str, shown: Sequence[Span]) -> Findings:
    """The findings of a reply.

    Args:
        subject: the document.
        reply: the model's.
        shown: the lines that the model was shown; findings about others are left out and counted.

    Raises:
        ReplyRefused: the reply is no review.
    """
    said = remarks(reply)
    found = placed(subject, said, shown)
    return Findings(found, left_out(len(said) - len(found)))


def placed(subject: Subject, said: Iterable[Remark], shown: Sequence[Span]) -> tuple[Finding, ...]:
    """The remarks about lines that the model was shown, in the text's order."""
    where = ((one, _span(subject, one, shown)) for one in said)
    found = (
        Finding(span, one.message, Severity(one.severity), _fix(subject, span, one))
        for one, span in where
        if span is not None
    )
    return tuple(sorted(found, key=lambda one: one.span))


def left_out(lost: int) -> tuple[str, ...]:
    """A note on findings whose lines were not shown; none where there are none."""
    count = "One finding was" if lost == 1 else f"{lost} findings were"
    note = f"{count} left out, since the lines that it names are not there."
    return (note,) if lost else ()


def _span(subject: Subject, remark: Remark, shown: Sequence[Span]) -> Span | None:
    """The lines that a remark names, if the model was shown them."""
    text = subject.text
    first, last = remark.first - 1, remark.last - 1
    if not 0 <= first <= last < len(text.lines):
        return None
    span = Span(text.row_start(first), line_end(text.source, text.row_start(last)))
    return span if any(each.contains(span) for each in shown) else None


def _fix(subject: Subject, span: Span, remark: Remark) -> Edit | None:
    """The fix, where it fits and the file would parse at least as well as before."""
    parsed = tree_of(subject)
    if parsed is None or remark.fix is None or not span.cut(subject.text.source).strip():
        return None
    try:
        if not remark.fix.strip():
            return without(subject.text, parsed, span)
        return replaced(subject.text, parsed, span, remark.fix.strip("\r\n"))
    except ActionError:
        return None


def _prompt(subject: Subject, target: Span) -> Prompt:
    question = [*needed(subject, (target,)), *also_holds(subject, target)]
    question += [ours("Review these lines, each behind its number:\n"), numbered(subject, target)]
    return reviewing(subject, question, "review", (target,))


def reviewing(
    subject: Subject,
    question: list[Fragment],
    action: str,
    shown: tuple[Span, ...] | None = None,
    *,
    files: bool = False,
) -> Prompt:
    """The prompt for a review of what the question shows.

    Args:
        subject: the document.
        question: what is shown.
        action: for the ledger.
        shown: see `pieces.opening`.
        files: whether it shows several files, one of which a finding must name.
    """
    asked = subject.instruction.strip()
    how = (
        ours(f"Look above all at this: {asked}\n" if asked else ""),
        ours(f"Write messages in this language: {subject.answer_in}."),
    )
    messages = (
        Message(Role.SYSTEM, opening(subject, _SYSTEM % (_FILE if files else ""), shown)),
        Message(Role.USER, (*question, *how)),
    )
    return Prompt(action, messages, max_tokens=MAX_TOKENS)
