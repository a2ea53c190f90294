"""How busy a server says it is, read from its Prometheus text.

Source: Prometheus, "Exposition formats", text version 0.0.4. Only gauges of our own list matter; all
else is passed over, and a line that cannot be read counts for nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MOST_BYTES", "Load", "load_of"]

MOST_BYTES = 1_048_576
_MOST = 1_000_000.0
_SAMPLE = re.compile(
    rb"([a-zA-Z_:][a-zA-Z0-9_:]*)"
    rb'(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?'
    rb"[ \t]+([0-9][0-9.eE+-]{0,24})(?:[ \t]+-?[0-9]+)?"
)
_RUNNING = (
    b"vllm:num_requests_running",
    b"sglang:num_running_reqs",
    b"llamacpp:requests_processing",
)
_WAITING = (b"vllm:num_requests_waiting", b"sglang:num_queue_reqs", b"llamacpp:requests_deferred")


@dataclass(frozen=True, slots=True)
class Load:
    """How many requests a server has.

    Attributes:
        running: those that are being answered.
        waiting: those that wait for that.
    """

    running: int
    waiting: int


def load_of(text: bytes) -> Load | None:
    """The load, summed over engines and models, or `None` where nothing is told of it.

    Args:
        text: the first `MOST_BYTES` of what the server sent; a last line without end is not read.
    """
    running, waiting = _sum(text, _RUNNING), _sum(text, _WAITING)
    return None if waiting is None else Load(running or 0, waiting)


def _sum(text: bytes, names: tuple[bytes, ...]) -> int | None:
    total: float | None = None
    for name in names:
        at = text.find(name)
        while at >= 0:
            end = text.find(b"\n", at)
            starts = at == 0 or text[at - 1 : at] == b"\n"
            found = _SAMPLE.fullmatch(text[at:end].rstrip(b"\r ")) if starts and end >= 0 else None
            if found is not None and found[1] == name and (number := _number(found[2])) is not None:
                total = (total or 0.0) + number
            at = text.find(name, at + len(name))
    return None if total is None else round(total)


def _number(text: bytes) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number <= _MOST else None
