from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_actions import EXAMPLES, chances, hostile
from twolane_server.edits.message import commit_message
from twolane_server.errors import ReplyRefused

LONG = "word " * 30


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("Add x", "Add x\n"),
        ("Add x\nand y\n", "Add x\n\nand y\n"),
        ("Add x\r\n\r\nBecause.\r\n", "Add x\n\nBecause.\n"),
        ("```\nAdd x\n\nBecause.\n```", "Add x\n\nBecause.\n"),
        ("Here is the commit message:\n\n```text\nAdd x\n```", "Add x\n"),
        ("Sure, here you go:\n\nAdd x", "Add x\n"),
        ("**Commit message:** Add x", "Add x\n"),
        ("Subject: Add x", "Add x\n"),
        ("`Add x`", "Add x\n"),
        ('"Add x"', "Add x\n"),
        ("Use `x` and `y`", "Use `x` and `y`\n"),
        ("`x` and `y`", "`x` and `y`\n"),
        ("# Add x\n\n## Why\n- a\n- b", "Add x\n\nWhy\n- a\n- b\n"),
        ("Add x\n\n#12 is mended", "Add x\n\n #12 is mended\n"),
        ("Add x\n\nBecause.\n\nSigned-off-by: A <a@b>\nCo-authored-by: B", "Add x\n\nBecause.\n"),
        ("Add x\n\n\n\nBecause.\n\n\n", "Add x\n\nBecause.\n"),
        ("<think>hm</think>\nAdd x", "Add x\n"),
        ("feat(api)!: add x", "feat(api)!: add x\n"),
    ],
)
def test_what_is_made_of_a_reply(reply: str, message: str) -> None:
    assert commit_message(reply) == message


def test_long_lines_of_the_body_are_wrapped_and_items_hang() -> None:
    message = commit_message(f"Add x\n\n{LONG}\n- {LONG}")
    lines = message.split("\n")
    assert max(map(len, lines)) <= 72
    item = next(at for at, line in enumerate(lines) if line.startswith("- "))
    assert all(line.startswith("  word") for line in lines[item + 1 : -1])


@pytest.mark.parametrize("reply", ["", "<think>", "\n\n", "Signed-off-by: A", "#", LONG * 2])
def test_what_is_no_message_is_refused(reply: str) -> None:
    with pytest.raises(ReplyRefused):
        commit_message(reply)


def _check(reply: str) -> None:
    try:
        message = commit_message(reply)
    except ReplyRefused:
        return
    lines = message.split("\n")
    assert lines[0].strip()
    assert lines[-1] == ""
    assert len(lines) == 2 or lines[1] == ""
    assert not any(line.startswith("#") for line in lines)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", message)
    message.encode("utf-8")


def test_arbitrary_replies_are_a_message_that_git_keeps_whole() -> None:
    for chance in chances(EXAMPLES):
        _check(hostile(chance))


@given(st.text(st.sampled_from(list("#`*\n ab-:'\"")), max_size=80))
def test_arbitrary_marks_are_no_comment_to_git(reply: str) -> None:
    _check(reply)
