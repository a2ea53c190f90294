"""Arbitrary replies through every action: a result or a sentence, and no byte outside what is meant.

A reply is a good one with what models do to it, or nothing that a model should say. Edits are applied
as an editor does, by UTF-16 columns. `TWOLANE_REPLIES` says how many each action gets; the property
is to hold for 50,000 and more.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from support_actions import chances, hostile, subject_of
from support_lsp import offset
from support_replies import GOOD, REPLIES, mutated
from twolane_server import convert
from twolane_server.actions.base import Task
from twolane_server.actions.catalogue import ACTIONS, action_named
from twolane_server.actions.impact import Impact, Role
from twolane_server.actions.impact import Source as Named
from twolane_server.actions.material import ChangedFile, ForTests, Material, Source
from twolane_server.actions.outcomes import (
    Across,
    Edit,
    Edits,
    Findings,
    FindingsAcross,
    Page,
    edits_of,
)
from twolane_server.actions.testing.home import PlaceOfTests
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Label, Origin
from twolane_server.text import Text

if TYPE_CHECKING:
    from twolane_server.actions.base import Subject
    from twolane_server.actions.outcomes import Finding, Outcome
    from twolane_server.edits.changes import Changes

CODE = (
    "# é 😀\nfrom os import sep\n\n\ndef join(a):\t# 😀 z\u0308\n\treturn‸ '😀' + a + sep  # é\n\n\n"
    "class Box:\n\tdef m(self): return '😀'"
)
RUST = (
    '//! é 😀\n\npub fn join(a: &str) -> String {\n    format!("😀{a}")‸ // é\n}\n\npub struct Box;'
)
TESTS = "from os import sep\n\n\ndef test_old():\n\tassert '😀'"
HERE = Origin("/project/a.py", 1, 2)


def _subjects(action: str) -> list[Subject]:
    """A file of each sort with all that the action reads."""
    found: list[Subject] = []
    for end in ("\n", "\r\n"):
        for name, marked in (("a.py", CODE), ("a.rs", RUST)):
            subject = subject_of(marked.replace("\n", end), name, instruction="do it 😀")
            text = str(subject.text)
            old = Source(TESTS.replace("\n", end), Label.OPEN, HERE)
            path = "a.rs" if name == "a.rs" else "tests/test_a.py"
            home = PlaceOfTests(path, exists=True, framework="pytest")
            tests = ForTests("/project", name, home, Label.OPEN, old)
            head = Source(text.replace(" é", " e"), Label.OPEN, HERE)
            diff = (Source("-old\n+new 😀\n", Label.OPEN, HERE),)
            file = f"/project/{name}"
            changed = ChangedFile(name, file, HERE, Label.OPEN, Text.of(head.text), Text.of(text))
            material = Material(
                diff=diff, tests=tests, head=head, files=(changed,), root="/project"
            )
            impact = _impact(subject, name, end)
            found.append(replace(subject, material=material, impact=impact))
    return found if action != "tests" else [*found, replace(found[0], material=_none_yet())]


def _none_yet() -> Material:
    home = PlaceOfTests("tests/test_a.py", exists=False, framework="pytest")
    return Material(tests=ForTests("/project", "a.py", home, Label.OPEN))


def _impact(subject: Subject, name: str, end: str) -> Impact:
    texts = {name: subject.text, "docs.md": Text.of(f"Call `join`. 😀{end}")}
    sources = tuple(
        Named(path, f"/project/{path}", text, Label.OPEN, (_place(text),), Role.CODE)
        for path, text in texts.items()
    )
    return Impact("/project", "join", sources, frozenset({"other.py"}), "Qwen3-Coder", 65_536)


def _place(text: Text) -> int:
    return len(str(text).partition("join")[0].encode())


TASKS = {
    action.name: [action.prepare(subject) for subject in _subjects(action.name)]
    for action in ACTIONS
}


def test_no_action_is_left_out() -> None:
    assert set(GOOD) == set(TASKS) == {action.name for action in ACTIONS}


def _answered(task: Task, replies: list[str]) -> Outcome | None:
    """What comes of a conversation; `None` where the person gets a sentence."""
    action = action_named(task.prompt.action)
    for reply in replies:
        try:
            outcome = action.finish(task, reply)
        except (ActionError, ReplyRefused) as error:
            return _sentence(str(error))
        if not isinstance(outcome, Task):
            return outcome
        task = outcome
    raise AssertionError("it asks more than it may")


def _sentence(told: str) -> None:
    assert re.search(r"\.(?: \(and \d+ more\))?$", told), told


def _check(task: Task, outcome: Outcome) -> None:
    """Only what is meant has changed, in the editor's own arithmetic."""
    text = task.subject.text
    match outcome:
        case Edit() | Edits():
            meant = task.target
            if task.prompt.action == "tests":
                meant = replace(meant, start=0, end=len(text.source))  # Rust's go to the file's end
            assert all(meant.contains(one.span) for one in edits_of(outcome))
            _applied(text, edits_of(outcome))
        case Findings(found):
            _check_found(text, found)
        case FindingsAcross(root, files):
            assert root == "/project"
            for one in files:
                assert one.file == task.subject.path
                _check_found(one.text, one.found)
        case Across(root, changes):
            assert root == "/project"
            _check_files(task, changes)
        case Page(title, shown):
            assert title
            assert shown.endswith("\n")
            assert "\r" not in shown


def _check_found(text: Text, found: tuple[Finding, ...]) -> None:
    for one in found:
        assert one.message
        if one.fix is not None:
            assert one.span.start <= one.fix.span.start
            _applied(text, (one.fix,))


def _applied(text: Text, edits: tuple[Edit, ...]) -> str:
    """As an editor applies it, which counts in UTF-16; the same as we reckon by bytes."""
    whole = str(text)
    for edit in reversed(edits):
        area = convert.area(text, edit.span, convert.Encoding.Utf16)
        start, end = offset(str(text), area.start), offset(str(text), area.end)
        whole = whole[:start] + edit.text + whole[end:]
    assert whole == str(text.replaced((edit.span, edit.text) for edit in edits))
    _keeps_form(str(text), whole)
    return whole


def _keeps_form(before: str, after: str) -> None:
    """Line endings and the last of them are as they were."""
    if "\r\n" in before:
        assert "\n" not in after.replace("\r\n", "")
    else:
        assert "\r" not in after
    if before and after:
        assert before.endswith("\n") == after.endswith("\n")


def _check_files(task: Task, changes: Changes) -> None:
    subject = task.subject
    assert subject.material is not None
    assert subject.impact is not None or subject.material.tests is not None
    known = (
        dict(subject.impact.texts) if task.prompt.action == "refactor" and subject.impact else {}
    )
    tests = subject.material.tests
    if task.prompt.action == "tests" and tests is not None:
        assert [one.path for one in changes] == [tests.home.path]
        known = {} if tests.file is None else {tests.home.path: Text.of(tests.file.text)}
    for one in changes:
        assert one.before == known.get(one.path)
        assert "other.py" not in (one.path, one.place)
        assert not one.place.startswith(("/", "..", ".git"))
        if one.before is not None and one.after is not None:
            _keeps_form(str(one.before), str(one.after))


def _some(action: str, chance: random.Random) -> list[str]:
    """As many replies as a conversation may take."""
    return [
        mutated(chance, chance.choice(GOOD[action])) if chance.random() < 0.85 else hostile(chance)
        for _ in range(8)
    ]


@pytest.mark.parametrize("action", sorted(TASKS))
def test_whatever_the_model_replies(action: str) -> None:
    used = 0
    for chance in chances(REPLIES):
        task = chance.choice(TASKS[action])
        outcome = _answered(task, _some(action, chance))
        if outcome is not None:
            used += 1
            _check(task, outcome)
    assert used > REPLIES / 20, "else nothing was tried"


@pytest.mark.parametrize("action", sorted(TASKS))
@given(reply=st.text(max_size=200), seed=st.integers(0, 2**32))
@settings(max_examples=50)
def test_any_text_at_all_is_a_reply(action: str, reply: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - for tests, not for secrets
    task = chance.choice(TASKS[action])
    good = chance.choice(GOOD[action])
    at = chance.randrange(len(good) + 1)
    for whole in (reply, good[:at] + reply + good[at:], f"```\n{reply}\n```"):
        outcome = _answered(task, [whole] * 8)
        if outcome is not None:
            _check(task, outcome)


def test_a_position_is_the_editors_own() -> None:
    assert offset("😀\r\nab", types.Position(1, 1)) == 4
