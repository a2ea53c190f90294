"""*Write PR text*: title and description of what a branch changes, in the repository's template."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.base import Reads, Task
from twolane_server.actions.changed import changed_files, examples, messages
from twolane_server.actions.habits import Habits
from twolane_server.actions.outcomes import Page
from twolane_server.actions.pieces import ours, said
from twolane_server.edits.markdown import markdown
from twolane_server.edits.message import unfenced
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.lanes.base import LaneName
from twolane_server.prompts import Message, Prompt, Role

if TYPE_CHECKING:
    from twolane_server.actions.base import Subject

_SYSTEM = (
    "You write the text of pull requests. Reply with the text and nothing else: the title in the "
    "first line, a blank line, then a description in Markdown that says what changes and why, and "
    "what a reviewer should look at. Only say what commits and diff show."
)
_MAX_TOKENS = 1_536
_COMMENT = re.compile(r"(?s)<!--.*?(?:-->|\Z)\n?")
_HEADING = re.compile(r"(?m)^#{1,6}[ \t]+(\S.*?)[ \t#]*$")
_TITLE = re.compile(r"(?i)\A#*\s*(?:\*\*)?(?:pr |pull request )?title(?:\*\*)?\s*:(?:\*\*)?\s*")
_LONGEST_TITLE = 150


@dataclass(frozen=True, slots=True)
class PullRequestText:
    """The action; see `base.Action`."""

    name: str = "pr"
    title: str = "Write PR text"
    home: LaneName = LaneName.CLOUD
    reads: Reads = Reads.BRANCH

    def offered(self, subject: Subject) -> bool:
        """Wherever there is a file, since that has a repository."""
        return bool(subject.path)

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: the branch changes nothing.
        """
        material = subject.material
        if material is None:
            raise ActionError(
                "This branch changes nothing yet, so there is nothing to write about."
            )
        question = [*examples(material)]
        if material.template is not None:
            question.append(
                ours("The description fills in this template, with all its headings:\n")
            )
            question += [material.template.fragment, ours("\n")]
        question += [*messages(material), *changed_files(material)]
        asked = subject.instruction.strip()
        habits = (material.habits or Habits()).told().replace("The subject", "The title", 1)
        question.append(ours(f"{asked}\n" if asked else ""))
        question.append(ours(f"Write title and description in {subject.answer_in}. {habits}"))
        shown = (said(Role.SYSTEM, _SYSTEM), Message(Role.USER, tuple(question)))
        prompt = Prompt("pr", shown, max_tokens=_MAX_TOKENS)
        return Task(subject, prompt, Span(0, 0), asked)

    def finish(self, task: Task, reply: str) -> Page:
        """The text; what of the template the reply forgot stands at its end, as in the template.

        Raises:
            ReplyRefused: the reply holds no title.
        """
        text = markdown(_COMMENT.sub("", unfenced(reply) or reply))
        first, _, rest = text.strip().partition("\n")
        title = _TITLE.sub("", first).strip().strip("#*` ").strip()
        if not title or len(title) > _LONGEST_TITLE:
            raise ReplyRefused("The model's reply has no title; try again.")
        material = task.subject.material
        template = material.template.text if material is not None and material.template else ""
        body = [rest.strip(), *_forgotten(_COMMENT.sub("", template), rest)]
        return Page("PR text", "\n\n".join(filter(None, (title, *body))) + "\n")


def _forgotten(template: str, text: str) -> list[str]:
    """The template's sections whose headings the text does not have."""
    there = {found[1].casefold() for found in _HEADING.finditer(text)}
    starts = [found.start() for found in _HEADING.finditer(template)]
    sections = [template[start:end] for start, end in pairwise([*starts, len(template)])]
    return [
        markdown(section).strip()
        for section in sections
        if (found := _HEADING.match(section)) and found[1].casefold() not in there
    ]
