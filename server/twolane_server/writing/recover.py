"""Bringing to an end what a killed process left half done.

If nothing is in place yet, nothing will be; if all steps are as the plan left them, the rest is done.
A file that somebody has changed since then is theirs, and so is the decision: then everything stays
as it is, missing files come back, and the person is told.
"""

from __future__ import annotations

from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.writing.disk import Disk
from twolane_server.writing.journal import BACK, DONE, GO, Journal, held
from twolane_server.writing.plan import Act
from twolane_server.writing.step import done, rest_done, undone
from twolane_server.writing.write import end, take_back

if TYPE_CHECKING:
    from twolane_server.writing.plan import Plan, Step

__all__ = ["recover"]


class _State(Enum):
    """How far a step is."""

    NONE = auto()
    HALF = auto()
    WHOLE = auto()
    FOREIGN = auto()


def recover(state: Path, disk: Disk | None = None) -> list[str]:
    """End what is in the journal; returns a sentence for the person about each set of changes.

    Does nothing while another process writes.
    """
    if not (state / "journal").is_dir():
        return []
    disk = disk or Disk()
    with held(state) as alone:
        if not alone:
            return []
        journal = Journal(state, disk)
        told = [_ended(plan, journal, disk) for plan in journal.plans()]
        journal.sweep()
    return [sentence for sentence in told if sentence]


def _ended(plan: Plan, journal: Journal, disk: Disk) -> str:
    if journal.marked(plan, DONE):
        end(plan, journal, disk)
        return ""
    if journal.marked(plan, GO):
        _mend(plan, disk)
    if not journal.marked(plan, GO) or journal.marked(plan, BACK):
        take_back(plan, journal, disk)
        return ""
    states = [_state(disk, step) for step in plan.steps]
    count = f"{len(plan.steps)} files" if len(plan.steps) > 1 else "a file"
    if _State.FOREIGN in states:
        return _left(plan, states, journal, disk)
    if all(one is _State.NONE for one in states):
        take_back(plan, journal, disk)
        return f"An edit of {count} that was cut short on {plan.began} had changed nothing yet."
    for step, one in zip(plan.steps, states, strict=True):
        if one is _State.NONE:
            disk.remove(step.old)  # the person has put the file back meanwhile
        if one is not _State.WHOLE and not (
            rest_done(disk, step) if one is _State.HALF else done(disk, step)
        ):
            take_back(plan, journal, disk)
            return f"An edit of {count} that was cut short on {plan.began} was taken back."
    journal.mark(plan, DONE)
    end(plan, journal, disk)
    return f"An edit of {count} that was cut short on {plan.began} has been completed."


def _mend(plan: Plan, disk: Disk) -> None:
    """Put back what was moved aside and turned out to be somebody else's."""
    for step in plan.steps:
        for aside, own in ((step.back, step.after), (step.old, step.before)):
            if disk.there(aside) and disk.digest(aside) != own:
                if aside == step.old and disk.there(step.path):
                    # Written into through an open handle, while it was moved.
                    undone(disk, step)
                disk.link(aside, step.path)
                disk.remove(aside)


def _state(disk: Disk, step: Step) -> _State:
    here = disk.digest(step.path)
    kept = disk.digest(step.old)
    if step.act is Act.MAKE:
        states: dict[str | None, _State] = {step.after: _State.WHOLE, None: _State.NONE}
    elif step.act is Act.PUT:
        states = {step.after: _State.WHOLE, step.before: _State.NONE}
        if kept == step.before:
            states[None] = _State.HALF
        elif kept is not None:
            return _State.FOREIGN
    else:
        states = {None: _State.WHOLE, step.before: _State.NONE}
        if kept is not None and kept != step.before:
            return _State.FOREIGN
    return states.get(here, _State.FOREIGN)


def _left(plan: Plan, states: list[_State], journal: Journal, disk: Disk) -> str:
    for step, one in zip(plan.steps, states, strict=True):
        if one is _State.HALF:
            disk.link(step.old, step.path)
    names = {
        one: ", ".join(
            Path(step.path).name for step, is_ in zip(plan.steps, states, strict=True) if is_ is one
        )
        for one in _State
    }
    end(plan, journal, disk)
    applied = names[_State.WHOLE]
    return (
        f"An edit that was cut short on {plan.began} could not be completed, since "
        f"{names[_State.FOREIGN]} changed meanwhile; "
        + (f"it is in {applied} and nowhere else." if applied else "it is nowhere.")
    )
