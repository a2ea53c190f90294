"""What an action can come to, as values. No LSP types, no IO.

An action returns one of them from `finish`; `features/deliver` shows it in an editor and
`cli/outcome` on a terminal. No `repr` here holds text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from twolane_context.spans import Span
    from twolane_server.edits.changes import Changes
    from twolane_server.text import Text

__all__ = [
    "Across",
    "Edit",
    "Edits",
    "Finding",
    "Findings",
    "FindingsAcross",
    "Outcome",
    "Page",
    "Reviewed",
    "Severity",
    "edits_of",
]


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in the subject's text."""

    span: Span
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Edits:
    """Replacements in several places of the subject's text, applied as one or not at all.

    Attributes:
        edits: in the text's order; they do not overlap.
        notes: sentences about what was left out, for the person.
    """

    edits: tuple[Edit, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A text shown beside the code. It changes no file.

    Attributes:
        title: what it is: `Explain join`.
        text: lines end with LF, the last one too.
        language: the editor's word for what it is written in: `markdown`, `gitcommit`.
    """

    title: str = field(repr=False)
    text: str = field(repr=False)
    language: str = "markdown"


@dataclass(frozen=True, slots=True)
class Across:
    """Changes of several files of a repository, applied all or not at all.

    Attributes:
        root: the folder that their paths are within, absolute.
        changes: what becomes of which file.
        notes: sentences for the person, such as references that were not touched.
        failed: whether the person's own check found fault with it.
    """

    root: str
    changes: Changes
    notes: tuple[str, ...] = ()
    failed: bool = False


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a review found.

    Attributes:
        span: whole lines of the text, without the last one's end.
        message: one or two sentences.
        severity: how bad it is.
        fix: what mends it, within `span`; `None` where the model gave nothing usable.
    """

    span: Span
    message: str = field(repr=False)
    severity: Severity = Severity.WARNING
    fix: Edit | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What a review found in the subject's text; may be nothing.

    Attributes:
        found: in the text's order.
        notes: sentences about what was left out, for the person.
    """

    found: tuple[Finding, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a review found in one of several files.

    Attributes:
        file: absolute.
        path: from the repository's root.
        text: the text that was reviewed, whole; by now the file may be another.
        found: in the text's order.
        spans: the lines that the model was shown.
    """

    file: str
    path: str
    text: Text = field(repr=False)
    found: tuple[Finding, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingsAcross:
    """What a review found in several files; may be nothing.

    Attributes:
        root: the repository's folder, absolute.
        files: those that were reviewed.
        notes: sentences about what was left out, for the person.
    """

    root: str
    files: tuple[Reviewed, ...]
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many findings there are."""
        return sum(len(one.found) for one in self.files)


Outcome: TypeAlias = Edit | Edits | Across | Page | Findings | FindingsAcross


def edits_of(outcome: Outcome) -> tuple[Edit, ...]:
    """The replacements in the subject's text that an outcome asks for at once; often none."""
    match outcome:
        case Edit():
            return (outcome,)
        case Edits(edits):
            return edits
        case Across() | Page() | Findings() | FindingsAcross():
            return ()
