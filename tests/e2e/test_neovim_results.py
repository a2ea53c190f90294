"""Every kind of result in a real Neovim: pages, messages for git, findings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support_git import Repo
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


def test_a_commit_message_in_the_editor_that_git_opens(tmp_path: Path) -> None:
    """`git commit` starts Neovim; the message that it writes is the commit's."""
    repo = Repo(tmp_path / "repository")
    repo.put("twolane.toml", '[nda]\npaths = ["src/**"]\n')
    repo.commit("Start", src__a_py="old\n")
    repo.stage(src__a_py="new\n")
    file = repo.put(".git/COMMIT_EDITMSG", "\n# Please enter\n# On branch main\n")
    reply = {"match": "-old\n+new", "reply": "Say new, 🙂\n\n# Why\n- because"}
    drove = _room(tmp_path, reply).drive(
        "commit.lua", file=str(file), title="Write commit message  [local: NDA src/**]"
    )
    assert drove.report["filetype"] == "gitcommit"
    assert file.read_text("utf-8") == (
        "Say new, 🙂\n\nWhy\n- because\n\n# Please enter\n# On branch main\n"
    )
    repo.git("commit", "--quiet", "--cleanup=strip", "-F", str(file))
    assert repo.git("log", "-1", "--format=%B").strip() == "Say new, 🙂\n\nWhy\n- because"
    drove.check_clean()


def test_findings_are_diagnostics_that_can_be_mended(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repository", '[nda]\npaths = ["src/**"]\n')
    path = put(root / "src" / "a.py", PYTHON)
    found = [
        {"line": 2, "severity": "error", "message": "Wrong, 🙂.", "fix": "return sum(wörter)"},
        {"line": 1, "message": "No type."},
    ]
    drove = _room(tmp_path, {"reply": json.dumps(found)}).drive(
        "review.lua", file=str(path), at="return", title="Review  [local: NDA src/**]"
    )
    first, second = drove.report["found"]
    assert (first["message"], first["source"], first["lnum"]) == ("No type.", "twolane", 0)
    assert (second["message"], second["severity"], second["lnum"]) == ("Wrong, 🙂.", 1, 1)
    assert drove.report["left"] == ["No type."]
    assert path.read_text("utf-8") == PYTHON.replace(
        "return len(wörter)  # é", "return sum(wörter)"
    )
    drove.check_clean()


def test_findings_in_a_file_that_is_not_open_follow_the_disk(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repository")
    repo.commit("Start", a_py=PYTHON, b_py=PYTHON, **{"twolane.toml": '[nda]\npaths = ["*"]\n'})
    path = repo.put("a.py", PYTHON.replace("len", "sum"))
    other = repo.put("b.py", PYTHON.replace("len", "sum"))
    found = [
        {"file": "a.py", "line": 2, "message": "Here."},
        {"file": "b.py", "line": 2, "message": "There, 🙂."},
    ]
    drove = _room(tmp_path, {"reply": json.dumps(found)}).drive(
        "review_files.lua", file=str(path), other=str(other), title="Review all changes"
    )
    assert drove.report == {"first": [1], "moved": [3], "gone": [], "here": [1]}
    drove.check_clean()


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_all_docstrings_of_a_file_are_one_undo(eol: str, tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repository", '[nda]\npaths = ["src/**"]\n')
    text = f"{PYTHON}\n\ndef 合計(数):\n    return sum(数)  # 🙂\n"
    path = put(root / "src" / "a.py", text.replace("\n", eol))
    reply = "### 1\nCount the words, 🙂.\n\n### 2\nAdd them up.\n"
    drove = _room(tmp_path, {"chunks": [reply[:20], reply[20:]], "delay_seconds": 0.2}).drive(
        "edit.lua",
        file=str(path),
        at="return sum",
        title="Write docstrings for all public definitions  [local: NDA src/**]",
        watched="Count",
    )
    expected = text.replace("🙂🙂\n", '🙂🙂\n    """Count the words, 🙂."""\n').replace(
        "(数):\n", '(数):\n    """Add them up."""\n'
    )
    assert path.read_bytes() == expected.replace("\n", eol).encode()
    assert "should have left it" not in drove.report["messages"]
    drove.check_clean()


def test_tests_are_a_new_file_in_a_window_of_its_own_and_then_more(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repository")
    repo.put("twolane.toml", '[nda]\npaths = ["**"]\n')
    path = repo.put("src/a.py", PYTHON)
    first = "```python\nfrom a import zählen\n\n\ndef test_zählt():  # 🙂\n    assert zählen([1]) == 1\n```"
    more = "```python\ndef test_leer():\n    assert zählen([]) == 0\n```"
    replies = ({"match": "The test file as it is", "reply": more}, {"reply": first})
    drove = _room(tmp_path, *replies).drive(
        "tests.lua", file=str(path), at="return", title="Generate tests  [local: NDA **]"
    )
    test = repo.root / "tests" / "test_a.py"
    text = "from a import zählen\n\n\ndef test_zählt():  # 🙂\n    assert zählen([1]) == 1\n"
    assert drove.report["first"] == text
    assert test.read_text("utf-8") == f"{text}\n\ndef test_leer():\n    assert zählen([]) == 0\n"
    assert drove.report["asked"] == 2
    assert path.read_text("utf-8") == PYTHON
    drove.check_clean()


def test_tests_in_rust_go_into_the_buffer_itself_as_one_undo(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repository")
    repo.put("twolane.toml", '[nda]\npaths = ["**"]\n')
    path = repo.put("src/a.rs", "pub fn noël() -> i32 {\n    1 // 🙂\n}\n")
    reply = "```rust\n#[test]\nfn eins() {\n    assert_eq!(noël(), 1);\n}\n```"
    chunks = {"chunks": [reply[:20], reply[20:]], "delay_seconds": 0.2}
    drove = _room(tmp_path, chunks).drive(
        "edit.lua",
        file=str(path),
        at="1 //",
        title="Generate tests  [local: NDA **]",
        watched="test",
    )
    assert path.read_text("utf-8") == (
        "pub fn noël() -> i32 {\n    1 // 🙂\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n"
        "    #[test]\n    fn eins() {\n        assert_eq!(noël(), 1);\n    }\n}\n"
    )
    assert "should have left it" not in drove.report["messages"]
    drove.check_clean()
