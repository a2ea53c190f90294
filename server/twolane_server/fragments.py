"""Labelled pieces of text: what a prompt is made of.

A fragment has no way of its own to become text. `disclose` is the only one, and a test keeps its
import to the border's gate, so that code under NDA cannot slip into a string, a log line or an
error on its way there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable


class Label(IntEnum):
    """How far a text may travel. The higher label wins; what is unknown is `NDA`."""

    OPEN = 0
    NDA = 1

    @classmethod
    def highest(cls, labels: Iterable[Label]) -> Label:
        """The label of a whole: the highest of its parts, and `OPEN` for a whole of no parts."""
        return max(labels, default=cls.OPEN)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fragment came from, for the ledger and for people.

    Attributes:
        path: the file, absolute; empty for what no file holds (our own wording, an instruction).
        start_line: 1-based, inclusive; 0 when there is no file.
        end_line: 1-based, inclusive; 0 when there is no file.
        commit: the commit that holds the text of a file that is gone; else empty.
        texts: ids of git's objects that were texts of the file, and that its rules speak about, too.
        name_only: whether only the file's name is told, which there need be no file of.
        also: the other places whose rules speak about the fragment: all that a commit touched, of its
            message. The border asks them again; the ledger tells of none, since no text is from there.
    """

    path: str = ""
    start_line: int = 0
    end_line: int = 0
    commit: str = ""
    texts: tuple[str, ...] = ()
    name_only: bool = False
    also: tuple[Origin, ...] = ()


class Fragment:
    """A text, its label and its origin. Immutable; never a string.

    Args:
        text: what the model is to read.
        label: how far it may travel.
        origin: where it came from.
    """

    __slots__ = ("__counted", "__text", "label", "origin")

    label: Label
    origin: Origin
    __counted: dict[str, int]

    def __init__(self, text: str, label: Label, origin: Origin | None = None) -> None:
        object.__setattr__(self, "_Fragment__text", text)
        object.__setattr__(self, "_Fragment__counted", {})
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "origin", origin or Origin())

    @property
    def characters(self) -> int:
        """The length of the text in code points."""
        return len(self.__text)

    def tokens(self, model: str) -> int:
        """How many tokens a model makes of the text; see `twolane_context.tokens`.

        It takes the model's name and no callable, since whatever counts reads the text. Counted once
        for a model.
        """
        counted: dict[str, int] = self.__counted
        if model not in counted:
            from twolane_context.tokens import (  # noqa: PLC0415 - only who counts needs it
                counter_for,
            )

            counted[model] = counter_for(model)(self.__text)
        return counted[model]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a fragment is immutable")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fragment) and (
            (self.__text, self.label, self.origin) == (other.__text, other.label, other.origin)
        )

    def __hash__(self) -> int:
        return hash((self.__text, self.label, self.origin))

    def __str__(self) -> NoReturn:
        raise TypeError("a fragment is turned into text only by the border's gate")

    def __format__(self, format_spec: str) -> NoReturn:
        raise TypeError("a fragment is turned into text only by the border's gate")

    def __repr__(self) -> str:
        return f"<Fragment {self.label.name} {self.characters} characters>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a fragment is not pickled: the copy would leave the border's sight")


def disclose(fragment: Fragment) -> str:
    """The fragment's text. For `border/gate` only (see tests/test_layers.py)."""
    text: str = object.__getattribute__(fragment, "_Fragment__text")
    return text
