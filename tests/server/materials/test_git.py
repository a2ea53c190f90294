"""git is asked, and nothing that the repository names is run."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from support_git import Repo
from support_repository import put
from twolane_server.errors import ActionError
from twolane_server.materials.diffs import FileDiff, cut_to, read_diff, read_files
from twolane_server.materials.git import Git, home_of

if TYPE_CHECKING:
    from pathlib import Path

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def _environ(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], **more}


def _staged(repo: Repo, **more: str) -> tuple[FileDiff, ...]:
    return read_diff(*Git(repo.root, _environ(**more)).staged())


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "r")


def test_before_the_first_commit_everything_is_new(repo: Repo) -> None:
    repo.stage(a_py="x = 1\n")
    (file,) = _staged(repo)
    assert (file.old, file.new, file.status, file.old_id) == ("a.py", "a.py", "A", "")
    assert [(hunk.start, hunk.count) for hunk in file.hunks] == [(1, 1)]
    assert file.hunks[0].text == "@@ -0,0 +1 @@\n+x = 1\n"


def test_both_paths_and_both_sides_are_told(repo: Repo) -> None:
    lines = "".join(f"line {number}\n" for number in range(40))
    repo.commit("x", a_py=lines, b_py="gone\n", **{"é 😀_py": "1\n"})
    repo.git("mv", "a.py", "c d.py")
    repo.git("rm", "--quiet", "b.py")
    repo.stage(**{"c d_py": lines.replace("line 5\n", "five\n"), "é 😀_py": "2\n"})
    found = {file.new: file for file in _staged(repo)}
    assert {new: (file.old, file.status) for new, file in found.items()} == {
        "b.py": ("b.py", "D"),
        "c d.py": ("a.py", "R"),
        "é 😀.py": ("é 😀.py", "M"),
    }
    assert "-line 5\n+five\n" in found["c d.py"].hunks[0].text
    assert found["c d.py"].title == "c d.py (renamed from a.py)"
    assert found["b.py"].hunks[0].text == "@@ -1 +0,0 @@\n-gone\n"


@pytest.mark.parametrize(
    "content",
    [
        b"diff --git a/x b/x\n@@ -1 +1 @@\n",
        b"\r\na\rb\x0c\xe2\x80\xa8c\n",
        b"no end",
        b"\xff\xfe\n",
        b"a\0b",
        b"--- a/x\n+++ b/x\n",
    ],
)
def test_content_that_looks_like_a_diff_does_not_break_one(repo: Repo, content: bytes) -> None:
    repo.commit("x", a_py="old\n", b_py="old\n")
    repo.stage(a_py=content, b_py="new\n")
    first, second = _staged(repo)
    assert (first.new, second.new) == ("a.py", "b.py")
    assert second.hunks[0].text == "@@ -1 +1 @@\n-old\n+new\n"
    assert bool(first.hunks) == (b"\0" not in content)


@pytest.mark.parametrize("name", ["a\nb", 'a"b', "a\tb", "-x", "b/c => d", "\x1b[2J"])
def test_names_are_read_as_they_are(repo: Repo, name: str) -> None:
    repo.commit("x")
    repo.put(name, "1\n")
    repo.git("add", "--", name)
    assert [file.new for file in _staged(repo)] == [name]


def test_a_file_that_becomes_a_link_is_one_file(repo: Repo) -> None:
    repo.commit("x", a_py="old\n", b_py="old\n")
    (repo.root / "a.py").unlink()
    (repo.root / "a.py").symlink_to("b.py")
    repo.git("add", "a.py")
    (file,) = _staged(repo)
    assert file.status == "T"
    assert [hunk.text.splitlines()[1] for hunk in file.hunks] == ["-old", "+b.py"]


def test_nothing_of_the_repository_is_run(repo: Repo, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    trap = f"touch {sprung}; cat"
    repo.commit("x", a_py="old\n")
    for key in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external"),
        *("diff.evil.command", "diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge"),
        *("filter.evil.process", "gpg.program", "alias.diff-index", "credential.helper"),
        *("pager.diff-index", "pager.rev-list", "uploadpack.packObjectsHook"),
    ):
        repo.git("config", key, trap if not key.startswith("alias") else f"!{trap}")
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "core.hooksPath", str(repo.root / "hooks"))
    for hook in ("post-index-change", "reference-transaction", "pre-commit", "fsmonitor-watchman"):
        put(repo.root / "hooks" / hook, f"#!/bin/sh\n{trap}\n").chmod(0o755)
    put(repo.root / ".git" / "info" / "attributes", "* diff=evil filter=evil\n")
    repo.put(".gitattributes", "* diff=evil filter=evil\n")
    # Staged past the filter, which would otherwise run for the person who stages.
    repo.git("-c", "filter.evil.clean=cat", "-c", "filter.evil.process=", "add", "-A")
    repo.put("a.py", "newer\n")
    sprung.unlink(missing_ok=True)
    git = Git(repo.root, _environ())
    files = read_diff(*git.staged())
    assert {".gitattributes", "hooks/pre-commit"} <= {file.new for file in files}
    head = git.found("HEAD")
    (touched,) = git.touched(git.commits("", "HEAD", 5), 300).items()
    assert touched[0] == head
    assert [(one.new, one.status) for one in read_files(touched[1])] == [("a.py", "A")]
    assert read_diff(*git.between(EMPTY_TREE, head))[0].new == "a.py"
    git.objects([head, *(file.new_id for file in files)])
    assert not sprung.exists()


def test_what_the_environment_says_of_git_does_not_count(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other")
    other.stage(theirs_py="x = 1\n")
    repo.stage(a_py="x = 1\n")
    sprung = tmp_path / "sprung"
    told = _staged(
        repo,
        GIT_DIR=str(other.root / ".git"),
        GIT_WORK_TREE=str(other.root),
        GIT_INDEX_FILE=str(other.root / ".git" / "index"),
        GIT_EXTERNAL_DIFF=f"touch {sprung}",
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0="diff.external",
        GIT_CONFIG_VALUE_0=f"touch {sprung}",
    )
    assert [file.new for file in told] == ["a.py"]
    assert not sprung.exists()


def test_the_index_that_git_gave_its_editor_counts(repo: Repo) -> None:
    """`git commit -a` and `git commit FILE` have one of their own while the editor is open."""
    repo.commit("x", a_py="old\n", b_py="old\n")
    repo.stage(a_py="new\n")
    index = repo.root / ".git" / "index"
    own = repo.root / ".git" / "next-index-7.lock"
    own.write_bytes(index.read_bytes())
    repo.git("reset", "--quiet")
    assert _staged(repo) == ()
    (file,) = _staged(repo, GIT_INDEX_FILE=".git/next-index-7.lock")
    assert file.new == "a.py"
    (file,) = _staged(repo, GIT_INDEX_FILE=str(own))
    assert file.new == "a.py"


def test_the_working_tree_of_a_message(repo: Repo, tmp_path: Path) -> None:
    repo.commit("x", a_py="x = 1\n")
    assert home_of(str(repo.root / ".git" / "COMMIT_EDITMSG")) == repo.root
    assert home_of(str(repo.root / "deep" / "a.py")) == repo.root
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "--quiet", str(linked))
    assert home_of(str(repo.root / ".git" / "worktrees" / "linked" / "COMMIT_EDITMSG")) == linked
    for path in (
        str(repo.root / ".git" / "modules" / "sub" / "COMMIT_EDITMSG"),
        str(tmp_path / "a.py"),
        "",
    ):
        with pytest.raises(ActionError):
            home_of(path)


def test_what_git_cannot_do_is_a_sentence(repo: Repo, tmp_path: Path) -> None:
    with pytest.raises(ActionError, match="git is not on the path"):
        Git(repo.root, {"PATH": ""}).staged()
    put(repo.root / ".git" / "HEAD", "nonsense\n")
    with pytest.raises(ActionError, match="failed in r"):
        Git(repo.root, _environ()).staged()
    (tmp_path / "plain").mkdir()
    with pytest.raises(ActionError, match="failed in plain"):
        Git(tmp_path / "plain", _environ()).staged()


def test_objects_are_read_at_once_and_large_ones_are_not(repo: Repo) -> None:
    repo.commit("x", a_py=b"a" * 2_000_001, b_py=b"\n\nb\n")
    git = Git(repo.root, _environ())
    ids = {name: git.text("rev-parse", f"HEAD:{name}") for name in ("a.py", "b.py")}
    assert git.objects([*ids.values(), "0" * 40]) == {
        ids["a.py"]: None,
        ids["b.py"]: b"\n\nb\n",
        "0" * 40: None,
    }


def test_what_each_commit_touches_is_told_apart(repo: Repo) -> None:
    """Also where a file is called as a commit or as git's own words."""
    repo.commit("One", a_py="1\n", b_py="1\n")
    first = Git(repo.root, _environ()).found("HEAD")
    repo.git("mv", "a.py", first)
    repo.put(":100644 100644 x y M", "1\n")
    repo.git("add", "-A")
    repo.commit("Two")
    repo.commit("Three")
    git = Git(repo.root, _environ())
    ids = git.commits("", "HEAD", 5)
    told = [
        sorted((one.new, one.status) for one in read_files(raw))
        for raw in git.touched(ids, 300).values()
    ]
    names = sorted([(":100644 100644 x y M", "A"), (first, "A"), ("a.py", "D")])
    assert told == [[], names, [("a.py", "A"), ("b.py", "A")]]
    assert git.touched((), 300) == {}


def test_a_conflict_is_told(repo: Repo) -> None:
    repo.commit("Begin", a_py="1\n")
    repo.git("checkout", "--quiet", "-b", "other")
    repo.commit("Two", a_py="2\n")
    repo.git("checkout", "--quiet", "main")
    repo.commit("Three", a_py="3\n")
    with pytest.raises(subprocess.CalledProcessError):
        repo.git("merge", "other")
    with pytest.raises(ActionError, match=r"^a.py is not merged yet; resolve its conflict"):
        read_diff(*Git(repo.root, _environ()).staged())


def test_a_diff_that_changed_between_is_told(repo: Repo) -> None:
    repo.stage(a_py="x = 1\n")
    raw, patch = Git(repo.root, _environ()).staged()
    with pytest.raises(ActionError, match="changed while"):
        read_diff(raw, b"")
    with pytest.raises(ActionError, match="changed while"):
        read_diff(b"", patch)


def test_a_long_diff_is_cut_where_it_is_longest(repo: Repo) -> None:
    repo.stage(a_py="".join(f"line {n}\n" for n in range(2_000)), b_py="short\n")
    whole = _staged(repo)
    assert cut_to(whole, 1_000_000) == whole
    long, short = cut_to(whole, 1_000)
    assert short == whole[1]
    text = "".join(hunk.text for hunk in long.hunks)
    assert 800 < len(text) <= 1_000
    assert text.count("\n") + long.left_out == 2_001
    assert whole[0].hunks[0].text.startswith(text)
