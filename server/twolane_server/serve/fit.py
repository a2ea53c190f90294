"""Which model fits on which GPUs, with how large a window. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_server.serve.gpus import Gpu, Vendor
from twolane_server.serve.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twolane_server.serve.models import Model

__all__ = ["SHARE", "WINDOWS", "Fit", "best", "fits", "room", "share"]

WINDOWS = (65_536, 32_768, 16_384)
"""Tokens; the settings' own `local.window` first, and below the last no action is worth the wait."""
SHARE = 0.9
"""How much of a GPU's memory vLLM may take where nobody else uses any of it."""
# What a GPU needs beside weights and cache: activations, CUDA graphs, libraries.
_BESIDE_MIB = 2_048
# What must stay free of what other programs left.
_MARGIN_MIB = 512
_OLDEST_QUANTIZED = (7, 5)
_BLOCK = 128
_GROUPS = (1, 2, 4, 8)
_MIB_PER_GB = 1e9 / 2**20


@dataclass(frozen=True, slots=True)
class Fit:
    """A model on GPUs.

    Attributes:
        model: which.
        gpus: on which, in the order of their numbers.
        window: with how many tokens.
        spread: whether its experts are spread over the GPUs instead of cut.
    """

    model: Model
    gpus: tuple[Gpu, ...]
    window: int
    spread: bool = False


def share(gpus: Iterable[Gpu]) -> float:
    """How much of the memory of each of these GPUs vLLM may take: as much as it may of the fullest."""
    free = min((1 - (gpu.used + _MARGIN_MIB) / gpu.memory for gpu in gpus), default=SHARE)
    return max(0.0, min(SHARE, int(free * 100) / 100))


def room(gpus: Sequence[Gpu]) -> float:
    """What vLLM may take of each of these GPUs, in MiB: what it may of the smallest."""
    return min(gpu.memory for gpu in gpus) * share(gpus)


def fits(model: Model, gpus: Sequence[Gpu], window: int) -> bool:
    """Whether weights, the cache for one whole window and all else have room."""
    cards = len(gpus)
    weights = model.weights * _MIB_PER_GB / cards
    cache = window * model.token / 1024 / min(cards, model.heads)
    return weights + cache + _BESIDE_MIB <= room(gpus)


def best(
    gpus: Sequence[Gpu], models: Sequence[Model] = MODELS, window: int | None = None
) -> Fit | None:
    """The best of the models that has room, on as few GPUs as possible; `None` if none has.

    GPUs are taken in equal groups of 1, 2, 4 or 8, the largest first: tensor parallelism halves.

    Args:
        gpus: of one vendor.
        models: the best first.
        window: the only one that is wanted.
    """
    largest = sorted(gpus, key=lambda gpu: (-(gpu.memory - gpu.used), gpu.index))
    for model in models:
        if not _readable(model, gpus):
            continue
        for tokens in (window,) if window else WINDOWS:
            for cards in (number for number in _GROUPS if number <= len(largest)):
                chosen = tuple(sorted(largest[:cards], key=lambda gpu: gpu.index))
                if tokens <= model.window and fits(model, chosen, tokens):
                    return Fit(model, chosen, tokens, spread=_must_spread(model, cards))
    return None


def _readable(model: Model, gpus: Sequence[Gpu]) -> bool:
    """Whether these GPUs can read the model's weights; of AMD's, only some read FP8 or AWQ."""
    if not model.quantized:
        return True
    return all(
        gpu.vendor is Vendor.NVIDIA and (gpu.capability or _OLDEST_QUANTIZED) >= _OLDEST_QUANTIZED
        for gpu in gpus
    )


def _must_spread(model: Model, cards: int) -> bool:
    return bool(model.experts) and model.experts // cards % _BLOCK != 0
