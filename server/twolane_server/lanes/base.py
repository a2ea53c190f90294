"""What every lane is: bytes of a chat completion in, chunks of text out.

The bytes are the OpenAI chat-completions request (`stream: true`), in UTF-8 JSON, and the gate has
made them; a lane sends just these or, in this process, reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class LaneName(StrEnum):
    """The two lanes. The embedded model is the local lane's stand-in, not a third one."""

    LOCAL = "local"
    CLOUD = "cloud"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to send.

    Attributes:
        body: the final bytes. They hold the user's text, so a request has no readable `repr`.
        until: when the answer must be whole, on the event loop's clock; `None` for as long as the
            lane's own limit lets it take.
    """

    body: bytes
    until: float | None = None

    def __repr__(self) -> str:
        return f"<Request {len(self.body)} bytes>"


@dataclass(frozen=True, slots=True)
class Usage:
    """What the server counted, in tokens.

    Attributes:
        prompt: of all that was sent.
        completion: of the answer.
        cached: that part of the prompt which it had in its cache; `None` where it does not tell.
    """

    prompt: int
    completion: int
    cached: int | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of an answer.

    Attributes:
        text: what came; may be empty.
        finish: the server's `finish_reason`, on the last chunk of text.
        usage: the token counts, where the server sends them.
        model: the model that says it answered.
    """

    text: str = ""
    finish: str | None = None
    usage: Usage | None = None
    model: str | None = None

    def __repr__(self) -> str:
        return f"<Chunk {len(self.text)} characters finish={self.finish}>"


class Lane(Protocol):
    """A way to a model.

    Closing the generator, or cancelling the task that reads it, stops the work and closes the
    socket. The generator ends normally only after a chunk with `finish`; otherwise it raises a
    `LaneError`. Use it within `contextlib.aclosing`.
    """

    @property
    def name(self) -> LaneName:
        """Which lane this is (or stands in for)."""
        ...

    @property
    def host(self) -> str:
        """Where requests go: `host:port`, or `in this process`."""
        ...

    async def resolve(self, model: str, /) -> str:
        """A model's id on this server, which the request's body must name.

        Args:
            model: the model as the settings name it.

        Raises:
            LaneError: nothing answers, or the model is not there.
        """
        ...

    def known_as(self, model: str, /) -> str | None:
        """A model's id on this server, where that is known already; asks nobody.

        Args:
            model: the model as the settings name it.
        """
        ...

    def window(self, model: str, /) -> int | None:
        """How many tokens a model holds, where the server has told it; asks nobody.

        Args:
            model: the model as the settings name it.
        """
        ...

    async def probe(self) -> None:
        """Ask for a sign of life, which carries nothing of the user's: the list of models.

        Raises:
            LaneError: nothing answers, or something else does.
        """
        ...

    def stream(self, request: Request) -> AsyncGenerator[Chunk]:
        """Send the request and yield the answer as it comes."""
        ...

    async def aclose(self) -> None:
        """Free sockets and memory."""
        ...
