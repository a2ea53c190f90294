"""A server that read only a part is told of; one that counts in another way is not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName, Usage
from twolane_server.routing.choose import Decision
from twolane_server.settings.resolved import Settings
from twolane_server.unread import unread

if TYPE_CHECKING:
    from twolane_server.orders import Ready, Result


def told(
    usage: Usage | None,
    *,
    sent: int = 7_900,
    lane: LaneName = LaneName.LOCAL,
    model: str = "qwen3-coder:30b",
) -> str | None:

    def tokens(lane: LaneName) -> int:
        del lane
        return sent

    question = SimpleNamespace(prompt_tokens=tokens)
    ready = SimpleNamespace(question=question, settings=Settings())
    decision = Decision(lane, model, Label.NDA, ("why",))
    result = SimpleNamespace(usage=usage, decision=decision, model=model)
    return unread(cast("Ready", ready), cast("Result", result))


def test_a_prompt_that_was_cut_is_told_of() -> None:
    """As Ollama counts it: https://github.com/ollama/ollama/issues/17889."""
    sentence = told(Usage(2_050, 100))
    assert sentence is not None
    assert sentence.startswith("The local lane's server counted 2,050 tokens of about 7,900")
    assert "OLLAMA_CONTEXT_LENGTH" in sentence


@pytest.mark.parametrize(
    ("usage", "more"),
    [
        (None, {}),
        (Usage(7_500, 100), {}),
        (Usage(5_000, 100), {}),  # an estimate leans high
        (Usage(2_050, 100, 1_900), {}),  # it counts its cache apart
        (Usage(300, 100), {}),  # nobody's context is that small: it counts otherwise
        (Usage(2_050, 100), {"lane": LaneName.CLOUD}),
        (Usage(2_050, 100), {"model": "SmolLM2-135M-Instruct"}),  # asked without the repository
        (Usage(2_050, 100), {"sent": 2_100}),
    ],
)
def test_what_else_may_be_is_not(usage: Usage | None, more: dict[str, object]) -> None:
    assert told(usage, **more) is None  # pyright: ignore[reportArgumentType] - as `told` has them
