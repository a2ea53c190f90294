"""What the repository says around a selection, looked for while a person reads the menu there.

Whatever action is chosen then, most of that has been read, and compared with code under NDA. Of a menu that
a person has opened, the questions to the cloud are made as well, up to the point where they would be sent:
the border has looked at them by the time that one is chosen. Nothing of it is kept but what any
question leaves behind: by its content, and under the same rules. The action asks everything itself.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from twolane_server.actions.base import Reads
from twolane_server.errors import TwolaneError
from twolane_server.lanes.base import LaneName
from twolane_server.orders import Order
from twolane_server.repositories.surroundings import Wanted, rows_of
from twolane_server.rules.markers import head_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from twolane_context.spans import Span
    from twolane_server.orders import Offer
    from twolane_server.session import Session, Snapshot
    from twolane_server.settings.resolved import Settings

__all__ = ["Ahead", "wanted_by_most"]

_REST_SECONDS = 0.15
"""So long a menu stands before anything is done: editors ask for one wherever the cursor goes."""

_READING_SECONDS = 2.0
_ONE_QUESTION = frozenset({"docstring", "review", "explain"})
"""Actions that ask one question about the code alone: without an instruction it is the same."""


class Ahead:
    """Belongs to the event loop of the language server. The last menu counts; a request ends it.

    Args:
        session: what is open.
        offers: the menu at a selection; see `Service.offers`.
        around: asks the repository; see `Repositories.around`.
        prepare: makes an order's prompt and sends nothing; see `Service.prepare`.
        background: runs something that nobody waits for.
        sleep: waits.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        session: Session,
        offers: Callable[[Session, Snapshot, Span], Iterable[Offer]],
        around: Callable[[Wanted], Awaitable[object]],
        prepare: Callable[[Order, Settings], Awaitable[object]],
        background: Callable[[Coroutine[object, object, None]], asyncio.Task[None]],
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session, self._offers = session, offers
        self._around, self._prepare = around, prepare
        self._background, self._sleep, self._clock = background, sleep, clock
        self._shown, self._opened = 0.0, False
        self._task: asyncio.Task[None] | None = None
        self._last: tuple[str, int, Span] | None = None

    def menu(self, snapshot: Snapshot, selection: Span, *, opened: bool) -> None:
        """A menu is shown. One that is asked for again is no other one.

        Args:
            snapshot: the document.
            selection: what is selected.
            opened: whether a person has opened it, as far as is known: some editors ask for one by
                themselves wherever the cursor rests.
        """
        now = snapshot.document.uri, snapshot.document.version, selection
        self._shown = self._clock()
        if now != self._last or opened > self._opened:
            self.stop()
            self._last, self._opened = now, opened
            self._task = self._background(self._look(snapshot, selection))

    def stop(self) -> None:
        """What is asked for now is more urgent."""
        self._last = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def chosen(self) -> None:
        """Wait while a menu is read, a moment at most: somebody is about to ask for something."""
        while self._last is not None and self._clock() - self._shown < _READING_SECONDS:
            await self._sleep(_REST_SECONDS)

    async def _look(self, snapshot: Snapshot, selection: Span) -> None:
        await self._sleep(_REST_SECONDS)
        document = snapshot.document
        now = self._session.snapshot(document.uri)  # its label may have been read meanwhile
        if now is not None and now.document.version == document.version:
            offers = [*self._offers(self._session, now, selection)]
            wanted = wanted_by_most(now, selection, offers)
            if wanted is not None:
                await self._around(wanted)
            for offer in offers if self._opened else ():
                if _is_one_question_to_the_cloud(offer):
                    order = Order(offer.action, now.document, selection, earlier=now.earlier)
                    with suppress(TwolaneError):  # which who chooses it is told
                        await self._prepare(order, now.settings)


def _is_one_question_to_the_cloud(offer: Offer) -> bool:
    to_cloud = offer.decision is not None and offer.decision.lane is LaneName.CLOUD
    return to_cloud and offer.action.name in _ONE_QUESTION


def wanted_by_most(snapshot: Snapshot, selection: Span, offers: Iterable[Offer]) -> Wanted | None:
    """The question that the first action would ask which begins in the document: most ask the same.

    But for `sift`: what it finds is compared with code under NDA ahead, which the border does then sooner.

    Args:
        snapshot: the document.
        selection: what is selected.
        offers: the menu there.
    """
    document, settings, known = snapshot.document, snapshot.settings, snapshot.known
    decisions = (
        one.decision
        for one in offers
        if one.action.reads.in_document and one.action.reads is not Reads.REPOSITORY
    )
    decision = next((one for one in decisions if one is not None), None)
    if decision is None or known is None:
        return None
    source, lanes = document.text.source, {"local": settings.local, "cloud": settings.cloud}
    first, last = rows_of(source, selection)
    parsed = snapshot.earlier
    return Wanted(
        path=document.path,
        first=first,
        last=last,
        audience=decision.lane,
        model=decision.model,
        window=lanes[decision.lane.value].window,
        label=known.label(head_of(document.text)).label,
        words=known.words,
        nda=settings.nda,
        parsed=parsed if parsed is not None and parsed.source == source else None,
    )
