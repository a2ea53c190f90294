"""Where a repository's tests are, read from disk and labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_git import Repo
from twolane_server.errors import ActionError
from twolane_server.fragments import Label
from twolane_server.materials.testing import read_tests

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.actions.material import ForTests


def _read(repo: Repo, name: str, at_most: Label = Label.OPEN) -> ForTests:
    def label(path: str, text: str) -> Label:
        return Label.NDA if "secret" in path or "CONFIDENTIAL" in text else Label.OPEN

    def name_of(path: str) -> Label:
        return Label.NDA if "acme" in path else Label.OPEN

    found = read_tests(str(repo.root / name), "python", label, name_of, at_most=at_most)
    assert found is not None
    return found


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "r")
    repo.stage(pkg__a_py="x = 1\n", pkg__b_py="x = 1\n", tests__test_b_py="def test_b(): pass\n")
    return repo


def test_a_place_and_an_example(repo: Repo) -> None:
    found = _read(repo, "pkg/a.py")
    assert (found.root, found.path) == (str(repo.root), "pkg/a.py")
    assert (found.home.path, found.home.exists, found.home.framework) == (
        "tests/test_a.py",
        False,
        "pytest",
    )
    assert found.file is None
    assert found.example is not None
    assert found.example.text == "def test_b(): pass\n"
    assert found.example.origin.path == str(repo.root / "tests" / "test_b.py")


def test_an_example_never_moves_it_to_another_lane_but_the_test_file_does(repo: Repo) -> None:
    repo.stage(tests__test_b_py="# CONFIDENTIAL\ndef test_b(): pass\n")
    assert _read(repo, "pkg/a.py").example is None
    assert _read(repo, "pkg/a.py", Label.NDA).example is not None
    own = _read(repo, "pkg/b.py").file
    assert own is not None
    assert own.label is Label.NDA


def test_what_git_ignores_or_cannot_be_read_is_not_written_over(repo: Repo) -> None:
    repo.put(".gitignore", "tests/test_a.py\n")
    repo.put("tests/test_a.py", "mine\n")
    with pytest.raises(ActionError, match="git ignores"):
        _read(repo, "pkg/a.py")
    repo.stage(tests__test_b_py=b"def test_b(): pass  # \xff\n")
    with pytest.raises(ActionError, match="UTF-8"):
        _read(repo, "pkg/b.py")


def test_a_place_under_nda_is_known_by_its_name(repo: Repo) -> None:
    assert _read(repo, "pkg/a.py").label is Label.OPEN
    repo.stage(pkg__c_py="x = 1\n", acme__test_c_py="def test_c(): pass\n")
    assert _read(repo, "pkg/c.py").label is Label.NDA


@pytest.mark.parametrize(("name", "language"), [("a.py", "python"), ("a.c", "c")])
def test_outside_of_a_repository_and_in_other_languages_there_is_none(
    name: str, language: str, tmp_path: Path
) -> None:
    opened = Label.OPEN
    assert (
        read_tests(
            str(tmp_path / name), language, lambda _, __: opened, lambda _: opened, at_most=opened
        )
        is None
    )
