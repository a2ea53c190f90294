"""How long the answers of the actions that work on a document may be, before anything was prepared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.actions import docstrings, explain, review, rewrite_prompt
from twolane_server.actions.docs import prompt as docstring

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["longest"]

_LONGEST: Mapping[str, Callable[[int], int]] = {
    "docstring": lambda _: docstring.MAX_TOKENS,
    "docstrings": lambda _: docstrings.MAX_TOKENS,
    "rewrite": rewrite_prompt.answer_tokens,
    "fix": rewrite_prompt.answer_tokens,
    "review": lambda _: review.MAX_TOKENS,
    "explain": lambda _: explain.MAX_TOKENS,
}


def longest(action: str, size: int) -> int:
    """The tokens that an answer may have at most, unless the user's settings say otherwise.

    Args:
        action: one that works on a place in a document.
        size: the bytes that it works on.
    """
    return _LONGEST[action](size)
