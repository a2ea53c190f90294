"""Fragments: counted without being read."""

from __future__ import annotations

import inspect

import pytest

from twolane_context.tokens import counter_for, estimate
from twolane_server.fragments import Fragment, Label

TEXT = "def secret_of_client(x: int) -> int:\n    return x + 1\n"


@pytest.mark.parametrize("label", Label)
def test_a_fragment_counts_its_tokens_as_the_model_does(label: Label) -> None:
    fragment = Fragment(TEXT, label)
    assert fragment.tokens("deepseek-v3.2") == counter_for("deepseek-v3.2")(TEXT)
    assert fragment.tokens("Qwen3-Coder") == estimate(TEXT) > fragment.tokens("deepseek-chat")


def test_whoever_counts_gives_a_name_and_no_callable() -> None:
    """A callable would read the text, whatever its label."""
    given = inspect.signature(Fragment.tokens).parameters
    assert {name: each.annotation for name, each in given.items() if name != "self"} == {
        "model": "str"
    }
