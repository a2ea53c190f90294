"""The whole way with the embedded model: a real function of a real package gets its docstring."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support_embedded import embedded_cache
from twolane_server.border.ledger import read_rows

pytestmark = pytest.mark.embedded

# A small model may fail at any one of them; then it is refused with a sentence.
FUNCTIONS = (
    ("_main.py", "format_certificate"),
    ("_utils.py", "is_ipv4_hostname"),
    ("_utils.py", "is_ipv6_hostname"),
    ("_client.py", "_port_or_default"),
)


class Room:
    """A git repository with httpx's own source, and a user without settings, key or server."""

    def __init__(self, top: Path) -> None:
        found = importlib.util.find_spec("httpx")
        assert found is not None
        assert found.origin is not None
        self.state = top / "state"
        self.root = top / "httpx"
        shutil.copytree(
            Path(found.origin).parent, self.root, ignore=shutil.ignore_patterns("__pycache__")
        )
        self.git("init", "--quiet")
        self.git("add", ".")
        who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        self.git(*who, "commit", "--quiet", "--message", "httpx")
        tree = ("PATH", "PYTHONPATH", "PYTHONSAFEPATH")  # the tree under test
        self.environ = {
            **{name: os.environ[name] for name in tree if name in os.environ},
            "TWOLANE_CONFIG_DIR": str(top / "config"),
            "TWOLANE_STATE_DIR": str(self.state),
            "TWOLANE_CACHE_DIR": str(embedded_cache()),
            "TWOLANE_LOCAL_URL": "http://127.0.0.1:9/v1",
        }

    def git(self, *words: str) -> str:
        ran = subprocess.run(
            ["git", "-C", str(self.root), *words], check=True, capture_output=True, text=True
        )
        return ran.stdout

    def twolane(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "twolane_server.cli", *words],
            env=self.environ,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=480,
            check=False,
        )

    def docstring(self, *words: str) -> tuple[Path, str, subprocess.CompletedProcess[str]]:
        """`do docstring` for the first function that the model can do: file, function, result."""
        for name, function in FUNCTIONS:
            file = self.root / name
            if not file.is_file() or f"def {function}(" not in file.read_text("utf-8"):
                continue
            lines = file.read_text("utf-8").split("\n")
            row = next(i for i, line in enumerate(lines) if f"def {function}(" in line)
            ran = self.twolane("do", "docstring", f"{file}:{row + 1}", *words)
            if ran.returncode == 0:
                return file, function, ran
            assert ran.returncode == 1
            assert "twolane: " in ran.stderr
            assert "Traceback" not in ran.stderr
        raise AssertionError("the model wrote no docstring at all")


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def _function(tree: ast.Module, name: str) -> ast.FunctionDef:
    return next(
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name
    )


def test_a_docstring_for_a_real_function(room: Room) -> None:
    file, name, ran = room.docstring("--apply")
    assert "Traceback" not in ran.stderr
    before = ast.parse(room.git("show", f"HEAD:{file.name}"))
    assert ast.get_docstring(_function(before, name)) is None
    said = ran.stdout
    assert said.startswith("local: NDA (no twolane.toml, and unknown is NDA)\n")
    assert "refused), so the embedded SmolLM2-135M-Instruct answers" in said.replace("\n", "")
    assert said.endswith("applied\n")

    after = ast.parse(file.read_text("utf-8"))
    function = _function(after, name)
    docstring = ast.get_docstring(function)
    assert docstring is not None
    assert len(docstring) > len("Format.")
    del function.body[0]
    assert ast.dump(after) == ast.dump(before), "nothing but the docstring is new"

    changed = room.git("diff", "--numstat").split()
    assert changed[1:] == ["0", file.name], "lines were added and none removed"
    assert room.git("status", "--porcelain") == f" M {file.name}\n"

    *_, row = read_rows(room.state / "ledger")
    assert row.public()["lane"] == "local"
    assert row.public()["host"] == "in this process"
    assert row.public()["model"] == "SmolLM2-135M-Instruct"
    assert row.public()["outcome"] == "stop"
    assert row.text is None
    assert room.twolane("ledger", "verify").returncode == 0


def test_the_same_in_json_and_not_applied(room: Room) -> None:
    file, name, ran = room.docstring("--json")
    told = json.loads(ran.stdout)
    assert (told["decision"]["lane"], told["decision"]["label"]) == ("local", "NDA")
    assert told["decision"]["model"] == "SmolLM2-135M-Instruct"
    assert "so the embedded SmolLM2-135M-Instruct answers" in told["decision"]["reasons"][-1]
    assert told["usage"]["in"] > told["usage"]["out"] > 0
    assert room.git("status", "--porcelain") == ""
    subprocess.run(
        ["git", "-C", str(room.root), "apply", "-"],
        input=told["edit"]["diff"].encode(),
        check=True,
    )
    after = ast.parse(file.read_text("utf-8"))
    assert ast.get_docstring(_function(after, name))


@pytest.mark.slow
@pytest.mark.parametrize(
    "action", ["explain", "review", "changes", "commit", "pr", "tests", "docstrings", "fix"]
)
def test_every_action_comes_to_something_or_to_a_sentence(action: str, room: Room) -> None:
    """Of this model's answers only the form matters: nothing is harmed and nobody sees a traceback."""
    file = room.root / "_utils.py"
    room.git("checkout", "--quiet", "-b", "work")
    file.write_text(
        file.read_text("utf-8") + "\n\ndef double(number: int) -> int:\n    return number * 2\n"
    )
    room.git("add", ".")
    if action == "pr":
        who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        room.git(*who, "commit", "--quiet", "--message", "Add double")
    before = room.git("status", "--porcelain")
    place = f"{file}:{len(file.read_text('utf-8').splitlines())}"
    ran = room.twolane(
        "do", action, place, "--instruction", "double it", "--json", "--max-tokens", "300"
    )
    assert "Traceback" not in ran.stderr
    assert room.git("status", "--porcelain") == before
    if ran.returncode == 0:
        told = json.loads(ran.stdout)
        assert told["decision"]["model"] == "SmolLM2-135M-Instruct"
        assert told.keys() & {"page", "findings", "edit"}
    else:
        assert ran.returncode == 1
        assert "twolane: " in ran.stderr
