"""How a repository writes the subjects of its commits, judged by the recent ones."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TYPES", "Habits", "habits_of"]

TYPES = (
    *("feat", "fix", "docs", "style", "refactor", "perf", "test", "build", "ci", "chore"),
    *("revert", "deps", "release", "wip"),
)
"""The types of Conventional Commits that teams use. Others may name a client, and are not told."""

_CONVENTIONAL = re.compile(r"(?P<type>[A-Za-z]+)(?P<scope>\([^()\r\n]+\))?!?: (?P<rest>.+)")
_MOST = 0.6  # of the subjects must do it for a habit
_FEW = 3
_LONGEST = 72


@dataclass(frozen=True, slots=True)
class Habits:
    """What most subjects have in common.

    Attributes:
        known: whether there are enough commits to tell.
        types: the types of Conventional Commits in use, the most common first; none for no such habit.
        scopes: whether most of those have a scope.
        lower: whether the words start with a small letter (behind the type, where there is one).
        period: whether a period ends the subject.
        length: what most subjects keep to, in characters.
    """

    known: bool = False
    types: tuple[str, ...] = ()
    scopes: bool = False
    lower: bool = False
    period: bool = False
    length: int = _LONGEST

    def told(self) -> str:
        """The habits as sentences to a model."""
        said = [f"The subject has at most {self.length} characters."]
        if self.types:
            scope = "type(scope): words" if self.scopes else "type: words"
            types = ", ".join(self.types)
            said.append(f"It follows Conventional Commits, `{scope}`, with one of: {types}.")
        if self.known:
            letter = "small" if self.lower else "capital"
            end = "with a period" if self.period else "without a period"
            said.append(f"Its words start with a {letter} letter and end {end}.")
        return " ".join(said)


def habits_of(subjects: Sequence[str]) -> Habits:
    """What the subjects have in common. It quotes none: only common types are named."""
    subjects = [subject for subject in subjects if subject.strip()]
    if len(subjects) < _FEW:
        return Habits()
    found = [_CONVENTIONAL.fullmatch(subject) for subject in subjects]
    usual = [each for each in found if each and each["type"].lower() in TYPES]
    conventional = len(usual) >= _MOST * len(subjects)
    counted = Counter(each["type"].lower() for each in usual)
    words = [each["rest"] if each else s for each, s in zip(found, subjects, strict=True)]
    lengths = sorted(map(len, subjects))
    return Habits(
        known=True,
        types=tuple(name for name, _ in counted.most_common()) if conventional else (),
        scopes=conventional and sum(bool(e["scope"]) for e in usual) >= _MOST * len(usual),
        lower=sum(text[:1].islower() for text in words) > len(words) / 2,
        period=sum(text.rstrip().endswith(".") for text in words) > len(words) / 2,
        length=min(_LONGEST, max(50, lengths[int(0.9 * (len(lengths) - 1))])),
    )
