"""What was moved out of a folder under NDA stays NDA for every command, however short it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_git import Repo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support_leaks import World


@pytest.fixture
def repo(world: World) -> Repo:
    """Everything is committed, and has been seen once."""
    repo = Repo(world.root)
    repo.put("clients/q.py", f"def q(a):\n    return '{world.secret}'\n")
    repo.put("clients/test_tool.py", f"def test_{world.secret}():\n    assert 1\n")
    repo.put("clients/pull_request_template.md", f"# {world.secret}\n")
    repo.git("add", "-A")
    repo.commit("Start")
    assert world.docstring(world.tool).json["decision"]["lane"] == "cloud"
    return repo


def _document(repo: Repo) -> tuple[str, Path]:
    repo.git("mv", "clients/q.py", "q.py")
    return "docstring", repo.root / "q.py:1"


def _staged(repo: Repo) -> tuple[str, Path]:
    repo.git("mv", "clients/q.py", "q.py")
    repo.commit("Move")
    repo.stage(q_py=(repo.root / "q.py").read_text("utf-8") + "x = 1\n")
    return "commit", repo.root / "tool.py:1"


def _changes(repo: Repo) -> tuple[str, Path]:
    _staged(repo)
    return "changes", repo.root


def _message(repo: Repo) -> tuple[str, Path]:
    _, tool = _staged(repo)
    mark = (repo.root / "q.py").read_text("utf-8").split("'")[1]
    repo.commit(f"Say {mark}")
    repo.stage(lib_py="x = 1\n")
    return "commit", tool


def _template(repo: Repo) -> tuple[str, Path]:
    repo.git("mv", "clients/pull_request_template.md", "pull_request_template.md")
    repo.commit("Move")
    repo.git("checkout", "-qb", "work")
    repo.commit("Change", lib_py="x = 1\n")
    return "pr", repo.root / "tool.py:1"


def _tests(repo: Repo) -> tuple[str, Path]:
    (repo.root / "tests").mkdir()
    repo.git("mv", "clients/test_tool.py", "tests/test_tool.py")
    return "tests", repo.root / "tool.py:1"


@pytest.mark.parametrize(
    "move",
    [_document, _staged, _changes, _message, _template, _tests],
    ids=lambda move: move.__name__,
)
def test_what_was_moved_leaves_by_no_action(
    world: World, repo: Repo, move: Callable[[Repo], tuple[str, Path]]
) -> None:
    """L7, L23, L24: no process watched it, but one has seen the repository before."""
    action, place = move(repo)
    words = (action, place, "--json", "--lane", "cloud")
    routed = world.run("route", *words).json
    world.run("do", *words)  # and nothing is in what the cloud received; see `World.check`
    if move is not _message:  # which is left out, and the rest may go
        assert (routed["lane"], routed["label"]) == ("local", "NDA")


def test_the_owner_is_told_and_opens_it(world: World, repo: Repo) -> None:
    _, place = _document(repo)
    file = str(place).partition(":")[0]
    told = world.run("label", "--json", file).json
    # It moved from there, and is that file in whole: either is a reason.
    assert (told["label"], "clients/" in str(told["reasons"])) == ("NDA", True)
    assert "label --open" in str(told["reasons"])
    assert world.run("label", "--open", "--yes", file).status == 0
    assert world.run("label", "--json", file).json["label"] == "OPEN"
    repo.put("q.py", "def q(a):\n    return 1\n")
    assert world.docstring(world.root / "q.py").json["decision"]["lane"] == "cloud"
