"""Good replies for each action, and what models do to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support_counts import how_many

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

__all__ = ["GOOD", "REPLIES", "mutated"]

REPLIES = how_many("TWOLANE_REPLIES", 300, 1_000)
"""How many each action gets; what is to hold for them is to hold for 50,000 and more."""

_PYTHON = "def join(a):\t# 😀 z\u0308\n\treturn f'😀{a}{sep}'  # é"
_RUST = 'pub fn join(a: &str) -> String {\n    format!("😀{a}") + "é"\n}'
_FINDINGS = [
    {"line": 5, "severity": "error", "message": "Wrong 😀.", "fix": "def join(a):\t# 😀"},
    {"line": 6, "end_line": 6, "message": "No.", "fix": "\treturn '😀' + a"},
    {"line": 4, "message": "So.", "fix": '    format!("😀")'},
    {"line": 900, "message": "Nowhere."},
]


def _fenced(text: str, language: str = "python") -> str:
    return f"```{language}\n{text}\n```"


def _block(path: str, search: str, new: str) -> str:
    return f"{path}\n<<<<<<< SEARCH\n{search}\n=======\n{new}\n>>>>>>> REPLACE\n"


_CODE = (_fenced(_PYTHON), _fenced(_RUST, "rust"), _PYTHON, _RUST)
_FOUND = (
    json.dumps(_FINDINGS),
    json.dumps(_FINDINGS, indent=2),
    _fenced(json.dumps(_FINDINGS), "json"),
)
_FOUND_ACROSS = (
    json.dumps(
        [{**one, "file": file} for one in _FINDINGS for file in ("a.py", "a.rs", "other.py")]
    ),
    *_FOUND,
)
_WORDS = ("Say new 😀\n\nBecause old is gone.\n- one\n- two", "Fix the é")

GOOD: dict[str, tuple[str, ...]] = {
    "docstring": (
        "Join two things, 😀 and é.",
        "Join.\n\nArgs:\n    a: the first.\n",
        _fenced("Join.", ""),
    ),
    "docstrings": (
        "### 1\nJoin 😀.\n\n### 2\nHold é.\n\n### 3\nGive.\n",
        "**1**\nJoin.\n**2**\nHold.",
    ),
    "rewrite": _CODE,
    "fix": (*_CODE, "```\n\treturn '😀' + a\n```", '```\n    format!("{a}")\n```'),
    "review": _FOUND,
    "changes": _FOUND,
    **dict.fromkeys(("changes-all", "changes-staged", "changes-range"), _FOUND_ACROSS),
    "refactor": (
        _block("a.py", "def join(a):\t# 😀 z\u0308", "def fuse(a):\t# 😀 z\u0308")
        + _block("docs.md", "Call `join`. 😀", "Call `fuse`. 😀"),
        _block("a.rs", "pub fn join(a: &str) -> String {", "pub fn fuse(a: &str) -> String {")
        + "RENAME docs.md -> guide.md\n",
        "DELETE docs.md\n" + _block("new/c.md", "", "# 😀").replace("SEARCH\n\n=", "SEARCH\n="),
    ),
    "tests": (
        _fenced("from a import join\n\n\ndef test_join():  # 😀\n    assert join('é')"),
        _fenced('#[test]\nfn eins() {\n    assert_eq!(join("é"), "😀é");\n}', "rust"),
        _fenced("def test_old(): pass\n\ndef test_new():\n\tassert True"),
    ),
    "explain": ("# Join\n\nIt *joins* 😀.\n", "Sure! It joins.\n\n```python\njoin('é')\n```\n"),
    "commit": _WORDS,
    "pr": (*_WORDS, "# Title: Say new\n\n## Why\n\nBecause 😀.\n"),
}

_ODD = (
    *("\0", "\x1b[0m", "\u202e", "\ufeff", "\ud800", "\u2028", "\x85", "\x0b", "\x0c", "\r", "\t"),
    *("```", "~~~", "````", "<think>", "</think>", '"""', "'''", "*/", "\\", "é", "😀", "z\u0308"),
    *("=======", ">>>>>>> REPLACE", "<<<<<<< SEARCH", "# ... rest of the code", "null", "}", "]"),
    *(
        "a.py",
        "../x.py",
        "/etc/passwd",
        ".git/config",
        "other.py",
        "DELETE a.py",
        "RENAME a.py -> b.py",
    ),
)
_ENDS = ("\n", "\r\n", "\r")


def _inserted(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(_ODD) + text[at:]


def _cut(chance: random.Random, text: str) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _torn(chance: random.Random, text: str) -> str:
    start = chance.randrange(len(text) + 1)
    return text[:start] + text[start + chance.randrange(8) :]


def _reordered(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    line = lines.pop(at)
    for _ in range(chance.randrange(3)):
        lines.insert(chance.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def _indented(chance: random.Random, text: str) -> str:
    lead = chance.choice(("  ", "    ", "\t", ""))
    return "\n".join(lead + (line if lead else line.lstrip()) for line in text.split("\n"))


def _ended(chance: random.Random, text: str) -> str:
    end = chance.choice(_ENDS)
    return text.replace("\n", end) + chance.choice(("", end, end * 3))


def _wrapped(chance: random.Random, text: str) -> str:
    before = chance.choice(("Sure! 😀 Here it is:\n\n", "<think>\nhm\n</think>\n", "```\n", "> "))
    return (
        before
        + text
        + chance.choice(("", "\n\nHope this helps!", "\n```", "\n```\n\nor\n\n```\nx\n```"))
    )


def _twice(chance: random.Random, text: str) -> str:
    return text + chance.choice(("", "\n", "\n\nor\n\n")) + text


def _numbers(chance: random.Random, text: str) -> str:
    odd = str(chance.choice((0, -1, 7, 10**30, 3.5, "true", "null", '"5"', "[]")))
    return "".join(odd if c.isdigit() and chance.random() < 0.2 else c for c in text)


_WAYS: tuple[Callable[[random.Random, str], str], ...] = (
    *(_inserted, _cut, _torn, _reordered, _indented, _ended, _wrapped, _twice, _numbers),
)


def mutated(chance: random.Random, text: str) -> str:
    """A good reply, with nothing to four things done to it."""
    for _ in range(chance.randrange(5)):
        text = chance.choice(_WAYS)(chance, text)
    return text
