"""What the ledger records."""

from __future__ import annotations

import hashlib
import json

import pytest

from support_border import SOURCE, prompt, sending
from twolane_server.border.records import Outcome, Row, origins
from twolane_server.errors import LedgerError
from twolane_server.fragments import Fragment, Label, Origin
from twolane_server.lanes.base import LaneName, Usage
from twolane_server.prompts import Message, Prompt, Role


def test_the_clouds_text_is_kept_and_the_local_lanes_is_not() -> None:
    body = '{"a":"secret sauce é"}'.encode()
    cloud = json.loads(sending(body).payload())
    local = sending(body, LaneName.LOCAL).payload()
    assert cloud["text"].encode() == body
    assert "sauce" not in local
    assert json.loads(local)["sha256"] == cloud["sha256"]
    assert json.loads(local)["bytes"] == len(body)


def test_a_sendings_repr_holds_no_text() -> None:
    assert "sauce" not in repr(sending(b'"secret sauce"'))
    row = Row.of(1, sending(b'"secret sauce"').payload(), None)
    assert "sauce" not in repr(row)


def test_the_public_row_has_the_stable_shape() -> None:
    ended = Outcome("stop", 1.23456, Usage(prompt=40, completion=3, cached=10)).payload(1)
    assert Row.of(1, sending(b'"x"').payload(), ended).public() == {
        "seq": 1,
        "time": "2026-05-04T12:00:00.000+00:00",
        "action": "docstring",
        "lane": "cloud",
        "model": "deepseek-v3.2",
        "host": "api.example.test:443",
        "bytes": 3,
        "sha256": hashlib.sha256(b'"x"').hexdigest(),
        "files": [{"path": "/repo/src/tool.py", "start_line": 3, "end_line": 9}],
        "tokens": {"in": 40, "cached": 10, "out": 3},
        "cost_usd": None,
        "outcome": "stop",
    }


@pytest.mark.parametrize("cost", [None, "3", True, [], {}])
def test_a_cost_that_is_no_number_is_none(cost: object) -> None:
    row = Row.of(1, sending().payload(), json.dumps({"send": 1, "cost_usd": cost}))
    assert row.cost_usd is None


def test_a_row_of_an_older_twolane_has_no_cost() -> None:
    sent = {
        k: v
        for k, v in json.loads(sending().payload()).items()
        if k not in {"most_usd", "max_tokens"}
    }
    row = Row.of(1, json.dumps(sent), '{"send":1,"result":"stop","seconds":1.0,"tokens":null}')
    assert row.public()["cost_usd"] is None
    assert (row.whole()["price"], row.whole()["most_usd"]) == (None, None)


def test_a_row_without_an_outcome_says_so() -> None:
    public = Row.of(1, sending().payload(), None).public()
    assert public["outcome"] == "unknown"
    assert public["tokens"] == {"in": None, "cached": None, "out": None}


@pytest.mark.parametrize("result", ["def f():\n    pass", "", "x" * 41, "why not"])
def test_only_a_plain_word_is_recorded_as_a_result(result: str) -> None:
    assert json.loads(Outcome(result, 0.0).payload(1))["result"] == "finished"


def test_origins_are_the_files_each_once() -> None:
    twice = Message(Role.USER, (Fragment("x", Label.OPEN, SOURCE), Fragment("y", Label.OPEN)))
    assert origins(prompt()) == (SOURCE,)
    assert origins(Prompt("a", (twice, twice), 1)) == (SOURCE,)


@pytest.mark.parametrize("payload", ["", "{", "[]", "3"])
def test_a_payload_that_is_none_is_told(payload: str) -> None:
    with pytest.raises(LedgerError, match="Entry 4"):
        Row.of(4, payload, None)


def test_odd_fields_of_a_tampered_payload_do_no_harm() -> None:
    row = Row.of(1, '{"files":[3,{"path":null,"start_line":"x"}],"text":4}', '{"tokens":7}')
    assert row.files == (Origin("None", 0, 0),)
    assert row.text is None
    assert row.tokens["in"] is None
