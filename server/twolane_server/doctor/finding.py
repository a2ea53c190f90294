"""The answer to one question of the doctor's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "State", "broken", "fine", "of_error", "unset"]


class State(StrEnum):
    """How something is.

    `UNSET` is what a person may well leave as it is: no key, no grant, no server of one's own. What
    is `BROKEN` does not do what it was set up for.
    """

    OK = "ok"
    UNSET = "unset"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question.

    Attributes:
        check: what was looked at.
        state: how it is.
        message: what was found, in a sentence.
        fix: what to do; empty where nothing is to be done.
    """

    check: str
    state: State
    message: str
    fix: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is to be done."""
        return self.state is State.OK

    def as_object(self) -> dict[str, object]:
        """The finding in the stable shape that programs read."""
        return {
            "check": self.check,
            "ok": self.ok,
            "state": self.state.value,
            "message": self.message,
            "fix": self.fix,
        }


def fine(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check, State.OK, message)


def unset(check: str, message: str, fix: str) -> Finding:
    """It is not set up, or could be better."""
    return Finding(check, State.UNSET, message, fix)


def broken(check: str, message: str, fix: str) -> Finding:
    """It does not do what it was set up for."""
    return Finding(check, State.BROKEN, message, fix)


def of_error(check: str, error: Exception, fix: str) -> Finding:
    """An error, whose first sentence says what happened and whose others say what to do.

    Args:
        check: what was looked at.
        error: one of twolane's own.
        fix: what to do where the error does not say it.
    """
    what, _, how = str(error).partition(". ")
    return broken(check, f"{what.rstrip('.')}.", how.rstrip(".") or fix)
