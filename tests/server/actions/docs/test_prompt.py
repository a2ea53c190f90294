"""What a model is asked for when it is to document something: what stays from request to request."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest

from support_actions import subject_of
from twolane_server.actions.base import Surroundings
from twolane_server.actions.docstring import WriteDocstring
from twolane_server.fragments import Fragment, Label, disclose

if TYPE_CHECKING:
    from twolane_server.prompts import Prompt

CODE = "import os\nimport re\n\n\ndef first(a):\n    return os.stat(a){}\n\n\ndef second(b):\n    return re.escape(b){}\n"
MAP = (Fragment("The repository. Signatures by file.\na.py\n", Label.OPEN),)
PIECE = Fragment("b.py:1-1\n```python\nX = 1\n```\n", Label.OPEN)


def turns(around: Surroundings) -> list[list[str]]:
    """The texts of the prompts for two functions that use different imports."""
    prompts: list[Prompt] = []
    for marks in (("‸", ""), ("", "‸")):
        subject = replace(subject_of(CODE.format(*marks), "a.py"), around=around)
        prompts.append(WriteDocstring().prepare(subject).prompt)
    return [["".join(map(disclose, turn.fragments)) for turn in one.messages] for one in prompts]


@pytest.mark.parametrize("around", [Surroundings(MAP), Surroundings(MAP, (PIECE,))])
def test_with_a_repository_all_but_the_last_turn_stays(around: Surroundings) -> None:
    first, second = turns(around)
    assert len(first) > 3
    assert first[:-1] == second[:-1]
    assert first[0].startswith("The repository.")
    assert "import os" in first[-1]
    assert "import re" in second[-1]
    assert first[-1].index("import os") < first[-1].index("def first")


def test_a_small_model_alone_gets_the_form_that_was_measured_for_it() -> None:
    first, second = turns(Surroundings())
    same = list(
        takewhile(lambda pair: pair[0] == pair[1], zip(first[1:-1], second[1:-1], strict=True))
    )
    assert len(same) == len(first) - 2, "the examples"
    assert "import os" in first[0]
    assert first[-1].startswith("```python\ndef first")
