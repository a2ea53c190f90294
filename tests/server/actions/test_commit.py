from __future__ import annotations

from dataclasses import replace

import pytest

from support_actions import EXAMPLES, after, chances, hostile, shown, subject_of
from twolane_context.spans import Span
from twolane_server.actions.commit import CommitMessage, is_message
from twolane_server.actions.habits import habits_of
from twolane_server.actions.material import Material, Source
from twolane_server.actions.outcomes import Page
from twolane_server.actions.pull import PullRequestText
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Label, Origin
from twolane_server.text import Text

COMMENTS = "\n# Please enter the commit message\n#\tmodified: a.py\n"
BUFFER = "/r/.git/COMMIT_EDITMSG"
TEMPLATE = "<!-- be kind -->\n## What\n\n## How tested\n\n- [ ] by hand\n"


def _source(text: str, label: Label = Label.OPEN) -> Source:
    return Source(text, label, Origin("/r/a.py", 1, 1))


MATERIAL = Material(
    diff=(_source("File a.py\n"), _source("@@ -1 +1 @@\n-x\n+y\n")),
    left_out=2,
    habits=habits_of(["feat: a", "fix: b", "fix: c"]),
    examples=(_source("feat: add a"),),
    messages=(_source("fix: one\n\nwhy"), _source("fix: two")),
    template=_source(TEMPLATE),
)


def _subject(text: str = COMMENTS, path: str = BUFFER, material: Material | None = MATERIAL):  # noqa: ANN202
    bare = replace(subject_of(text, "a.py"), language=None, parsed=None, path=path)
    return replace(bare, text=Text.of(text), material=material, label=Label.NDA)


def test_the_prompt_has_examples_and_diff_and_nothing_of_the_document() -> None:
    prompt = CommitMessage().prepare(_subject()).prompt
    text = shown(prompt)
    assert text.index("feat: add a") < text.index("File a.py\n@@ -1 +1 @@\n-x\n+y\n")
    assert "(2 more files are left out)" in text
    assert "one of: fix, feat" in text
    assert "Please enter" not in text
    assert prompt.label is Label.OPEN, "the document's own label does not count"


def test_one_nda_hunk_makes_the_prompt_nda() -> None:
    material = replace(MATERIAL, diff=(*MATERIAL.diff, _source("-gone\n", Label.NDA)))
    for action in (CommitMessage(), PullRequestText()):
        assert action.prepare(_subject(material=material)).prompt.label is Label.NDA


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "left"),
    [
        (COMMENTS, "fix: it\n\nWhy.\n\n# Please enter the commit message\n#\tmodified: a.py\n"),
        ("", "fix: it\n\nWhy.\n"),
        ("\n\n", "fix: it\n\nWhy.\n"),
        ("typed 😀\n\n# Please\n", "fix: it\n\nWhy.\n\ntyped 😀\n\n# Please\n"),
    ],
)
def test_in_gits_buffer_the_message_stands_above_all(text: str, left: str, eol: str) -> None:
    task = CommitMessage().prepare(_subject(text.replace("\n", eol)))
    outcome = CommitMessage().finish(task, "fix: it\n\nWhy.")
    assert after(task, outcome) == left.replace("\n", eol if "\n" in text else "\n")


def test_elsewhere_it_is_a_page() -> None:
    task = CommitMessage().prepare(_subject("x = 1\n", "/r/a.py"))
    assert task.target == Span(0, 0)
    assert CommitMessage().finish(task, "fix: it") == Page(
        "Commit message", "fix: it\n", "gitcommit"
    )


def test_which_files_are_messages() -> None:
    assert is_message("/r/.git/COMMIT_EDITMSG")
    assert is_message("/r/.git/worktrees/x/MERGE_MSG")
    assert not is_message("/r/COMMIT_EDITMSG.py")
    assert not is_message("")


def test_without_a_diff_there_is_a_sentence() -> None:
    with pytest.raises(ActionError, match="git add"):
        CommitMessage().prepare(_subject(material=None))
    with pytest.raises(ActionError, match="changes nothing"):
        PullRequestText().prepare(_subject(material=None))


def test_a_pull_request_is_asked_with_template_commits_and_diff() -> None:
    text = shown(PullRequestText().prepare(_subject()).prompt)
    parts = ("feat: add a", TEMPLATE, "fix: one\n\nwhy\n---\nfix: two", "File a.py")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (
            "fix: it\n\n## What\n\nIt.\n\n## How tested\n\n- [x] by hand",
            "fix: it\n\n## What\n\nIt.\n\n## How tested\n\n- [x] by hand\n",
        ),
        (
            "# Title: fix: it\n\n## what\nIt.",
            "fix: it\n\n## what\nIt.\n\n## How tested\n\n- [ ] by hand\n",
        ),
        (
            "**fix: it**\n\n<!-- be kind -->\n![x](https://a.example)",
            "fix: it\n\n[x](https://a.example)\n\n## What\n\n## How tested\n\n- [ ] by hand\n",
        ),
        (
            "```markdown\nfix: it\n\n## What\n## How tested\n```",
            "fix: it\n\n## What\n## How tested\n",
        ),
    ],
)
def test_the_template_is_kept(reply: str, text: str) -> None:
    action = PullRequestText()
    page = action.finish(action.prepare(_subject()), reply)
    assert page == Page("PR text", text)


def test_arbitrary_replies_are_a_result_or_a_sentence() -> None:
    actions = (CommitMessage(), PullRequestText())
    tasks = [(action, action.prepare(_subject())) for action in actions]
    for chance in chances(EXAMPLES):
        action, task = chance.choice(tasks)
        try:
            outcome = action.finish(task, hostile(chance))
        except ReplyRefused:
            continue
        if isinstance(outcome, Page):
            assert outcome.text.strip()
        else:
            assert after(task, outcome).endswith(COMMENTS.strip() + "\n")
