"""Which model a name means."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.errors import ModelMissing
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.failures import Peer
from twolane_server.lanes.model_ids import Models, pick

PEER = Peer(LaneName.LOCAL, "h:80")
QWEN = "Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8"


@pytest.mark.parametrize(
    ("wanted", "ids", "expected"),
    [
        ("a", ["A", "a", "ab"], "a"),
        ("DeepSeek-V3.2", ["deepseek-v3.2", "deepseek-v3.2-exp"], "deepseek-v3.2"),
        ("Qwen3-Coder", [QWEN, "deepseek-v3.2"], QWEN),
        ("qwen3_coder 30b", [QWEN], QWEN),
        ("deepseek-v3.2", ["deepseek-ai/DeepSeek-V3-2-Exp"], "deepseek-ai/DeepSeek-V3-2-Exp"),
        ("Qwen3-Coder", [QWEN, QWEN], QWEN),
        ("deepseek-v3.2", ["d/deepseek-v3.2-exp", "d/DeepSeek-V3.2"], "d/DeepSeek-V3.2"),
        ("claude-sonnet-4.5", ["a/claude-sonnet-4-5-1m", "claude-sonnet-4-5"], "claude-sonnet-4-5"),
    ],
)
def test_names_that_fit(wanted: str, ids: list[str], expected: str) -> None:
    assert pick(wanted, ids, PEER, "local.model") == expected


@pytest.mark.parametrize(
    ("wanted", "ids", "words"),
    [
        ("Qwen3-Coder", [QWEN, f"{QWEN}-2"], "fits several"),
        ("abc", ["Abc", "aBc"], "fits several"),
        ("abc", ["a/abc", "b/abc", "a/abc-2"], "several models at h:80: a/abc, b/abc. "),
        ("x", ["a", "b"], "it has a, b"),
        ("x", [], "no model loaded"),
        ("-", ["a"], "it has a"),
        ("x", [f"m{number}" for number in range(25)], "and 15 more"),
        ("x", ["evil\x1b[2J"], r"evil\\x1b"),
    ],
)
def test_names_that_do_not(wanted: str, ids: list[str], words: str) -> None:
    with pytest.raises(ModelMissing, match=words):
        pick(wanted, ids, PEER, "local.model")


@given(wanted=st.text(max_size=5), ids=st.lists(st.text(max_size=8), max_size=15))
def test_a_pick_is_always_an_id_that_exists(wanted: str, ids: list[str]) -> None:
    try:
        assert pick(wanted, ids, PEER, "local.model") in ids
    except ModelMissing as error:
        assert str(error).count(", ") <= 10 + sum(one.count(", ") for one in ids) + 1  # noqa: PT017 - both ends are fine


@pytest.mark.parametrize(
    ("told", "window"),
    [
        ({}, None),
        ({"max_model_len": 65_536}, 65_536),
        ({"context_length": 163_840}, 163_840),
        ({"context_window": 131_072}, 131_072),
        ({"max_context_length": 32_768}, 32_768),
        ({"context_length": 163_840, "max_model_len": 65_536}, 65_536),
        ({"context_length": 0, "max_model_len": -1}, None),
        ({"context_length": "163840", "max_model_len": True}, None),
    ],
)
def test_a_window_is_what_the_list_tells(told: dict[str, object], window: int | None) -> None:
    models = Models(PEER, "m")
    models.take(json.dumps({"data": [{"id": "m", **told}]}).encode())
    assert models.listed == {"m": window}
