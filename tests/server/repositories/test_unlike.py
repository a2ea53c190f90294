"""Files that are as they were are told from all others, as a look at each would."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from support_repository import put
from twolane_context.repository import Repository
from twolane_server.repositories.unlike import Below, unlike

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ("a.py", "in/b.py", "in/deep/c.py")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    root = tmp_path / "r"
    for name in NAMES:
        put(root / name, "x = 1\n")
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 9_000_000_000)  # that they are not too young
    repository = Repository(root)
    repository.refresh()
    return repository


def _unlike(repository: Repository) -> list[str]:
    return unlike(repository, NAMES)


def test_what_nobody_touched_needs_no_look(repository: Repository) -> None:
    assert _unlike(repository) == []


def _laid_elsewhere(folder: Path) -> None:
    folder.rename(folder.parent.parent / "elsewhere")
    folder.symlink_to("../elsewhere")


def _linked(file: Path) -> None:
    file.rename(file.with_name("other"))
    file.symlink_to("other")


def _replaced(file: Path) -> None:
    put(file.with_name("new"), "y = 2\n").replace(file)


CHANGES: list[tuple[Callable[[Path], object], list[str]]] = [
    (lambda root: (root / "in/b.py").unlink(), ["in/b.py"]),
    (lambda root: (root / "in/b.py").write_text("x = 12\n", "utf-8"), ["in/b.py"]),
    (lambda root: _replaced(root / "a.py"), ["a.py"]),
    (lambda root: _linked(root / "a.py"), ["a.py"]),
    (lambda root: os.utime(root / "in/deep/c.py"), ["in/deep/c.py"]),
    (lambda root: (root / "in").rename(root / "out"), ["in/b.py", "in/deep/c.py"]),
    (lambda root: _laid_elsewhere(root / "in"), ["in/b.py", "in/deep/c.py"]),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_what_changed_in_any_way_is_worth_a_look(
    repository: Repository, change: Callable[[Path], object], expected: list[str]
) -> None:
    change(repository.root)
    assert _unlike(repository) == expected


def test_a_young_file_is_worth_a_look_whatever_it_is(tmp_path: Path) -> None:
    root = tmp_path / "r"
    for name in NAMES:
        put(root / name, "x = 1\n")
    repository = Repository(root)
    repository.refresh()
    assert _unlike(repository) == [*NAMES]


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_what_lies_below_an_unsaved_text_is_looked_at_once_for_each_change(
    repository: Repository, change: Callable[[Path], object], expected: list[str]
) -> None:
    below = Below()
    for name in NAMES:
        repository.overlay(name, b"z = 3\n")
    assert unlike(repository, NAMES, below) == [*NAMES]
    repository.overlay("a.py", b"z = 4\n")
    assert unlike(repository, NAMES, below) == []
    change(repository.root)
    assert unlike(repository, NAMES, below) == expected
    assert unlike(repository, NAMES) == [*NAMES]


def test_what_is_young_below_an_unsaved_text_is_looked_at_each_time(tmp_path: Path) -> None:
    repository, below = Repository(tmp_path), Below()
    put(tmp_path / "a.py", "x = 1\n")
    repository.refresh()
    repository.overlay("a.py", b"z = 3\n")
    assert unlike(repository, ["a.py"], below) == unlike(repository, ["a.py"], below) == ["a.py"]
