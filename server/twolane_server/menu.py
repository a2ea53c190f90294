"""The menu: which actions make sense at a selection, and the lane that each would take."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from twolane_context.languages import language_for
from twolane_server.actions.base import Reads, Subject
from twolane_server.actions.catalogue import ACTIONS, FIX
from twolane_server.actions.selected import selected
from twolane_server.errors import TooLarge
from twolane_server.estimates import Sizes, estimate
from twolane_server.orders import Offer
from twolane_server.questions import question_of
from twolane_server.reparse import earlier
from twolane_server.routing.choose import choose
from twolane_server.rules.markers import head_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from twolane_context.spans import Span
    from twolane_server.actions.base import Action
    from twolane_server.lanes.base import LaneName
    from twolane_server.routing.choose import Question
    from twolane_server.rules.knowledge import Known
    from twolane_server.rules.labels import Labelled
    from twolane_server.session import Session, Snapshot
    from twolane_server.settings.resolved import Settings

__all__ = ["offers"]


def offers(
    session: Session,
    snapshot: Snapshot,
    selection: Span,
    known: Known,
    *,
    priced: Callable[[Question, Settings], Question],
    brought: Callable[[LaneName, int], int],
    diagnosed: str = "",
) -> Iterator[Offer]:
    """The actions that make sense at a selection, in the order of the menu; from memory alone.

    Args:
        session: keeps the document's tree.
        snapshot: the document and the settings.
        selection: what is selected; empty for a cursor.
        known: what was last read about the document.
        priced: lays what the month's budget says over a question; from memory.
        brought: about how many tokens of the repository go with a prompt on a lane with a window.
        diagnosed: what another server says about the selection; then only what fixes it is offered.
    """
    document = snapshot.document
    language = language_for(document.path, document.language_id)
    labelled = known.label(head_of(document.text))
    subject = Subject(
        text=document.text,
        language=language,
        path=document.path,
        label=labelled.label,
        selection=selection,
        instruction=diagnosed,
    )
    if language is not None:
        tree = session.tree(document, language)
        selection = earlier(selection, tree.parsed.source, document.text.source)
        subject = replace(subject, text=tree.text, selection=selection, parsed=tree.parsed)
    meant = len(selected(subject).span)
    for action in (FIX,) if diagnosed else ACTIONS:
        said = labelled if action.reads.in_document else _staged(known, action)
        if action.offered(subject) and said is None:
            yield Offer(action, None)
        elif action.offered(subject) and said is not None:
            size = len(selection)
            question = replace(
                question_of(action, said, known, snapshot.settings, characters=size),
                local_tokens=size // 2,  # a menu must not wait for a count
                cloud_tokens=size // 2,
            )
            if known.granted and known.cloud_state is None:
                question = priced(question, snapshot.settings)
            with suppress(TooLarge):  # then no lane would take it
                decision = choose(question)
                lane = decision.lane
                more = brought(lane, question.window(lane))
                sizes = Sizes(meant, len(document.text.source), more)
                about = estimate(action.name, sizes, decision, snapshot.settings)
                yield Offer(action, decision, about)


def _staged(known: Known, action: Action) -> Labelled | None:
    """The label of what is staged, for an action that reads that."""
    return known.staged if action.reads in (Reads.INDEX, Reads.STAGED) else None
