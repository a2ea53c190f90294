"""*Refactor across the repository…*: a symbol and all that refers to it, changed by an instruction.

What fits one question is asked at once. Else a plan is asked for first, then the files in parts, with
the plan before each; and whatever an answer has that cannot be carried out goes back to the model
with the reason, twice at most. At the end, references that nobody touched are told.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.asked import asked_for
from twolane_server.actions.base import Reads, Task, tree_of
from twolane_server.actions.impact import role_of
from twolane_server.actions.outcomes import Across
from twolane_server.actions.refactor_parts import Parts, answer_tokens, parts_of
from twolane_server.actions.refactor_prompt import (
    NO_CHANGES,
    again,
    batch_prompt,
    once_prompt,
    plan_prompt,
)
from twolane_server.actions.selected import selected
from twolane_server.actions.symbol import symbol_places
from twolane_server.edits.changes import Changes
from twolane_server.edits.forgotten import forgotten
from twolane_server.edits.paths import Paths
from twolane_server.edits.reply import trimmed, without_reasoning
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Fragment
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_server.actions.base import Subject
    from twolane_server.actions.impact import Impact
    from twolane_server.edits.changes import FileChange, Problem
    from twolane_server.edits.forgotten import Forgotten
    from twolane_server.text import Text

__all__ = ["Refactor"]

_MOST_ASKS = 2
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class _SoFar:
    """What is kept from one answer to the next.

    Attributes:
        task: what is asked for.
        parts: the files of each question.
        at: which part is asked about; -1 while the plan is.
        plan: the plan, where there is one.
        made: what earlier parts came to.
        asks: how often the model was asked again about this part.
    """

    task: Fragment
    parts: Parts
    at: int = 0
    plan: str = ""
    made: Changes = field(default_factory=Changes)
    asks: int = 0


@dataclass(frozen=True, slots=True)
class Refactor:
    """The action; see `base.Action`."""

    name: str = "refactor"
    title: str = "Refactor across the repository…"
    home: LaneName = LaneName.LOCAL
    reads: Reads = Reads.REPOSITORY

    def offered(self, subject: Subject) -> bool:
        """Whether a symbol may be here."""
        parsed = tree_of(subject)
        return parsed is not None and bool(symbol_places(parsed, subject.selection))

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: no symbol is here, or nothing is asked for.
        """
        parsed, impact = tree_of(subject), subject.impact
        if parsed is None or impact is None or not impact.sources:
            raise ActionError(
                "No symbol that the repository knows is here; put the cursor on a name or into a "
                "definition, in a file of a repository."
            )
        words, asked = asked_for(subject, parsed, selected(subject).span)
        parts = parts_of(impact, asked, words)
        state = _SoFar(asked, parts, at=-1 if parts.planned else 0)
        return _task(subject, impact, state, words)

    def finish(self, task: Task, reply: str) -> Across | Task:
        """The changes of all files, or the next question.

        Raises:
            ReplyRefused: the model's edits cannot be carried out, also after it was asked again.
            ActionError: nothing would change.
        """
        state, impact = task.so_far, task.subject.impact
        if not isinstance(state, _SoFar) or impact is None:
            raise ReplyRefused("The answer is to no question that was asked.")
        if state.at < 0:
            plan = trimmed(without_reasoning(reply))
            if not plan:
                raise ReplyRefused("The model's plan is empty; try again.")
            return _task(task.subject, impact, replace(state, at=0, plan=plan), task.instruction)
        found = _changes(impact, state, reply)
        if not isinstance(found, Changes):
            return _again(task, state, reply, found)
        state = replace(state, made=found, at=state.at + 1, asks=0)
        if state.at < len(state.parts.files):
            return _task(task.subject, impact, state, task.instruction)
        if not len(found):
            raise ActionError("The model would change nothing.")
        unseen = (
            f"{impact.name} was too long to be shown to the model as a whole; look closely at what became of it.",
        )
        notes = (*impact.notes, *(unseen if state.parts.unseen else ()), *_notes(impact, found))
        return Across(impact.root, found, notes)


def _changes(impact: Impact, state: _SoFar, reply: str) -> Changes | tuple[Problem, ...]:
    """What all parts up to this one come to."""
    earlier = {one.path: one for one in state.made}
    texts: dict[str, Text] = {}
    for one in state.parts.files[state.at]:
        before = earlier.get(one.path)
        text = one.source.text if before is None else before.after
        if text is not None:
            texts[one.path] = text
    if state.parts.planned and without_reasoning(reply).strip(" \n.`*") == NO_CHANGES:
        return state.made
    # A file that an earlier part renamed may be renamed so again.
    renamed = {earlier[path].place for path in texts if path in earlier}
    others = (impact.others | impact.texts.keys() | set(state.made.paths)) - texts.keys() - renamed
    from twolane_server.edits.from_reply import changes_from  # noqa: PLC0415 - not needed to start

    # The definition is shown with each part, so that its edits may come with each, too.
    olds = {path: earlier[path].before for path in texts if path in earlier}
    before = {path: text for path, text in olds.items() if text is not None}
    outcome = changes_from(reply, texts, Paths.of(texts, others, [impact.root]), before)
    if not isinstance(outcome, Changes):
        return outcome
    later = {one.path: _both(earlier.get(one.path), one) for one in outcome}
    return Changes.of((earlier | later).values())


def _both(earlier: FileChange | None, later: FileChange) -> FileChange:
    """What two answers make of a file, the later of what the earlier left."""
    if earlier is None:
        return later
    return replace(later, before=earlier.before, to=later.to or earlier.to)


def _again(task: Task, state: _SoFar, reply: str, problems: tuple[Problem, ...]) -> Task:
    reasons = [str(one) for one in problems]
    prompt = again(task.prompt, reply, reasons[:_MOST_TOLD])
    impact = task.subject.impact
    model, window = (impact.model, impact.window) if impact is not None else ("", 0)
    room = window - prompt.max_tokens
    if prompt.tokens(model) > room:
        # Without its answer, which it would have to read again.
        prompt = again(task.prompt, "", reasons[:_MOST_TOLD])
    if state.asks >= _MOST_ASKS or prompt.tokens(model) > room:
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        raise ReplyRefused(
            f"The model's edits cannot be carried out, so nothing was changed. {reasons[0]}{more}"
        )
    note = f"asked again: {reasons[0]}"
    state = replace(state, asks=state.asks + 1)
    return replace(task, prompt=prompt, note=note, so_far=state)


def _task(subject: Subject, impact: Impact, state: _SoFar, words: str) -> Task:
    parts = state.parts
    target = Span(0, len(subject.text.source))
    if not parts.planned:
        files = parts.files[0]
        shown = tuple(part for one in files for part in one.shown)
        prompt = once_prompt(impact, shown, state.task, answer_tokens(files))
        return Task(subject, prompt, target, words, so_far=state)
    definition = parts.definition
    if state.at < 0:
        prompt = plan_prompt(impact, definition, state.task)
        note = f"a plan for {len(impact.sources)} files"
        return Task(subject, prompt, target, words, note, 0.0, state)
    files = parts.files[state.at]
    shown = tuple(part for one in files for part in one.shown)
    plan = Fragment(state.plan, impact.label, impact.origin)
    prompt = batch_prompt(
        impact, (definition, state.task, plan), files=shown, max_tokens=answer_tokens(files)
    )
    count = len(parts.files)
    note = f"part {state.at + 1} of {count}"
    return Task(subject, prompt, target, words, note, state.at / count, state)


def _notes(impact: Impact, changes: Changes) -> tuple[str, ...]:
    """References that nobody touched, and places that may be some."""
    sites = {one.path: one.sites for one in impact.sources if one.sites}
    maybe = {one.path: one.maybe for one in impact.sources if one.maybe}
    left = forgotten(impact.name, impact.texts, sites, changes)
    doubtful = forgotten(impact.name, impact.texts, sites, changes, maybe)
    roles = {one.path: one.role for one in impact.sources}
    for places in (left, doubtful):  # code before what tells of it
        places.sort(key=lambda one: roles.get(one.path, role_of(one.path)))
    notes: list[str] = []
    if left:
        count = "1 reference was" if len(left) == 1 else f"{len(left)} references were"
        notes.append(f"{count} not changed: {_told(left)}")
    if doubtful:
        count = "1 other place has" if len(doubtful) == 1 else f"{len(doubtful)} other places have"
        notes.append(f"{count} the old name and may mean it, too: {_told(doubtful)}")
    return (*notes, *_still_imported(impact, changes))


def _still_imported(impact: Impact, changes: Changes) -> Iterator[str]:
    """Files that import one that goes, or is called otherwise, and were not touched."""
    touched = {*changes.paths}
    for path in (one.path for one in changes if one.to or one.after is None):
        if stale := sorted(impact.users.get(path, frozenset()) - touched):
            more = f" and {len(stale) - _MOST_TOLD} more" if len(stale) > _MOST_TOLD else ""
            yield f"{path} is still imported in {', '.join(stale[:_MOST_TOLD])}{more}"


def _told(places: list[Forgotten]) -> str:
    told = ", ".join(f"{one.path}:{one.line}" for one in places[:_MOST_TOLD])
    more = len(places) - _MOST_TOLD
    return f"{told} and {more} more" if more > 0 else told
