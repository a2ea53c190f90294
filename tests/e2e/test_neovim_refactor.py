"""A refactoring across a repository in a real Neovim: asked, applied in each buffer, undone in each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support_git import Repo
from support_neovim import Neovim
from support_repository import put

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.neovim

CART = "# 🙂🙂 é\ndef total(items):\n\treturn sum(items)  # é\n"
SHOW = "# é 😀\r\nfrom cart import total\r\n\r\nprint('😀', total([1]))\r\n"
OLD = "from cart import total\n"


def block(path: str, search: str) -> str:
    new = search.replace("total", "sum_of")
    return f"{path}\n<<<<<<< SEARCH\n{search}\n=======\n{new}\n>>>>>>> REPLACE\n\n"


REPLY = (
    block("cart.py", "def total(items):")
    + block("show.py", "from cart import total\n\nprint('😀', total([1]))")
    + "DELETE old.py\nRENAME docs.md -> guide.md\n"
    + block("docs.md", "Call `total`.")
)


@pytest.mark.parametrize("says", [1, 2])
def test_many_files_are_changed_once_the_person_agrees(tmp_path: Path, says: int) -> None:
    root = Repo(tmp_path / "repository").root
    put(root / "twolane.toml", '[nda]\npaths = ["*"]\n')
    files = {"cart.py": CART, "show.py": SHOW, "old.py": OLD, "docs.md": "Call `total`.\n"}
    for path, text in files.items():
        put(root / path, text)
    script = put(tmp_path / "replies.json", json.dumps([{"reply": REPLY}]))
    room = Neovim(tmp_path, settings={"local": {"url": f"scripted:{script}"}})
    paths = [str(root / path) for path in ("cart.py", "show.py", "guide.md")]
    drove = room.drive(
        "refactor.lua",
        file=str(root / "cart.py"),
        at="def total",
        title="Refactor across the repository…  [local: NDA *]",
        instruction="rename total to sum_of",
        files=paths,
        says=says,
        undo=True,
    )
    assert drove.report["asked"], drove.report
    (asked,) = drove.report["asked"]
    assert "Refactor across the repository… Change 4 files?" in asked
    shown = [text.replace("\r\n", "\n") for text in (CART, SHOW, files["docs.md"])]
    if says == 1:
        changed = [text.replace("total", "sum_of") for text in shown]
        assert [drove.report["texts"][path] for path in paths] == changed
        assert not (root / "old.py").exists()
        assert not (root / "docs.md").exists()
        # One undo for each file.
        assert [drove.report["undone"][path] for path in paths] == shown
        assert "not as it should be" not in drove.report["messages"]
    else:
        assert drove.report["texts"][paths[0]] == shown[0]
        assert {path: (root / path).read_bytes().decode() for path in files} == files
    drove.check_clean()
