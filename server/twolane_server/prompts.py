"""A prompt as a value: messages of labelled fragments.

Actions build prompts, `routing` measures them, and only `border/gate` turns one into bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from twolane_server.fragments import Label, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_server.fragments import Fragment

_TOKENS_PER_MESSAGE = 8


class Role(StrEnum):
    """Who speaks, in the words of the OpenAI chat format."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. The fragments are joined without anything between them."""

    role: Role
    fragments: tuple[Fragment, ...]


@dataclass(frozen=True)
class Prompt:
    """What a model is asked.

    Attributes:
        action: the action's name, for the ledger.
        messages: in order; stable parts first, so that prefix caches hit.
        max_tokens: how long the answer may be; always sent.
        temperature: 0 for the most likely answer.
        stop: texts at which the model stops.
        alone: the same question without what the repository says around it, where this one has that.
    """

    action: str
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    alone: Prompt | None = field(default=None, repr=False)

    def without_context(self) -> Prompt:
        """The question alone, for a model that the repository would only slow down."""
        return self.alone or self

    @property
    def fragments(self) -> Iterator[Fragment]:
        """All fragments, in order."""
        return (fragment for message in self.messages for fragment in message.fragments)

    @cached_property
    def label(self) -> Label:
        """The highest label of any fragment."""
        return Label.highest(fragment.label for fragment in self.fragments)

    @cached_property
    def sources(self) -> tuple[Origin, ...]:
        """All places whose rules speak about it: of each fragment its own, and what else judges it."""
        found = dict.fromkeys(fragment.origin for fragment in self.fragments)
        whole = dict.fromkeys(each for one in found for each in (one, *one.also))
        return tuple(each for each in whole if each.path)

    @property
    def origin(self) -> Origin:
        """Where something comes from that was made of all of it, such as an answer."""
        return Origin(also=tuple(replace(one, also=()) for one in self.sources))

    @cached_property
    def characters(self) -> int:
        """The length of all fragments in code points."""
        return sum(fragment.characters for fragment in self.fragments)

    def tokens(self, model: str) -> int:
        """How many tokens a model makes of the prompt, with room for its chat template.

        Takes milliseconds for a long prompt, and the first count for DeepSeek a tenth of a second:
        not for the event loop.
        """
        if model not in self._counted:
            parts = sum(part.tokens(model) for part in self.fragments)
            self._counted[model] = parts + _TOKENS_PER_MESSAGE * len(self.messages)
        return self._counted[model]

    @cached_property
    def _counted(self) -> dict[str, int]:
        """By model; counted several times on the way to the cloud."""
        return {}
