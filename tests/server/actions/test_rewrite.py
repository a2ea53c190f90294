from __future__ import annotations

import ast
import re
import warnings
from dataclasses import replace
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_actions import (
    BREAK,
    CORPUS,
    EXAMPLES,
    after,
    applied,
    chances,
    hostile,
    shown,
    subject_of,
)
from twolane_context.trees import parse
from twolane_server.actions.outcomes import Edit
from twolane_server.actions.rewrite import RewriteSelection
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Label, Origin

if TYPE_CHECKING:
    from twolane_server.actions.base import Subject, Task

ACTION = RewriteSelection()


def fence(text: str, language: str = "python") -> str:
    return f"Here you are:\n\n```{language}\n{text}\n```\n"


def rewritten(name: str, marked: str, text: str, language: str = "python") -> str:
    subject = subject_of(marked, name, instruction="do it")
    return applied(ACTION, subject, fence(text, language))


def test_lines_are_replaced_at_their_indentation() -> None:
    marked = "def f(items):\n    total = 0‸\n    for x in items:\n        total += ‸x\n    return total\n"
    expected = "def f(items):\n    total = sum(items)\n    return total\n"
    assert rewritten("a.py", marked, "    total = sum(items)") == expected
    assert rewritten("a.py", marked, "total = sum(items)") == expected
    assert rewritten("a.py", marked, "\ttotal = sum(items)") == expected


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_who_asks_for_another_indentation_alone_gets_it(end: str) -> None:
    tabs = f"def f(x):{end}\tif x:{end}\t\treturn 1{end}\treturn 2"
    spaces = tabs.replace("\t", "  ")
    for old, new in ((tabs, spaces), (spaces, tabs)):
        assert rewritten("a.py", f"‸{old}{end}‸y = 3{end}", new) == f"{new}{end}y = 3{end}"
        # With any other change, the model has only written it in its own way.
        more, kept = (one.replace("return 2", "return 4") for one in (new, old))
        assert rewritten("a.py", f"‸{old}{end}‸y = 3{end}", more) == f"{kept}{end}y = 3{end}"
        with pytest.raises(ActionError, match="would change nothing"):
            rewritten("a.py", f"‸{old}{end}‸y = 3{end}", old)


def test_a_selection_up_to_a_line_s_start_leaves_that_line() -> None:
    assert rewritten("a.py", "‸x = 1\n‸y = 2\n", "x = 3") == "x = 3\ny = 2\n"
    assert rewritten("a.py", "‸x = 1\r\n‸y = 2\r\n", "x = 3") == "x = 3\r\ny = 2\r\n"


@pytest.mark.parametrize("reply", ["x = 3", "\ufeffx = 3"])
def test_a_byte_order_mark_stays_where_it_is(reply: str) -> None:
    assert rewritten("a.py", "‸\ufeffx = 1\r\n‸y = 2\r\n", reply) == "\ufeffx = 3\r\ny = 2\r\n"
    assert rewritten("a.py", "‸\ufeff\n\nx = 1‸\n", reply) == "\ufeff\n\nx = 3\n"


def test_another_byte_order_mark_is_refused() -> None:
    with pytest.raises(ReplyRefused, match="control characters"):
        rewritten("a.py", "‸\ufeffx = 1‸\n", "x = 3\n# \ufeff")


def test_the_definition_at_the_cursor_stands_in_for_a_selection() -> None:
    marked = "x = 1\n\n@a\ndef f():\n    return‸ 1\n\n\ny = 2\n"
    expected = "x = 1\n\nasync def f():\n    return 2\n\n\ny = 2\n"
    assert rewritten("a.py", marked, "async def f():\n    return 2") == expected


def test_line_endings_tabs_and_the_missing_final_one_stay() -> None:
    marked = "if x:\r\n\tif y:\r\n\t\t‸a = '🙂'\r\n\t\tb‸"
    assert rewritten("a.py", marked, "if a:\n    b\n    if c:\n        d") == (
        "if x:\r\n\tif y:\r\n\t\tif a:\r\n\t\t\tb\r\n\t\t\tif c:\r\n\t\t\t\td"
    )


def test_text_within_strings_is_not_moved() -> None:
    marked = "def f():\n    ‸x = 1‸\n"
    new = 'x = """\n  a\nb\n"""\ny = 2'
    assert rewritten("a.py", marked, new) == 'def f():\n    x = """\n  a\nb\n"""\n    y = 2\n'
    marked = "function f() {\n  ‸x = 1‸\n}\n"
    assert (
        rewritten("a.js", marked, "x = `\na`\ny", "js") == "function f() {\n  x = `\na`\n  y\n}\n"
    )


def test_blank_lines_around_the_selection_stay() -> None:
    assert rewritten("a.py", "a\n‸\nx = 1\n\n‸\nb\n", "x = 2") == "a\n\nx = 2\n\n\nb\n"


def test_code_that_is_broken_already_may_stay_as_broken() -> None:
    assert rewritten("a.py", "‸x = (‸\n", "y = (") == "y = (\n"


@pytest.mark.parametrize(
    ("name", "text", "language", "why"),
    [
        ("a.py", "x = (", "python", "syntax error"),
        ("a.py", "return 1\n  y", "python", "syntax error"),
        ("a.js", "if (", "js", "syntax error"),
        ("a.go", "func (", "go", "syntax error"),
        ("a.py", "fn f() {}", "rust", "another language"),
        ("a.py", "x = '\0'", "python", "control characters"),
        ("a.js", "x = '\u202e'", "js", "control characters"),
    ],
)
def test_harm_is_refused(name: str, text: str, language: str, why: str) -> None:
    head = "package a\n" if name == "a.go" else ""
    marked = head + ("‸var x = 1‸\n" if name != "a.py" else "‸x = 1‸\n")
    with pytest.raises(ReplyRefused, match=why):
        rewritten(name, marked, text, language)


def test_python_s_own_parser_has_a_say() -> None:
    # tree-sitter takes this.
    with pytest.raises(ReplyRefused, match="syntax error"):
        rewritten("a.py", "def f():\n    ‸x = 1‸\n", "    x = 1\n    return = 2")
    with pytest.raises(ReplyRefused, match="syntax error"):
        rewritten("a.py", "‸x = 1‸\n", "f(a=1, a=2)\nNone = 1")


def test_the_same_code_is_nothing_to_do() -> None:
    with pytest.raises(ActionError, match="change nothing"):
        rewritten("a.py", "if x:\r\n    ‸y = 1‸\r\n", "y = 1")


def words(marked: str, name: str = "a.py", instruction: str = "") -> str:
    subject = subject_of(dedent(marked).lstrip("\n"), name, instruction=instruction)
    return shown(ACTION.prepare(subject).prompt).rpartition("Instruction: ")[2]


def test_where_the_instruction_comes_from() -> None:
    assert words("‸x = 1‸\n", instruction=" add types ") == "add types"
    assert words("# not this\n‸x = 1‸\n", instruction="this") == "this"
    assert words("-- add\n-- types\n‸x = 1‸\n", "a.lua") == "add types"
    assert words("// add types\n‸int x;‸\n", "a.c") == "add types"
    assert words("# make it\n#   async\n‸x = 1‸\n") == "make it async"
    assert words("if x:\n    # why\n    ‸y = 1‸\n") == "why"
    assert words("x  # no\n# yes\n‸x = 1‸\n") == "yes"
    assert words("‸# use sum()\nx = 1‸\n") == "use sum()"
    assert words("// go faster\n‸f()‸\n", "a.ts") == "go faster"
    assert words("/* go\n * faster */\n‸f()‸\n", "a.js") == "go faster"
    assert words("# make it async\n@x\ndef f(): ‸...\n") == "make it async"
    assert words("// add a loop\nfn f() {‸}\n", "a.rs") == "add a loop"
    assert words("package a\n\n// use a map\nfunc F() {‸}\n", "a.go") == "use a map"


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("a.py", "‸x = 1‸\n"),
        ("a.py", "# far\n\n‸x = 1‸\n"),
        ("a.py", "x = '''\n# no\n'''\n‸x = 1‸\n".replace("# no\n'''\n", "# no\n''' + \\\n")),
        ("a.py", "#!/usr/bin/python\n‸x = 1‸\n"),
        ("a.py", "# type: ignore\n‸x = 1‸\n"),
        ("a.ts", "// @ts-ignore\n‸f()‸\n"),
        ("a.ts", "/** Documentation. */\nfunction f() {‸}\n"),
        ("a.rs", "/// Documentation.\nfn f() {‸}\n"),
        ("a.go", "package a\n\n// F is documented.\nfunc F() {‸}\n"),
    ],
)
def test_no_instruction(name: str, marked: str) -> None:
    with pytest.raises(ActionError, match="Say what to change"):
        ACTION.prepare(subject_of(marked, name))


def test_only_a_comment_is_selected() -> None:
    with pytest.raises(ActionError, match="Only a comment"):
        ACTION.prepare(subject_of("‸# use sum()‸\nx = 1\n", "a.py"))


def test_the_comment_above_stays_and_the_one_inside_is_part_of_the_lines() -> None:
    above = subject_of("# add one\n‸x = 1‸\n", "a.py")
    assert applied(ACTION, above, fence("x = 2")) == "# add one\nx = 2\n"
    inside = subject_of("‸# add one\nx = 1‸\n", "a.py")
    assert applied(ACTION, inside, fence("x = 2")) == "x = 2\n"


@pytest.mark.parametrize("marked", ["‸", "x = 1‸\n", "‸\n\n  \n‸"])
def test_nothing_is_selected(marked: str) -> None:
    subject = subject_of(marked, "a.py", instruction="do it")
    assert not ACTION.offered(subject)
    with pytest.raises(ActionError, match="Select the lines"):
        ACTION.prepare(subject)


def test_no_grammar() -> None:
    subject = replace(subject_of("‸x‸", "a.py", instruction="do it"), language=None)
    assert not ACTION.offered(subject)
    with pytest.raises(ActionError, match="Python, Rust"):
        ACTION.prepare(subject)


def test_the_prompt() -> None:
    marked = (
        "import os\nimport re\n\n\ndef helper(x):\n    hidden = 1\n\n\n"
        + "# filler\n" * 400
        + "def f():\n    a = 1\n    ‸helper(os.name)‸\n    b = 2\n\n\n"
        + "z = 3  # far\n" * 400
    )
    task = ACTION.prepare(subject_of(marked, "a.py", instruction="do it", label=Label.NDA))
    text = shown(task.prompt)
    for piece in ("import os", "def helper(x)", "    a = 1", "    b = 2"):
        assert piece in text
    assert "import re" not in text
    assert "hidden" not in text
    assert text.count("# far") < 200
    assert text.endswith("Selected lines:\n```python\n    helper(os.name)\n```\nInstruction: do it")
    assert 512 <= task.prompt.max_tokens <= 8_192
    typed = list(task.prompt.fragments)[-1]
    assert (typed.label, typed.origin) == (Label.OPEN, Origin())


def test_an_instruction_from_the_file_carries_the_file_s_label() -> None:
    task = ACTION.prepare(subject_of("x\n# secret plan\n‸x = 1‸\n", "a.py", label=Label.NDA))
    last = list(task.prompt.fragments)[-1]
    assert (last.label, last.origin) == (Label.NDA, Origin("/project/a.py", 2, 2))


def _check(name: str, task: Task, edit: Edit) -> None:
    before = str(task.subject.text)
    old, new = before.encode(), after(task, edit).encode()
    tail = len(old) - edit.span.end
    assert edit.span == task.target
    assert new[: edit.span.start] == old[: edit.span.start]
    assert new[len(new) - tail :] == old[edit.span.end :]
    assert new != old
    assert task.subject.language is not None
    assert not parse(task.subject.language, new).tree.root_node.has_error
    ends = set(BREAK.findall(edit.text)) - {"\f"}
    assert ends <= {"\r\n" if "\r\n" in before else "\n"}
    assert before.endswith("\n") == new.endswith(b"\n")
    if name.endswith(".py"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(new)


def _subjects() -> list[tuple[str, Subject]]:
    return [
        (name, subject_of(text.replace("\n", ending), name, instruction="do it"))
        for name, texts in CORPUS.items()
        for text in texts
        for ending in ("\n", "\r\n")
    ]


SUBJECTS = _subjects()
TASKS = [ACTION.prepare(subject) for _, subject in SUBJECTS]


def _try(number: int, reply: str) -> bool:
    try:
        edit = ACTION.finish(TASKS[number], reply)
    except ActionError:
        return False
    if isinstance(edit, Edit):  # one that adds an import is looked at in test_imports
        _check(SUBJECTS[number][0], TASKS[number], edit)
    return True


def test_hostile_replies_leave_code_that_parses() -> None:
    for chance in chances(EXAMPLES):
        for number in chance.sample(range(len(TASKS)), 8):
            _try(number, hostile(chance))


def test_mutilated_code_leaves_code_that_parses() -> None:
    used = 0
    for chance in chances(EXAMPLES):
        number = chance.randrange(len(TASKS))
        old = TASKS[number].subject.text.cut(TASKS[number].target)
        start = chance.randrange(len(old))
        new = (
            old[:start]
            + chance.choice(("", "x", "\n", "  ", "{", "#"))
            + old[start + chance.randrange(4) :]
        )
        used += _try(number, chance.choice(("", "Here:\n")) + f"```\n{new}\n```")
    assert used > EXAMPLES // 20


@given(number=st.integers(0, len(TASKS) - 1), reply=st.text(max_size=100))
@settings(max_examples=EXAMPLES, deadline=None)
def test_arbitrary_text_leaves_code_that_parses(number: int, reply: str) -> None:
    _try(number, reply)
    _try(number, f"```\n{reply}\n```")


def test_no_representation_holds_text() -> None:
    subject = subject_of("‸hush = 1‸\n", "a.py", instruction="psst")
    task = ACTION.prepare(subject)
    edit = ACTION.finish(task, fence("shush = 1"))
    assert not re.search("hush|psst", repr((subject, task, edit)))
