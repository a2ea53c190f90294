from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_actions import EXAMPLES, chances, hostile
from twolane_server.edits.findings import Remark, remarks
from twolane_server.errors import ReplyRefused

ONE = {"line": 3, "end_line": 4, "severity": "error", "message": "Wrong.", "fix": "x = 1"}
SAID = Remark(3, 4, "error", "Wrong.", "x = 1")


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps([ONE]),
        json.dumps({"findings": [ONE]}),
        json.dumps(ONE),
        f"```json\n{json.dumps([ONE], indent=2)}\n```",
        f"Here is my review:\n\n```\n{json.dumps([ONE])}\n```\nThat is all.",
        f"I found this: {json.dumps([ONE])} and no more.",
        f"<think>[1]</think>{json.dumps([ONE])}",
        json.dumps([{**ONE, "line": "3", "end_line": "4", "severity": "BUG"}]),
        json.dumps(
            [
                {
                    "start_line": 3,
                    "end": 4,
                    "level": "error",
                    "problem": " Wrong.\n",
                    "suggestion": "x = 1",
                }
            ]
        ),
    ],
)
def test_the_forms_that_models_write(reply: str) -> None:
    assert remarks(reply) == (SAID,)


@pytest.mark.parametrize(
    ("line", "remark"),
    [
        ("3: Wrong.", Remark(3, 3, "warning", "Wrong.")),
        ("- Line 3: Wrong.", Remark(3, 3, "warning", "Wrong.")),
        ("* **Lines 3-4**: error: Wrong.", Remark(3, 4, "error", "Wrong.")),
        ("1. `L3`: Wrong.", Remark(3, 3, "warning", "Wrong.")),
        ("3 to 4: **note**: It is so.", Remark(3, 4, "info", "It is so.")),
    ],
)
def test_plain_lines(line: str, remark: Remark) -> None:
    assert remarks(f"My review.\n\n{line}\n") == (remark,)


@pytest.mark.parametrize(
    "reply", ["[]", "```json\n[]\n```", "No problems found.", "Nothing to find.", "LGTM"]
)
def test_nothing_found(reply: str) -> None:
    assert remarks(reply) == ()


@pytest.mark.parametrize("reply", ["", "I like this code very much.", "[1, 2]", "{" * 5_000])
def test_what_is_no_review_is_refused(reply: str) -> None:
    with pytest.raises(ReplyRefused):
        remarks(reply)


def test_what_says_nothing_or_names_no_line_is_left_out() -> None:
    without = [{**ONE, "line": None}, {**ONE, "message": " "}, {**ONE, "line": True}, ONE]
    assert remarks(json.dumps(without)) == (SAID,)
    (long,) = remarks(json.dumps([{**ONE, "message": "x\0\u202e" * 1_000}]))
    assert long.message == "x" * 600


def _check(reply: str) -> None:
    try:
        said = remarks(reply)
    except ReplyRefused:
        return
    for one in said:
        assert one.message.strip() == one.message != ""
        assert one.severity in {"error", "warning", "info"}


def test_arbitrary_replies_are_remarks_or_a_sentence() -> None:
    for chance in chances(EXAMPLES):
        _check(hostile(chance))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["line", "end_line", "message", "fix", "x"]), inner)
    ),
)


@given(_VALUES)
def test_arbitrary_json_is_remarks_or_a_sentence(value: object) -> None:
    _check(json.dumps(value))
