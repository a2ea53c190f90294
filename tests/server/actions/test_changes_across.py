"""A review of all files that a diff changes: what is shown, what comes back, and in how many questions."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_actions import chances, hostile, shown, subject_of
from support_replies import REPLIES
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.actions.base import Reads, Task
from twolane_server.actions.changes_across import ReviewAcross
from twolane_server.actions.material import ChangedFile, Material
from twolane_server.actions.outcomes import FindingsAcross
from twolane_server.edits.hunks import changes, cut
from twolane_server.edits.syntax import errors
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Label, Origin
from twolane_server.text import Text

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from twolane_server.actions.base import Subject

A_OLD = "import os\n\n\ndef first(a):\n    b = a[1]\n    return b\n"
A_NEW = A_OLD.replace("a[1]", "a[0]")
B_NEW = "def b():\r\n\treturn '😀'\r\n"
ACTION = ReviewAcross()


def file(
    path: str, old: str, new: str | None, label: Label = Label.OPEN, was: str = ""
) -> ChangedFile:
    after = None if new is None else Text.of(new)
    full = f"/project/{path}"
    return ChangedFile(path, full, Origin(full, 1, 1), label, Text.of(old), after, was)


A = file("src/a.py", A_OLD, A_NEW)
B = file("b.py", "", B_NEW)


def about(*files: ChangedFile, instruction: str = "", notes: tuple[str, ...] = ()) -> Subject:
    material = Material(root="/project", files=files, notes=notes)
    return replace(subject_of("", "x.py", instruction=instruction), material=material)


def reviewed(subject: Subject, model: Callable[[str], str]) -> tuple[FindingsAcross, list[str]]:
    """What comes of it, and what the model was asked."""
    asked: list[str] = []
    task: Task | FindingsAcross = ACTION.prepare(subject)
    while isinstance(task, Task):
        asked.append(shown(task.prompt))
        task = ACTION.finish(task, model(asked[-1]))
    return task, asked


def by_file(found: FindingsAcross) -> dict[str, list[tuple[int, str]]]:
    """Line (1-based) and message of each finding."""
    return {
        one.path: [(one.text.row_of(each.span.start) + 1, each.message) for each in one.found]
        for one in found.files
    }


def test_all_files_are_shown_with_their_paths_and_what_is_gone() -> None:
    gone = file("old.py", "x = 1\n", None)
    moved = file("new.py", "y = 1\n", "y = 1\n", was="was.py")
    text = shown(ACTION.prepare(about(A, B, gone, moved, instruction="the index")).prompt)
    assert "File src/a.py\n" in text
    assert "-     |     b = a[1]\n+    5|     b = a[0]\n     6|     return b\n" in text
    assert "File b.py\n+    1| def b():\n+    2| \treturn '😀'\n" in text
    assert "File old.py (deleted)\n" in text
    assert "x = 1" not in text
    assert "File new.py (it was was.py)\n" in text
    assert 'one object for each finding: {"file": its path, "line"' in text
    assert "Look above all at this: the index\n" in text


def test_findings_are_those_of_their_files() -> None:
    said = [
        {"file": "src/a.py", "line": 5, "severity": "error", "message": "Empty?", "fix": "b = a"},
        {"file": "./b.py", "line": 2, "message": "Hm.", "fix": "return 1"},
        {"file": "/project/src/a.py", "line": 6, "message": "So."},
        {"file": "b/b.py", "line": 1, "message": "As git names it."},
        {"file": "c.py", "line": 1, "message": "No such file."},
        {"line": 1, "message": "Which file?"},
        {"file": "b.py", "line": 5, "message": "No such line."},
    ]
    found, asked = reviewed(about(A, B), lambda _: json.dumps(said))
    assert len(asked) == 1
    assert by_file(found) == {
        "src/a.py": [(5, "Empty?"), (6, "So.")],
        "b.py": [(1, "As git names it."), (2, "Hm.")],
    }
    assert found.notes == (
        "3 findings were left out, since the lines that it names are not there.",
    )
    first, second = found.files
    assert first.file == "/project/src/a.py"
    assert first.found[0].fix is not None
    assert first.found[0].fix.text == "    b = a"
    assert second.found[1].fix is not None
    assert second.found[1].fix.text == "\treturn 1"


@pytest.mark.parametrize(
    "reply",
    [
        '{"b.py": [{"line": 2, "message": "Hm."}]}',
        '[{"file": "b.py", "findings": [{"line": 2, "message": "Hm."}]}]',
        '{"src/a.py": [], "b.py": [{"line": 2, "message": "Hm."}]}',
        "Here:\n\nb.py:2: warning: Hm.\n",
        "- `b.py`: line 2: Hm.",
    ],
)
def test_the_forms_that_models_write(reply: str) -> None:
    found, _ = reviewed(about(A, B), lambda _: reply)
    assert by_file(found)["b.py"] == [(2, "Hm.")]


def test_with_one_file_none_need_be_named() -> None:
    found, _ = reviewed(about(B), lambda _: '[{"line": 2, "message": "Hm."}]')
    assert by_file(found) == {"b.py": [(2, "Hm.")]}


def test_a_label_belongs_to_its_file_and_the_highest_to_the_prompt() -> None:
    secret = file("clients/c.py", "x = 1\n", None, Label.NDA)
    task = ACTION.prepare(about(A, secret))
    labels = {part.origin.path: part.label for part in task.prompt.fragments if part.origin.path}
    assert labels == {"/project/src/a.py": Label.OPEN, "/project/clients/c.py": Label.NDA}
    assert task.prompt.label is Label.NDA


def long(path: str, lines: int) -> ChangedFile:
    return file(path, "", "".join(f"value_{n} = {n}  # {'x' * 40}\n" for n in range(lines)))


def test_what_is_too_much_for_one_question_is_asked_in_parts() -> None:
    files = [long(f"f{n}.py", 300) for n in range(5)]
    subject = about(*files)
    task = ACTION.prepare(subject)
    assert task.note == "part 1 of 3"
    assert len(task.later) == 2
    assert all(prompt.characters < 60_000 for prompt in task.prompts)

    def model(question: str) -> str:
        here = [n for n in range(5) if f"File f{n}.py\n" in question]
        return json.dumps([{"file": f"f{n}.py", "line": 7, "message": f"m{n}"} for n in here])

    found, asked = reviewed(subject, model)
    assert asked == [shown(prompt) for prompt in task.prompts]
    assert by_file(found) == {f"f{n}.py": [(7, f"m{n}")] for n in range(5)}
    assert found.notes == ()


def test_a_large_file_is_asked_about_in_parts_of_its_own() -> None:
    said: list[int] = []

    def model(question: str) -> str:
        lines = [int(row[1:].split("|")[0]) for row in question.split("\n") if row.startswith("+ ")]
        said.extend(lines)
        return json.dumps([{"line": lines[0], "message": "first"}])

    found, asked = reviewed(about(long("f.py", 2_000)), model)
    assert len(asked) > 2
    assert said == list(range(1, 2_001))
    assert len(found.files[0].found) == len(asked)


def test_an_answer_that_is_no_review_costs_only_its_part() -> None:
    replies = iter(["I like it.", '[{"file": "f3.py", "line": 1, "message": "Hm."}]', "Well."])
    files = [long(f"f{n}.py", 300) for n in range(5)]
    found, _ = reviewed(about(*files), lambda _: next(replies))
    assert by_file(found)["f3.py"] == [(1, "Hm.")]
    assert found.notes[-1] == "2 of 3 answers were no reviews; try again."
    with pytest.raises(ReplyRefused, match="None of the model's replies"):
        reviewed(about(*files), lambda _: "I like it.")
    with pytest.raises(ReplyRefused, match="no list of findings"):
        reviewed(about(A), lambda _: "I like it.")


def test_the_budget_of_the_first_answer_is_that_of_all() -> None:
    task = ACTION.prepare(about(*(long(f"f{n}.py", 300) for n in range(5))))
    task = replace(task, prompt=replace(task.prompt, max_tokens=77))
    after = ACTION.finish(task, "[]")
    assert isinstance(after, Task)
    assert after.prompt.max_tokens == 77
    assert after.note == "part 2 of 3"


def test_nothing_and_too_much_are_sentences() -> None:
    with pytest.raises(ActionError, match="No line that is there now"):
        ACTION.prepare(about())
    with pytest.raises(ActionError, match="No line that is there now"):
        ACTION.prepare(about(file("a.py", "x\r\n", "x\n"), file("b.py", "x\n", None)))
    with pytest.raises(ActionError, match="too much to review at once: 60 files"):
        ACTION.prepare(about(*(long(f"f{n}.py", 700) for n in range(60))))


def test_large_data_is_left_out_and_told() -> None:
    data = replace(long("f.py", 2_000), path="package-lock.json")
    small = replace(long("f.py", 3), path="values.json")
    subject = about(data, small, A, notes=("More.",))
    found, asked = reviewed(subject, lambda _: "[]")
    assert len(asked) == 1
    assert "values.json" in asked[0]
    assert "package-lock" not in asked[0]
    assert found.notes == ("More.", "Left out, since its changes are too large: package-lock.json.")


def test_where_it_is_offered() -> None:
    code, message = (
        subject_of("x = 1", "a.py"),
        replace(subject_of("", "a.py"), path="/p/.git/COMMIT_EDITMSG", language=None),
    )
    staged = ReviewAcross("changes-staged", reads=Reads.STAGED)
    ranged = ReviewAcross("changes-range", reads=Reads.RANGE)
    assert [one.offered(code) for one in (ACTION, staged, ranged)] == [True, False, False]
    assert [one.offered(message) for one in (ACTION, staged, ranged)] == [False, True, False]


_LINES = st.lists(st.sampled_from(["a", "b", "é😀", "", "x" * 9]), max_size=12)


@given(_LINES, _LINES, st.integers(1, 60))
def test_a_change_that_is_cut_is_whole_and_knows_its_lines(
    old: list[str], new: list[str], most: int
) -> None:
    before, after = (Text.of("".join(f"{line}\n" for line in lines)) for lines in (old, new))
    for change in changes(before, after):
        pieces = list(cut(change, most))
        assert "".join(one.shown for one in pieces) == change.shown
        assert [pieces[0].first, pieces[-1].last] == [change.first, change.last]
        for one in pieces:
            assert len(one.shown) <= most or one.shown.count("\n") == 1
            numbers = [
                int(row[1:].split("|")[0]) for row in one.shown.splitlines() if row[0] != "-"
            ]
            assert numbers == list(range(one.first + 1, one.last + 1))


def test_arbitrary_replies_never_harm() -> None:
    """Every fix is within its file's shown lines and leaves that file as sound as it was."""
    few = (A, B, file("c.rs", "", "fn f() {\n    1;\n}\n"))
    wide = [file(f"wide{n}.py", "", f"def f{n}():\n    return 1\n{_FILL}") for n in range(3)]
    tasks = [ACTION.prepare(about(*few)), ACTION.prepare(about(*few, *wide))]
    assert [len(task.prompts) for task in tasks] == [1, 2]
    fixes = 0
    for chance in chances(REPLIES):
        found = _answered(chance.choice(tasks), chance)
        for one in found.files if found else ():
            language = language_for(one.path)
            assert language is not None
            for each in one.found:
                assert any(span.contains(each.span) for span in one.spans)
                if each.fix is not None:
                    fixes += 1
                    assert each.fix.span.start >= each.span.start
                    assert len(one.text.source[each.span.end : each.fix.span.end].strip()) == 0
                    after = one.text.replaced([(each.fix.span, each.fix.text)])
                    assert errors(parse(language, after.source)) <= errors(
                        parse(language, one.text.source)
                    )
    assert fixes > REPLIES / 20


_FILL = "# so that not all fits into one question\n" * 450
_NAMES = ("src/a.py", "b.py", "c.rs", "./c.rs", "wide0.py", "wide2.py")


def _answered(task: Task, chance: random.Random) -> FindingsAcross | None:
    """What comes of one conversation; `None` where the person gets a sentence."""
    for _ in task.prompts:
        said = [
            {
                "file": chance.choice((*_NAMES, hostile(chance))),
                "line": chance.randrange(-1, 8),
                "message": "Hm.",
                "fix": chance.choice((None, "", hostile(chance), "return 1", "1;", "# 😀")),
            }
            for _ in range(chance.randrange(6))
        ]
        try:
            answer = ACTION.finish(
                task, chance.choice((json.dumps(said), json.dumps(said), hostile(chance)))
            )
        except ReplyRefused:
            return None
        if isinstance(answer, FindingsAcross):
            return answer
        task = answer
    raise AssertionError("it asks more than it shows")
