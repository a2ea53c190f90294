"""Every action at a small repository with the embedded model, of whose answers only the form matters.

What an action may come to: something that is shown, an edit that leaves whole Python, or a sentence
and nothing changed. That holds whatever the model says.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from support_embedded import embedded_cache
from support_git import Repo
from support_matrix import Case
from twolane_server.border.ledger import read_rows

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CASES", "MODEL", "check_asked", "check_text", "environ", "modest", "settings"]

MODEL = "SmolLM2-135M-Instruct"
TOKENS = 120  # for any answer: this model goes on for ever at most questions, and then it is cut

CODE = "def twice(number):\r\n\treturn number + number  # é 😀\r\n"
NEW = "\r\n\r\ndef half(number):\r\n\treturn number / 2\r\n"
USES = "from numbers_of import twice\n\nprint(twice(2))\n"
TESTS = "from numbers_of import twice\n\n\ndef test_twice():\n    assert twice(2) == 4\n"
MESSAGE = "\n# Write a message.\n"
_HALF = f"{CODE}{NEW}".count("\r\n") - 2  # 0-based


def _at(
    action: str, title: str, file: str = "numbers_of.py", *, ask: str = "", problem: str = ""
) -> Case:
    line = _HALF if file.endswith(".py") else 0
    return Case(action, action, title, (), file=file, line=line, ask=ask, problem=problem)


_GIT = ".git/COMMIT_EDITMSG"

CASES: tuple[Case, ...] = (
    _at("explain", "Explain…"),
    _at("commit", "Write commit message"),
    _at("commit", "Write commit message", _GIT),
    _at("pr", "Write PR text"),
    _at("review", "Review  ["),
    _at("changes", "Review changes since"),
    _at("changes-all", "Review all changes"),
    _at("changes-staged", "Review what is staged", _GIT),
    _at("docstring", "Write docstring  ["),
    _at("docstrings", "Write docstrings for all"),
    _at("tests", "Generate tests"),
    _at("rewrite", "Rewrite selection…", ask="round the result"),
    _at("fix", "Fix: number has no type", problem="number has no type"),
    _at("refactor", "Refactor across the repository…", ask="rename half to halved"),
)


def modest(root: Path) -> Path:
    """A repository on a branch, with something committed, something staged and something neither."""
    repo = Repo(root)
    repo.put("numbers_of.py", CODE)
    repo.put("uses.py", USES)
    repo.put("tests/test_numbers_of.py", TESTS)
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "Start")
    repo.git("checkout", "--quiet", "-b", "work")
    repo.put("uses.py", USES.replace("2))", "3))"))
    repo.git("commit", "--quiet", "-am", "Print six")
    repo.put("uses.py", USES.replace("2))", "4))"))
    repo.git("add", ".")
    repo.put("numbers_of.py", CODE + NEW)
    repo.put(".git/COMMIT_EDITMSG", MESSAGE)
    return repo.root


def settings() -> dict[str, Any]:
    """Nothing answers on the local lane's URL, and no answer is long."""
    sorts = {case.action.partition("-")[0] for case in CASES}
    return {
        "local": {"url": "http://127.0.0.1:9/v1"},
        "actions": {sort: {"max_tokens": TOKENS} for sort in sorted(sorts)},
    }


def environ(cache: Path) -> dict[str, str]:
    """A cache that holds the model, fetched if need be, and nothing else."""
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "models").symlink_to(embedded_cache() / "models")
    return {"TWOLANE_CACHE_DIR": str(cache)}


def check_text(case: Case, path: str, before: str, after: str) -> None:
    """A file that an action changed is as sound as it was; its code is the same where that is promised."""
    if not path.endswith(".py"):
        return
    old, new = (ast.parse(text.removeprefix("\ufeff")) for text in (before, after))
    if case.action in ("docstring", "docstrings"):
        assert ast.dump(_bare(new)) == ast.dump(_bare(old)), f"{case.name} changed code: {after}"
    if "\r\n" in before:
        assert after.count("\n") == after.count("\r\n"), f"{case.name} mixed the line endings"


def _bare(tree: ast.Module) -> ast.Module:
    """Without docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(
            node
        ):
            del node.body[0]
    return tree


def check_asked(state: Path, cases: tuple[Case, ...] = CASES) -> None:
    """The model in the server's process was asked for every action, and nobody else ever was."""
    rows = [row.public() for row in read_rows(state / "ledger")]
    assert {row["action"] for row in rows} == {case.action for case in cases}
    assert {(row["lane"], row["model"], row["host"]) for row in rows} == {
        ("local", MODEL, "in this process")
    }
