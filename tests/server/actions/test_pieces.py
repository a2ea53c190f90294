"""Where a prompt shows what its selection needs of the repository."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support_actions import subject_of
from twolane_server.actions.base import Surroundings
from twolane_server.actions.catalogue import action_named
from twolane_server.actions.pieces import ours
from twolane_server.fragments import Fragment, Label, Origin, disclose

CODE = "import os\n\n\ndef small():\n    pass\n\n\ndef join(a):\n    ‸return small() + os.sep + a\n"
PLACE = "/project/a.py"
MAP = (Fragment("The repository.\n", Label.OPEN),)
# What an action shows anyway stands first, as ranks may have it.
OWN = Fragment("a.py:4-5\n    def small()\n", Label.OPEN, Origin(PLACE, 4, 5))
ACTIONS = ("docstring", "rewrite", "explain", "review", "docstrings")


def other(length: int) -> Fragment:
    return Fragment(f"b.py:1-9\n{'x' * length}\n", Label.OPEN, Origin("/project/b.py", 1, 9))


def messages(action: str, *pieces: Fragment) -> list[str]:
    """The texts of the prompt's messages."""
    subject = subject_of(CODE, "a.py", instruction="be quick")
    subject = replace(subject, around=Surroundings(MAP, pieces))
    prompt = action_named(action).prepare(subject).prompt
    return ["".join(map(disclose, one.fragments)) for one in prompt.messages]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_little_stands_in_the_question_so_that_examples_stay_cached(action: str) -> None:
    first, *_, last = messages(action, other(100))
    assert "b.py:1-9" not in first
    assert last.startswith("From the repository, for reference:\nb.py:1-9\n")


@pytest.mark.parametrize("action", ACTIONS)
def test_much_stands_behind_the_map_and_only_there(action: str) -> None:
    first, *others = messages(action, other(3_000))
    assert first.startswith("The repository.\nFrom the repository, for reference:\nb.py:1-9\n")
    assert not any("for reference" in text for text in others)


def test_so_actions_at_one_place_begin_alike_whatever_of_their_file_they_show() -> None:
    firsts = [messages(action, OWN, other(3_000))[0] for action in ACTIONS]
    alike = f"The repository.\nFrom the repository, for reference:\nb.py:1-9\n{'x' * 3_000}\n"
    assert all(first.startswith(alike) for first in firsts)
    assert len({*firsts}) == len(firsts)


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_of_it_is_shown_where_nothing_is_there(action: str) -> None:
    assert not any("for reference" in text for text in messages(action))


def test_what_we_say_ourselves_is_counted_once_for_all_prompts() -> None:
    one = ours("Explain this code:\n")
    assert one is ours("Explain this code:\n")
    assert (one.label, one.origin) == (Label.OPEN, Origin())
    assert one != ours("Explain this code:")
