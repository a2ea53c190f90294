"""Whatever a model replies, documentation changes and nothing else.

Checked here by other means than the program's own: Python's `ast` and `tokenize`, and line by line.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
import warnings
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_actions import BREAK, EXAMPLES, after, chances, corpus, hostile, subject_of
from twolane_context.trees import parse
from twolane_server.actions.base import tree_of
from twolane_server.actions.docs.place import place_at
from twolane_server.actions.docs.wording import words_of
from twolane_server.actions.docstring import WriteDocstring
from twolane_server.errors import ActionError

if TYPE_CHECKING:
    from twolane_server.actions.base import Task
    from twolane_server.actions.outcomes import Edit

ACTION = WriteDocstring()
PLACES = list(corpus())
TASKS = [ACTION.prepare(subject_of(marked, name)) for name, marked in PLACES]
HARMFUL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069\ufeff]"
)


def _python(source: str) -> tuple[str, list[str], list[str]]:
    """The code without docstrings, all docstrings, all comments."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    docs: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            doc = ast.get_docstring(node, clean=False)
            if doc is not None:
                docs.append(doc)
                node.body = node.body[1:]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return ast.dump(tree), docs, comments


def _only_comments(name: str, text: str) -> bool:
    block = text.strip()
    if name.endswith((".js", ".ts", ".tsx", ".java", ".c", ".h")) and not block.startswith("//"):
        return block.startswith("/**") and block.find("*/", 3) == len(block) - 2
    mark = {"a.rs": "///", "a.lua": "---"}.get(name, "//")
    lines = [line.strip() for line in text.replace("\r", "").split("\n")]
    # In C, a line that ends so goes on below, and so takes code in.
    goes_on = "\\" if name in ("a.c", "a.h") else "\n"
    return all(line.startswith(mark) and not line.endswith(goes_on) for line in lines if line)


def check(name: str, task: Task, edit: Edit, reply: str) -> None:
    tree = tree_of(task.subject)
    assert tree is not None
    before, result = str(task.subject.text), after(task, edit)
    old, new = before.encode(), result.encode()  # a lone surrogate would fail here
    tail = len(old) - edit.span.end
    assert new[: edit.span.start] == old[: edit.span.start]
    assert new[len(new) - tail :] == old[edit.span.end :]
    assert set(BREAK.findall(edit.text)) <= {"\r\n" if "\r\n" in before else "\n"}
    assert not HARMFUL.search(edit.text)
    if not name.endswith(".py"):
        assert _only_comments(name, edit.text)
        replaced = edit.span.cut(old)
        assert not replaced or replaced.startswith((b"/", b"--"))
        assert not parse(tree.language, new).tree.root_node.has_error
        return
    old_code, old_docs, old_comments = _python(before)
    new_code, new_docs, new_comments = _python(result)
    assert (new_code, new_comments) == (old_code, old_comments)
    fresh = [doc for doc in new_docs if doc not in old_docs]
    assert len(fresh) == 1
    assert len(new_docs) - len(old_docs) in (0, 1)
    place = place_at(tree, task.subject.selection)
    code = task.subject.text.cut(place.definition)
    words = words_of(reply, tree.language, place.name, code)
    assert inspect.cleandoc(fresh[0]).split() == words.split()


def outcome(number: int, reply: str) -> bool:
    """Whether the reply was used; when it was, the result has been checked."""
    try:
        edit = ACTION.finish(TASKS[number], reply)
    except ActionError as error:
        # The proofs are a second line: what is written should never come to need them.
        if str(error).startswith("The reply was refused"):
            pytest.fail(str(error))
        return False
    check(PLACES[number][0], TASKS[number], edit, reply)
    return True


def test_hostile_replies_never_change_code() -> None:
    used = 0
    for chance in chances(max(EXAMPLES, 100)):
        reply = hostile(chance)
        for number in chance.sample(range(len(TASKS)), 12):
            used += outcome(number, reply)
    # The test would be hollow if everything were refused.
    assert used > 2 * EXAMPLES


@given(number=st.integers(0, len(TASKS) - 1), reply=st.text(max_size=200))
@settings(max_examples=EXAMPLES, deadline=None)
def test_arbitrary_text_never_changes_code(number: int, reply: str) -> None:
    outcome(number, f"Return {reply}")
    outcome(number, reply)


@given(
    number=st.integers(0, len(TASKS) - 1),
    reply=st.text(alphabet="\"'\\\n\r \u2028*/#`~<>{}rfx.:", max_size=40),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_quotes_backslashes_and_comment_ends_never_change_code(number: int, reply: str) -> None:
    outcome(number, f"Return x {reply} y")
    outcome(number, f"Return x {reply}")


@pytest.mark.parametrize("number", range(len(TASKS)), ids=[name for name, _ in PLACES])
def test_a_good_sentence_is_always_used(number: int) -> None:
    assert outcome(number, "Return the sum of é and 🙂, or nothing at all.")


@pytest.mark.parametrize("number", range(len(TASKS)), ids=[name for name, _ in PLACES])
def test_the_same_sentence_twice_changes_nothing(number: int) -> None:
    name, _ = PLACES[number]
    sentence = "Return the sum of all values."
    once = after(TASKS[number], ACTION.finish(TASKS[number], sentence))
    task = TASKS[number]
    shift = len(once.encode()) - len(str(task.subject.text).encode())
    at = len(PLACES[number][1].partition("‸")[0].encode()) + shift
    marked = once.encode()[:at].decode() + "‸" + once.encode()[at:].decode()
    with pytest.raises(ActionError, match="nothing to change"):
        ACTION.finish(ACTION.prepare(subject_of(marked, name)), sentence)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "   \n\n",
        "<think>I should say something",
        "```\n```",
        "...",
        "x" * 20_000 + ".",
        "Return x. " * 3_000,
        "```rust\nfn main() {\n    let x = 1;\n}\n```",
        "```java\npublic class A {\n  int x = 1;\n}\n```",
        "def f():\n    return 1\n",
        "\0\ud800\u2028",
    ],
    ids=[
        "empty",
        "blank",
        "thought",
        "fence",
        "dots",
        "huge",
        "loop",
        "rust",
        "java",
        "py",
        "junk",
    ],
)
def test_what_is_no_documentation_is_refused(reply: str) -> None:
    assert not any(outcome(number, reply) for number in range(len(TASKS)))
