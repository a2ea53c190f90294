"""A lane over HTTP: OpenAI chat completions, streamed.

One deadline covers the whole answer, a second limit the pauses in its content; both run on the
event loop's clock, which no change of the date moves.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from twolane_server.errors import AnswerIncomplete, LaneError, LaneRejected, LaneTimeout
from twolane_server.lanes.address import address
from twolane_server.lanes.answer import Answer
from twolane_server.lanes.base import Chunk, LaneName, Request
from twolane_server.lanes.beside import Beside
from twolane_server.lanes.body import Body
from twolane_server.lanes.connect import Sockets, look_up
from twolane_server.lanes.failures import Peer
from twolane_server.lanes.model_ids import Models
from twolane_server.lanes.near import only_near
from twolane_server.lanes.sse import BadEvents, Events
from twolane_server.lanes.wire import Wire
from twolane_server.nearby import network

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    import httpx

    from twolane_server.lanes.connect import LookUp
    from twolane_server.lanes.key import Key
    from twolane_server.settings.resolved import LaneSettings

_NOT_FOUND = 404
_LIST_SECONDS = 15.0
_LIST_BYTES = 8_388_608
_LIST_FRESH_SECONDS = 60.0
_NEVER = float("-inf")


class OpenAIChat:
    """One server, with all of its models. Belongs to the event loop that first uses it.

    Args:
        name: which lane it is.
        settings: the endpoint and its limits.
        key: sent as a bearer token, where there is one.
        find: looks the server's name up.
        renew: reads the key anew, once the server has refused the one it was sent.

    Attributes:
        used_at: when the model last gave a sign of life, on the event loop's clock.
        beside: what the server may have beside the API.

    Raises:
        SettingsError: the URL cannot be used.
    """

    def __init__(
        self,
        name: LaneName,
        settings: LaneSettings,
        key: Key | None,
        find: LookUp = look_up,
        renew: Callable[[], Key | None] | None = None,
    ) -> None:
        self._address = address(settings.url, f"{name}.url")
        self._name = name
        self._settings = settings
        self._peer = Peer(name, self._address.host, settings.key.place if key else None)
        allowed = tuple(map(network, settings.allow))
        self._sockets = Sockets(only_near(allowed, find) if name is LaneName.LOCAL else find)
        self._wire = Wire(self._peer, key, self._sockets, renew)
        self._models = Models(self._peer, settings.model)
        base, connect = self._address.base, settings.connect_seconds
        self.beside = Beside(self._wire, base, self.host, connect)
        self.used_at: float | None = None
        self._listed_at = _NEVER

    @property
    def name(self) -> LaneName:
        """Which lane this is."""
        return self._name

    @property
    def host(self) -> str:
        """`host:port`."""
        return self._address.host

    @property
    def listed(self) -> Mapping[str, int | None]:
        """The models' ids that the server told last, each with its window where that was told."""
        return self._models.listed

    @property
    def reached(self) -> str:
        """The address that the last connection went to; empty before the first."""
        return self._sockets.reached

    async def resolve(self, model: str, /) -> str:
        """A model's id on this server; asks for the list when the model is not in the one at hand.

        Raises:
            LaneError: nothing answers, or the model is not there.
        """
        found = self._models.known(model)
        if found is None:
            await self.probe()
            found = self._models.pick(model)
        return found

    def known_as(self, model: str, /) -> str | None:
        """A model's id, where the list at hand tells it; asks nobody."""
        return self._models.known(model)

    def remembered(self, model: str) -> str | None:
        """A model's id, where the server need not be asked for it again; else `None`.

        A connection that answered moments ago and is still open leads to the process that told the
        list: one that ends, or that another takes the place of, closes its connections. A proxy does
        not, so that a failure, or a minute, also ends what is remembered.
        """
        age = asyncio.get_running_loop().time() - self._listed_at
        sure = age < _LIST_FRESH_SECONDS and self._wire.kept
        return self._models.known(model) if sure else None

    def window(self, model: str, /) -> int | None:
        """How many tokens a model holds, where the server has told it; asks nobody."""
        found = self._models.known(model)
        return self._models.listed.get(found) if found else None

    def is_vllm(self, model: str) -> bool:
        """Whether vLLM serves the model with this id, as the list at hand tells."""
        return model in self._models.vllm

    async def probe(self) -> None:
        """Ask the server now which models it has.

        Raises:
            LaneError: nothing answers, or with no list of models.
        """
        seconds = min(_LIST_SECONDS, self._settings.deadline_seconds)
        loop, connect = asyncio.get_running_loop(), self._settings.connect_seconds
        deadline, url = loop.time() + seconds, f"{self._address.base}/models"
        self._listed_at = _NEVER
        response = await self._wire.get(url, deadline=deadline, connect=connect)
        try:
            raw = await Body(response, self.host).start(_LIST_BYTES, deadline)
        except TimeoutError:
            raise LaneTimeout(
                f"{self.host} did not list its models within {seconds:g} s. Try again."
            ) from None
        finally:
            await response.aclose()
        self._models.take(raw)
        self._listed_at = loop.time()

    async def stream(self, request: Request) -> AsyncGenerator[Chunk]:
        """Send the request and yield the answer as it comes.

        `finish` and `usage` come in a last chunk of their own, once the stream has ended cleanly:
        who stops reading at `finish` has a whole answer.

        Raises:
            LaneError: there was no answer, or not all of it.
        """
        loop, limits = asyncio.get_running_loop(), self._settings
        deadline = loop.time() + limits.deadline_seconds
        if request.until is not None:
            deadline = min(deadline, request.until)
        # One attempt: `traffic` makes more of them, around all of this and within that deadline.
        response = await self._open(request, deadline)
        try:
            body = Body(response, self.host)
            events, answer = Events(), Answer(self.host)
            until = min(deadline, loop.time() + limits.idle_seconds)
            piece: bytes | None = b""
            while piece is not None and not answer.done:
                try:
                    piece = await body.read(until)
                except TimeoutError:
                    raise self._too_slow(paused=until < deadline) from None
                for event in self._cut(events, piece):
                    text = answer.take(event)
                    if text:
                        yield Chunk(text=text, model=answer.model)
                    if text is not None:
                        self.used_at = loop.time()
                        until = min(deadline, self.used_at + limits.idle_seconds)
                    if answer.done:
                        break
            last = answer.last()
            await body.drain()
            yield last
        except LaneError:
            self._listed_at = _NEVER
            raise
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close every socket. The lane may be used again."""
        await self._wire.aclose()

    async def _open(self, request: Request, deadline: float) -> httpx.Response:
        """Send, and wait for a response that promises an answer."""
        try:
            response = await self._wire.post(
                f"{self._address.base}/chat/completions",
                request.body,
                deadline=deadline,
                connect=self._settings.connect_seconds,
            )
        except LaneError as error:
            self._listed_at = _NEVER
            if isinstance(error, LaneRejected) and error.status == _NOT_FOUND:
                # The server's models may have changed: ask again next time.
                self._models.forget()
            raise
        if (what := _no_stream(response.headers.get("content-type", ""))) is not None:
            self._listed_at = _NEVER
            await response.aclose()
            raise AnswerIncomplete(
                f"{self.host} sent {what} instead of a streamed answer. Check {self._name}.url in"
                " the settings."
            )
        return response

    def _cut(self, events: Events, piece: bytes | None) -> list[str]:
        """The events that `piece` completes; at the end of the stream, the one left open."""
        try:
            if piece is not None:
                return events.feed(piece)
            # Servers that forget the blank line after `[DONE]` are forgiven.
            rest = events.end()
        except BadEvents as error:
            raise AnswerIncomplete(
                f"{self.host} sent {error}; nothing was applied. Try again."
            ) from None
        return [] if rest is None else [rest]

    def _too_slow(self, *, paused: bool) -> LaneTimeout:
        limits = self._settings
        what = (
            f"stopped for {limits.idle_seconds:g} s in the middle of its answer"
            if paused
            else f"did not finish its answer within {limits.deadline_seconds:g} s"
        )
        return LaneTimeout(f"{self.host} {what}; nothing was applied. Try again, or select less.")


def _no_stream(content_type: str) -> str | None:
    """What came instead of an event stream, in words; None if it is one."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return None
    if kind in {"text/html", "application/xhtml+xml"}:
        return "a web page (a login or a proxy, perhaps)"
    if kind == "application/json":
        return "an error or a whole document"
    return "something else"
