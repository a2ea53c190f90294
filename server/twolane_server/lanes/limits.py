"""Who may use a lane next: how many at once, how many in a minute, and fairly.

Pure: the time is handed in; nobody waits here (`turns` does). Interactive work goes ahead of batch
work, but after every few turns a batch one is let in, and batch work never takes the last place of
several. Within each kind sources (documents, repositories) take turns, and within a source the first
come is first.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["INTERACTIVE", "INTERACTIVE_IN_A_ROW", "MINUTE", "Limits", "Ticket", "Who"]

MINUTE = 60.0
INTERACTIVE_IN_A_ROW = 8
"""After so many interactive turns while batch work waits, that has one."""


@dataclass(frozen=True, slots=True)
class Who:
    """On whose behalf a request is made.

    Attributes:
        source: among whom turns are shared fairly: a document, or for batch work a repository.
        batch: whether nobody waits for this one answer.
    """

    source: str = ""
    batch: bool = False


INTERACTIVE = Who()
"""Somebody waits for it, of whom no more is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """One request's place in the queue, and then its turn."""

    who: Who


class _Line:
    """Those who wait, of one kind. The order of the dict is that in which sources have turns."""

    def __init__(self) -> None:
        self._sources: dict[str, deque[Ticket]] = {}

    def __bool__(self) -> bool:
        return bool(self._sources)

    def __len__(self) -> int:
        return sum(map(len, self._sources.values()))

    def join(self, ticket: Ticket) -> None:
        self._sources.setdefault(ticket.who.source, deque()).append(ticket)

    def leave(self, ticket: Ticket) -> None:
        waiting = self._sources.get(ticket.who.source)
        if waiting is not None and ticket in waiting:
            waiting.remove(ticket)
            if not waiting:
                del self._sources[ticket.who.source]

    def take(self) -> Ticket:
        source = next(iter(self._sources))
        waiting = self._sources.pop(source)
        ticket = waiting.popleft()
        if waiting:
            self._sources[source] = waiting
        return ticket

    def __iter__(self) -> Iterator[Ticket]:
        """In the order of their turns, if nobody else comes."""
        left = [iter(waiting) for waiting in self._sources.values()]
        while left:
            still: list[Iterator[Ticket]] = []
            for each in left:
                if (ticket := next(each, None)) is not None:
                    yield ticket
                    still.append(each)
            left = still


class Limits:
    """One lane's places and those who wait for one.

    Args:
        concurrency: how many may be under way at once.
        per_minute: how many may begin in any minute; `None` for no limit.
    """

    def __init__(self, concurrency: int, per_minute: int | None = None) -> None:
        self._concurrency = concurrency
        self._per_minute = per_minute
        self._interactive, self._batch = _Line(), _Line()
        self._running: dict[Ticket, None] = {}
        self._batch_running = 0
        self._begun: deque[float] = deque()
        self._in_a_row = 0
        self._held_until = float("-inf")

    @property
    def running(self) -> int:
        """How many are under way."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._interactive) + len(self._batch)

    def join(self, who: Who) -> Ticket:
        """Stand in the queue."""
        ticket = Ticket(who)
        (self._batch if who.batch else self._interactive).join(ticket)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Go: out of the queue, or at the end of the turn."""
        if ticket in self._running:
            del self._running[ticket]
            self._batch_running -= ticket.who.batch
        else:
            (self._batch if ticket.who.batch else self._interactive).leave(ticket)

    def admit(self, now: float) -> Ticket | None:
        """Give the next one its turn, if there is one to give; ask again until there is none."""
        line = self._next_line()
        if line is None or now < self._held_until or self._too_many(now):
            return None
        ticket = line.take()
        self._running[ticket] = None
        self._batch_running += ticket.who.batch
        self.began(now)
        overtaken = bool(self._batch) and not ticket.who.batch
        self._in_a_row = self._in_a_row + 1 if overtaken else 0
        return ticket

    def began(self, now: float) -> None:
        """Count a request that is sent; one that is sent again counts again."""
        if self._per_minute is not None:
            self._begun.append(now)

    def hold(self, until: float) -> None:
        """Let nobody begin before a time: the server asked for that."""
        self._held_until = max(self._held_until, until)

    def opens_at(self, now: float) -> float | None:
        """When somebody who waits has a turn though nobody ends theirs; `None` for not so."""
        if self._next_line() is None:
            return None
        minute = self._begun[-(self._per_minute or 1)] + MINUTE if self._too_many(now) else now
        at = max(minute, self._held_until)
        return at if at > now else None

    def places(self) -> Iterator[tuple[Ticket, int]]:
        """Everybody who waits, and how many are ahead."""
        ahead = count()
        for line in (self._interactive, self._batch):
            for ticket in line:
                yield ticket, next(ahead)

    def _next_line(self) -> _Line | None:
        if len(self._running) >= self._concurrency:
            return None
        batch = bool(self._batch) and self._batch_running < max(1, self._concurrency - 1)
        if self._interactive and not (batch and self._in_a_row >= INTERACTIVE_IN_A_ROW):
            return self._interactive
        return self._batch if batch else None

    def _too_many(self, now: float) -> bool:
        begun, most = self._begun, self._per_minute
        if most is None:
            return False
        while begun and begun[0] <= now - MINUTE:
            begun.popleft()
        return len(begun) >= most
