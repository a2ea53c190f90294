"""An answer on its way, and a whole one."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from twolane_server.errors import AnswerIncomplete, AnswerTruncated
from twolane_server.prices import cost, price_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    from twolane_server.lanes.base import Chunk, Usage
    from twolane_server.routing.choose import Decision
    from twolane_server.settings.resolved import Price

__all__ = ["Answer", "Reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer.

    Attributes:
        text: all of it.
        decision: the lane that gave it, and why.
        model: the model that gave it.
        usage: the server's counts, where it sent them.
        first_token_at: when the first text came, on the monotonic clock.
        cost_usd: what it cost in US dollars; `None` where that is not known, and on the local lane.
    """

    text: str = field(repr=False)
    decision: Decision
    model: str
    usage: Usage | None
    first_token_at: float
    cost_usd: float | None = None

    def priced(self, prices: Iterable[Price], model: str) -> Reply:
        """With what it cost, by the id of the model that was asked, else by its name."""
        price = price_of(prices, model, self.decision.model)
        return replace(self, cost_usd=cost(price, self.usage))


@dataclass(slots=True)
class Answer:
    """An answer on its way.

    Attributes:
        on_text: called with each piece of text, and with how many came so far.
        parts: what came.
        finish: the server's `finish_reason`, once it came.
        usage: the server's counts, once they came.
        model: the model that says it answers.
        first_token_at: when the first text came, on the monotonic clock; else 0.
    """

    on_text: Callable[[str, int], None]
    parts: list[str] = field(default_factory=list, repr=False)
    finish: str | None = None
    usage: Usage | None = None
    model: str | None = None
    first_token_at: float = 0.0

    async def read(
        self, chunks: AsyncGenerator[Chunk], entry: asyncio.Future[int | None] | None = None
    ) -> None:
        """Take all chunks; raises what they raise.

        Args:
            chunks: what comes.
            entry: the request's in the ledger, where it is still being written; then all wait for it.
        """
        async with aclosing(chunks):
            async for chunk in chunks:
                if entry is not None:
                    await asyncio.shield(entry)
                self._take(chunk)

    def _take(self, chunk: Chunk) -> None:
        if chunk.text:
            self.first_token_at = self.first_token_at or time.monotonic()
            self.parts.append(chunk.text)
            self.on_text(chunk.text, len(self.parts))
        self.finish = chunk.finish or self.finish
        self.usage = chunk.usage or self.usage
        self.model = chunk.model or self.model

    def whole(self, decision: Decision, model: str) -> Reply:
        """The answer, if it is one.

        Args:
            decision: the lane that gave it.
            model: who was asked.

        Raises:
            AnswerTruncated: the model reached its token limit.
            AnswerIncomplete: the server ended it early for another reason.
        """
        if self.finish == "length":
            raise AnswerTruncated(
                "The answer reached its token limit before its end, so nothing was applied; "
                "use a larger model, or select less.",
                lane=decision.lane,
                tokens=self.usage and self.usage.completion,
            )
        if self.finish == "content_filter":
            raise AnswerIncomplete(
                "A filter of the model's server cut the answer, so nothing was applied; select other "
                "lines, ask in other words, or use another model."
            )
        if self.finish != "stop":
            raise AnswerIncomplete(
                "The model's server ended the answer early, so nothing was applied; run the "
                "action again."
            )
        text = "".join(self.parts)
        return Reply(text, decision, self.model or model, self.usage, self.first_token_at)
