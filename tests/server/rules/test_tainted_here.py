"""Which files of a repository stay NDA, laid over what its rules say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_repository import make_repository, put
from support_trust import make_folders
from twolane_server.fragments import Label
from twolane_server.repositories.indexing import open_repository
from twolane_server.rules.tainted import Tainted
from twolane_server.rules.tainted_here import TaintedHere
from twolane_server.rules.verdicts import Verdicts
from twolane_server.settings.resolved import NdaRules

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_context.repository import Repository
    from twolane_server.rules.tainted_here import Judge

NAMES = ("a.py", "b.py", "c.py", "clients/n.py", "pack/d.py")


class Desk:
    """A repository with five files of code, of which one is under NDA; and the policy."""

    def __init__(self, top: Path) -> None:
        self.root = make_repository(top / "r", '[nda]\npaths = ["clients/**"]\n')
        for name in NAMES:
            put(self.root / name, f"name_{len(name)} = {name!r}\n")
        folders = make_folders(top / "own")
        self.state = folders.state
        self.repository: Repository = open_repository(self.root, folders)[0]
        self.repository.refresh()
        self.verdicts = Verdicts(self.repository, NdaRules())
        self.tainted = Tainted(self.state)
        self.here = TaintedHere(self.repository, self.tainted)

    def judge(self) -> Judge:
        return self.here.over(self.verdicts)

    def taint(self, name: str) -> None:
        self.tainted.add(str(self.root / name), "it holds code of r/clients/n.py")

    def open(self, judge: Judge) -> set[str]:
        """The open ones of the files; all ways to ask agree."""
        files = self.repository.index.files
        found = {path for path in files if judge.open(path)}
        assert found == {path for path in files if judge(path).open}
        assert judge.visible() == len(found)
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_without_any_the_rules_alone_speak(desk: Desk) -> None:
    assert desk.judge() is desk.verdicts
    desk.tainted.add("/elsewhere/a.py", "it holds code of r/clients/n.py")
    assert desk.open(desk.judge()) == {"a.py", "b.py", "c.py", "pack/d.py"}


def test_those_that_stay_are_left_out_and_nothing_becomes_open(desk: Desk) -> None:
    for name in ("a.py", "pack/d.py", "clients/n.py", "not/there.py"):
        desk.taint(name)
    assert desk.open(desk.judge()) == {"b.py", "c.py"}
    assert desk.judge()("a.py").label is Label.NDA


def test_one_that_comes_or_moves_later_counts_at_once(desk: Desk) -> None:
    """Also for who keeps what it was given."""
    desk.taint("a.py")
    desk.taint("later.py")
    judge = desk.judge()
    put(desk.root / "later.py", "later = 1\n")
    (desk.root / "a.py").rename(desk.root / "moved.py")
    desk.repository.refresh()
    assert desk.open(judge) == {"b.py", "c.py", "pack/d.py"}
    assert {"later.py", "moved.py"} < desk.repository.index.files.keys()


def test_where_nobody_can_tell_nothing_is_open(desk: Desk) -> None:
    put(desk.state / "pasted.json", "{")
    assert desk.open(desk.judge()) == set()
