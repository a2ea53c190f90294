"""What an action came to, on a terminal and as JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text as Styled

from twolane_server.actions.outcomes import (
    Across,
    Edit,
    Edits,
    Findings,
    FindingsAcross,
    Page,
    edits_of,
)
from twolane_server.cli.diff import diff, diff_of
from twolane_server.cli.plain import plain
from twolane_server.errors import ActionError
from twolane_server.folders import folders
from twolane_server.source_file import write_back
from twolane_server.writing.undo import write_and_keep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_server.actions.outcomes import Finding, Outcome
    from twolane_server.cli.terminal import Terminal
    from twolane_server.source_file import Place
    from twolane_server.text import Text

__all__ = ["apply", "as_object", "show"]

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def apply(outcome: Outcome, place: Place) -> bool:
    """Write what an outcome changes into the file; whether it changes anything.

    Raises:
        StaleDocument: the file changed since.
        ActionError: it cannot be written.
    """
    if isinstance(outcome, Across):
        if outcome.failed:
            raise ActionError("The check of your settings failed, so nothing was applied.")
        write_and_keep(outcome.changes, Path(outcome.root), folders(os.environ).state)
        return True
    edits = edits_of(outcome)
    if not edits:
        return False
    after = place.document.text.replaced((edit.span, edit.text) for edit in edits)
    write_back(Path(place.document.path), after, expected_sha256=place.sha256)
    return True


def show(console: Terminal, outcome: Outcome, place: Place, streamed: str) -> None:
    """Show an outcome to a person.

    Args:
        console: where.
        outcome: what.
        place: where in which file it was asked for.
        streamed: what of the answer was shown already, as it came.
    """
    match outcome:
        case Edit() | Edits() | Across():
            for line in _diff(outcome, place):
                shown = plain(line.rstrip("\r\n"))
                console.print(Styled(shown, style=_STYLES.get(line[:1], "")))
        case Page(text=text):
            if text.strip() != streamed.strip():
                console.print(Styled(plain(text)), end="")
        case Findings() | FindingsAcross():
            found = list(_found(outcome, place))
            for path, text, each in found:
                console.print(Styled(plain(_line(each, path, text))))
            if not found:
                console.print("nothing found")
    for note in _notes(outcome):
        console.print(Styled(plain(note), style="yellow"))


def as_object(outcome: Outcome, place: Place) -> dict[str, object]:
    """An outcome in the stable shape that programs read."""
    match outcome:
        case Edit() | Edits():
            edit = {
                "path": place.document.path,
                "before_sha256": place.sha256,
                "diff": "".join(_diff(outcome, place)),
            }
            said: dict[str, object] = {"edit": edit}
        case Across(root, changes):
            files = [
                {
                    "path": one.path,
                    "does": one.sort.value,
                    "to": one.to or None,
                    "before_sha256": one.before_sha256,
                }
                for one in changes
            ]
            said = {"edit": {"root": root, "files": files, "diff": "".join(_diff(outcome, place))}}
        case Page(title, text, language):
            said = {"page": {"title": title, "language": language, "text": text}}
        case Findings() | FindingsAcross():
            said = {"findings": [_finding(*each) for each in _found(outcome, place)]}
    notes = _notes(outcome)
    return {**said, "notes": list(notes)} if notes else said


def _notes(outcome: Outcome) -> tuple[str, ...]:
    return outcome.notes if isinstance(outcome, Edits | Across | Findings | FindingsAcross) else ()


def _diff(outcome: Outcome, place: Place) -> list[str]:
    if isinstance(outcome, Across):
        return [line for one in outcome.changes for line in diff_of(one)]
    return _edited(place.document.path, place.document.text, edits_of(outcome))


def _edited(path: str, before: Text, edits: tuple[Edit, ...]) -> list[str]:
    return diff(path, before, before.replaced((edit.span, edit.text) for edit in edits))


def _found(outcome: Findings | FindingsAcross, place: Place) -> Iterator[tuple[str, Text, Finding]]:
    """Each finding with the file that it is in, and that file's text."""
    if isinstance(outcome, Findings):
        for each in outcome.found:
            yield place.document.path, place.document.text, each
        return
    for file in outcome.files:
        for each in file.found:
            yield file.file, file.text, each


def _rows(finding: Finding, text: Text) -> tuple[int, int]:
    """The lines that a finding is about; 1-based, both included."""
    span = finding.span
    return text.row_of(span.start) + 1, text.row_of(span.end) + 1


def _line(finding: Finding, path: str, text: Text) -> str:
    first, _ = _rows(finding, text)
    fix = "  (with a fix)" if finding.fix is not None else ""
    return f"{path}:{first}: {finding.severity}: {finding.message}{fix}"


def _finding(path: str, text: Text, finding: Finding) -> dict[str, object]:
    first, last = _rows(finding, text)
    said: dict[str, object] = {
        "path": path,
        "start_line": first,
        "end_line": last,
        "severity": finding.severity.value,
        "message": finding.message,
    }
    if finding.fix is not None:
        said["diff"] = "".join(_edited(path, text, (finding.fix,)))
    return said
