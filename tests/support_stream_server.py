"""A fast server of streamed answers in a process of its own, so that a client alone is measured.

The request says what it wants: `max_tokens` pieces of text, and in `seed` how many a second (0: all
at once); without a `seed`, which is how the product asks, a short answer. The bytes are made
beforehand; each piece is an event and a chunk of its own, as vLLM writes them. `GET /last` tells the
last request without a `seed` and its moments. Run as a program, it prints its port and serves until
its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["MODEL", "request_body", "stream_server"]

MODEL = "Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8"
_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
_END = b"0\r\n\r\n"
_START_SECONDS = 20
_SHORT = 4


def request_body(tokens: int, rate: int = 0) -> bytes:
    """A request for so many pieces at so many a second; 0 is as fast as they go."""
    message = {"role": "user", "content": "Describe this function. " * 20}
    asked = {"model": MODEL, "messages": [message], "stream": True, "temperature": 0.0}
    return json.dumps({**asked, "max_tokens": tokens, "seed": rate}).encode()


@contextmanager
def stream_server() -> Generator[str]:
    """Start the server; its base URL."""
    command = [sys.executable, __file__]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.stdin.close()
        process.wait(timeout=_START_SECONDS)
        process.stdout.close()


def _event(document: object) -> bytes:
    data = b"data: " + json.dumps(document).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    made = {"id": "chatcmpl-0f8fad5bd9cb469fa165", "object": "chat.completion.chunk"}
    return _event({**made, "created": 1_760_000_000, "model": MODEL, "choices": [choice]})


_FIRST = _chunk({"role": "assistant", "content": ""})
_PIECE = _chunk({"content": " token"})
_USAGE = {"prompt_tokens": 9, "total_tokens": 99, "completion_tokens": 90}
_LAST = (
    _chunk({"content": ""}, "stop")
    + _event({"model": MODEL, "choices": [], "usage": _USAGE})
    + b"e\r\ndata: [DONE]\n\n\r\n"
    + _END
)


async def _paced(writer: asyncio.StreamWriter, tokens: int, rate: int) -> None:
    clock = asyncio.get_running_loop().time
    started = clock()
    for number in range(tokens):
        left = started + number / rate - clock()
        if left > 0:
            await asyncio.sleep(left)
        writer.write(_PIECE)


def _document(document: object) -> bytes:
    data = json.dumps(document).encode()
    kind = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    return kind + b"content-length: %d\r\n\r\n%s" % (len(data), data)


class _Last:
    """The last request without a `seed`: what it was, when it was here, and when its answer began.

    Seconds of `time.perf_counter`, which on Linux all processes share.
    """

    def __init__(self) -> None:
        self.told: dict[str, object] = {}

    def take(self, body: bytes, begun: float) -> None:
        self.told = {"body": body.decode(), "came": begun, "answered": time.perf_counter()}


async def _connected(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, last: _Last
) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET"):
                listed = {"object": "list", "data": [{"id": MODEL}]}
                writer.write(_document(last.told if b"/last " in head else listed))
                continue
            _, _, rest = head.lower().partition(b"content-length:")
            body = await reader.readexactly(int(rest.partition(b"\r\n")[0]))
            came = time.perf_counter()
            asked = json.loads(body)
            writer.write(_HEAD + _FIRST)
            if "seed" not in asked:
                writer.write(_PIECE * _SHORT)
                last.take(body, came)
            elif asked["seed"]:
                await _paced(writer, asked["max_tokens"], asked["seed"])
            else:
                writer.write(_PIECE * asked["max_tokens"])
            writer.write(_LAST)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        writer.close()  # a cancelled task would be reported by asyncio.start_server


async def _serve() -> None:
    last = _Last()
    server = await asyncio.start_server(partial(_connected, last=last), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
