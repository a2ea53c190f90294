"""What git holds in other letters than UTF-8: no word and no marker in it could be found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_git import Repo
from support_trust import grant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support_leaks import World

CLIENT = "Société Générale"
MARKER = "STRENG VERTRÄULICH"
LINES = "x = 1\n" * 50


@pytest.fixture
def repo(world: World) -> Repo:
    """A repository whose policy has a word and a marker that are spelled with accents."""
    repo = Repo(world.root)
    repo.put(
        "twolane.toml",
        f'[nda]\npaths = ["clients/"]\nwords = ["{CLIENT}"]\nmarkers = ["{MARKER}"]\n',
    )
    repo.git("add", "-A")
    repo.commit("Start")
    grant(world.root, world.folders)
    return repo


def _told(world: World, encoding: str) -> bytes:
    mark = world.secret.partition("é")[0]
    return f"{LINES}# for {CLIENT} {mark}\n".encode(encoding)


def _converted(repo: Repo) -> None:
    repo.stage(told_py=LINES)


def _deleted(repo: Repo) -> None:
    repo.git("rm", "-q", "told.py")


def _renamed(repo: Repo) -> None:
    repo.git("mv", "told.py", "now.py")
    repo.stage(now_py=LINES)


@pytest.mark.parametrize("action", ["commit", "pr"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("gone", [_converted, _deleted, _renamed], ids=lambda one: one.__name__)
def test_lines_that_were_not_utf_8_stay_local(
    world: World, repo: Repo, gone: Callable[[Repo], None], encoding: str, action: str
) -> None:
    repo.put(".gitattributes", "*.py diff\n")  # also what looks like data to git
    repo.put("told.py", _told(world, encoding))
    repo.git("add", "-A")
    repo.commit("Add")
    repo.git("checkout", "-qb", "work")
    gone(repo)
    if action == "pr":
        repo.commit("Change")
    routed = world.run("route", action, "--json", "--lane", "cloud").json
    world.run("do", action, "--json", "--lane", "cloud")
    assert (routed["lane"], routed["label"], world.chats) == ("local", "NDA", [])


def test_what_one_file_lost_stays_local_too(world: World, repo: Repo) -> None:
    repo.commit("Add", told_py=_told(world, "latin-1"))
    file = repo.put("told.py", LINES)
    routed = world.run("route", "changes", file, "--json", "--lane", "cloud").json
    world.run("do", "changes", file, "--json", "--lane", "cloud")
    assert (routed["lane"], routed["label"], world.chats) == ("local", "NDA", [])


@pytest.mark.parametrize(
    "told", [f"# {MARKER}\n".encode("latin-1"), "# CONFIDENTIAL\n".encode("utf-16-le")]
)
def test_a_message_about_a_marker_in_other_letters_is_no_example(
    world: World, repo: Repo, told: bytes
) -> None:
    repo.commit(f"Say {world.secret}", told_py=told)
    repo.commit("Convert", told_py="x = 1\n")
    repo.stage(lib_py="x = 1\n")
    assert (
        world.run("do", "commit", "--json", "--lane", "cloud").json["decision"]["lane"] == "cloud"
    )


def test_a_message_in_other_letters_is_no_example(world: World, repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "message"
    mark = world.secret.partition("é")[0]
    file.write_bytes(f"Work for {CLIENT} {mark}\n".encode("latin-1"))
    repo.stage(lib_py="x = 1\n")
    repo.git("-c", "i18n.commitEncoding=latin1", "commit", "-q", "-F", str(file))
    repo.stage(lib_py="x = 2\n")
    assert (
        world.run("do", "commit", "--json", "--lane", "cloud").json["decision"]["lane"] == "cloud"
    )
