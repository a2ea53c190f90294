from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support_actions import EXAMPLES, chances, corpus, hostile, shown, subject_of
from twolane_context.trees import parse
from twolane_server.actions.changes import ReviewChanges
from twolane_server.actions.fix import FixDiagnostic
from twolane_server.actions.material import Material, Source
from twolane_server.actions.outcomes import Edit, Findings, Severity
from twolane_server.actions.review import Review
from twolane_server.edits.syntax import errors
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Label, Origin
from twolane_server.text import Text

if TYPE_CHECKING:
    import random

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_server.actions.base import Subject

CODE = "import os\n\n\ndef first(a):\n    b = a[0]‸\n    unused = 1\n    return b\n\n\nx = 1\n"
EMOJI = CODE.replace("a[0]", "a['😀é']")


def _review(marked: str, *said: Mapping[str, object], name: str = "a.py") -> Findings:
    action = Review()
    return action.finish(action.prepare(subject_of(marked, name)), json.dumps(said))


def test_the_lines_are_shown_with_their_numbers_and_their_label() -> None:
    task = Review().prepare(subject_of(CODE, "a.py", label=Label.NDA, instruction="the index"))
    text = shown(task.prompt)
    assert "4| def first(a):\n5|     b = a[0]\n6|     unused = 1\n7|     return b\n" in text
    assert "10| x" not in text
    assert "Look above all at this: the index\n" in text
    assert text.endswith("Write messages in this language: English.")
    assert task.prompt.label is Label.NDA
    (numbered,) = [part for part in task.prompt.fragments if part.origin.start_line == 4]
    assert numbered.label is Label.NDA


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_a_finding_with_a_fix_at_the_files_indentation(eol: str) -> None:
    (one,) = _review(
        EMOJI.replace("\n", eol),
        {
            "line": 5,
            "severity": "error",
            "message": "It may be empty.",
            "fix": "b = a[0] if a else 0",
        },
    ).found
    text = EMOJI.replace("‸", "").replace("\n", eol)
    line = text.split(eol)[4]
    assert one.span.cut(text.encode()).decode() == line
    assert (one.message, one.severity) == ("It may be empty.", Severity.ERROR)
    assert one.fix == Edit(one.span, "    b = a[0] if a else 0")


def test_a_fix_that_takes_a_line_away_takes_its_end_too() -> None:
    (one,) = _review(CODE, {"line": 6, "message": "Not used.", "fix": ""}).found
    assert one.fix is not None
    assert one.fix.text == ""
    assert one.fix.span.cut(CODE.replace("‸", "").encode()) == b"    unused = 1\n"


@pytest.mark.parametrize(("fix", "after"), [("", "x = 1\n"), ("import io", "import io\nx = 1\n")])
def test_a_fix_leaves_the_byte_order_mark(fix: str, after: str) -> None:
    text = "\ufeffimport os\nx = 1\n"
    (one,) = _review(text, {"line": 1, "message": "Not used.", "fix": fix}).found
    assert one.fix is not None
    assert str(Text.of(text).replaced([(one.fix.span, one.fix.text)])) == f"\ufeff{after}"


@pytest.mark.parametrize("fix", ["b = (", "b = a[0]", "def", "\0", "    b = a[0]", None, 7])
def test_a_fix_that_is_none_leaves_the_finding(fix: object) -> None:
    (one,) = _review(CODE, {"line": 5, "message": "Hm.", "fix": fix}).found
    assert one.fix is None


def test_lines_that_were_not_shown_are_left_out_and_told() -> None:
    outside = ({"line": n, "message": "Hm."} for n in (0, -1, 3, 8, 10, 11, 99, 10**9))
    found = _review(CODE, *outside, {"line": 7, "end_line": 6, "message": "Hm."})
    assert found.found == ()
    assert found.notes == (
        "9 findings were left out, since the lines that it names are not there.",
    )
    (note,) = _review(CODE, {"line": 99, "message": "Hm."}, {"line": 5, "message": "Ha."}).notes
    assert note.startswith("One finding was left out")
    assert _review(CODE).notes == ()


def test_findings_are_in_the_texts_order() -> None:
    found = _review(CODE, {"line": 7, "message": "b"}, {"line": 5, "message": "a"}).found
    assert [one.message for one in found] == ["a", "b"]


def test_nothing_to_review_is_a_sentence() -> None:
    with pytest.raises(ActionError, match="nothing here to review"):
        Review().prepare(subject_of("\n", "a.py"))
    with pytest.raises(ActionError, match="too much"):
        Review().prepare(subject_of("x = 1\n" * 20_000, "a.py"))
    assert not Review().offered(replace(subject_of(CODE, "a.py"), language=None, parsed=None))


def _said(chance: random.Random) -> str:
    if chance.random() < 0.3:
        return hostile(chance)
    return json.dumps(
        [
            {
                "line": chance.randrange(-1, 14),
                "end_line": chance.choice((None, chance.randrange(-1, 14))),
                "message": chance.choice(("Hm.", hostile(chance))),
                "fix": chance.choice((None, "", hostile(chance), "return 1", "x = 1\ny = 2")),
            }
            for _ in range(chance.randrange(4))
        ]
    )


def test_arbitrary_replies_never_harm() -> None:
    """Every fix stays within its finding's lines (and a line end) and parses as well as before."""
    tasks = [Review().prepare(subject_of(text, name)) for name, text in corpus()]
    fixes = 0
    for chance in chances(6 * EXAMPLES):
        task = chance.choice(tasks)
        try:
            found = Review().finish(task, _said(chance)).found
        except ReplyRefused:
            continue
        text, parsed = task.subject.text, task.subject.parsed
        assert parsed is not None
        for one in found:
            assert task.target.contains(one.span)
            if one.fix is None:
                continue
            fixes += 1
            assert one.fix.span.start >= one.span.start
            assert text.source[one.span.end : one.fix.span.end] in (b"", b"\n", b"\r\n")
            after = text.replaced([(one.fix.span, one.fix.text)])
            assert errors(parse(parsed.language, after.source)) <= errors(parsed)
    assert fixes > 20


def _fix(marked: str, message: str, reply: str, name: str = "a.py") -> str:
    action = FixDiagnostic()
    task = action.prepare(subject_of(marked, name, instruction=message))
    edit = action.finish(task, reply)
    assert isinstance(edit, Edit)
    assert task.target == edit.span
    return str(task.subject.text.replaced([(edit.span, edit.text)]))


def test_a_diagnostic_is_fixed_on_its_lines() -> None:
    marked = CODE.replace("‸", "").replace("unused = 1", "‸unused‸ = 1")
    after = _fix(marked, "ruff F841: unused is never used", "```python\n_ = 1\n```")
    assert after == CODE.replace("‸", "").replace("unused = 1", "_ = 1")


def test_a_diagnostics_words_have_the_documents_label() -> None:
    subject = subject_of(CODE, "a.py", instruction="it quotes\nx = 1", label=Label.NDA)
    prompt = FixDiagnostic().prepare(subject).prompt
    assert prompt.action == "fix"
    assert (
        "Instruction: fix this problem, which a checker reports on these lines: it quotes x = 1"
        in shown(prompt)
    )
    assert list(prompt.fragments)[-1].label is Label.NDA


def test_without_a_diagnostic_nothing_is_offered() -> None:
    assert not FixDiagnostic().offered(subject_of(CODE, "a.py"))
    assert FixDiagnostic().offered(subject_of(CODE, "a.py", instruction="x"))
    assert not FixDiagnostic().offered(subject_of("‸\nx = 1\n", "a.py", instruction="x"))
    with pytest.raises(ActionError, match="which problem"):
        FixDiagnostic().prepare(subject_of(CODE, "a.py"))
    with pytest.raises(ActionError, match="nothing to fix"):
        FixDiagnostic().prepare(subject_of("‸\nx = 1\n", "a.py", instruction="x"))


def test_arbitrary_fixes_never_harm() -> None:
    tasks = [
        FixDiagnostic().prepare(subject_of(text, name, instruction="x"))
        for name, text in corpus()
        if FixDiagnostic().offered(subject_of(text, name, instruction="x"))
    ]
    for chance in chances(EXAMPLES):
        task = chance.choice(tasks)
        try:
            edit = FixDiagnostic().finish(task, hostile(chance))
        except ActionError:
            continue
        parsed = task.subject.parsed
        assert parsed is not None
        if not isinstance(edit, Edit):
            continue  # it adds an import: see test_imports
        assert edit.span == task.target
        after = task.subject.text.replaced([(edit.span, edit.text)])
        assert errors(parse(parsed.language, after.source)) <= errors(parsed)


def _changed(marked: str, head: str | None, label: Label = Label.OPEN) -> Subject:
    source = None if head is None else Source(head, label, Origin("/project/a.py"))
    return replace(subject_of(marked, "a.py"), material=Material(head=source))


def test_changes_are_reviewed_with_what_is_gone() -> None:
    before = CODE.replace("‸", "").replace("a[0]", "a[1]")
    action = ReviewChanges()
    task = action.prepare(_changed(CODE, before))
    text = shown(task.prompt)
    assert "-     |     b = a[1]\n+    5|     b = a[0]\n     6|     unused = 1\n" in text
    reply = json.dumps(
        [{"line": 5, "message": "Hm.", "fix": "b = a"}, {"line": 10, "message": "No."}]
    )
    found = action.finish(task, reply)
    assert [one.message for one in found.found] == ["Hm."]
    assert found.found[0].fix is not None
    assert found.notes != ()


def test_a_byte_order_mark_that_the_editor_keeps_to_itself_is_no_change() -> None:
    with pytest.raises(ActionError, match="as it was committed last"):
        ReviewChanges().prepare(_changed(CODE, f"\ufeff{CODE.replace('‸', '')}"))
    added = shown(ReviewChanges().prepare(_changed(f"\ufeff{CODE}", CODE.replace("‸", ""))).prompt)
    assert "+    1| \ufeffimport os\n" in added


def test_what_is_gone_has_the_label_that_it_had() -> None:
    before = f"# CONFIDENTIAL\n{CODE}".replace("‸", "")
    task = ReviewChanges().prepare(_changed(CODE, before, Label.NDA))
    assert task.prompt.label is Label.NDA


def test_a_new_file_is_all_new_and_an_old_one_nothing() -> None:
    assert "+    1| import os\n" in shown(ReviewChanges().prepare(_changed(CODE, None)).prompt)
    with pytest.raises(ActionError, match="as it was committed last"):
        ReviewChanges().prepare(_changed(CODE, CODE.replace("‸", "")))
    with pytest.raises(ActionError, match="too much"):
        ReviewChanges().prepare(_changed("x = 1\n" * 20_000, None))
