"""What an action reads beside the document: read and labelled by others, used here as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twolane_server.fragments import Fragment

if TYPE_CHECKING:
    from twolane_server.actions.habits import Habits
    from twolane_server.actions.testing.home import PlaceOfTests
    from twolane_server.fragments import Label, Origin
    from twolane_server.text import Text

__all__ = ["ChangedFile", "ForTests", "Material", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """A text that was read, with its label. Its `repr` holds no text."""

    text: str = field(repr=False)
    label: Label
    origin: Origin

    @property
    def fragment(self) -> Fragment:
        """The text as a part of a prompt."""
        return Fragment(self.text, self.label, self.origin)


@dataclass(frozen=True, slots=True)
class ForTests:
    """What was read for writing tests.

    Attributes:
        root: the repository's folder, absolute.
        path: the file under test, relative to it.
        home: where its tests are, or will be.
        label: of that place's name.
        file: the test file as it is; `None` where there is none yet.
        example: another test file, for the style.
    """

    root: str
    path: str
    home: PlaceOfTests
    label: Label
    file: Source | None = None
    example: Source | None = None


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that a diff changes, whole on both sides. Its `repr` holds no text.

    Attributes:
        path: from the repository's root.
        file: absolute.
        named: where its name comes from, for who asks again whether that may be told.
        label: the highest that its names and its texts give it.
        old: as it was; empty for a new file.
        new: as it is; `None` for one that is gone.
        was: the path that it had before, where that is another one.
    """

    path: str
    file: str
    named: Origin
    label: Label
    old: Text = field(repr=False)
    new: Text | None = field(repr=False)
    was: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """What was read for an action.

    Attributes:
        diff: what changes, file by file.
        left_out: how many files of the diff are not shown at all.
        habits: how commits are written here.
        examples: subjects of recent commits, of open files alone.
        messages: the messages of the commits that a branch adds, the oldest first.
        messages_left_out: how many of these are not shown: the older ones, and those of commits that
            touched more than is looked at.
        template: the repository's template for a pull request.
        tests: where the tests of a file are, and what is there.
        head: the document's text as it was committed last; empty for a new file.
        root: the repository's folder, absolute, for a review of many files.
        files: the files of that review.
        quoted: files whose code a tool's message may quote.
        notes: what the person should know of it, such as a file that was not read.
    """

    diff: tuple[Source, ...] = ()
    left_out: int = 0
    habits: Habits | None = None
    examples: tuple[Source, ...] = ()
    messages: tuple[Source, ...] = ()
    messages_left_out: int = 0
    template: Source | None = None
    tests: ForTests | None = None
    head: Source | None = None
    root: str = ""
    files: tuple[ChangedFile, ...] = ()
    quoted: tuple[Origin, ...] = ()
    notes: tuple[str, ...] = ()
