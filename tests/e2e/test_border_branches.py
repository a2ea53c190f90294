"""What comes from another branch, by a merge, a cherry-pick or a stash, is judged as it was there."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from support_git import Repo
from support_leaks import tariff
from support_trust import grant

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


@pytest.mark.parametrize(
    "words", [("pr",), ("changes", "--range", "main...HEAD"), ("changes", "--range", "main..HEAD")]
)
@pytest.mark.parametrize("rule", [True, False], ids=["a rule", "a marker"])
def test_what_the_branch_got_that_it_will_go_into_counts(
    world: World,
    repo: Repo,
    rule: bool,  # noqa: FBT001 - the case
    words: tuple[str, ...],
) -> None:
    """The branch was left before anybody said there that this is under NDA."""
    repo.git("checkout", "-qb", "work")
    repo.commit("Work", lib__x_py=_code(world))
    routed = world.run("route", *words, "--json").json
    assert (routed["lane"], routed["label"]) == ("cloud", "OPEN")
    repo.git("checkout", "-q", "main")
    if rule:
        repo.put("lib/.aiignore", "x.py\n")
    else:
        repo.put("lib/x.py", "# CONFIDENTIAL\nx = 1\n")
    repo.git("add", "-A")
    repo.commit("Say so")
    repo.git("checkout", "-q", "work")
    _stays(world, *words)


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


@pytest.mark.parametrize("how", ["switch", "worktree", "sparse"])
def test_what_was_indexed_under_a_rule_is_known_where_that_rule_is_missing(
    world: World, repo: Repo, how: str
) -> None:
    """The rule is newer than the grant, which therefore holds without it."""
    repo.commit("Add", lib__x_py=tariff(world.secret))
    repo.git("branch", "old")
    repo.put("lib/.aiignore", "x.py\n")
    repo.git("add", "-A")
    repo.commit("Rule")
    assert world.docstring(world.tool).json["decision"]["lane"] == "cloud"  # which indexes
    root = world.root
    if how == "switch":
        repo.git("checkout", "-q", "old")
    elif how == "sparse":
        repo.git("sparse-checkout", "set", "--no-cone", "/*", "!.aiignore")
    else:
        root = world.top / "linked"
        repo.git("worktree", "add", "-q", str(root), "old")
        grant(root, world.folders)
    file = root / "lib" / "x.py"
    assert not (root / "lib" / ".aiignore").exists()
    assert world.docstring(file, "--lane", "cloud").json["decision"]["lane"] == "local"
