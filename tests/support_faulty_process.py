"""A server with one fault, in a process of its own, so that what it does costs the client nothing.

Run as a program with the name of a way, it prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from support_fake_server import FOREVER, MODEL, Answer, FakeServer, answer, chunk, refusal

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["CLOUD_MODEL", "WAYS", "faulty_process"]

CLOUD_MODEL = "deepseek-v3.2"
WAYS = {
    "answers": answer(*[" word"] * 10, delay=0.004),
    "no headers ever": Answer((FOREVER,), status=0),
    "stalls": Answer((chunk("a"), FOREVER)),
    "503": refusal(503),
    "429": refusal(429, retry_after="1"),
    "401": refusal(401),
    "resets": Answer(status=0, reset=True),
    "breaks off": Answer((chunk("a"),), clean=False),
}
_START_SECONDS = 20


@contextmanager
def faulty_process(way: str) -> Generator[str]:
    """Start a server; its base URL."""
    command = [sys.executable, __file__, way]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.stdin.close()
        process.wait(timeout=_START_SECONDS)
        process.stdout.close()


async def _serve(way: str) -> None:
    async with FakeServer(WAYS[way], models=(MODEL, CLOUD_MODEL)) as server:
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
