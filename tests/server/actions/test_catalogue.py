from __future__ import annotations

import pytest

from twolane_server.actions.catalogue import ACTIONS, action_named
from twolane_server.errors import ActionError
from twolane_server.lanes.base import LaneName


def test_actions_by_name() -> None:
    assert [(action.name, action.title) for action in ACTIONS] == [
        ("docstring", "Write docstring"),
        ("docstrings", "Write docstrings for all public definitions"),
        ("rewrite", "Rewrite selection…"),
        ("fix", "Fix"),
        ("review", "Review"),
        ("changes", "Review changes since the last commit"),
        ("changes-all", "Review all changes since the last commit"),
        ("changes-staged", "Review what is staged"),
        ("changes-range", "Review a range of commits"),
        ("refactor", "Refactor across the repository…"),
        ("tests", "Generate tests"),
        ("explain", "Explain…"),
        ("commit", "Write commit message"),
        ("pr", "Write PR text"),
    ]
    for action in ACTIONS:
        assert action_named(action.name) is action
        assert action.home is (LaneName.LOCAL if action.name == "refactor" else LaneName.CLOUD)


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(ActionError, match="there are: docstring, docstrings, rewrite"):
        action_named("poem")
