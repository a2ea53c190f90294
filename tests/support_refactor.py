"""A repository's impact set without a server, and a conversation with a model that is a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_actions import shown
from support_repository import put
from twolane_context.languages import language_for
from twolane_context.spans import Span
from twolane_context.trees import parse
from twolane_server.actions.base import Subject, Task
from twolane_server.actions.refactor import Refactor
from twolane_server.actions.symbol import symbol_places
from twolane_server.fragments import Label
from twolane_server.repositories.impacts import WantedImpact
from twolane_server.repositories.indexed import Indexed
from twolane_server.settings.resolved import Folders, NdaRules
from twolane_server.text import Text, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from twolane_server.actions.impact import Impact
    from twolane_server.actions.outcomes import Across

__all__ = ["conversation", "impact_in", "indexed_in", "subject_at"]

WINDOW = 65_536


def indexed_in(root: Path, own: Path, files: Mapping[str, str] | None = None) -> Indexed:
    """The index of a repository, with these files put into it."""
    (root / ".git").mkdir(parents=True, exist_ok=True)
    for path, text in (files or {}).items():
        put(root / path, text)
    indexed = Indexed(root, Folders(own, own, own))
    indexed.refresh()
    return indexed


def subject_at(root: Path, path: str, at: int, *, instruction: str) -> Subject:
    """A cursor at a byte of a file."""
    source = (root / path).read_bytes()
    language = language_for(path)
    return Subject(
        text=Text.of(source.decode()),
        language=language,
        path=str(root / path),
        label=Label.NDA,
        selection=Span(at, at),
        instruction=instruction,
        parsed=None if language is None else parse(language, source),
    )


def impact_in(indexed: Indexed, subject: Subject, *, window: int = WINDOW) -> Impact | None:
    """All that the symbol at the subject's cursor may touch."""
    assert subject.parsed is not None
    places = symbol_places(subject.parsed, subject.selection)
    asked = subject.instruction
    wanted = WantedImpact(
        subject.path, places, subject.label, NdaRules(), "Qwen3-Coder", window, asked
    )
    return indexed.impact(wanted)


def conversation(subject: Subject, model: Callable[[str], str]) -> tuple[Across, list[str]]:
    """What comes of it, and the questions that the model was asked, as texts."""
    action = Refactor()
    task: Task | Across = action.prepare(subject)
    asked: list[str] = []
    while isinstance(task, Task):
        question = shown(task.prompt)
        asked.append(question)
        task = action.finish(task, model(question))
    return task, asked


def at_name(text: str, name: str) -> int:
    """The byte at which a name first stands."""
    return len(encode(text[: text.index(name)]))
