"""How long an answer may still take: from its own pace and how long such answers usually are.

Nothing is invented: before an answer has a pace nothing is said, and where nobody knows how long such
answers are, only what the token limit leaves.
"""

from __future__ import annotations

from collections import deque
from math import ceil
from statistics import median
from typing import NamedTuple

__all__ = ["Left", "Lengths", "Pace", "left"]

_FEWEST_TOKENS, _FEWEST_SECONDS = 8, 0.5
_FEWEST_ANSWERS, _MOST_ANSWERS = 3, 16
_FINE, _MINUTE = 10, 60


class Left(NamedTuple):
    """The time that an answer may still take.

    Attributes:
        seconds: how many; never below 0.
        at_most: whether it may be any less, since only the token limit is known.
    """

    seconds: float
    at_most: bool

    def __str__(self) -> str:
        whole = ceil(self.seconds)
        if whole > _FINE:  # in steps, so that it is readable
            step = 5 if whole <= _MINUTE else _MINUTE
            whole = ceil(whole / step) * step
        shown = f"{whole} s" if whole < 2 * _MINUTE else f"{whole // _MINUTE} min"
        return f"{'at most' if self.at_most else 'about'} {shown} left"


def left(tokens: int, seconds: float, usual: int | None, most: int | None) -> Left | None:
    """What is left of an answer; `None` where nothing tells it.

    Args:
        tokens: how many came after the first.
        seconds: since the first.
        usual: how many such answers have; `None` where that is not known.
        most: how many it may have; `None` where that is not known.
    """
    if tokens < _FEWEST_TOKENS or seconds < _FEWEST_SECONDS:
        return None
    if usual is not None and usual > tokens:
        return Left((usual - tokens) * seconds / tokens, at_most=False)
    if most is not None and most > tokens:
        return Left((most - tokens) * seconds / tokens, at_most=True)
    return None


class Lengths:
    """How long the last answers to each action were, by the size of what it worked on."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, int], deque[int]] = {}

    def learn(self, action: str, size: int, tokens: int) -> None:
        """Take how many tokens an answer had.

        Args:
            action: the action's name.
            size: the bytes that it worked on.
            tokens: of the answer.
        """
        key = action, size.bit_length()
        self._last.setdefault(key, deque(maxlen=_MOST_ANSWERS)).append(tokens)

    def usual(self, action: str, size: int) -> int | None:
        """How many tokens such answers have; `None` before there were three."""
        last = self._last.get((action, size.bit_length()), ())
        return round(median(last)) if len(last) >= _FEWEST_ANSWERS else None


class Pace:
    """One order's answers as they come. Of those after the first, no limit is known.

    Args:
        usual: how many tokens such an answer has, where that is known.
        most: how many the first answer may have.

    Attributes:
        tokens: of the present answer, as far as it is there.
        answers: how many have begun.
    """

    def __init__(self, usual: int | None, most: int) -> None:
        self._usual, self._most = usual, most
        self._began = 0.0
        self.tokens = self.answers = 0

    def came(self, tokens: int, now: float) -> Left | None:
        """Take that so many tokens have come by now, in seconds of any clock; what is left."""
        if not self.answers or tokens < self.tokens:
            self.answers += 1
            self._began = now
        self.tokens = tokens
        usual, most = (self._usual, self._most) if self.answers == 1 else (None, None)
        return left(tokens - 1, now - self._began, usual, most)
