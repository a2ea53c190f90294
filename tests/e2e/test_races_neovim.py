"""A refactoring of many files in a real Neovim, while a person and other programs do all sorts of things.

`TWOLANE_RACES` says how many are tried in all editors together; two tenths are these. All of it comes or nothing, nothing that was typed or written by
others is lost, and one undo takes it back in each file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support_counts import how_many
from support_git import Repo
from support_neovim import Neovim
from support_repository import put

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.neovim, pytest.mark.slow]

ROUNDS = how_many("TWOLANE_RACES", 40, 300, part=0.2)
MARK = "\u2317 typed"
USES = "from a import join\n\nprint('😀', join('é'))\n"
BEFORE = {
    "a.py": "# é 😀\r\n\r\n\r\ndef join(a):\r\n\treturn '😀' + a  # é\r\n",
    "b.py": USES,
    "c.py": f"\ufeff{USES}",
    "docs.md": "Call `join`. 😀\n",
    "old.py": "from a import join\n",
    "new.md": "",
}
AFTER = {
    **{path: BEFORE[path].replace("join", "fuse") for path in ("a.py", "b.py", "c.py")},
    "guide.md": "Call `fuse`. 😀\n",
    "new.md": "# é 😀\n",
}


def _block(path: str, search: str) -> str:
    new = search.replace("join", "fuse")
    return f"{path}\n<<<<<<< SEARCH\n{search}\n=======\n{new}\n>>>>>>> REPLACE\n\n"


REPLY = (
    "".join(_block(path, USES.rstrip()) for path in ("b.py", "c.py"))
    + _block("a.py", "def join(a):")
    + _block("docs.md", "Call `join`. 😀")
    + "new.md\n<<<<<<< SEARCH\n=======\n# é 😀\n>>>>>>> REPLACE\n\n"
    + "DELETE old.py\nRENAME docs.md -> guide.md\n"
)


def test_many_files_change_together_or_not_at_all(tmp_path: Path) -> None:
    root = Repo(tmp_path / "repository").root
    put(root / "twolane.toml", '[nda]\npaths = ["*"]\n')
    for path, text in BEFORE.items():
        if text:
            put(root / path, text)
    replies = [{"chunks": [REPLY[:40], REPLY[40:]], "delay_seconds": 0.001}]
    script = put(tmp_path / "replies.json", json.dumps(replies))
    room = Neovim(tmp_path, settings={"local": {"url": f"scripted:{script}"}})
    drove = room.drive(
        "race_many.lua",
        seconds=240 + 4 * ROUNDS,
        root=str(root),
        before=BEFORE,
        after=AFTER,
        mark=MARK,
        rounds=ROUNDS,
        first=0,
        seed=7,
    )
    assert drove.report["part"] == 0, drove.report["parts"]
    assert drove.report["all"] > ROUNDS / 10, drove.report
    assert drove.report["none"] > ROUNDS / 10, drove.report
    drove.check_clean()
