"""Every action on the hostile repository in a real Neovim, from the menu to the bytes it writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support_hostile import hostile
from support_matrix import CASES, Case, same, script
from support_neovim import Neovim
from support_repository import put
from twolane_server.actions.base import Reads
from twolane_server.actions.catalogue import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.neovim

MANY = {"refactor", "tests"}  # what they make of files on disk stays, so each has a run of its own
TOLD = ("name", "file", "line", "title", "ask", "problem", "page", "found", "found_in", "fixed")
IN_PLACE = tuple(case for case in CASES if case.action not in MANY)
RUNS = (IN_PLACE, *((case,) for case in CASES if case.action in MANY))


def test_no_action_is_left_out() -> None:
    tried = {case.action for run in RUNS for case in run}
    shown = {action.name for action in ACTIONS if action.reads is not Reads.RANGE}
    assert tried == shown, "a range of commits is in no menu"


@pytest.mark.parametrize(
    "run", RUNS, ids=lambda run: run[0].action if len(run) == 1 else "in place"
)
def test_on_hostile_files(run: tuple[Case, ...], tmp_path: Path) -> None:
    root = hostile(tmp_path / "repository").root
    before = _files(root)
    replies = put(tmp_path / "replies.json", script())
    room = Neovim(tmp_path, settings={"local": {"url": f"scripted:{replies}"}})
    kept = tmp_path / "kept"
    cases = [{name: told for name in TOLD if (told := getattr(case, name))} for case in run]
    cases = [{**case, "fixed": "fixed" in case} for case in cases]  # the text would be too long
    drove = room.drive("matrix.lua", seconds=600, cases=cases, root=str(root), kept=str(kept))
    for case, shown in zip(run, drove.report, strict=True):
        _check(case, shown, root, kept / case.name)
    gone = {path for case in run for path, text in case.after.items() if text is None}
    made = {path for case in run for path in case.after} - before.keys()
    after = _files(root)
    assert after.keys() == (before.keys() - gone) | made
    for path in before.keys() & after.keys():
        same(path, after[path], before[path])
    drove.check_clean()


def _files(root: Path) -> dict[str, str]:
    """All files but git's own, as they are to the byte, and its message."""
    paths: Iterable[Path] = (path for path in root.rglob("*") if path.is_file())
    named = ((path.relative_to(root).as_posix(), path) for path in paths)
    return {
        name: path.read_bytes().decode()
        for name, path in named
        if not name.startswith(".git/") or name.endswith("COMMIT_EDITMSG")
    }


def _check(case: Case, shown: dict[str, Any], root: Path, kept: Path) -> None:
    """What Neovim showed and wrote is what the row says, and nothing else was written."""
    assert "should have left it" not in shown["messages"]
    assert "not as it should be" not in shown["messages"]
    assert shown.get("page") == (case.page[1] if case.page else None)
    assert shown.get("found", []) == [[*one] for one in case.found]
    assert shown["asked"] == (case.action in MANY)
    expected = {case.file: case.fixed} if case.fixed else dict(case.after)
    names = [Path(file).relative_to(root).as_posix() for file in shown["files"]]
    assert sorted(names) == sorted(path for path, text in expected.items() if text is not None)
    for number, name in enumerate(names, 1):
        same(name, (kept / str(number)).read_bytes().decode(), str(expected[name]))
