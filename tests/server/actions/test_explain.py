from __future__ import annotations

from dataclasses import replace

import pytest

from support_actions import EXAMPLES, chances, corpus, hostile, shown, subject_of
from twolane_server.actions.explain import Explain
from twolane_server.actions.outcomes import Page
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Label

ACTION = Explain()
CODE = "import os\n\n\ndef join(a):\n    return‸ a + os.sep\n\n\ny = join('b')\n"


def _page(marked: str, name: str, reply: str = "It joins.") -> Page:
    return ACTION.finish(ACTION.prepare(subject_of(marked, name)), reply)


def test_it_asks_about_the_definition_at_the_cursor_and_names_it() -> None:
    subject = subject_of(CODE, "a.py", instruction="why os?")
    prompt = ACTION.prepare(replace(subject, answer_in="Deutsch")).prompt
    text = shown(prompt)
    assert "Explain this code:\n```python\ndef join(a):\n    return a + os.sep\n```\n" in text
    assert "import os" in text
    assert "What I want to know: why os?\n" in text
    assert text.endswith("Answer in this language: Deutsch.")
    assert "y = join" not in text
    assert _page(CODE, "a.py") == Page("Explain join", "It joins.\n")


def test_what_is_asked_comes_last_so_that_prefixes_are_the_same() -> None:
    one = shown(ACTION.prepare(subject_of(CODE, "a.py")).prompt)
    other = shown(ACTION.prepare(subject_of(CODE, "a.py", instruction="why?")).prompt)
    assert one.startswith(other[: other.index("What I want")])


@pytest.mark.parametrize(
    ("marked", "name", "title"),
    [
        ("a = 1\n‸b = 2\nc = 3\n‸d = 4\n", "a.py", "Explain a.py:2-3"),
        ("a = ‸1\nb = 2\n", "a.py", "Explain a.py"),
        ("# A text‸\n\nof words\n", "notes.md", "Explain notes.md"),
    ],
)
def test_what_is_meant(marked: str, name: str, title: str) -> None:
    if name == "notes.md":
        subject = replace(subject_of(marked, "a.py"), language=None, parsed=None, path=f"/{name}")
        assert ACTION.offered(subject)
        assert ACTION.finish(ACTION.prepare(subject), "So.").title == title
    else:
        assert _page(marked, name).title == title


def test_every_piece_of_the_file_carries_its_label() -> None:
    prompt = ACTION.prepare(subject_of(CODE, "a.py", label=Label.NDA)).prompt
    assert prompt.label is Label.NDA
    assert all(part.label is Label.NDA for part in prompt.fragments if part.origin.path)


def test_nothing_to_explain_is_a_sentence() -> None:
    empty = subject_of("\n \n", "a.py")
    assert not ACTION.offered(empty)
    with pytest.raises(ActionError, match="nothing here to explain"):
        ACTION.prepare(empty)
    with pytest.raises(ActionError, match="too much"):
        ACTION.prepare(subject_of("x = 1\n" * 20_000, "a.py"))
    with pytest.raises(ReplyRefused, match="empty"):
        _page(CODE, "a.py", "<think>")


def test_arbitrary_replies_are_a_page_or_a_sentence_and_change_nothing() -> None:
    tasks = [ACTION.prepare(subject_of(text, name)) for name, text in corpus()]
    for chance in chances(EXAMPLES):
        task = chance.choice(tasks)
        before = str(task.subject.text)
        try:
            page = ACTION.finish(task, hostile(chance))
        except ReplyRefused:
            continue
        assert page.text.endswith("\n")
        assert str(task.subject.text) == before
