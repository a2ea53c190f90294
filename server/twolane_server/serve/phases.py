"""How far vLLM is, from a line that it printed: a pure function."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Phase", "phase_of"]


@dataclass(frozen=True, slots=True)
class Phase:
    """What it does.

    Attributes:
        name: in some words.
        share: how much of that is done, 0 to 1, where it tells.
    """

    name: str
    share: float | None = None


_LONGEST = 300
_PERCENT = re.compile(r"(\d{1,3})%")
#: the more telling first
_PHASES = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"Fetching \d+ files|[\w.-]+\.(?:safetensors|json|bin):\s+\d+%", "fetching the model"),
        (r"Loading \w+ checkpoint shards|Starting to load model", "loading the weights"),
        (r"Capturing CUDA graph|Graph capturing", "capturing CUDA graphs"),
        (
            r"Dynamo bytecode|torch\.compile takes|[Cc]ompiling a graph|[Ww]arming up model",
            "compiling",
        ),
        (r"KV cache size|init engine \(profile", "making room for the cache"),
        (r"Starting vLLM(?: API)? server|Starting vLLM server", "opening the port"),
        (r"Initializing a V\d LLM engine", "starting the engine"),
    )
)


def phase_of(line: str) -> Phase | None:
    """The phase that a line tells of; `None` for most lines."""
    line = line[:_LONGEST]
    for pattern, name in _PHASES:
        if pattern.search(line):
            percent = _PERCENT.search(line)
            return Phase(name, min(int(percent[1]), 100) / 100 if percent else None)
    return None
