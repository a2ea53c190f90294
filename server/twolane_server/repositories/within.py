"""An order's prompt by itself, and with what its repository holds around the selection.

What the user works on decides the lane, not what we add. So what would move the prompt to another
lane, or keep it from leaving, is left out again: the map first, then everything.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.actions.base import Subject
from twolane_server.actions.symbol import symbol_places
from twolane_server.errors import FingerprintsUnusable, TooLarge
from twolane_server.lanes.base import LaneName
from twolane_server.recognition.shorts import short_files
from twolane_server.renewed import renew
from twolane_server.repositories.impacts import WantedImpact
from twolane_server.repositories.surroundings import Wanted, rows_of
from twolane_server.routing.choose import choose

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from twolane_context.languages import Language
    from twolane_context.trees import Parsed
    from twolane_server.actions.base import Surroundings, Task
    from twolane_server.actions.impact import Impact
    from twolane_server.actions.material import Material
    from twolane_server.border.searches import Searches
    from twolane_server.border.standing import Prints
    from twolane_server.fragments import Label
    from twolane_server.orders import Order, Ready
    from twolane_server.prompts import Prompt
    from twolane_server.routing.choose import Decision, Question
    from twolane_server.rules.knowledge import Known
    from twolane_server.rules.remembered import Remembered
    from twolane_server.settings.resolved import Settings

    Counted = Callable[[Question, tuple[Prompt, ...], Settings], Question]
    Decide = Callable[[Question, tuple[Prompt, ...]], Decision]

__all__ = ["decided", "prepared", "wanted_impact", "with_surroundings"]


def prepared(
    order: Order, label: Label, material: Material | None = None, impact: Impact | None = None
) -> Task:
    """What the order asks for by itself.

    Args:
        order: what is wanted.
        label: of the document.
        material: what was read for an action that does not work on the document.
        impact: what was found for one that works on the repository.

    Raises:
        ActionError: there is nothing to do there.
    """
    document = order.document
    language = language_for(document.path, document.language_id)
    subject = Subject(
        text=document.text,
        language=language,
        path=document.path,
        label=label,
        selection=order.selection,
        instruction=order.instruction,
        answer_in=order.answer_in,
        material=material,
        impact=impact,
        parsed=language and _tree(order, language),
    )
    return _asked(order, subject)


def _tree(order: Order, language: Language) -> Parsed:
    """The document's tree: one of the same text, with all that is found out about it, if there is one."""
    earlier, source = order.earlier, order.document.text.source
    if earlier is not None and earlier.language == language and earlier.source == source:
        return earlier
    parsed = parse(language, source, earlier)
    renew(parsed, earlier)
    return parsed


def _asked(order: Order, subject: Subject) -> Task:
    """The action's task, with as long an answer as the user allows."""
    task = order.action.prepare(subject)
    if order.max_tokens is None:
        return task
    return replace(task, prompt=replace(task.prompt, max_tokens=order.max_tokens))


def wanted_impact(order: Order, label: Label, settings: Settings) -> WantedImpact:
    """What to ask the repository for an action that changes all of it; such an action is local."""
    document, places = order.document, ()
    language = language_for(document.path, document.language_id)
    if language is not None:
        places = symbol_places(_tree(order, language), order.selection)
    model = settings.local_model(order.action.name)
    window, asked = settings.local.window, order.instruction
    return WantedImpact(document.path, places, label, settings.nda, model, window, asked)


def decided(
    question: Question,
    prompts: tuple[Prompt, ...],
    *,
    words: tuple[str, ...],
    known_code: Callable[[], Prints],
    searches: Callable[[], Searches],
    gone: tuple[str, ...],
    shorts: Remembered[str | None],
) -> Decision:
    """The decision, with what the border would say to it: for the person's eyes, it asks again.

    It waits for the disk: not for the event loop.

    Args:
        question: all that decides.
        prompts: what would be sent.
        words: the names that must not leave.
        known_code: what recognises code under NDA; waits for the disk.
        searches: the border's, which remember what they found.
        gone: texts that the prompts speak of without showing all of them.
        shorts: see `short_files`.

    Raises:
        TooLarge: see `choose`.
    """
    decision = choose(question)
    if decision.lane is LaneName.CLOUD:
        why = _objection(prompts, words, known_code, searches, gone=gone, shorts=shorts)
        decision = choose(replace(question, refused=why)) if why else decision
    return decision


def _objection(
    prompts: tuple[Prompt, ...],
    words: tuple[str, ...],
    known_code: Callable[[], Prints],
    searches: Callable[[], Searches],
    *,
    gone: tuple[str, ...],
    shorts: Remembered[str | None],
) -> str | None:
    from twolane_server.border.gate import objection  # noqa: PLC0415 - not needed to start

    try:
        code, found = known_code(), searches()
        paths = (one.path for prompt in prompts for one in prompt.sources if not one.name_only)
        said = chain(
            (objection(one, words, code, found) for one in prompts),
            map(code.found, gone),
            map(code.whole, (*gone, *short_files(paths, shorts))),
        )
        return next((why for why in said if why is not None), None)
    except FingerprintsUnusable as error:
        return str(error).rstrip(".")


def _wanted(alone: Ready, order: Order, known: Known) -> Wanted:
    """What to ask the repository: for the lane that the order takes by itself."""
    subject, decision = alone.task.subject, alone.decision
    first, last = rows_of(subject.text.source, order.selection)
    return Wanted(
        path=subject.path,
        first=first,
        last=last,
        audience=decision.lane,
        model=decision.model,
        window=alone.question.window(decision.lane),
        label=subject.label,
        words=known.words,
        nda=alone.settings.nda,
        instruction=alone.task.instruction,
        parsed=subject.parsed,
    )


async def with_surroundings(
    alone: Ready,
    order: Order,
    known: Known,
    look: Callable[[Wanted], Awaitable[Surroundings]],
    *,
    counted: Counted,
    decide: Decide,
) -> Ready:
    """The order with as much of its surroundings as leaves it on its lane.

    The border is asked about all of it first. Where it has nothing against that, it has nothing against
    a part of it, and need not read the order twice.

    Args:
        alone: the order by itself, on the lane that it takes as long as the border has no objection.
        order: what the user asked for.
        known: of its document.
        look: asks the repository.
        counted: gives a question the tokens of a prompt; runs in a thread.
        decide: `decided`, for this document; runs in a thread.

    Raises:
        TooLarge: see `choose`.
    """
    wanted = _wanted(alone, order, known)
    parts = _parts(await look(replace(wanted, sift=False)))
    for part in parts[:1]:
        if ready := await asyncio.to_thread(_with, part, alone, order, counted, decide):
            return ready
    decision = await asyncio.to_thread(decide, alone.question, alone.task.prompts)
    stays = decision.lane is alone.decision.lane
    tried, alone = parts[:1] if stays else (), replace(alone, decision=decision)
    if stays and not parts:
        return alone
    # By now the border has read all code under NDA, so that pieces which hold some are left out.
    for part in _parts(await look(_wanted(alone, order, known))):
        if part not in tried and (
            ready := await asyncio.to_thread(_with, part, alone, order, counted, decide)
        ):
            return ready
    return alone


def _parts(around: Surroundings) -> tuple[Surroundings, ...]:
    """All of it, and less."""
    parts = (around, replace(around, map=())) if around.map else (around,)
    return tuple(filter(None, parts))


def _with(
    part: Surroundings, alone: Ready, order: Order, counted: Counted, decide: Decide
) -> Ready | None:
    """The order with this of its surroundings; `None` where that would move it to another lane."""
    made = _asked(order, replace(alone.task.subject, around=part))
    task = replace(made, prompt=replace(made.prompt, alone=alone.task.prompt))
    question = replace(
        alone.question,
        label=max(alone.question.label, task.prompt.label),
        characters=task.prompt.characters,
    )
    question = counted(question, task.prompts, alone.settings)
    try:
        decision = decide(question, task.prompts)
    except TooLarge:
        return None
    if decision.lane is not alone.decision.lane:
        return None
    same = replace(alone.decision, label=decision.label)
    return replace(alone, task=task, question=question, decision=same)
