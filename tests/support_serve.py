"""Machines for tests of `twolane serve`."""

from __future__ import annotations

from twolane_server.serve.gpus import Gpu
from twolane_server.serve.machine import Machine

RTX_4090 = 24_564


def card(
    index: int, memory: int, capability: tuple[int, int] | None = (8, 9), *, used: int = 0
) -> Gpu:
    """An NVIDIA GPU with so many MiB."""
    return Gpu(index, "NVIDIA X", memory, used, capability=capability)


def cards(count: int, memory: int, capability: tuple[int, int] | None = (8, 9)) -> list[Gpu]:
    """Several of the same."""
    return [card(number, memory, capability) for number in range(count)]


def machine(*gpus: Gpu, memory: int = 65_536) -> Machine:
    """A machine with these GPUs and so many MiB of its own."""
    return Machine(gpus, (), memory)
