"""Which files of an impact set are asked about together, so that each question fits the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_server.actions.impact import only_renamed
from twolane_server.actions.refactor_files import Section, brief, cut, definitions, leaned_on, whole
from twolane_server.actions.refactor_prompt import PLAN_TOKENS, batch_prompt, once_prompt
from twolane_server.actions.refactor_rows import apart
from twolane_server.errors import ActionError
from twolane_server.fragments import Fragment

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from twolane_server.actions.impact import Impact, Source

__all__ = ["Parts", "answer_tokens", "parts_of"]

_LEAST_ANSWER, _MOST_ANSWER = 2_048, 16_384
_PER_SITE = 120
_BYTES_PER_TOKEN = 3
_SPARE = 512
# Of the window, what files and answers of one question may take: a model reads little better.
_SHARE = 0.85
# Of that, what a file may take of which a definition is shown whole, and what that may by itself.
_OF_DEFINITION, _OF_PART = 0.75, 0.4


@dataclass(frozen=True, slots=True)
class Parts:
    """How an impact set is asked about.

    Attributes:
        files: what each question shows, by file.
        definition: what questions with a plan show of the symbol's definition; nothing without one.
        unseen: whether more may be wanted of the symbol's definition than a question can hold.
    """

    files: tuple[tuple[Section, ...], ...]
    definition: tuple[Fragment, ...] = ()
    unseen: bool = False

    @property
    def planned(self) -> bool:
        """Whether a plan is asked for first."""
        return bool(self.definition)


def answer_tokens(files: Sequence[Section]) -> int:
    """How long the answer about some files may be: blocks for all places, and some new code."""
    sites = sum(one.sites for one in files)
    own = max((len(one.source.text.source) for one in files), default=0) // _BYTES_PER_TOKEN
    return min(_MOST_ANSWER, max(_LEAST_ANSWER, sites * _PER_SITE + min(own, _LEAST_ANSWER)))


def parts_of(impact: Impact, task: Fragment, words: str) -> Parts:
    """The fewest questions that hold all files, whole where there is room.

    A file that one question cannot hold is in several.

    Args:
        impact: all files.
        task: what is to be done, as the model reads it.
        words: the same as the person wrote it.

    Raises:
        ActionError: the window is too small for any.
    """
    model, files = impact.model, impact.sources
    window = int(impact.window * _SHARE)
    wholes = {one.path: whole(one) for one in files}
    sizes = {path: one.tokens(model) for path, one in wholes.items()}
    renames = only_renamed(words, impact.name)
    briefs = {one.path: brief(one) if renames else _fuller(one, impact, window) for one in files}
    frame = once_prompt(impact, (), task, 0).tokens(model) + _SPARE
    # What the person names stays whole, in several questions if need be.
    named = {path for path in impact.named if sizes.get(path, 0) <= window}

    def shown(limit: int, kept: Collection[str]) -> tuple[Section, ...]:
        large = {path for path, size in sizes.items() if size > limit and path not in kept}
        return tuple((briefs if path in large else wholes)[path] for path in sizes)

    ways = [(limit, named) for limit in (window, window // 8, window // 32)]
    for limit, kept in [*ways, *((limit, ()) for limit, _ in ways[1:] if renames)]:
        sections = shown(limit, kept)
        if frame + _tokens(sections, model) + answer_tokens(sections) <= window:
            return Parts((sections,), unseen=not renames and _unseen(impact, sections))
    definition = _definition(impact, window // 8)
    shared = (definition, task, Fragment("", impact.label, impact.origin))
    frame = batch_prompt(impact, shared, files=(), max_tokens=0).tokens(model)
    room = window - frame - PLAN_TOKENS - _SPARE
    batches = _batches(impact, shown(window // 8, named), room)
    unseen = not renames and _unseen(impact, [one for some in batches for one in some])
    return Parts(batches, definition, unseen)


def _fuller(source: Source, impact: Impact, window: int) -> Section:
    """A file in brief, with the whole definition, of which more may be wanted than another name."""
    used = [*leaned_on(source, impact.name)]
    section = brief(source, used, statements=True)
    if kept := definitions(source, impact.name):
        fuller = brief(source, [*used, *kept], statements=True)
        own = Section(source, tuple(apart(kept)))
        fits = fuller.tokens(impact.model) <= window * _OF_DEFINITION
        # Else it takes more questions, of which one can hold the definition.
        return fuller if fits or own.tokens(impact.model) <= window * _OF_PART else section
    return section


def _unseen(impact: Impact, sections: Sequence[Section]) -> bool:
    """Whether no question shows all of the symbol's definition."""
    return any(
        not any(
            one.path == source.path and any(a <= first and end <= b for a, b in one.rows)
            for one in sections
        )
        for source in impact.sources
        for first, end in definitions(source, impact.name)
    )


def _definition(impact: Impact, room: int) -> tuple[Fragment, ...]:
    """What is shown of the file that was asked in: around the definition alone, where all is too much."""
    source = impact.sources[0]
    pieces = list(cut(brief(source), lambda some: _tokens(some, impact.model) <= room))
    rows = [first for first, _ in definitions(source, impact.name)]
    return next((one for one in pieces if any(map(one.holds, rows))), pieces[0]).shown


def _batches(
    impact: Impact, shown: tuple[Section, ...], room: int
) -> tuple[tuple[Section, ...], ...]:
    def fits(sections: Sequence[Section]) -> bool:
        return _tokens(sections, impact.model) + answer_tokens(sections) <= room

    batches: list[tuple[Section, ...]] = []
    now: tuple[Section, ...] = ()
    for one in (
        piece for each in shown for piece in ((each,) if fits([each]) else cut(each, fits))
    ):
        if not fits([one]):
            raise ActionError(
                f"One question cannot hold even a part of {one.path}; use a model with a larger "
                "window."
            )
        if now and not fits((*now, one)):
            batches.append(now)
            now = ()
        now = (*now, one)
    return (*batches, now)


def _tokens(sections: Sequence[Section], model: str) -> int:
    return sum(one.tokens(model) for one in sections)
