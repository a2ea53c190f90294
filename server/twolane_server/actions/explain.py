"""*Explain…*: what the selection does, as Markdown in a document beside the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_server.actions.base import Reads, Task, tree_of
from twolane_server.actions.docs.definitions import name_of
from twolane_server.actions.outcomes import Page
from twolane_server.actions.pieces import also_holds, fenced, needed, opening, ours
from twolane_server.actions.selected import selected, worth_asking
from twolane_server.edits.markdown import markdown
from twolane_server.errors import ReplyRefused
from twolane_server.lanes.base import LaneName
from twolane_server.prompts import Message, Prompt, Role

if TYPE_CHECKING:
    from twolane_context.spans import Span
    from twolane_server.actions.base import Subject
    from twolane_server.fragments import Fragment

_SYSTEM = (
    "You explain code to a programmer who is new to it. Answer in Markdown: first what it is for, "
    "in one or two sentences, then how it works and what is easy to miss. Be short and exact, say "
    "only what the code shows, and quote names as they are written."
)
MAX_TOKENS = 2_048


@dataclass(frozen=True, slots=True)
class Explain:
    """The action; see `base.Action`."""

    name: str = "explain"
    title: str = "Explain…"
    home: LaneName = LaneName.CLOUD
    reads: Reads = Reads.DOCUMENT

    def offered(self, subject: Subject) -> bool:
        """Whether there is anything to explain."""
        return bool(selected(subject).span.cut(subject.text.source).strip())

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: nothing is there, or too much.
        """
        target = worth_asking(subject, "explain")
        return Task(subject, _prompt(subject, target), target, subject.instruction.strip())

    def finish(self, task: Task, reply: str) -> Page:
        """The explanation.

        Raises:
            ReplyRefused: the reply says nothing.
        """
        text = markdown(reply)
        if not text:
            raise ReplyRefused("The model's reply is empty; try again.")
        return Page(f"Explain {_name(task.subject)}", text)


def _name(subject: Subject) -> str:
    """What is explained, as people call it."""
    found, parsed = selected(subject), tree_of(subject)
    name = name_of(parsed, found.node) if found.node is not None and parsed is not None else ""
    if name:
        return name
    file = subject.path.rpartition("/")[2] or "the selection"
    first, last = (subject.text.row_of(at) + 1 for at in (found.span.start, found.span.end))
    return file if found.whole else f"{file}:{first}-{last}"


def _prompt(subject: Subject, target: Span) -> Prompt:
    parsed = tree_of(subject)
    name = parsed.language.name if parsed is not None else ""
    question: list[Fragment] = [*needed(subject, (target,))]
    question += also_holds(subject, target)
    question += [ours("Explain this code:\n"), *fenced(subject, name, [target], dedent=True)]
    asked = subject.instruction.strip()
    if asked:
        question.append(ours(f"What I want to know: {asked}\n"))
    question.append(ours(f"Answer in this language: {subject.answer_in}."))
    messages = (
        Message(Role.SYSTEM, opening(subject, _SYSTEM, (target,))),
        Message(Role.USER, tuple(question)),
    )
    return Prompt("explain", messages, max_tokens=MAX_TOKENS)
