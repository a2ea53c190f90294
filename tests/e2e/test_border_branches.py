"""What comes from another branch, by a merge, a cherry-pick or a stash, is judged as it was there."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from support_git import Repo

if TYPE_CHECKING:
    from support_leaks import World


@pytest.fixture
def repo(world: World) -> Repo:
    repo = Repo(world.root)
    repo.git("add", "-A")
    repo.commit("Start", lib__x_py="x = 1\n")
    return repo


def _code(world: World) -> str:
    """Not that of the file which is under NDA anyway."""
    return f"class Rows:\n    def total(self, rows):\n        return rows['{world.secret}']\n"


def _stays(world: World, *words: str) -> None:
    """No lane but the local one is taken; what was sent is looked through by `World.check`, too."""
    words = (*words, "--json", "--lane", "cloud")
    routed = world.run("route", *words).json
    world.run("do", *words)
    assert (routed["lane"], routed["label"], world.chats) == ("local", "NDA", []), routed


def _taken_over(repo: Repo, how: str) -> None:
    """`theirs` is being taken over, with a conflict that is not resolved yet."""
    repo.git("checkout", "-q", "main")
    repo.commit("Change", lib__x_py="x = 2\n")
    with pytest.raises(subprocess.CalledProcessError):
        repo.git(how, "theirs")


@pytest.mark.parametrize("words", [("commit",), ("changes",), ("changes", "--staged")])
@pytest.mark.parametrize("how", ["merge", "cherry-pick", "rebase"])
def test_a_marker_that_is_lost_in_a_merge_counts(
    world: World, repo: Repo, how: str, words: tuple[str, ...]
) -> None:
    repo.git("checkout", "-qb", "theirs")
    repo.commit("Add", lib__x_py=f"# CONFIDENTIAL\n{_code(world)}")
    if how == "rebase":
        repo.git("checkout", "-q", "main")
        repo.commit("Change", lib__x_py="x = 2\n")
        repo.git("checkout", "-q", "theirs")
        with pytest.raises(subprocess.CalledProcessError):
            repo.git("rebase", "main")
    else:
        _taken_over(repo, how)
    repo.stage(lib__x_py=_code(world))
    _stays(world, *words)


@pytest.mark.parametrize("words", [("commit",), ("changes",), ("changes", "--staged")])
def test_a_rule_of_the_branch_that_a_change_is_picked_from_counts(
    world: World, repo: Repo, words: tuple[str, ...]
) -> None:
    repo.git("checkout", "-qb", "theirs")
    repo.put("lib/.aiignore", "x.py\n")
    repo.git("add", "-A")
    repo.commit("Rule")
    repo.commit("Add", lib__x_py=_code(world))
    _taken_over(repo, "cherry-pick")
    repo.stage(lib__x_py=_code(world))
    _stays(world, *words)


@pytest.mark.parametrize("revisions", ["HEAD..stash@{0}", "stash@{0}..HEAD", "HEAD..stash@{0}^3"])
def test_a_rule_that_went_into_the_stash_counts_there(
    world: World, repo: Repo, revisions: str
) -> None:
    repo.put("lib/x.py", _code(world))
    repo.put("lib/y.py", _code(world))
    repo.put("lib/.aiignore", "*.py\n")
    repo.git("stash", "-u", "-q")
    _stays(world, "changes", "--range", revisions)


@pytest.mark.parametrize("words", [("commit",), ("changes",), ("changes", "--staged")])
def test_open_code_may_leave_while_it_is_merged(
    world: World, repo: Repo, words: tuple[str, ...]
) -> None:
    repo.git("checkout", "-qb", "theirs")
    repo.commit("Add", lib__x_py="x = 3\n")
    _taken_over(repo, "merge")
    repo.stage(lib__x_py="x = 5\n")
    routed = world.run("route", *words, "--json").json
    assert (routed["lane"], routed["label"]) == ("cloud", "OPEN")
