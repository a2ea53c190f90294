"""The menu's size and cost: from sizes alone, near what is sent, and the same from key to key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_sources import parsed
from twolane_context.spans import Span
from twolane_server.actions.base import Subject
from twolane_server.actions.catalogue import ACTIONS, action_named
from twolane_server.actions.longest import longest
from twolane_server.estimates import Estimate, Sizes, estimate
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.prices import most
from twolane_server.routing.choose import Decision
from twolane_server.settings.resolved import ActionSettings, Settings
from twolane_server.text import Text

CLOUD = Decision(LaneName.CLOUD, "deepseek-v3.2", Label.OPEN, ("home",))
LOCAL = replace(CLOUD, lane=LaneName.LOCAL)
IN_DOCUMENT = ("docstring", "docstrings", "rewrite", "fix", "review", "explain")
LINE = "    value_{0} = os.path.join(first, str(second), 'x{0}')\n"


def body(lines: int) -> str:
    return "def work(first, second):\n" + "".join(map(LINE.format, range(lines))) + "    return 1\n"


@pytest.mark.parametrize("action", IN_DOCUMENT)
@pytest.mark.parametrize("lines", [1, 10, 40, 100])
def test_it_is_near_what_would_be_sent_and_its_answer_no_longer(action: str, lines: int) -> None:
    source = f"import os\n\n\n{body(lines)}\n\ndef other():\n    return 2\n"
    start, end = source.index("def work"), source.index("\n\n\ndef other")
    tree = parsed("a.py", source)
    subject = Subject(
        Text.of(source), tree.language, "/r/a.py", Label.OPEN, Span(start, end), "Do it.", tree
    )
    prompt = action_named(action).prepare(subject).prompt
    size = len(source) if action == "docstrings" else end - start
    found = estimate(action, Sizes(end - start, len(source)), CLOUD, Settings())
    assert found is not None
    assert 0.5 < found.tokens / prompt.tokens("deepseek-v3.2") < 2
    assert prompt.max_tokens <= longest(action, size)


def test_the_cloud_has_a_cost_where_there_is_a_price() -> None:
    sizes = Sizes(selected=1_000, document=9_000, brought=2_000)
    settings = Settings()
    found = estimate("docstring", sizes, CLOUD, settings)
    assert found == Estimate(2_750, most(settings.prices[0], 2_750, 800))
    assert str(found) == "~2.8k tokens, up to ~$0.0025"
    shorter = replace(settings, actions=(ActionSettings("docstring", max_tokens=100),))
    assert estimate("docstring", sizes, CLOUD, shorter) == Estimate(
        2_750, most(settings.prices[0], 2_750, 100)
    )
    unpriced = replace(settings, prices=())
    assert str(estimate("docstring", sizes, CLOUD, unpriced)) == "~2.8k tokens"
    assert str(estimate("docstring", sizes, LOCAL, settings)) == "~2.8k tokens"


@pytest.mark.parametrize("action", [one.name for one in ACTIONS if one.name not in IN_DOCUMENT])
def test_where_more_must_be_read_nothing_is_guessed(action: str) -> None:
    assert estimate(action, Sizes(1_000, 9_000), CLOUD, Settings()) is None


@given(st.integers(0, 10_000_000))
def test_sizes_are_short(tokens: int) -> None:
    shown = str(Estimate(tokens))
    assert len(shown) <= len("~10000k tokens")
    number = shown.removeprefix("~").removesuffix(" tokens")
    value = float(number.removesuffix("k")) * (1_000 if number.endswith("k") else 1)
    assert value == pytest.approx(tokens, rel=0.05)


def test_a_key_changes_no_title() -> None:
    sizes = [Sizes(1_000 + key, 9_000 + key, 2_000) for key in range(20)]
    shown = {str(estimate("rewrite", one, LOCAL, Settings())) for one in sizes}
    assert len(shown) == 1
