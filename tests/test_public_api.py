"""What others may build on. A name that appears or goes is a decision: it changes this file too."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PUBLIC = {
    "answers": ["Answers"],
    "cache": ["Cache"],
    "pack": ["Piece"],
    "question": ["Selection"],
    "references": ["Site"],
    "repository": ["Repository"],
    "spans": ["Span"],
    "tokens": ["counter_for"],
    "work": ["examine_all"],
}


@pytest.mark.parametrize("module", PUBLIC)
def test_the_public_names_are_there(module: str) -> None:
    found = import_module(f"twolane_context.{module}")
    assert all(getattr(found, name).__doc__ for name in PUBLIC[module])


@pytest.mark.parametrize("package", ["twolane_context", "twolane_server"])
def test_importing_a_package_is_cheap(package: str) -> None:
    heavy = {"tree_sitter", "httpx", "pydantic", "pygls", "lsprotocol", "rich", "asyncio"}
    program = f"import {package}, sys; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert done.stdout.split() == []


def test_the_engine_is_a_library(tmp_path: Path) -> None:
    """What its first page shows, without the server."""
    (tmp_path / "lib.py").write_text("def fold(a):\n    return a\n")
    (tmp_path / "tool.py").write_text(
        "from lib import fold\n\n\ndef tool(a):\n    return fold(a)\n"
    )
    program = (
        "import sys, pathlib\n"
        "from twolane_context.answers import Answers\n"
        "from twolane_context.question import Selection\n"
        "from twolane_context.repository import Repository\n"
        "from twolane_context.tokens import counter_for\n"
        "r = Repository(pathlib.Path(sys.argv[1])); r.refresh(); a = Answers(r)\n"
        "count = counter_for('deepseek-v3.2')\n"
        "print(*(p.path for p in a.context([Selection('tool.py', 4, 4)], 99, count)))\n"
        "print(*(f'{s.path}:{s.row}' for s in a.references('lib.py', 0, 4)))\n"
        "print(*(m for m in sys.modules if m.startswith('twolane_server')))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["lib.py", "lib.py:0 tool.py:0 tool.py:4", ""]


def test_turning_a_fragment_into_text_is_not_public() -> None:
    assert not hasattr(import_module("twolane_context"), "disclose")
