"""The models that `twolane serve` proposes: what they weigh, and what a token of theirs costs.

All are Qwen's own uploads under Apache-2.0, so that nobody else's conversion has to be trusted with
code under NDA. Sizes are those of the files; a token's cost follows from layers, key-value heads and
their width, two bytes each.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MODELS", "SMALLEST", "Model", "known_model"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model.

    Attributes:
        id: its name on Hugging Face.
        weights: the size of its files in GB (10^9 bytes).
        token: what a token in the cache takes, in KiB.
        heads: its key-value heads: over more GPUs than these a token's cost is not divided further.
        window: how many tokens it holds.
        experts: the width of one expert, where the weights are FP8 in blocks of 128; that width
            must be cut into whole blocks, or the experts be spread as they are. 0 for others.
        quantized: whether the weights are FP8 or AWQ, which takes a GPU that can read them.
        tool_parser: vLLM's name for the form in which it calls tools.
    """

    id: str
    weights: float
    token: float
    heads: int
    window: int
    tool_parser: str
    experts: int = 0
    quantized: bool = True


#: the best first
MODELS = (
    Model(
        "Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8", 482, 248, 8, 262_144, "qwen3_coder", experts=2560
    ),
    Model("Qwen/Qwen3-Coder-Next-FP8", 82, 24, 2, 262_144, "qwen3_coder", experts=512),
    Model(
        "Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8", 31.2, 96, 4, 262_144, "qwen3_coder", experts=768
    ),
    Model("Qwen/Qwen2.5-Coder-14B-Instruct-AWQ", 10, 192, 8, 32_768, "hermes"),
    Model("Qwen/Qwen2.5-Coder-7B-Instruct-AWQ", 5.6, 56, 4, 32_768, "hermes"),
    Model("Qwen/Qwen2.5-Coder-1.5B-Instruct", 3.1, 28, 2, 32_768, "hermes", quantized=False),
)
SMALLEST = MODELS[-1]


def known_model(name: str) -> Model | None:
    """A model of the table, by its whole id in whatever case."""
    return next((one for one in MODELS if one.id.casefold() == name.casefold()), None)
