"""All actions, in the order of the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.actions.base import Reads
from twolane_server.actions.changes import ReviewChanges
from twolane_server.actions.changes_across import ReviewAcross
from twolane_server.actions.commit import CommitMessage
from twolane_server.actions.docstring import WriteDocstring
from twolane_server.actions.docstrings import WriteDocstrings
from twolane_server.actions.explain import Explain
from twolane_server.actions.fix import FixDiagnostic
from twolane_server.actions.pull import PullRequestText
from twolane_server.actions.refactor import Refactor
from twolane_server.actions.review import Review
from twolane_server.actions.rewrite import RewriteSelection
from twolane_server.actions.tests import GenerateTests
from twolane_server.errors import WrongUse

if TYPE_CHECKING:
    from twolane_server.actions.base import Action

FIX = FixDiagnostic()
"""Offered at a diagnostic of another server, and nowhere else."""

ACTIONS: tuple[Action, ...] = (
    WriteDocstring(),
    WriteDocstrings(),
    RewriteSelection(),
    FIX,
    Review(),
    ReviewChanges(),
    ReviewAcross(),
    ReviewAcross("changes-staged", "Review what is staged", reads=Reads.STAGED),
    ReviewAcross("changes-range", "Review a range of commits", reads=Reads.RANGE),
    Refactor(),
    GenerateTests(),
    Explain(),
    CommitMessage(),
    PullRequestText(),
)


def action_named(name: str) -> Action:
    """The action of that name.

    Raises:
        WrongUse: there is none; the sentence says which there are.
    """
    for action in ACTIONS:
        if action.name == name:
            return action
    known = ", ".join(action.name for action in ACTIONS)
    raise WrongUse(f"There is no action called {name!r}; there are: {known}.")
