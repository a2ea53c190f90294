"""A server that speaks the OpenAI chat dialect, misbehaves on demand and keeps every byte it got.

In a coroutine::

    async with FakeServer(answer("Hello")) as server: ...

Beside a program that blocks (a thread of its own)::

    with FakeServer(answer("Hello")).start_in_thread() as server: ...
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import threading
import time
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from support_waiting import PATIENCE

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

MODEL = "Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8"
EVENTS = "text/event-stream; charset=utf-8"
FOREVER = 3_600.0
_TICK = 0.005


Piece = bytes | float | threading.Event


@dataclass(frozen=True)
class Answer:
    """What the server does with one request.

    Attributes:
        pieces: bytes are sent, numbers are seconds of silence, an event is silence until it is set.
        status: the status line's number; 0 sends no headers at all.
        content_type: empty for no such header.
        headers: more headers.
        clean: whether the body ends properly; otherwise the connection is cut.
        repeat: whether the pieces start again after the last one.
        framed: whether each of the bytes is sent as a chunk of HTTP; otherwise they are the body as
            it is, which ends with the connection unless `headers` say something else.
        reset: whether the connection is reset at the end, instead of closed.
    """

    pieces: Iterable[Piece] = ()
    status: int = 200
    content_type: str = EVENTS
    headers: tuple[tuple[str, str], ...] = ()
    clean: bool = True
    repeat: bool = False
    framed: bool = True
    reset: bool = False


def event(document: object) -> bytes:
    """One server-sent event with a JSON document."""
    return b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n"


def chunk(text: str | None = None, *, finish: str | None = None, **more: object) -> bytes:
    """One chunk of a chat completion, as an event."""
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"object": "chat.completion.chunk", "model": MODEL, "choices": [choice]} | more)


def usage(prompt: int = 10, completion: int = 3, **more: object) -> bytes:
    """The chunk with token counts and no choices."""
    counts: dict[str, object] = {"prompt_tokens": prompt, "completion_tokens": completion}
    return event({"model": MODEL, "choices": [], "usage": counts | more})


def framed(piece: bytes) -> bytes:
    """A chunk of HTTP; nothing for no bytes, since an empty chunk ends the body."""
    return b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""


DONE = b"data: [DONE]\n\n"


def answer(*texts: str, finish: str = "stop", delay: float = 0.0, tail: bytes = DONE) -> Answer:
    """A whole, well-behaved answer: role, texts, finish, usage, `[DONE]`."""
    role = event({"model": MODEL, "choices": [{"index": 0, "delta": {"role": "assistant"}}]})
    pieces: list[Piece] = [role]
    for text in texts:
        pieces += [delay, chunk(text)] if delay else [chunk(text)]
    return Answer((*pieces, chunk(finish=finish), usage(), tail))


def counted(count: object) -> Answer:
    """What vLLM's `/tokenize` says."""
    told = {"count": count, "max_model_len": 65_536, "tokens": [7] * 9, "token_strs": None}
    return Answer((json.dumps(told).encode(),), content_type="application/json")


def refusal(status: int, body: object = None, **headers: str) -> Answer:
    """A status with a JSON body."""
    raw = json.dumps({"error": "no"} if body is None else body).encode()
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer((raw,), status=status, content_type="application/json", headers=named)


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the client wrote
        return json.loads(self.body)


class FakeServer:
    """Answers `POST …/chat/completions` with `answers` in turn; the last one again and again.

    Args:
        answers: what it does; without any, a short proper answer.
        models: the ids that `GET …/models` lists.
        models_answer: what `GET …/models` does instead of listing.
        tokenize: what `POST /tokenize` does; without it there is no such thing.
        version: what `GET /version` says, as vLLM's does, which also calls itself the models' owner;
            without it there is no such thing.
        metrics: what `GET /metrics` does; without it there is no such thing.
        tls: speaks TLS with this.

    Attributes:
        received: every byte from every client.
        requests: every request that came whole.
        open: how many connections are open now.
        connections: how many there have been.
        broken_off: the times (monotonic) at which clients left in the middle of an answer.
    """

    def __init__(
        self,
        *answers: Answer,
        models: Sequence[str] = (MODEL,),
        models_answer: Answer | None = None,
        tokenize: Answer | None = None,
        version: str | None = None,
        metrics: Answer | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answers: Sequence[Answer] = answers or (answer("Hello", " world"),)
        self.models, self.models_answer, self.tls = models, models_answer, tls
        self.tokenize, self.version, self.metrics = tokenize, version, metrics
        self.received = bytearray()
        self.requests: list[Received] = []
        self.broken_off: list[float] = []
        self.open = self.connections = self._turn = 0
        self.port = self._own_port()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def _own_port(self) -> int:
        """A port that nobody else gets for as long as this object is there, also while it serves none.

        So that where a server was nobody answers, and it can come back there.
        """
        with socket.socket() as held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
            weakref.finalize(self, os.close, held.detach())
        return port

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://{self.host}/v1"

    @property
    def chats(self) -> list[Received]:
        """The requests for an answer, without those for the list of models."""
        return [request for request in self.requests if request.path.endswith("/completions")]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", self.port, ssl=self.tls, limit=2**20
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def start_in_thread(self) -> Self:
        """Serve from a thread of its own until `stop`."""
        started = threading.Event()

        async def serve() -> None:
            self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
            async with self:
                started.set()
                await self._stopping.wait()

        self._thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        self._thread.start()
        assert started.wait(PATIENCE), "the fake server did not start"
        return self

    def stop(self) -> None:
        """End the thread."""
        assert self._loop is not None
        assert self._thread is not None
        assert self._stopping is not None
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(PATIENCE)

    def __enter__(self) -> Self:
        return self if self._thread is not None else self.start_in_thread()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def until(self, state: Callable[[Self], object], seconds: float = PATIENCE) -> bool:
        """Wait until `state(self)` is true; whether it came true in time."""
        until = time.monotonic() + seconds
        while not state(self):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(_TICK)
        return True

    def until_blocking(self, state: Callable[[Self], object], seconds: float = PATIENCE) -> bool:
        """The same beside a server in a thread."""
        until = time.monotonic() + seconds
        while not state(self):
            if time.monotonic() > until:
                return False
            time.sleep(_TICK)
        return True

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open += 1
        self.connections += 1
        try:
            while (request := await self._request(reader)) is not None:
                self.requests.append(request)
                if not await self._answer(request, reader, writer):
                    break
        except ConnectionError:
            self.broken_off.append(time.monotonic())
        except asyncio.CancelledError:
            # The server is closing; asyncio.start_server would report the cancelled task.
            writer.transport.abort()
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.transport.abort()

    async def _request(self, reader: asyncio.StreamReader) -> Received | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.received += head
            first, *lines = head.decode("latin-1").rstrip().split("\r\n")
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received += body
        except asyncio.IncompleteReadError as error:
            self.received += error.partial
            return None
        method, path, _ = first.split(" ")
        return Received(method, path, headers, body)

    def _chosen(self, request: Received) -> Answer:
        match request.method, request.path.rsplit("/", 1)[-1]:
            case "GET", "models":
                owner = {"owned_by": "vllm"} if self.version else {}
                listed = json.dumps({"data": [{"id": one} | owner for one in self.models]}).encode()
                return self.models_answer or Answer((listed,), content_type="application/json")
            case "POST", "completions":
                self._turn += 1
                return self.answers[min(self._turn, len(self.answers)) - 1]
            case "POST", "tokenize":
                return self.tokenize or refusal(404)
            case "GET", "version" if self.version is not None:
                told = json.dumps({"version": self.version}).encode()
                return Answer((told,), content_type="application/json")
            case "GET", "metrics":
                return self.metrics or refusal(404)
            case _:
                return refusal(404)

    async def _answer(
        self, request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the connection may be used again."""
        chosen = self._chosen(request)
        if chosen.status:
            writer.write(_head(chosen))
        await self._pause(0.0, reader, writer)
        while True:
            for piece in chosen.pieces:
                if isinstance(piece, bytes):
                    writer.write(framed(piece) if chosen.framed else piece)
                    await self._pause(0.0, reader, writer)
                else:
                    await self._pause(piece, reader, writer)
            if not chosen.repeat:
                break
        if chosen.reset:
            # The data before it is to arrive first; without a linger, closing resets.
            await self._pause(_TICK, reader, writer)
            connection = cast("socket.socket", writer.get_extra_info("socket"))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif not chosen.framed:
            writer.close()
            await writer.wait_closed()
        elif chosen.clean and chosen.status:
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        return chosen.clean and chosen.framed and not chosen.reset

    async def _pause(
        self,
        silence: float | threading.Event,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Wait; notice at once when the client leaves."""
        begin = time.monotonic()
        while True:
            if reader.at_eof() or reader.exception() or writer.transport.is_closing():
                raise ConnectionResetError
            await writer.drain()
            if isinstance(silence, threading.Event):
                left = 0.0 if silence.is_set() else _TICK
            else:
                left = begin + silence - time.monotonic()
            if left <= 0:
                return
            await asyncio.sleep(min(_TICK, left))


def _head(chosen: Answer) -> bytes:
    lines = [f"HTTP/1.1 {chosen.status} Whatever"]
    if chosen.framed:
        lines.append("transfer-encoding: chunked")
    if chosen.content_type:
        lines.append(f"content-type: {chosen.content_type}")
    lines += [f"{name}: {value}" for name, value in chosen.headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
