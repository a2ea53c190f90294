"""Files of rules in a repository: their changes are noticed before anybody tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from twolane_context.repository import Repository
from twolane_server.rules.rule_files import RuleFiles

if TYPE_CHECKING:
    from pathlib import Path


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    put(tmp_path / "a" / "twolane.toml", "[nda]\n")
    put(tmp_path / "x.py", "x = 1\n")
    found = Repository(tmp_path)
    found.refresh()
    return found


def test_one_that_came_later_is_looked_at_too(repository: Repository) -> None:
    rules, late = RuleFiles(repository), repository.root / "b" / "twolane.toml"
    assert rules.changed(), "nothing was known before"
    put(late, "[nda]\n")
    repository.refresh()
    assert rules.changed()
    assert not rules.changed()
    put(late, '[nda]\npaths = ["b/**"]\n')  # and nobody tells
    assert rules.changed()
    assert not rules.changed()


def test_other_files_that_change_are_no_rules(repository: Repository) -> None:
    rules = RuleFiles(repository)
    assert rules.changed()
    put(repository.root / "x.py", "x = 2\n")
    put(repository.root / "y.py", "y = 1\n")
    repository.overlay("x.py", b"x = 3\n")
    repository.refresh()
    assert not rules.changed()


def test_one_that_goes_is_noticed(repository: Repository) -> None:
    rules = RuleFiles(repository)
    assert rules.changed()
    (repository.root / "a" / "twolane.toml").unlink()
    assert rules.changed()


def test_a_folder_that_may_hold_some_may_change_rules(repository: Repository) -> None:
    rules = RuleFiles(repository)
    assert [rules.may_change(path) for path in ("a", "a/twolane.toml", "x.py", "gone.py")] == [
        True,
        True,
        False,
        False,
    ]
