"""*Write docstring*: documentation for the definition at the cursor, in the file's own style.

Only documentation can change: the edit is an insertion or the replacement of the old text, and the
whole result is proved equal to the old text but for its documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_server.actions.base import Reads, Task, tree_for, tree_of
from twolane_server.actions.docs.place import place_at
from twolane_server.actions.docs.prompt import prompt_for
from twolane_server.actions.docs.render import rendered
from twolane_server.actions.docs.style import style_of
from twolane_server.actions.docs.wording import words_of
from twolane_server.actions.outcomes import Edit
from twolane_server.edits.verify import problem_with_documentation
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from twolane_server.actions.base import Subject

_DOING = "Documenting"


@dataclass(frozen=True, slots=True)
class WriteDocstring:
    """The action; see `base.Action`."""

    name: str = "docstring"
    title: str = "Write docstring"
    home: LaneName = LaneName.CLOUD
    reads: Reads = Reads.DOCUMENT

    def offered(self, subject: Subject) -> bool:
        """Whether the selection is in a definition that has a place for documentation."""
        parsed = tree_of(subject)
        if parsed is None:
            return False
        try:
            place_at(parsed, subject.selection)
        except ActionError:
            return False
        return True

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: no definition is there, or none that documentation can stand at.
        """
        parsed = tree_for(subject, _DOING)
        place = place_at(parsed, subject.selection)
        return Task(subject, prompt_for(subject, parsed, place, style_of(parsed)), place.target)

    def finish(self, task: Task, reply: str) -> Edit:
        """The insertion, or the replacement of the old documentation.

        Raises:
            ReplyRefused: the reply is no documentation, or would change more than that.
            ActionError: the documentation is what it was.
        """
        subject, parsed = task.subject, tree_for(task.subject, _DOING)
        place = place_at(parsed, subject.selection)
        code = subject.text.cut(place.definition)
        words = words_of(reply, parsed.language, place.name, code)
        text = rendered(words, place, style_of(parsed), parsed.language)
        edit = Edit(place.target, f"{place.before}{text}{place.after}")
        if edit.text == subject.text.cut(place.target):
            raise ActionError("The model would write what is there already; nothing to change.")
        after = subject.text.replaced([(edit.span, edit.text)])
        problem = problem_with_documentation(parsed.language, subject.text, after, parsed)
        if problem:
            raise ReplyRefused(f"The reply was refused: {problem}.")
        return edit
