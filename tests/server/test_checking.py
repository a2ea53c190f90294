"""The user's own check of a refactoring, in a temporary working tree."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_git import Repo
from support_processes import is_alive
from support_repository import put
from support_waiting import PATIENCE
from support_writing import change, tree_of
from twolane_server.actions.outcomes import Across
from twolane_server.checking import Checker
from twolane_server.edits.changes import Changes
from twolane_server.settings.load import load
from twolane_server.settings.resolved import CheckSettings, Folders, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANGES = Changes.of(
    [
        change("a.py", "x = 1\n", "x = 2\n"),
        change("b.py", "y = 1\n", "y = 1\n", to="new/c.py"),
        change("d.py", "z = 1\n", None),
        change("e.py", None, "w = 1\n"),
    ]
)
# Writes what it sees to a file outside, then ends with a status.
LOOK = """
import json, os, sys
from pathlib import Path
seen = {str(p): p.read_text() for p in Path(".").rglob("*") if p.is_file() and ".git" not in p.parts}
Path(sys.argv[1]).write_text(json.dumps([seen, os.getcwd(), dict(os.environ)]))
Path("left behind").write_text("x")
sys.exit(int(sys.argv[2]))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    repo = Repo(tmp_path / "repository")
    for path, text in {"a.py": "x = 1\n", "b.py": "y = 1\n", "d.py": "z = 1\n"}.items():
        repo.put(path, text)
    repo.put(".gitignore", "*.log\n")
    repo.commit("Start")
    repo.put("untracked.py", "u = 1\n")
    repo.put("ignored.log", "no\n")
    return repo.root


async def look(
    root: Path, *command: str, environ: Mapping[str, str] | None = None, seconds: float = 30.0
) -> Across:
    settings = Settings(check=CheckSettings(command, seconds))
    checker = Checker(settings, environ or {"PATH": os.environ["PATH"]})
    return await checker.look(Across(str(root), CHANGES, ("before",)), silence)


def silence(message: str, share: float | None) -> None:
    del message, share


def program(out: Path, status: int) -> tuple[str, ...]:
    return (sys.executable, "-c", LOOK, str(out), str(status))


async def test_it_sees_the_tree_with_the_changes_and_nothing_else_is_touched(
    root: Path, tmp_path: Path
) -> None:
    before = tree_of(root)
    environ = {"PATH": os.environ["PATH"], "HOLYSHEEP_API_KEY": "k" * 20, "GIT_DIR": "/nowhere"}
    checked = await look(root, *program(tmp_path / "out", 0), environ=environ)
    seen, where, given = json.loads((tmp_path / "out").read_text())
    assert seen == {
        ".gitignore": "*.log\n",
        "a.py": "x = 2\n",
        "new/c.py": "y = 1\n",
        "e.py": "w = 1\n",
        "untracked.py": "u = 1\n",
    }
    assert Path(where).name == root.name
    with pytest.raises(FileNotFoundError):
        os.stat(where)  # noqa: PTH116 - gone
    assert not {"HOLYSHEEP_API_KEY", "GIT_DIR"} & given.keys()
    assert not checked.failed
    assert checked.changes == CHANGES
    assert checked.notes[0] == "before"
    assert checked.notes[1].startswith(f"The check {Path(sys.executable).name} passed (")
    after = tree_of(root)
    assert {p: t for p, t in after.items() if not p.startswith(".git/")} == {
        p: t for p, t in before.items() if not p.startswith(".git/")
    }
    assert not (root / ".git" / "worktrees").exists()


async def test_what_it_finds_is_told(root: Path, tmp_path: Path) -> None:
    checked = await look(root, *program(tmp_path / "out", 3))
    assert checked.failed
    assert "failed with status 3" in checked.notes[1]
    checked = await look(root, "/no/such/program")
    assert checked.failed
    assert "could not run" in checked.notes[1]
    checked = await look(root, "sleep", "60", seconds=0.2)
    assert checked.failed
    assert "took longer" in checked.notes[1]


async def test_what_a_check_has_started_ends_with_it(root: Path, tmp_path: Path) -> None:
    """Also a server that the tests left running in the background."""
    out = tmp_path / "child"
    script = f"sleep 600 & echo $! > {out}.new; mv {out}.new {out}; wait"
    running = asyncio.ensure_future(look(root, "sh", "-c", script, seconds=600.0))
    while not out.exists():
        assert not running.done()
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    child = int(out.read_text("utf-8"))
    end = time.monotonic() + PATIENCE
    while is_alive(child):
        assert time.monotonic() < end, "it still runs"
        await asyncio.sleep(0.01)


async def test_a_tree_of_the_users_that_is_not_mounted_now_is_not_forgotten(
    root: Path, tmp_path: Path
) -> None:
    away = tmp_path / "away"
    Repo(root).git("worktree", "add", "-q", "--detach", str(away))
    away.rename(tmp_path / "unplugged")
    assert not (await look(root, *program(tmp_path / "out", 0))).failed
    assert [each.name for each in (root / ".git/worktrees").iterdir()] == ["away"]


async def test_who_cancels_while_files_are_copied_leaves_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copying, go_on, copy2 = threading.Event(), threading.Event(), shutil.copy2
    made: list[Path] = []

    def slowly(source: Path, to: Path, *, follow_symlinks: bool) -> None:
        copy2(source, to, follow_symlinks=follow_symlinks)
        made.append(to)
        copying.set()
        assert go_on.wait(PATIENCE)

    monkeypatch.setattr(shutil, "copy2", slowly)
    looking = asyncio.create_task(look(root, *program(tmp_path / "out", 0)))
    assert await asyncio.to_thread(copying.wait, PATIENCE)
    looking.cancel()
    await asyncio.sleep(0.2)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await looking
    await asyncio.sleep(0.3)  # a thread that went on would make it anew
    [file] = made
    assert not file.parent.parent.exists()
    assert not (root / ".git" / "worktrees").exists()
    assert not (tmp_path / "out").exists()


async def test_nothing_of_the_repositorys_runs(root: Path, tmp_path: Path) -> None:
    trap = f"#!/bin/sh\necho ran >> {tmp_path}/ran\ncat\n"
    hook = put(root / ".git/hooks/post-checkout", trap)
    script = put(root / "filter.sh", trap)
    for file in (hook, script):
        file.chmod(0o755)
    put(root / ".gitattributes", "*.py filter=trap\n")
    with (root / ".git/config").open("a") as config:
        config.write(f'[filter "trap"]\n\tsmudge = {script}\n\tclean = {script}\n')
    checked = await look(root, *program(tmp_path / "out", 0))
    assert not checked.failed, checked.notes
    assert not (tmp_path / "ran").exists()


def test_only_the_users_own_file_names_a_program(tmp_path: Path) -> None:
    own = Folders(tmp_path, tmp_path, tmp_path)
    options = {"check": {"command": ["evil"]}}
    settings, problems = load(own, options, {})
    assert settings.check.command == ()
    assert ["counts in settings.toml alone" in str(one) for one in problems] == [True]
    put(tmp_path / "settings.toml", '[check]\ncommand = ["make", "test"]\nseconds = 30\n')
    settings, problems = load(own, options, {})
    assert settings.check == CheckSettings(("make", "test"), 30)
