"""What our lane client costs beside plain httpx on the same server.

The peer is the shortest loop that reads such an answer: `aiter_lines`, `json.loads`, the text out of
the delta. The sides take turns, so that the machine's noise hits all of them; the server is a process
of its own.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import httpx

from support_stream_server import MODEL, request_body, stream_server
from twolane_server.lanes.base import Request
from twolane_server.lanes.cloud import open_cloud
from twolane_server.lanes.local import open_local
from twolane_server.settings.resolved import (
    EmbeddedSettings,
    Folders,
    KeySource,
    LaneSettings,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from twolane_server.lanes.base import Chunk

FIRST_P50_MS, FIRST_P99_MS = 2.0, 5.0
THROUGHPUT = 0.98
CORE, CORE_RATIO = 0.10, 1.2
WIDTHS = (1, 16)
FIRSTS, BULKS, PACED = {1: 300, 16: 30}, {1: 40, 16: 10}, 8
WARM = 3
BULK_TOKENS, RATE = 1_000, 1_000
PLAIN, ANSWERING = "plain httpx", "local, who answers"

Ask: TypeAlias = "Callable[[bytes, Callable[[], None]], Awaitable[str]]"
"""Sends a body, calls back at the first text, and gives the whole text."""


@dataclass
class Side:
    """One client and what was measured of it."""

    ask: Ask
    firsts: dict[int, list[float]] = field(default_factory=lambda: {each: [] for each in WIDTHS})
    bulks: dict[int, list[float]] = field(default_factory=lambda: {each: [] for each in WIDTHS})
    paced: list[float] = field(default_factory=list[float])


def plainly(client: httpx.AsyncClient, url: str) -> Ask:
    """What anybody would write."""

    async def ask(body: bytes, on_first: Callable[[], None]) -> str:
        texts: list[str] = []
        headers = {"content-type": "application/json"}
        to = f"{url}/chat/completions"
        async with client.stream("POST", to, content=body, headers=headers) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    data = line[6:]
                    if data == "[DONE]":
                        break
                    for choice in json.loads(data)["choices"]:
                        if text := choice["delta"].get("content"):
                            if not texts:
                                on_first()
                            texts.append(text)
        return "".join(texts)

    return ask


def ours(stream: Callable[[Request], AsyncGenerator[Chunk]]) -> Ask:
    """As `routing/run` reads a lane."""

    async def ask(body: bytes, on_first: Callable[[], None]) -> str:
        texts: list[str] = []
        async with aclosing(stream(Request(body))) as chunks:
            async for chunk in chunks:
                if chunk.text:
                    if not texts:
                        on_first()
                    texts.append(chunk.text)
        return "".join(texts)

    return ask


async def first(ask: Ask) -> float:
    """Milliseconds to the first text."""
    seen: list[float] = []
    started = time.perf_counter()
    text = await ask(request_body(20), lambda: seen.append(time.perf_counter()))
    assert text == " token" * 20
    return (seen[0] - started) * 1000


async def bulk(ask: Ask) -> None:
    """An answer as fast as it comes."""
    assert len(await ask(request_body(BULK_TOKENS), lambda: None)) == BULK_TOKENS * len(" token")


async def paced(ask: Ask) -> float:
    """The share of a core that a second's stream costs."""
    started, cpu = time.perf_counter(), time.process_time()
    await ask(request_body(RATE, RATE), lambda: None)
    return (time.process_time() - cpu) / (time.perf_counter() - started)


async def measure(sides: dict[str, Side]) -> None:
    """Each measure in rounds in which the sides take turns; another one begins each time."""
    for width in WIDTHS:
        for number in range(FIRSTS[width] + WARM):
            for side in turn(sides, number):
                taken = await asyncio.gather(*(first(side.ask) for _ in range(width)))
                side.firsts[width] += taken if number >= WARM else []
        for number in range(BULKS[width] + WARM):
            for side in turn(sides, number):
                started = time.perf_counter()
                await asyncio.gather(*(bulk(side.ask) for _ in range(width)))
                taken = [time.perf_counter() - started]
                side.bulks[width] += taken if number >= WARM else []
    for number in range(PACED):
        for side in turn(sides, number):
            side.paced.append(await paced(side.ask))


def turn(sides: dict[str, Side], number: int) -> list[Side]:
    """All sides, another one first each time."""
    every, at = [*sides.values()], number % len(sides)
    return every[at:] + every[:at]


def quantile(values: list[float], share: float) -> float:
    """The value that `share` of all are not above."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def report(sides: dict[str, Side]) -> bool:
    """Print the table; whether every limit holds."""
    peer, held = sides[PLAIN], True
    for width in WIDTHS:
        print(f"{width} stream{'s' if width > 1 else ''} at once")
        print(f"  {'':22}{'first ms p50':>14}{'p99':>8}{'tokens/s':>12}{'of plain':>10}")
        for name, side in sides.items():
            p50, p99 = quantile(side.firsts[width], 0.5), quantile(side.firsts[width], 0.99)
            rate = width * BULK_TOKENS / statistics.median(side.bulks[width])
            pairs = zip(peer.bulks[width], side.bulks[width], strict=True)
            share = statistics.median(theirs / own for theirs, own in pairs)
            print(f"  {name:22}{p50:14.2f}{p99:8.2f}{rate:12,.0f}{share:10.2f}")
            held &= p50 - quantile(peer.firsts[width], 0.5) <= FIRST_P50_MS
            held &= p99 - quantile(peer.firsts[width], 0.99) <= FIRST_P99_MS
            held &= share >= THROUGHPUT
    print(f"a stream of {RATE:,} tokens a second")
    print(f"  {'':22}{'of a core':>14}{'of plain':>18}")
    for name, side in sides.items():
        cost = statistics.median(side.paced)
        pairs = zip(side.paced, peer.paced, strict=True)
        ratio = statistics.median(own / theirs for own, theirs in pairs)
        print(f"  {name:22}{cost:14.1%}{ratio:18.2f}")
        held &= name == PLAIN or (cost <= CORE and ratio <= CORE_RATIO)
    print(
        f"limits: first at most {FIRST_P50_MS:g} ms (p50) and {FIRST_P99_MS:g} ms (p99) above plain,"
        f" throughput at least {THROUGHPUT:.2f} of it, {CORE:.0%} of a core and {CORE_RATIO:g} times"
    )
    return held


async def run(url: str, top: Path) -> bool:
    """Open the clients as the product does, measure and report."""
    source = KeySource(environment="BENCH_KEY")
    settings = Settings(
        local=LaneSettings(url=url, model=MODEL),
        cloud=LaneSettings(url=url, model=MODEL, key=source),
        embedded=EmbeddedSettings(enabled=False),
    )
    local = open_local(settings, Folders(top, top, top), {})
    cloud = open_cloud(settings, {"BENCH_KEY": "sk-" + "0" * 20})
    lane = (await local.answering(MODEL)).lane

    async def asking(request: Request) -> AsyncGenerator[Chunk]:
        """The product's way on the local lane: who answers now, and with which model?"""
        async with aclosing((await local.answering(MODEL)).lane.stream(request)) as chunks:
            async for chunk in chunks:
                yield chunk

    async with httpx.AsyncClient(timeout=60) as client:
        sides = {
            PLAIN: Side(plainly(client, url)),
            "local": Side(ours(lane.stream)),
            ANSWERING: Side(ours(asking)),
            "cloud": Side(ours(cloud.stream)),
        }
        await measure(sides)
    await local.aclose()
    await cloud.aclose()
    return report(sides)


def main() -> int:
    """The exit status says whether the limits hold."""
    with stream_server() as url, tempfile.TemporaryDirectory() as folder:
        return int(not asyncio.run(run(url, Path(folder))))


if __name__ == "__main__":
    sys.exit(main())
