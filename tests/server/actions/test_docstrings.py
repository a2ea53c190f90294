from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from support_actions import EXAMPLES, after, chances, hostile, shown, subject_of
from twolane_server.actions.base import tree_of
from twolane_server.actions.docstrings import WriteDocstrings
from twolane_server.edits.verify import problem_with_documentation
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Label
from twolane_server.text import Text

if TYPE_CHECKING:
    import random

ACTION = WriteDocstrings()
FILES = {
    "a.py": "import os\n\n\nclass A:\n    x = 1  # 😀\n\n    def m(self): return self.x\n\n"
    "    @property\n    def n(self):\n        # é\n        return 2\n\n\n"
    'def done():\n    """It is."""\n\n\ndef _p():\n    pass\n\n\ndef last(a, *, b=1):\n\treturn a\n',
    "a.rs": "pub struct S {\n    x: i32,\n}\n\nimpl S {\n    #[inline]\n    pub fn m(&self) -> i32 {\n"
    "        self.x // 😀\n    }\n}\n\n/// Done.\npub fn done() {}\n\npub enum E { A }\n",
    "a.ts": "export class A {\n  m(x: number) { return x }\n\n  n(): string {\n    return `😀`\n  }\n}\n\n"
    "export const f = () => 1\n\n/** Done. */\nexport function done() {}\n",
    "a.go": "package a\n\ntype T struct{ x int }\n\nfunc (t T) M() int {\n\treturn t.x // 😀\n}\n\n"
    "func F() {}\n\n// Done is.\nfunc Done() {}\n",
    "A.java": "public class A {\n    public int m() {\n        return 1; // 😀\n    }\n\n"
    "    public void n() {}\n}\n",
    "a.c": "int a(void)\n{\n    return 1; /* 😀 */\n}\n\nstruct s {\n    int x;\n};\n\nchar *b(int c);\n",
    "a.lua": "function M.a()\n  return 1 -- 😀\nend\n\nfunction M.b(x) end\n",
}
REPLY = "### 1 A\nHold x.\n\n### 2\nGive x.\n\n### 3\nGive two.\n\n### 4\nGive a back.\n"


def _after(text: str, name: str, reply: str) -> tuple[str, tuple[str, ...]]:
    task = ACTION.prepare(subject_of(text, name))
    edits = ACTION.finish(task, reply)
    return after(task, edits), edits.notes


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_all_that_are_public_and_bare_are_written_in_one_go(eol: str) -> None:
    text, notes = _after(FILES["a.py"].replace("\n", eol), "a.py", REPLY)
    assert notes == ()
    assert text.replace(eol, "\n") == (
        'import os\n\n\nclass A:\n    """Hold x."""\n    x = 1  # 😀\n\n    def m(self):\n'
        '        """Give x."""\n        return self.x\n\n    @property\n    def n(self):\n'
        '        """Give two."""\n        # é\n        return 2\n\n\ndef done():\n    """It is."""\n'
        '\n\ndef _p():\n    pass\n\n\ndef last(a, *, b=1):\n\t"""Give a back."""\n\treturn a\n'
    )


def test_the_code_is_shown_once_with_its_label_and_the_list() -> None:
    prompt = ACTION.prepare(subject_of(FILES["a.py"], "a.py", label=Label.NDA)).prompt
    text = shown(prompt)
    assert text.count("def m(self)") == 1
    assert "7|     def m(self): return self.x\n" in text
    assert "1: A, in line 4\n2: m, in line 7\n3: n, in line 9\n4: last, in line 23\n" in text
    assert "def _p" not in text
    for part in prompt.fragments:
        assert (part.label is Label.NDA) == bool(part.origin.path)


def test_what_is_missing_is_left_out_and_told() -> None:
    reply = "Sure!\n\n### 1\nHold x.\n### 3\n\n## 4: last\nGive a back.\n### 9\nNobody."
    text, (note,) = _after(FILES["a.py"], "a.py", reply)
    assert note == "2 definitions have no usable text; run the action again for the rest."
    assert text.count('"""') == 6


def test_a_long_file_is_done_in_batches() -> None:
    text = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(50))
    reply = "".join(f"### {n}\nGive a number.\n" for n in range(1, 60))
    once, notes = _after(text, "a.py", reply)
    assert notes == (
        "10 definitions have no documentation yet: that was too much for one request.",
    )
    assert once.count("Give a number.") == 40
    twice, notes = _after(once, "a.py", reply)
    assert (twice.count("Give a number."), notes) == (50, ())
    with pytest.raises(ActionError, match="is without documentation"):
        ACTION.prepare(subject_of(twice, "a.py"))


def test_a_large_class_is_shown_by_its_head() -> None:
    body = "".join(f"    def m{n}(self):\n        return {n}\n\n" for n in range(2_000))
    task = ACTION.prepare(subject_of(f"class A:\n{body}", "a.py"))
    assert task.prompt.characters < 30_000


def test_it_is_offered_where_there_is_more_than_one() -> None:
    assert ACTION.offered(subject_of(FILES["a.py"], "a.py"))
    assert not ACTION.offered(subject_of("def f(): pass\n", "a.py"))
    assert not ACTION.offered(subject_of("def _f(): pass\ndef _g(): pass\n", "a.py"))


@pytest.mark.parametrize("reply", ["", "Hold x.", "### 7\nx", "### 1\n```python\nx = 1\n```"])
def test_a_reply_without_use_is_refused(reply: str) -> None:
    with pytest.raises(ReplyRefused):
        _after(FILES["a.py"], "a.py", reply)


@pytest.mark.parametrize("name", FILES)
def test_every_language_gets_its_own(name: str) -> None:
    task = ACTION.prepare(subject_of(FILES[name], name))
    count = shown(task.prompt).count(", in line ")
    reply = "".join(f"### {n}\nTell what it is.\n\n" for n in range(1, count + 1))
    edits = ACTION.finish(task, reply)
    assert len(edits.edits) == count >= 2
    assert edits.notes == ()
    assert "Done" not in "".join(edit.text for edit in edits.edits)


def _reply(chance: random.Random) -> str:
    pieces = ("Tell it.", "Return x", hostile(chance), hostile(chance))
    return "".join(
        f"{chance.choice(('### ', '## ', '**', '#'))}{chance.randrange(1, 7)}"
        f"{chance.choice(('', ' m', '.', '**'))}\n{chance.choice(pieces)}\n"
        for _ in range(chance.randrange(1, 7))
    )


def test_arbitrary_replies_never_change_code() -> None:
    tasks = [
        ACTION.prepare(subject_of(text.replace("\n", eol), name))
        for name, text in FILES.items()
        for eol in ("\n", "\r\n")
    ]
    used = 0
    for chance in chances(2 * EXAMPLES):
        task = chance.choice(tasks)
        try:
            edits = ACTION.finish(task, _reply(chance))
        except ReplyRefused:
            continue
        used += 1
        subject, parsed = task.subject, tree_of(task.subject)
        assert parsed is not None
        new = Text.of(after(task, edits))
        assert problem_with_documentation(parsed.language, subject.text, new, parsed) is None
        ends = {"\r\n"} if "\r\n" in str(subject.text) else {"\n"}
        assert {line[len(line.rstrip("\r\n")) :] for line in new.lines} <= ends | {""}
    assert used > EXAMPLES / 2


def test_the_menu_does_not_read_a_large_file_to_its_end() -> None:
    """20,000 lines, all documented: the menu cannot know, and takes milliseconds to say so.

    Measured: 1.4 ms against 220 ms for all of it.
    """
    large = "".join(f'def f{n}():\n    """Give {n}."""\n    return {n}\n\n' for n in range(5_000))
    subject = subject_of(large, "a.py")
    soon: list[float] = []
    for _ in range(5):
        started = time.process_time()
        assert ACTION.offered(subject)
        soon.append(time.process_time() - started)
    started = time.process_time()
    with pytest.raises(ActionError, match="is without documentation"):
        ACTION.prepare(subject)
    assert 10 * min(soon) < time.process_time() - started
