"""`twolane do changes` of many files: the working tree, what is staged, a range of commits."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from support_git import Repo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support_cli import Shell

A = "def a():\n    return 1\n"
SAID = [
    {"file": "src/a.py", "line": 2, "severity": "error", "message": "Two?", "fix": "return 3"},
    {"file": "b.py", "line": 1, "message": "Hm."},
]


class Tree:
    """A repository with a commit, and a model that finds something in whatever it is shown."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        shutil.rmtree(shell.root / ".git")
        self.repo = Repo(shell.root)
        self.repo.git("add", "-A")
        self.repo.commit("Start", src__a_py=A, b_py="x = 1\n", c_py="y = 1\n")
        self.says(SAID)

    def says(self, found: Sequence[Mapping[str, object]], **more: object) -> None:
        self.shell.replies({"reply": json.dumps(found), **more})

    def changes(self, *words: str, action: str = "changes") -> Any:  # noqa: ANN401 - JSON
        ran = self.shell.run("do", action, *words, "--json")
        assert ran.status == 0, ran.err
        return ran.json

    def lines(self, *words: str, action: str = "changes") -> list[tuple[str, int, str]]:
        """The findings: path from the root, line, message."""
        found = self.changes(*words, action=action)["findings"]
        start = len(str(self.shell.root)) + 1
        return [(one["path"][start:], one["start_line"], one["message"]) for one in found]


@pytest.fixture
def tree(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.chdir(shell.root)
    return Tree(shell)


def test_without_a_file_all_that_changed_is_reviewed(tree: Tree) -> None:
    tree.repo.put("src/a.py", A.replace("1", "2"))
    tree.repo.put("b.py", "x = 2\n")
    assert tree.lines() == [("b.py", 1, "Hm."), ("src/a.py", 2, "Two?")]
    assert tree.lines(str(tree.shell.root)) == tree.lines()
    (_, second) = tree.changes()["findings"]
    assert second["diff"] == (
        "--- a/src/a.py\n+++ b/src/a.py\n@@ -1,2 +1,2 @@\n def a():\n-    return 2\n+    return 3\n"
    )


def test_a_review_of_no_place_is_one_of_all_changes(tree: Tree) -> None:
    tree.repo.stage(b_py="x = 2\n")
    tree.repo.put("src/a.py", A.replace("1", "2"))
    both = [("b.py", 1, "Hm."), ("src/a.py", 2, "Two?")]
    assert tree.lines(action="review") == both == tree.lines()
    assert tree.lines("--staged", action="review") == both[:1]
    assert tree.lines("b.py", "--staged", action="review") == both[:1]
    tree.repo.git("add", "-A")
    tree.repo.commit("Both")
    assert tree.lines("--range", "HEAD~1..", action="review") == both


@pytest.mark.parametrize("words", [(), ("--staged",), ("--range", "HEAD~1..")])
def test_a_link_that_became_a_file_is_reviewed(tree: Tree, words: tuple[str, ...]) -> None:
    link = tree.repo.root / "link.py"
    link.symlink_to("b.py")
    tree.repo.git("add", "-A")
    tree.repo.commit("Link")
    link.unlink()
    tree.repo.stage(link_py="own = 1\n")
    if words[:1] == ("--range",):
        tree.repo.commit("Own")
    tree.says([{"file": "link.py", "line": 1, "message": "Own?"}])
    assert tree.lines(*words) == [("link.py", 1, "Own?")]


@pytest.mark.parametrize("words", [(), ("--staged",), ("--range", "HEAD~1..")])
def test_a_file_that_became_a_link_is_gone(tree: Tree, words: tuple[str, ...]) -> None:
    tree.repo.put("src/a.py", A.replace("1", "2"))
    (tree.repo.root / "c.py").unlink()
    (tree.repo.root / "c.py").symlink_to("b.py")
    (tree.repo.root / "another.py").symlink_to("b.py")
    tree.repo.git("add", "-A")
    if words[:1] == ("--range",):
        tree.repo.commit("Links")
    tree.shell.replies({"match": "File c.py (deleted)", "reply": json.dumps(SAID)})
    assert tree.lines(*words) == [("src/a.py", 2, "Two?")]
    shown = tree.shell.run("route", "changes", *words, "--json").json["fragments"]
    names = {one["path"].rpartition("/")[2] for one in shown} - {""}
    assert names == {"a.py", "c.py"}


def test_it_is_shown_to_a_person(tree: Tree) -> None:
    tree.repo.put("src/a.py", A.replace("1", "2"))
    ran = tree.shell.run("do", "changes")
    assert f"{tree.shell.root}/src/a.py:2: error: Two?  (with a fix)\n" in ran.out
    assert "One finding was left out" in ran.out
    tree.says([])
    assert "nothing found" in tree.shell.run("do", "changes").out


def test_a_folder_or_a_file_alone_leaves_the_others_out(tree: Tree) -> None:
    tree.repo.put("src/a.py", A.replace("1", "2"))
    tree.repo.put("b.py", "x = 2\n")
    assert tree.lines("src") == [("src/a.py", 2, "Two?")]
    tree.repo.git("add", "-A")
    assert tree.lines("b.py", "--staged") == [("b.py", 1, "Hm.")]


def test_what_is_staged_is_reviewed_as_it_is_staged(tree: Tree) -> None:
    tree.repo.stage(b_py="x = 2\n")
    tree.repo.put("b.py", "changed since\nx = 2\n")
    tree.repo.put("src/a.py", A.replace("1", "2"))
    assert tree.lines("--staged") == [("b.py", 1, "Hm.")]


@pytest.mark.parametrize("dots", ["..", "..."])
def test_a_range_of_commits(tree: Tree, dots: str) -> None:
    """With three dots, what happened to the other side since does not count."""
    tree.repo.git("checkout", "-qb", "work")
    tree.repo.commit("Change", src__a_py=A.replace("1", "2"))
    tree.repo.git("checkout", "-q", "main")
    tree.repo.commit("Elsewhere", b_py="x = 2\n")
    tree.repo.git("checkout", "-q", "work")
    tree.repo.put("c.py", "not committed\n")
    both = [("b.py", 1, "Hm."), ("src/a.py", 2, "Two?")]
    assert tree.lines("--range", f"main{dots}HEAD") == (both if dots == ".." else both[1:])
    assert tree.lines("--range", f"main{dots}") == tree.lines("--range", f"main{dots}work")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("changes",), 1, "All files are as they were committed last"),
        (("changes", "--staged"), 1, "Nothing is staged"),
        (("changes", "--range", "HEAD..HEAD"), 1, "These commits change nothing"),
        (("changes", "--range", "HEAD"), 2, "A range is written A..B"),
        (("changes", "--range=--output=x..HEAD"), 2, "A range is written A..B"),
        (("changes", "--range", "nowhere..HEAD"), 2, "has no commit nowhere"),
        (("changes", "--staged", "--range", "a..b"), 2, "not both at once"),
        (("changes", "--staged", "a.py:1"), 2, "takes a file or a folder alone"),
        (("review",), 1, "All files are as they were committed last"),
        (("review", "a.py:1", "--staged"), 2, "takes a file or a folder alone"),
        (("review", "src"), 2, "src is a folder; review takes a file; changes takes a folder."),
        (("explain", "a.py:1", "--staged"), 2, "--staged and --range are for changes and review"),
        (("changes-range",), 2, "A range is written A..B"),
    ],
)
def test_what_cannot_be_reviewed_is_a_sentence(
    tree: Tree, words: tuple[str, ...], status: int, told: str
) -> None:
    ran = tree.shell.run("do", *words)
    assert (ran.status, told in ran.err) == (status, True), ran.err


def test_many_questions_are_told_before_and_meanwhile(tree: Tree) -> None:
    for n in range(5):
        tree.repo.put(f"f{n}.py", "".join(f"v{n}_{i} = {i}  # {'x' * 50}\n" for i in range(300)))
    tree.says([{"file": "f4.py", "line": 3, "message": "Hm."}])
    routed = tree.shell.run("route", "changes", "--json").json
    assert {one["path"].rpartition("/")[2] for one in routed["fragments"]} - {""} == {
        f"f{n}.py" for n in range(5)
    }
    assert routed["prompt_tokens"] > 20_000
    assert routed["reasons"][0].endswith("more than 24,000")
    ran = tree.shell.run("do", "changes")
    assert "3 questions of at most about" in ran.out
    assert "part 2 of 3" in ran.out
    assert "part 3 of 3" in ran.out
    assert f"{tree.shell.root}/f4.py:3: warning: Hm." in ran.out


def test_binary_files_are_left_out_and_told(tree: Tree) -> None:
    tree.repo.put("logo.png", b"\x89PNG\0\0")
    tree.repo.put("b.py", "x = 2\n")
    assert tree.changes()["notes"][-1] == "Left out, since not text or too large: logo.png."


def test_settings_of_changes_are_for_all_of_them(tree: Tree) -> None:
    tree.repo.put("b.py", "x = 2\n")
    settings = tree.shell.folders.config / "settings.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('[actions.changes]\nlocal_model = "Other"\n', "utf-8")
    routed = tree.shell.run("route", "changes", "--lane", "local", "--json").json
    assert routed["model"] == "Other"
