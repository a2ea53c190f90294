"""The list of what public code has in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.border.prints import GRAM, Hasher, Kind, prints
from twolane_server.border.public import FILE, edition, everyday, pack, public, short, unpack
from twolane_server.border.tokens import lines


@given(st.frozensets(st.integers(0, 2**32 - 1)))
def test_a_list_comes_back_as_it_was_packed(hashes: frozenset[int]) -> None:
    assert unpack(pack(hashes)) == hashes
    assert pack(hashes) == pack(sorted(hashes, reverse=True))


def test_a_list_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="another version"):
        unpack(b"2LPP\xff\xff" + pack([1])[6:])


def test_the_list_is_small_and_of_this_version() -> None:
    assert FILE.stat().st_size < 300_000
    assert len(public()) > 10_000
    assert edition() == edition()


def known(text: str, kind: Kind = Kind.GRAM) -> float:
    """The share of a text's hashes that are public."""
    found = prints(text, Hasher())[kind].hashes
    return sum(short(each) in public() for each in found) / len(found)


@pytest.mark.parametrize(
    "text",
    [
        "if __name__ == '__main__':\n    sys.exit(main())\n    # " + "-" * 40,
        "    def __init__(self, *args, **kwargs):\n        super().__init__(*args, **kwargs)\n",
        """Licensed under the Apache License, Version 2.0 (the "License");
        you may not use this file except in compliance with the License.
        You may obtain a copy of the License at""",
        "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
        "def __enter__(self):\n    return self\n\ndef __exit__(self, exc_type, exc_value, traceback):\n",
    ],
)
def test_what_everybody_writes_is_public(text: str) -> None:
    assert known(text) > 0.9


def test_what_nobody_writes_is_not_public() -> None:
    assert known("settle(acme.delta[7], rate=0.375) or gateway.push(delta, retries=3)") == 0


def test_python_with_types_is_public() -> None:
    text = "def __eq__(self, other: Any) -> bool:\n    return isinstance(other, str) and self.name == other"
    found = everyday((token for line in lines(text) for token in line.tokens), GRAM)
    assert all(found)


@given(
    st.lists(st.sampled_from(["self", "return", "settle", "(", "_", "xq7", "\u4e2d"])),
    st.integers(1, 4),
)
def test_a_run_is_public_if_each_of_its_words_is_everydays(tokens: list[str], run: int) -> None:
    alone = [everyday([token], 1) == [True] for token in tokens]
    whole = [all(alone[at : at + run]) for at in range(len(tokens) - run + 1)]
    assert everyday(tokens, run) == whole


def test_a_run_of_everyday_words_alone_is_public() -> None:
    tokens = ["return", "not", "self", "(", "value", ")", "settlement", "if", "None"]
    assert everyday(tokens, 3) == [True, True, True, True, False, False, False]
    assert everyday(tokens, 10) == []
