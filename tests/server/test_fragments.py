"""Fragments: counted without being read."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from twolane_context.tokens import counter_for, estimate
from twolane_server.fragments import Fragment, Label

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_tokens_are_counted_once_for_each_model(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counter(model: str) -> Callable[[str], int]:
        asked.append(model)
        return len

    monkeypatch.setattr("twolane_context.tokens.counter_for", counter)
    fragment = Fragment(TEXT, Label.NDA)
    assert [fragment.tokens(model) for model in ("one", "other", "one")] == [len(TEXT)] * 3
    assert asked == ["one", "other"]
