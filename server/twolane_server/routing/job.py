"""One request on its way to a lane, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_server.lanes.limits import Who
    from twolane_server.prompts import Prompt
    from twolane_server.routing.choose import Decision
    from twolane_server.routing.reply import Answer
    from twolane_server.settings.resolved import Settings

__all__ = ["Job", "Notify", "Otherwise"]

Notify: TypeAlias = "Callable[[str, float | None], None]"
"""Takes a sentence and how much of that work is done, 0 to 1, where it is known."""


class Otherwise(Protocol):
    """Decides anew for a request that the cloud lane does not take."""

    def __call__(self, why: str, *, refused: bool = False) -> Decision:
        """The other decision.

        Args:
            why: the reason.
            refused: whether the border does not let it out; else the lane cannot be used now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """What to ask, where, for whom, and where the answer goes.

    Attributes:
        prompt: what to ask.
        decision: which lane, and why.
        settings: endpoints and limits.
        answer: takes what comes.
        on_notice: told what the person should know meanwhile.
        who: on whose behalf.
    """

    prompt: Prompt = field(repr=False)
    decision: Decision
    settings: Settings
    answer: Answer
    on_notice: Notify
    who: Who

    def tell(self, sentence: str) -> None:
        """Tell the person something of which no part can be done."""
        self.on_notice(sentence, None)
