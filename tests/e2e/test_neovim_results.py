"""Every kind of result in a real Neovim: pages, messages for git, findings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support_neovim import Neovim
from support_repository import make_repository, put

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.neovim

PYTHON = "def zählen(wörter):  # 🙂🙂\n    return len(wörter)  # é\n"


def _room(tmp_path: Path, *replies: object) -> Neovim:
    script = put(tmp_path / "replies.json", json.dumps(replies))
    return Neovim(tmp_path, settings={"local": {"url": f"scripted:{script}"}})


def test_an_explanation_opens_beside_the_code(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repository", '[nda]\npaths = ["src/**"]\n')
    path = put(root / "src" / "a.py", PYTHON)
    text = "# Zählen\n\nZählt Wörter, 🙂.\n\n<!-- vim: set ts=99: -->\n"
    drove = _room(tmp_path, {"reply": text}).drive(
        "page.lua",
        file=str(path),
        at="return",
        title="Explain…  [local: NDA src/**]",
        page="Explain zählen",
    )
    shown = text.replace("<!--", "&lt;!--").removesuffix("\n").split("\n")
    assert drove.report == {
        "lines": shown,
        "filetype": "markdown",
        "buftype": "nofile",
        "clients": 0,
        "tabstop": drove.report["tabstop"],
        "windows": 2,
    }
    assert drove.report["tabstop"] != 99
    assert path.read_text("utf-8") == PYTHON
    drove.check_clean()
