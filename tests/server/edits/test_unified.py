"""Diffs in replies: their lines say where they go, never their numbers."""

from __future__ import annotations

import difflib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.edits.changes import Changes
from twolane_server.edits.from_reply import changes_from
from twolane_server.edits.paths import Paths
from twolane_server.text import Text

A = "import os\n\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n"


def made(reply: str, files: dict[str, str], others: tuple[str, ...] = ()) -> dict[str, str | None]:
    """What each file becomes, by where it is afterwards."""
    outcome = changes_from(
        reply, {path: Text.of(text) for path, text in files.items()}, Paths.of(files, others)
    )
    assert isinstance(outcome, Changes), outcome
    return {one.place: None if one.after is None else str(one.after) for one in outcome}


def refused(reply: str, files: dict[str, str]) -> str:
    outcome = changes_from(reply, {path: Text.of(text) for path, text in files.items()})
    assert not isinstance(outcome, Changes)
    return " ".join(map(str, outcome))


def fenced(diff: str) -> str:
    return f"Here it is.\n\n```diff\n{diff}```\n"


def test_a_hunk_goes_where_its_lines_are_whatever_its_numbers_say() -> None:
    diff = "--- a/a.py\n+++ b/a.py\n@@ -90,2 +7,2 @@ def two():\n def two():\n-    return 2\n+    return 3\n"
    assert made(fenced(diff), {"a.py": A, "b.py": A}) == {"a.py": A.replace("return 2", "return 3")}


def test_files_that_come_go_and_get_other_paths() -> None:
    diff = (
        "diff --git a/new.py b/new.py\nnew file mode 100644\n--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x = 1\n"
        "diff --git a/b.py b/b.py\ndeleted file mode 100644\n--- a/b.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-y = 1\n"
        "diff --git a/c.py b/d.py\nsimilarity index 100%\nrename from c.py\nrename to d.py\n"
    )
    files = {"b.py": "y = 1\n", "c.py": "z = 1\n"}
    assert made(fenced(diff), files) == {"new.py": "x = 1\n", "b.py": None, "d.py": "z = 1\n"}


def test_a_blank_line_may_have_lost_its_blank() -> None:
    diff = "--- a/a.py\n+++ b/a.py\n@@ -1,4 +1,4 @@\n import os\n\n\n-def one():\n+def uno():\n"
    assert made(fenced(diff), {"a.py": A}) == {"a.py": A.replace("one", "uno")}


@pytest.mark.parametrize(
    ("diff", "why"),
    [
        ("--- a/a.py\n+++ b/a.py\n@@ @@\n-    return 9\n+    return 3\n", "nowhere"),
        ("--- a/a.py\n+++ b/a.py\n@@ @@\n-\n+x = 1\n", "nothing to search for"),
        ("--- a/no.py\n+++ b/no.py\n@@ @@\n-import os\n+import re\n", "no such file"),
        ("--- a/a.py\n+++ b/a.py\n@@ @@\nimport os\n-x\n", "cannot be read"),
    ],
)
def test_what_has_no_one_place_is_refused(diff: str, why: str) -> None:
    assert why in refused(fenced(diff), {"a.py": A})


@pytest.mark.parametrize("opener", ["`````markdown", "````", "~~~~ md"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_fence_around_fenced_diffs_only_stands_around_them(opener: str, end: str) -> None:
    diff = "--- a/a.py\n+++ b/a.py\n@@ -90,2 +7,2 @@\n def two():\n-    return 2\n+    return 3\n"
    other = diff.replace("a.py", "b.py")
    closer = opener.partition("m")[0].strip()
    reply = f"Sure!\n\n{opener}\n```diff\n{diff}```\n\n```diff\n{other}```\n{closer}\n\nSo.\n"
    changed = A.replace("return 2", "return 3")
    files = {"a.py": A, "b.py": A}
    assert made(reply.replace("\n", end), files) == dict.fromkeys(files, changed)


def test_a_document_with_a_diff_in_a_fence_is_no_edit_of_the_file_that_the_diff_names() -> None:
    text = "# Use\n\n```diff\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-import os\n+import sys\n```\n"
    assert "diff" in refused(f"u.md\n\n````markdown\n{text}````\n", {"u.md": "# Use\n", "a.py": A})


def test_a_fence_in_a_diff_does_not_end_it() -> None:
    before = "# Use\n\n```python\none()\n```\n\nAnd `two`.\n"
    after = before.replace("one()", "uno()").replace("`two`", "`dos`")
    lines = difflib.unified_diff(
        before.split("\n"), after.split("\n"), "a/u.md", "b/u.md", lineterm=""
    )
    diff = "\n".join(lines) + "\n"
    assert made(fenced(diff), {"u.md": before}) == {"u.md": after}
    bare = diff.replace("\n ```\n", "\n```\n")
    assert "breaks off" in refused(fenced(bare), {"u.md": before})


@given(st.integers(0, 2**32))
def test_any_diff_of_python_itself_is_carried_out_or_refused(seed: int) -> None:
    """And where it is carried out, it gives what it was made from."""
    chance = random.Random(seed)  # noqa: S311 - for tests
    lines = [f"x{chance.randrange(6)} = {chance.randrange(3)}" for _ in range(30)]
    new = [line for line in lines if chance.random() > 0.1]
    for _ in range(3):
        new.insert(chance.randrange(len(new) + 1), f"y = {chance.random()}")
    before, after = ("\n".join(some) + "\n" for some in (lines, new))
    made_of = difflib.unified_diff(
        before.splitlines(),
        after.splitlines(),
        "a/a.py",
        "b/a.py",
        lineterm="",
        n=chance.randrange(4),
    )
    diff = "\n".join(made_of) + "\n"
    outcome = changes_from(fenced(diff), {"a.py": Text.of(before)})
    assert not isinstance(outcome, Changes) or [str(one.after) for one in outcome] == [after]
