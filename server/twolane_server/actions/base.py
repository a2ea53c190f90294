"""What an action is given and what it gives back. No LSP types, no IO."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from twolane_context.trees import parse
from twolane_server.errors import ActionError

if TYPE_CHECKING:
    from twolane_context.languages import Language
    from twolane_context.spans import Span
    from twolane_context.trees import Parsed
    from twolane_server.actions.impact import Impact
    from twolane_server.actions.material import Material
    from twolane_server.actions.outcomes import Outcome
    from twolane_server.fragments import Fragment, Label
    from twolane_server.lanes.base import LaneName
    from twolane_server.prompts import Prompt
    from twolane_server.text import Text


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the repository says around a selection.

    Attributes:
        map: the repository's map; the same bytes from request to request.
        pieces: the definitions that the selection needs, the surest first.
    """

    map: tuple[Fragment, ...] = ()
    pieces: tuple[Fragment, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.map or self.pieces)


NOTHING = Surroundings()


class Reads(StrEnum):
    """What an action works on."""

    DOCUMENT = "the document"
    PROBLEM = "the document and what another tool says of it"
    TESTS = "the document and its tests"
    HEAD = "the document and its last commit"
    REPOSITORY = "the repository"
    INDEX = "what is staged"
    BRANCH = "what the branch changes"
    TREE = "what the working tree changes"
    STAGED = "the files that are staged"
    RANGE = "what a range of commits changes"

    @property
    def in_document(self) -> bool:
        """Whether it begins at a place in the document."""
        return self not in (Reads.INDEX, Reads.BRANCH) and not self.many_files

    @property
    def at_place(self) -> bool:
        """Whether it needs a place in the document, and not the document alone."""
        return self.in_document and self is not Reads.HEAD

    @property
    def many_files(self) -> bool:
        """Whether it is whole files that changed."""
        return self in (Reads.TREE, Reads.STAGED, Reads.RANGE)


@dataclass(frozen=True, slots=True)
class Subject:
    """What an action works on, as it was when the user asked. Its `repr` holds no text.

    Attributes:
        text: the whole document.
        language: its grammar, or `None` for a language the engine has none for.
        path: the file, absolute, or empty for a document without a file.
        label: the document's label, which every fragment cut from it carries.
        selection: the selected bytes; empty for a cursor.
        instruction: what the user asked for, where the action takes an instruction.
        parsed: the text's tree, where the caller keeps one; see `tree_of`.
        around: what the repository says around the selection.
        impact: all that changing the symbol there may touch, for a repository-wide action.
        answer_in: the language that people are answered in: `English`, `Deutsch`.
        material: what was read for an action that does not work on the document.
    """

    text: Text = field(repr=False)
    language: Language | None
    path: str
    label: Label
    selection: Span
    instruction: str = field(default="", repr=False)
    parsed: Parsed | None = field(default=None, repr=False)
    around: Surroundings = field(default=NOTHING, repr=False)
    answer_in: str = "English"
    material: Material | None = field(default=None, repr=False)
    impact: Impact | None = None


def tree_of(subject: Subject) -> Parsed | None:
    """The subject's tree: the one it came with, else a new one; `None` without a grammar."""
    if subject.language is None:
        return None
    if subject.parsed is not None and subject.parsed.language == subject.language:
        return subject.parsed
    return parse(subject.language, subject.text.source)


def tree_for(subject: Subject, doing: str) -> Parsed:
    """The subject's tree, for what needs one.

    Args:
        subject: the document.
        doing: what needs it, as the first word of a sentence.

    Raises:
        ActionError: there is no grammar for its language.
    """
    parsed = tree_of(subject)
    if parsed is None:
        raise ActionError(
            f"{doing} needs Python, Rust, TypeScript, JavaScript, Go, C, C++, Java or Lua."
        )
    return parsed


@dataclass(frozen=True, slots=True)
class Task:
    """An action made ready: what to ask, and where the answer goes.

    Attributes:
        subject: what it was made from.
        prompt: what the model is asked.
        target: the bytes that the edit may change, and no others.
        instruction: what the prompt asks for, where the action takes an instruction.
        note: what is asked for now, for the person; empty for the first question.
        share: how much of the whole is done when this is asked, 0 to 1, where that is known.
        so_far: what the action keeps from one answer to the next.
        later: what will be asked after this, where that is known beforehand.
    """

    subject: Subject
    prompt: Prompt
    target: Span
    instruction: str = field(default="", repr=False)
    note: str = ""
    share: float | None = None
    so_far: object = field(default=None, repr=False)
    later: tuple[Prompt, ...] = ()

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """All that is known to be asked, this first."""
        return (self.prompt, *self.later)


class Action(Protocol):
    """One code action."""

    @property
    def name(self) -> str:
        """Its name on the command line and in the ledger: `docstring`."""
        ...

    @property
    def title(self) -> str:
        """Its name in an editor's menu: `Write docstring`."""
        ...

    @property
    def home(self) -> LaneName:
        """The lane it takes when no rule says otherwise."""
        ...

    @property
    def reads(self) -> Reads:
        """What it works on: where that is not `in_document`, the document takes no part."""
        ...

    def offered(self, subject: Subject) -> bool:
        """Whether the menu should show it here. Fast: from the parsed text alone."""
        ...

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: there is nothing to do here; the sentence says why.
        """
        ...

    def finish(self, task: Task, reply: str) -> Outcome | Task:
        """What the reply comes to: an edit proved harmless, or another of `outcomes`.

        A task instead of an outcome is to be asked next.

        Raises:
            ReplyRefused: the reply would change what it must not; the sentence says what.
            ActionError: the reply changes nothing.
        """
        ...
