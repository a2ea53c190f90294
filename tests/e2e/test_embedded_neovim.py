"""Every action with the embedded model in a real Neovim: each ends well, or with a sentence."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from support_modest import CASES, check_asked, check_text, environ, modest, settings
from support_neovim import Neovim

if TYPE_CHECKING:
    from pathlib import Path

    from support_matrix import Case

pytestmark = [pytest.mark.embedded, pytest.mark.neovim, pytest.mark.slow]

SECONDS = 240  # for one action on a busy machine; a hang is longer than that
TOLD = ("name", "file", "line", "title", "ask", "problem")


def test_every_action_comes_to_something_or_to_a_sentence(tmp_path: Path) -> None:
    root = modest(tmp_path / "repository")
    before = _files(root)
    room = Neovim(tmp_path, settings=settings(), environ=environ(tmp_path / "model"))
    cases = [{name: told for name in TOLD if (told := getattr(case, name)) != ""} for case in CASES]
    drove = room.drive(
        "embedded.lua", seconds=SECONDS * 4, cases=cases, root=str(root), seconds_each=SECONDS
    )
    came = [_check(case, shown) for case, shown in zip(CASES, drove.report, strict=True)]
    assert any(came), "the model came to nothing at all"
    assert "Traceback" not in drove.output
    after = _files(root)
    assert {path: after[path] for path in before} == before, "nothing is written but by the person"
    check_asked(tmp_path / "state")
    drove.check_clean()


def _check(case: Case, shown: dict[str, Any]) -> bool:
    """One action's end; whether it came to anything."""
    told = shown["messages"]
    assert shown["name"] == case.name
    assert "Error" not in told, told
    for one in shown["changed"]:
        assert one["undone"], f"{case.name}: one undo is not enough in {one['file']}"
        check_text(case, one["file"], one.get("before", ""), one["after"])
    came = bool(shown["changed"] or shown["pages"] or shown["found"])
    assert came or "twolane: " in told, f"{case.name}: nothing came of it, and nothing was said"
    if "nothing was applied" in told:
        assert not came, case.name
    return came


def _files(root: Path) -> dict[str, bytes]:
    names = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z"], check=True, capture_output=True
    ).stdout.decode()
    return {name: (root / name).read_bytes() for name in names.split("\0") if name}
