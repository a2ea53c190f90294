"""The whole way in a real Neovim with the real server: list, run, watch, cancel, apply, undo."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support_counts import how_many
from support_fake_server import MODEL, FakeServer, answer
from support_neovim import Neovim

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.neovim

PYTHON = '''\
"""Café 🙂 tools."""


def zählen(wörter):  # 🙂🙂 before the code
    return len(wörter)  # é


def 合計(数):
    return sum(数)
'''
RUST = """\
//! Café 🙂 tools.

/* 🙂 */
pub fn noël(été: &[u8]) -> usize { // 🙂
    été.len() // é
}
"""
LANE = "[local: NDA src/**]"
ROUNDS = how_many("TWOLANE_RACES", 60, 1_000, part=0.3)  # of all in editors


def _room(tmp_path: Path, *replies: dict[str, Any]) -> Neovim:
    script = tmp_path / "replies.json"
    script.write_text(json.dumps(replies), "utf-8")
    return Neovim(tmp_path, settings={"local": {"url": f"scripted:{script}"}})


def _written(tmp_path: Path, name: str, text: str, eol: str = "\n") -> Path:
    """A file under NDA in a git repository."""
    root = tmp_path / "repository"
    path = root / "src" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (root / "twolane.toml").write_text('[nda]\npaths = ["src/**"]\n')
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    path.write_bytes(text.replace("\n", eol).encode())
    return path


def _reply(text: str, **more: object) -> dict[str, Any]:
    """An answer in pieces that cut words, and slowly enough to be watched."""
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    return {"chunks": pieces, "delay_seconds": 0.05, **more}


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_a_docstring_in_python(eol: str, tmp_path: Path) -> None:
    path = _written(tmp_path, "a.py", PYTHON, eol)
    room = _room(tmp_path, _reply("Count the words.\n\nÉ and 🙂 count as one each."))
    drove = room.drive(
        "edit.lua",
        file=str(path),
        at="def zählen",
        title=f"Write docstring  {LANE}",
        watched="É and 🙂",
    )
    expected = PYTHON.replace(
        "code\n",
        'code\n    """Count the words.\n\n    É and 🙂 count as one each.\n    """\n',
    )
    assert path.read_bytes() == expected.replace("\n", eol).encode()
    assert drove.report["shown"][0].startswith("twolane · local: NDA (src/** in twolane.toml)")
    assert "LSP[twolane]" not in drove.report["messages"]
    drove.check_clean()


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_a_comment_in_rust(eol: str, tmp_path: Path) -> None:
    path = _written(tmp_path, "a.rs", RUST, eol)
    room = _room(tmp_path, _reply("Counts the summers, 🙂 among them."))
    drove = room.drive(
        "edit.lua",
        file=str(path),
        at="été.len()",
        title=f"Write docstring  {LANE}",
        watched="summers",
    )
    expected = RUST.replace("pub fn", "/// Counts the summers, 🙂 among them.\npub fn")
    assert path.read_bytes() == expected.replace("\n", eol).encode()
    drove.check_clean()


def test_where_a_line_may_end_elsewhere_nothing_is_changed(tmp_path: Path) -> None:
    """Neovim shows a CR within its line, so each edit below it would be one line too low."""
    path = _written(tmp_path, "a.py", f"x = 'a\rb'\n{PYTHON}")
    room = _room(tmp_path, _reply("Count the words."))
    drove = room.drive(
        "odd_lines.lua", file=str(path), at="return len", title=f"Write docstring  {LANE}"
    )
    drove.check_clean()


@pytest.mark.parametrize("way", ["request", "progress"])
def test_cancelling_leaves_the_buffer_and_frees_the_server(way: str, tmp_path: Path) -> None:
    path = _written(tmp_path, "a.py", PYTHON, "\r\n")
    slow = _reply("slow words " * 200, times=1)
    room = _room(tmp_path, slow, {"reply": "Count the words."})
    drove = room.drive("cancel.lua", file=str(path), at="def zählen", slow="slow", way=way)
    expected = PYTHON.replace("code\n", 'code\n    """Count the words."""\n')
    assert path.read_bytes() == expected.replace("\n", "\r\n").encode()
    assert drove.report["seconds"] < 5, "the answer takes fifteen"
    assert "Error" not in drove.report["messages"]
    drove.check_clean()


@pytest.mark.parametrize("way", ["request", "progress"])
def test_cancelling_closes_the_socket(way: str, tmp_path: Path) -> None:
    path = _written(tmp_path, "a.py", PYTHON)
    slow = answer(*["slow words "] * 200, delay=0.05)
    with FakeServer(slow, answer("Count the words.")).start_in_thread() as server:
        settings = {"local": {"url": server.url, "model": MODEL}}
        drove = Neovim(tmp_path, settings).drive(
            "cancel.lua", file=str(path), at="def zählen", slow="slow", way=way
        )
        assert len(server.broken_off) == 1
        assert server.until_blocking(lambda server: server.open == 0)
    assert '"""Count the words."""' in path.read_text("utf-8")
    drove.check_clean()


@pytest.mark.slow
def test_typing_around_the_moment_of_the_edit_never_yields_a_mixed_text(tmp_path: Path) -> None:
    path = _written(tmp_path, "a.py", PYTHON)
    room = _room(tmp_path, {"reply": "Count the words."})
    documented = PYTHON.replace("code\n", 'code\n    """Count the words."""\n')
    drove = room.drive(
        "race.lua",
        seconds=240 + 2 * ROUNDS,
        file=str(path),
        at="def zählen",
        documented=documented,
        rounds=ROUNDS,
        seed=7,
    )
    assert drove.report["applied"] + drove.report["dropped"] == ROUNDS
    assert drove.report["applied"] > 0
    assert drove.report["dropped"] > 0
    # An edit that was applied is not called doubtful because of what was typed right after it.
    assert "should have left it" not in drove.report["messages"]
    drove.check_clean()


@pytest.mark.parametrize("typed_at", [0, 4, -1], ids=["above", "inside", "below"])
def test_a_stale_answer_is_dropped(typed_at: int, tmp_path: Path) -> None:
    path = _written(tmp_path, "a.py", PYTHON)
    room = _room(tmp_path, _reply("Count the words, slowly, one after the other."))
    drove = room.drive("stale.lua", file=str(path), at="def zählen", typed_at=typed_at)
    assert path.read_bytes() == PYTHON.encode()
    drove.check_clean()


@pytest.mark.parametrize("instruction", ["use a loop", ""])
def test_a_rewrite_as_told_or_as_the_comment_above_says(instruction: str, tmp_path: Path) -> None:
    text = PYTHON if instruction else PYTHON.replace("def 合計", "# use a loop\ndef 合計")
    new = "def 合計(数):\n    n = 0\n    for x in 数:\n        n += x\n    return n\n"
    path = _written(tmp_path, "a.py", text, "\r\n")
    room = _room(tmp_path, _reply(f"```python\n{new}```\n", match="use a loop"))
    drove = room.drive(
        "edit.lua",
        file=str(path),
        at="def 合計",
        to="return sum",
        title=f"Rewrite selection…  {LANE}",
        instruction=instruction,
        watched="for x in",
    )
    expected = text.replace("def 合計(数):\n    return sum(数)\n", new)
    assert path.read_bytes() == expected.replace("\n", "\r\n").encode()
    assert drove.report["questions"] == 1
    drove.check_clean()


def test_two_buffers_at_once(tmp_path: Path) -> None:
    texts = {"a.py": PYTHON.replace("wörter", "alpha"), "b.py": PYTHON.replace("wörter", "beta")}
    files = [_written(tmp_path, name, text) for name, text in texts.items()]
    # Each prompt may show the other file as context; only what it asks about stands after a fence.
    room = _room(
        tmp_path,
        _reply("Count alpha, one word after the other.", match="```python\ndef zählen(alpha)"),
        _reply("Count beta, one word after the other.", match="```python\ndef zählen(beta)"),
    )
    drove = room.drive("two_buffers.lua", files=[str(file) for file in files], at="def zählen")
    for file, name in zip(files, ["alpha", "beta"], strict=True):
        added = f'    """Count {name}, one word after the other."""\n'
        expected = texts[file.name].replace("code\n", f"code\n{added}")
        assert file.read_bytes() == expected.encode()
    drove.check_clean()


def test_two_clients_on_one_buffer(tmp_path: Path) -> None:
    path = _written(tmp_path, "a.py", PYTHON, "\r\n")
    room = _room(
        tmp_path,
        _reply(
            "Count the words.",
            match="```python\ndef zählen(wörter):  # 🙂🙂 before the code\n    return",
        ),
        _reply("Add the numbers."),
    )
    drove = room.drive("two_clients.lua", file=str(path), at=["def zählen", "def 合計"])
    expected = PYTHON.replace("code\n", 'code\n    """Count the words."""\n').replace(
        "(数):\n", '(数):\n    """Add the numbers."""\n'
    )
    assert path.read_bytes() == expected.replace("\n", "\r\n").encode()
    drove.check_clean(servers=2)


def test_checkhealth_asks_doctor(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "twolane_server.cli", "lsp"]
    environ = {"TWOLANE_LOCAL_URL": "http://127.0.0.1:9/v1"}
    shown = Neovim(tmp_path, environ=environ).drive("client_health.lua", cmd=program).report
    assert "OK settings: " in shown
    assert "ERROR local lane: " in shown
    assert "WARNING cloud lane: " in shown
    assert "ADVICE" in shown
    assert "OK ledger: " in shown
