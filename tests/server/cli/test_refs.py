"""`twolane refs`, as it is typed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from support_repository import put

if TYPE_CHECKING:
    from pathlib import Path

    from support_cli import Shell


@pytest.fixture
def shell(shell: Shell) -> Shell:
    put(shell.root / "p" / "__init__.py", "")
    put(shell.root / "p" / "a.py", "def go(): ...\n")
    put(shell.root / "p" / "b.py", "from p.a import go\n\n'é', go()\n")
    shell.environ["PATH"] = str(shell.top / "bin")
    return shell


def server(shell: Shell, code: str) -> Path:
    """A language server for Python on the PATH that does as told."""
    file = shell.top / "bin" / "basedpyright-langserver"
    put(file, f"#!{sys.executable}\nimport sys\n{code}\n").chmod(0o755)
    return file


def test_places_are_printed_and_found_from_any_of_them(shell: Shell) -> None:
    for place in ("p/a.py:1:4", "p/b.py:1:16", "p/b.py:3:7"):
        ran = shell.run("refs", "--repo", str(shell.root), place)
        assert (ran.status, ran.err) == (0, "")
        assert ran.out.splitlines() == ["p/a.py:1:4", "p/b.py:1:16", "p/b.py:3:6"]


def test_json(shell: Shell) -> None:
    ran = shell.run("refs", "--json", "--repo", str(shell.root), "p/a.py:1:5")
    assert ran.json == [
        {"path": "p/a.py", "line": 1, "col": 4},
        {"path": "p/b.py", "line": 1, "col": 16},
        {"path": "p/b.py", "line": 3, "col": 6},
    ]


def test_nothing_is_status_one_and_a_wrong_place_two(shell: Shell) -> None:
    ran = shell.run("refs", "--repo", str(shell.root), "p/b.py:2:0")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "twolane: No name stands at p/b.py:2:0.\n"
    for place in ("p/a.py", "p/a.py:1", "p/a.py:0:1", "p/gone.py:1:1"):
        assert shell.run("refs", "--repo", str(shell.root), place).status == 2


def test_a_server_that_fails_is_told_once_and_costs_no_answer(shell: Shell) -> None:
    asked = shell.top / "asked"
    server(shell, f"open({str(asked)!r}, 'w')")
    ran = shell.run("refs", "--repo", str(shell.root), "p/a.py:1:4")
    assert ran.status == 0
    assert len(ran.out.splitlines()) == 3
    assert ran.err.splitlines() == [
        "twolane: The language server for Python failed: it ended. The sites are those found without it."
    ]
    assert asked.exists()


def test_it_is_not_asked_where_that_is_not_wanted(shell: Shell) -> None:
    asked = shell.top / "asked"
    server(shell, f"open({str(asked)!r}, 'w')")
    ran = shell.run("refs", "--no-confirm", "--repo", str(shell.root), "p/a.py:1:4")
    assert (len(ran.out.splitlines()), ran.err) == (3, "")
    put(shell.root / "a.go", "package m\n\nfunc Go() {}\n")
    assert shell.run("refs", "--repo", str(shell.root), "a.go:3:5").out == "a.go:3:5\n"
    assert not asked.exists()
