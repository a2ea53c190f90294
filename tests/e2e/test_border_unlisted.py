"""Code under NDA that no index lists is known again, wherever it lies and however its rules came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_git import Repo
from support_leaks import POLICY, tariff
from support_repository import put

if TYPE_CHECKING:
    from collections.abc import Callable

    from support_leaks import World


def _hidden_folder(world: World, code: str) -> None:
    put(world.root / "clients" / ".own" / "x.py", code)


def _repository_inside(world: World, code: str) -> None:
    Repo(world.root / "clients" / "inner").commit("Start", x_py=code)


def _submodule_that_ignores_it(world: World, code: str) -> None:
    Repo(world.top / "inner").commit("Start", _gitignore="x.py\n")
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    Repo(world.root).git(*add, str(world.top / "inner"), "clients/inner")
    put(world.root / "clients" / "inner" / ".gitignore", "x.py\n")
    put(world.root / "clients" / "inner" / "x.py", code)


def _link(world: World, code: str) -> None:
    put(world.top / "away" / "x.py", code)
    (world.root / "clients" / "x.py").symlink_to(world.top / "away" / "x.py")


def _folder_behind_a_link(world: World, code: str) -> None:
    put(world.top / "away" / "x.py", code)
    (world.root / "clients" / "away").symlink_to(world.top / "away")
    Repo(world.root).git("add", "-A")


def _ignored_policy(world: World, code: str) -> None:
    put(world.root / ".git" / "info" / "exclude", "twolane.toml\nclients/\n")
    put(world.root / "clients" / "x.py", code)


def _policy_behind_a_link(world: World, code: str) -> None:
    put(world.top / "rules.toml", POLICY)
    (world.root / "twolane.toml").unlink()
    (world.root / "twolane.toml").symlink_to(world.top / "rules.toml")
    put(world.root / "clients" / "x.conf", code)


def _utf_32(world: World, code: str) -> None:
    put(world.root / "clients" / "x.py", code.encode("utf-32"))


@pytest.mark.parametrize(
    "place",
    [
        *(_hidden_folder, _repository_inside, _submodule_that_ignores_it, _link),
        *(_folder_behind_a_link, _ignored_policy, _policy_behind_a_link, _utf_32),
    ],
    ids=lambda place: place.__name__,
)
def test_a_copy_in_an_open_file_stays_local(
    world: World, place: Callable[[World, str], None]
) -> None:
    """L1, L2, L8, L11, L12, L15"""
    Repo(world.root)
    code = tariff(world.secret)
    place(world, code)
    copy = put(world.root / "copy.py", code)
    told = world.docstring(copy, "--lane", "cloud").json["decision"]
    assert (told["lane"], "clients/" in str(told["reasons"])) == ("local", True)
    assert world.cloud.connections == 0
    assert world.docstring(world.tool).json["decision"]["lane"] == "cloud"
    copy.unlink()
    # What a tool quotes of it is no other code.
    words = ("--lane", "cloud", "--json", "--instruction", f"no parameter threshold_{world.secret}")
    world.run("do", "fix", f"{world.tool}:1-2", *words)
    assert len(world.chats) == 1
