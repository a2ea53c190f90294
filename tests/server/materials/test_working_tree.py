"""Which files of a working tree changed, without a program of the repository's being run."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_git import Repo
from support_repository import put
from twolane_server.materials.git import Git
from twolane_server.materials.working_tree import changed_in
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "r")


def changed(repo: Repo, opened: Mapping[str, Text] | None = None) -> dict[str, tuple[str, object]]:
    git = Git(repo.root, {"PATH": os.environ["PATH"]})
    found = changed_in(git, lambda _: True, opened or {})
    return {one.diff.new: (one.diff.status, one.content) for one in found}


def test_what_is_new_changed_and_gone(repo: Repo) -> None:
    assert changed(repo) == {}
    repo.commit("x", a_py="a\n", b_py="b\n", c_py="c\n", **{"d e/é 😀_py": "d\n"})
    assert changed(repo) == {}
    repo.put("a.py", "A\n")
    (repo.root / "b.py").unlink()
    repo.put("new.py", "new\n")
    repo.stage(staged_py="staged\n")
    repo.put("d e/é 😀.py", "D\n")
    repo.put(".gitignore", "ignored.py\n")
    repo.put("ignored.py", "x\n")
    assert changed(repo) == {
        ".gitignore": ("A", b"ignored.py\n"),
        "a.py": ("M", b"A\n"),
        "b.py": ("D", None),
        "d e/é 😀.py": ("M", b"D\n"),
        "new.py": ("A", b"new\n"),
        "staged.py": ("A", b"staged\n"),
    }


def test_before_the_first_commit_everything_is_new(repo: Repo) -> None:
    repo.put("a.py", "a\n")
    assert changed(repo) == {"a.py": ("A", b"a\n")}


def test_what_was_staged_and_taken_back_has_not_changed(repo: Repo) -> None:
    repo.commit("x", a_py="a\n")
    repo.stage(a_py="A\n")
    repo.put("a.py", "a\n")
    assert changed(repo) == {}


def test_what_an_editor_has_comes_before_the_disk(repo: Repo) -> None:
    repo.commit("x", a_py="a\n", b_py="b\n")
    file = repo.put("b.py", "B\n")
    opened = {os.path.realpath(repo.root / "a.py"): Text.of("typed\n"), str(file): Text.of("b\n")}
    assert changed(repo, opened) == {"a.py": ("M", b"typed\n")}


def test_links_and_other_repositories_are_no_files(repo: Repo) -> None:
    repo.commit("x", a_py="a\n")
    (repo.root / "link.py").symlink_to("a.py")
    repo.git("add", "link.py")
    repo.commit("y")
    (repo.root / "link.py").unlink()
    (repo.root / "link.py").symlink_to("b.py")
    other = Repo(repo.root / "inner")
    other.commit("x", b_py="b\n")
    os.mkfifo(repo.root / "pipe.py")
    assert changed(repo) == {}


def test_a_link_that_became_a_file_is_new_and_a_file_that_became_a_link_is_gone(
    repo: Repo,
) -> None:
    (repo.root / "link.py").symlink_to("a.py")
    repo.git("add", "link.py")
    repo.commit("x", a_py="a\n", b_py="b\n")
    (repo.root / "link.py").unlink()
    repo.put("link.py", "own\n")
    (repo.root / "b.py").unlink()
    (repo.root / "b.py").symlink_to("a.py")
    assert changed(repo) == {"b.py": ("D", None), "link.py": ("A", b"own\n")}


def test_a_file_that_became_a_folder_is_gone(repo: Repo) -> None:
    repo.commit("x", a="a\n")
    (repo.root / "a").unlink()
    repo.put("a/b.py", "b\n")
    assert changed(repo) == {"a": ("D", None), "a/b.py": ("A", b"b\n")}


def test_large_files_are_compared_and_not_read(repo: Repo) -> None:
    content = b"x" * 2_100_000
    repo.commit("x", a_txt=content, b_txt=content)
    repo.put("b_txt", content + b"y")
    assert changed(repo) == {"b_txt": ("M", None)}


def test_a_sparse_tree_does_without_some_files_and_has_lost_none(repo: Repo) -> None:
    repo.commit("x", a_py="a\n", b_py="b\n")
    repo.git("update-index", "--skip-worktree", "b.py")
    (repo.root / "b.py").unlink()
    assert changed(repo) == {}


def test_a_repository_of_the_longer_hash(tmp_path: Path) -> None:
    root = tmp_path / "long"
    root.mkdir()
    subprocess.run(["git", "init", "-q", "--object-format=sha256", str(root)], check=True)
    repo = Repo(root)
    repo.commit("x", a_py="a\n")
    assert changed(repo) == {}
    repo.put("a.py", "b\n")
    assert changed(repo) == {"a.py": ("M", b"b\n")}


def test_no_filter_of_the_repository_is_run(repo: Repo) -> None:
    """git itself would run it, to compare a file whose times are new."""
    repo.commit("x", a_py="a\n", **{".gitattributes": "*.py filter=bad\n"})
    sprung = repo.root / "sprung"
    repo.git("config", "filter.bad.clean", f"touch {sprung}; cat")
    repo.put("a.py", "A\n")
    assert changed(repo) == {"a.py": ("M", b"A\n")}
    assert not sprung.exists()
    repo.git("diff", "--quiet", "--exit-code", "HEAD~0", "--", ".gitattributes")
    repo.git("add", "a.py")
    assert sprung.exists(), "the trap was not armed"


_NAMES = ("a.py", "b.py", "d/c.py")
_CONTENT = st.none() | st.sampled_from([b"", b"1\n", b"2\r\n", b"\0\xff"])
_TREES = st.fixed_dictionaries(dict.fromkeys(_NAMES, _CONTENT))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_TREES, _TREES, st.booleans())
def test_it_finds_what_a_comparison_of_all_bytes_finds(
    tmp_path_factory: pytest.TempPathFactory,
    old: dict[str, bytes | None],
    new: dict[str, bytes | None],
    stage: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    repo = Repo(tmp_path_factory.mktemp("tree") / "r")
    for path, content in old.items():
        if content is not None:
            repo.put(path, content)
    repo.git("add", "-A")
    repo.commit("x")
    for path, content in new.items():
        if content is None:
            (repo.root / path).unlink(missing_ok=True)
        else:
            put(repo.root / path, content)
    if stage:
        repo.git("add", "-A")
    wanted = {
        path: ("D" if new[path] is None else "A" if old[path] is None else "M", new[path])
        for path in _NAMES
        if old[path] != new[path]
    }
    assert changed(repo) == wanted
