"""*Generate tests* by itself: the prompt, and what becomes of the reply."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support_actions import EXAMPLES, chances, hostile, shown, subject_of
from twolane_server.actions.material import ForTests, Material, Source
from twolane_server.actions.outcomes import Across, Edit, Outcome
from twolane_server.actions.testing.home import PlaceOfTests
from twolane_server.actions.tests import GenerateTests
from twolane_server.edits.changes import FileChange
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Label, Origin
from twolane_server.text import Text

ACTION = GenerateTests()
CODE = "import os\n\n\ndef join(a):\n    return‸ a + os.sep\n\n\ndef other():\n    pass\n"
OLD = "import pytest\r\n\r\n\r\ndef test_a():  # 😀\r\n    pass\r\n"
STYLE = Source("def test_style(): ...\n", Label.OPEN, Origin("/r/tests/test_b.py", 1, 1))


def _subject(old: Source | None = None, marked: str = CODE, name: str = "a.py"):  # noqa: ANN202
    place = PlaceOfTests("tests/test_a.py", old is not None, "pytest", "tests/test_b.py")
    if name.endswith(".rs"):
        place = PlaceOfTests(name, exists=True, framework="cargo test")
    tests = ForTests("/r", name, place, Label.OPEN, old, STYLE)
    return replace(subject_of(marked, name), material=Material(tests=tests))


def _file(text: str = OLD, label: Label = Label.OPEN) -> Source:
    return Source(text, label, Origin("/r/tests/test_a.py", 1, 4))


def _finish(reply: str, old: Source | None = None) -> Outcome:
    return ACTION.finish(ACTION.prepare(_subject(old)), reply)


def test_a_new_file_is_asked_for_with_the_projects_style() -> None:
    text = shown(ACTION.prepare(_subject()).prompt)
    assert (
        "A test file of this project, for the style:\n```python\ndef test_style(): ...\n```\n"
        in text
    )
    assert "To test, from a.py, its tests in tests/test_a.py:\n```python\ndef join(a):" in text
    assert "def other" not in text
    assert text.endswith(
        "Write tests with pytest for `join`. Write a new test file, whole, with all its imports."
    )


def test_the_name_of_a_test_file_is_judged_though_there_is_none_yet() -> None:
    prompt = ACTION.prepare(_subject()).prompt
    assert Origin("/r/tests/test_a.py", name_only=True) in prompt.sources


def test_more_tests_are_asked_for_where_there_are_some() -> None:
    prompt = ACTION.prepare(_subject(_file(label=Label.NDA))).prompt
    text = shown(prompt)
    assert "The test file as it is:\n```python\nimport pytest\n\n\ndef test_a():  # 😀\n" in text
    assert "write only the tests to add" in text
    assert prompt.label is Label.NDA


def test_a_new_file_is_made() -> None:
    reply = (
        "Here:\n```python\nfrom a import join\n\n\ndef test_join():\n    assert join('x')\n```\n"
    )
    outcome = _finish(reply)
    assert isinstance(outcome, Across)
    assert outcome.root == "/r"
    new = Text.of("from a import join\n\n\ndef test_join():\n    assert join('x')\n")
    assert [*outcome.changes] == [FileChange("tests/test_a.py", None, new)]


def test_a_file_that_is_there_gets_more() -> None:
    reply = "```python\nfrom a import join\n\ndef test_a(): pass\n\ndef test_join():\n    assert join('x')\n```"
    outcome = _finish(reply, _file())
    assert isinstance(outcome, Across)
    (change,) = outcome.changes
    assert change.before == Text.of(OLD)
    assert str(change.after) == (
        "import pytest\r\nfrom a import join\r\n\r\n\r\ndef test_a():  # 😀\r\n    pass\r\n\r\n\r\n"
        "def test_join():\r\n    assert join('x')\r\n"
    )
    assert outcome.notes == ("Left out, since it is there already: test_a.",)


def test_in_rust_they_go_into_the_file_itself() -> None:
    subject = _subject(marked="pub fn f() -> i32 {‸ 1 }\n", name="a.rs")
    task = ACTION.prepare(subject)
    assert "without that module around them" in shown(task.prompt)
    outcome = ACTION.finish(task, "```rust\n#[test]\nfn one() {\n    assert_eq!(f(), 1);\n}\n```")
    assert isinstance(outcome, Edit)
    new = subject.text.replaced([(outcome.span, outcome.text)])
    assert str(new) == (
        "pub fn f() -> i32 { 1 }\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n"
        "    fn one() {\n        assert_eq!(f(), 1);\n    }\n}\n"
    )


def test_where_there_is_nothing_to_test_a_sentence_says_so() -> None:
    with pytest.raises(ActionError, match="in none"):
        ACTION.prepare(replace(_subject(), material=Material()))
    with pytest.raises(ActionError, match="nothing here to test"):
        ACTION.prepare(_subject(marked="\n"))
    own = _subject()
    assert own.material is not None
    assert own.material.tests is not None
    tests = replace(own.material.tests, path="tests/test_a.py")
    with pytest.raises(ActionError, match="test file itself"):
        ACTION.prepare(replace(own, material=Material(tests=tests)))
    assert ACTION.offered(subject_of(CODE, "a.py"))
    assert not ACTION.offered(subject_of(CODE, "test_a.py"))
    assert not ACTION.offered(subject_of("int a;\n", "a.c"))


def test_arbitrary_replies_make_a_file_that_parses_or_a_sentence() -> None:
    tasks = [
        ACTION.prepare(_subject()),
        ACTION.prepare(_subject(_file())),
        ACTION.prepare(_subject(marked="pub fn f() {‸}\n", name="a.rs")),
    ]
    used = 0
    for chance in chances(EXAMPLES):
        task = chance.choice(tasks)
        test = chance.choice(("def test_x(): pass", "#[test]\nfn x() {}", ""))
        try:
            outcome = ACTION.finish(task, f"```\n{hostile(chance)}\n{test}\n```")
        except (ActionError, ReplyRefused):
            continue
        used += 1
        if isinstance(outcome, Edit):
            whole = str(task.subject.text.replaced([(outcome.span, outcome.text)]))
            assert whole.startswith("pub fn f() {}\n")
        else:
            assert isinstance(outcome, Across)
            assert outcome.changes.paths == ("tests/test_a.py",)
    assert used > 5
