"""The chain as values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.border.chain import START, Entry, Head, Verdict, canonical, follow, judge

if TYPE_CHECKING:
    from collections.abc import Sequence


def chain(payloads: Sequence[str]) -> list[Entry]:
    entries: list[Entry] = []
    head = START
    for payload in payloads:
        entry = follow(head, "send", payload)
        entries.append(entry)
        head = Head(head.seq + 1, str(entry.hash))
    return entries


def head_of(entries: list[Entry]) -> Head:
    return Head(len(entries), str(entries[-1].hash)) if entries else START


@given(st.lists(st.text(), max_size=6), st.integers(0, 6))
def test_a_chain_is_whole_and_may_be_ahead_of_its_head(payloads: list[str], kept: int) -> None:
    entries = chain(payloads)
    assert judge(entries, head_of(entries[:kept])) == Verdict(len(entries))


@given(st.lists(st.text(), min_size=1, max_size=6), st.data())
def test_every_change_of_a_field_is_seen_at_its_entry(
    payloads: list[str], data: st.DataObject
) -> None:
    entries = chain(payloads)
    place = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from(["seq", "kind", "payload", "prev", "hash"]))
    old = getattr(entries[place], field)
    value = data.draw(
        st.one_of(st.none(), st.text(), st.integers(), st.binary(), st.floats(), st.booleans())
    )
    if value == old and type(value) is type(old):
        return
    changed = [*entries]
    changed[place] = replace(entries[place], **{field: value})
    assert judge(changed, head_of(entries)).bad == place + 1


@given(st.lists(st.text(), min_size=1, max_size=6), st.data())
def test_every_removal_is_seen(payloads: list[str], data: st.DataObject) -> None:
    entries = chain(payloads)
    place = data.draw(st.integers(0, len(entries) - 1))
    verdict = judge(entries[:place] + entries[place + 1 :], head_of(entries))
    assert (verdict.whole, verdict.bad) == (False, place + 1)


def test_a_chain_that_was_written_anew_is_not_the_one_the_head_knows() -> None:
    head = head_of(chain(["a", "b"]))
    assert judge(chain(["a", "c"]), head).bad == 2
    assert judge(chain(["x", "y", "z"]), head).bad == 2
    assert judge([], Head(0, "f" * 64)).bad == 1


def test_a_missing_head_is_a_fault() -> None:
    assert judge(chain(["a"]), None).why == "ledger.head is missing or cannot be read"


def test_canonical_json_has_one_spelling() -> None:
    assert canonical({"b": "é\ud800", "a": None}) == '{"a":null,"b":"\\u00e9\\ud800"}'
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("inf")})


def test_an_entry_does_not_show_its_payload() -> None:
    assert "secret" not in repr(follow(START, "send", "secret"))
