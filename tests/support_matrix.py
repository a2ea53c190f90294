"""What every action of the catalogue does to the hostile repository, once for all editors.

A row says what is asked where, what the model answers, and every byte that comes of it. The model is
scripted; the words that it waits for are from the file, so that the prompt held them, too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support_hostile import (
    BOM,
    CODE,
    DIFF,
    DOCS,
    FAMILY,
    MESSAGE,
    TAIL,
    TESTS,
    USES,
    Z,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CASES", "LINE", "Case", "same", "script"]

LINE = CODE.count("\r\n") - 5  # of `join`, 0-based
RETURN = f"\treturn '😀' + a + sep  # {FAMILY}"
NEW_RETURN = f"\treturn f'{Z}😀{{a}}{{sep}}'  # {FAMILY}"
WORDS = f"Say new, 😀 {Z}\n\n- because {FAMILY}\n"


@dataclass(frozen=True, slots=True)
class Case:
    """One row.

    Attributes:
        name: of the row.
        action: of the catalogue.
        title: how the menu's entry begins.
        replies: what the model answers, each with the words of a prompt that it is for.
        file: where it is asked.
        line: 0-based.
        ask: the instruction that the person types, if the action asks for one.
        problem: what another server says about the line.
        after: what files are then, where they are not as before; `None` for one that is gone.
        page: title and text that are shown beside the code.
        found: row (0-based) and message of what is found.
        found_in: the file that it is found in, where that is another.
        fixed: what the file is once the first finding with a fix is mended.
    """

    name: str
    action: str
    title: str
    replies: tuple[tuple[str, str], ...]
    file: str = "a.py"
    line: int = LINE
    ask: str = ""
    problem: str = ""
    after: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    page: tuple[str, str] | None = None
    found: tuple[tuple[int, str], ...] = ()
    found_in: str = ""
    fixed: str = ""


def _code(tail: str) -> str:
    """The file with another end."""
    whole = CODE.removesuffix(TAIL.replace("\n", "\r\n"))
    return f"{BOM}{whole}{tail}".replace("\r\n", "\n").replace("\n", "\r\n")


def _fenced(text: str) -> str:
    return f"Sure 😀:\n\n```python\n{text}\n```\n"


def _block(path: str, search: str, replace: str) -> str:
    return f"{path}\n<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n\n"


def _renamed(text: str) -> str:
    return text.replace("join", "fuse")


_DEF, _USE = "def join(a: str) -> str:", f"print('😀', join('{Z}'))"
_FINDINGS = [
    {"line": LINE + 2, "severity": "error", "message": f"Wrong 😀 {Z}.", "fix": NEW_RETURN.strip()},
    {"line": LINE + 1, "message": f"No type {FAMILY}."},
]
_FIXED = _code(TAIL.replace(RETURN, NEW_RETURN))
_FOUND = ((LINE, f"No type {FAMILY}."), (LINE + 1, f"Wrong 😀 {Z}."))
_NEW_TEST = f"def test_join():  # 😀 {Z}\n\tassert join('é')"
_DOCUMENTED = (
    TAIL.replace(f"😀 {Z}\n\t", f'😀 {Z}\n\t"""Join one.""" \n\t'.replace('""" ', '"""'))
    .replace("Ärger:\n", 'Ärger:\n\t"""Hold 😀."""\n')
    .replace("m(self): return", f'm(self):\n\t\t"""Give {Z}."""\n\t\treturn')
)

# Of two whose words a prompt holds, the first answers.
CASES: tuple[Case, ...] = (
    Case(
        "docstring",
        "docstring",
        "Write docstring  [local: NDA",
        ((f"{RETURN}\n```\nWrite the docstring.", f"Join 😀 {Z} {FAMILY}."),),
        after={
            "a.py": _code(TAIL.replace(f"😀 {Z}\n", f'😀 {Z}\n\t"""Join 😀 {Z} {FAMILY}."""\n'))
        },
    ),
    Case(
        "docstrings",
        "docstrings",
        "Write docstrings for all public definitions  [local: NDA",
        (
            (
                "The definitions:\n1: join",
                f"### 1\nJoin one.\n\n### 2\nHold 😀.\n\n### 3\nGive {Z}.",
            ),
        ),
        after={"a.py": _code(_DOCUMENTED)},
    ),
    Case(
        "rewrite",
        "rewrite",
        "Rewrite selection…  [local: NDA",
        ((f"Instruction: use an f-string {Z}", _fenced(f"{_DEF}\t# 😀 {Z}\n{NEW_RETURN}")),),
        ask=f"use an f-string {Z}",
        after={"a.py": _FIXED},
    ),
    Case(
        "fix",
        "fix",
        f"Fix: a is 😀 {Z}  [local: NDA",
        ((f"ruff F841: a is 😀 {Z}", _fenced(NEW_RETURN.strip())),),
        line=LINE + 1,
        problem=f"a is 😀 {Z}",
        after={"a.py": _FIXED},
    ),
    Case(
        "review",
        "review",
        "Review  [local: NDA",
        ((f"Review these lines, each behind its number:\n{LINE + 1}| ", json.dumps(_FINDINGS)),),
        found=_FOUND,
        fixed=_FIXED,
    ),
    Case(
        "all changes",
        "changes-all",
        "Review all changes since the last commit  [",
        (
            (
                "now stands behind its number.\nFile a.py\n",
                json.dumps([{**one, "file": "a.py"} for one in _FINDINGS]),
            ),
        ),
        line=0,
        found=_FOUND,
        fixed=_FIXED,
    ),
    Case(
        "what is staged",
        "changes-staged",
        "Review what is staged  [",
        (
            (
                "now stands behind its number.\nFile sub/b.txt\n",
                json.dumps([{"file": "sub/b.txt", "line": 1, "message": f"Odd 😀 {Z}."}]),
            ),
        ),
        file=".git/COMMIT_EDITMSG",
        line=0,
        found=((0, f"Odd 😀 {Z}."),),
        found_in="sub/b.txt",
    ),
    Case(
        "changes",
        "changes",
        "Review changes since the last commit  [local: NDA",
        (
            (
                f"-     | \treturn a + sep  # {FAMILY}\n+{LINE + 2:>5}| {RETURN}\n",
                json.dumps(_FINDINGS),
            ),
        ),
        line=0,
        found=_FOUND,
        fixed=_FIXED,
    ),
    Case(
        "refactor",
        "refactor",
        "Refactor across the repository…  [local:",
        (
            ("You plan a change across a repository", "It becomes fuse 😀."),
            (
                "Task: name it fuse 😀",
                _block("a.py", f"{_DEF}\t# 😀 {Z}", f"{_renamed(_DEF)}\t# 😀 {Z}")
                + _block("uses.py", "from a import join", "from a import fuse")
                + _block("uses.py", _USE, _renamed(_USE))
                + _block("docs.md", f"Call `join`. 😀 {Z}", f"Call `fuse`. 😀 {Z}")
                + _block("new/c.md", "", f"# 😀 {Z}\n").replace("SEARCH\n\n=", "SEARCH\n=")
                + "DELETE old.py\nRENAME docs.md -> guide.md\n",
            ),
        ),
        ask="name it fuse 😀",
        after={
            "a.py": _code(_renamed(TAIL)),
            "uses.py": _renamed(USES),
            "docs.md": None,
            "guide.md": _renamed(DOCS),
            "new/c.md": f"# 😀 {Z}\n",
            "old.py": None,
        },
    ),
    Case(
        "tests",
        "tests",
        "Generate tests  [local: NDA",
        (
            (
                "The test file as it is:",
                _fenced(f"from a import join\n\n\ndef test_old(): pass\n\n\n{_NEW_TEST}"),
            ),
        ),
        after={
            "tests/test_a.py": f"{BOM}{TESTS}\r\n\r\n\r\n{_NEW_TEST}".replace(
                "from os import sep\r\n", "from os import sep\r\nfrom a import join\r\n"
            )
            .replace("\r\n", "\n")
            .replace("\n", "\r\n")
        },
    ),
    Case(
        "explain",
        "explain",
        "Explain…  [local: NDA",
        (("Explain this code:", f"# Join\n\nIt *joins* 😀 {Z} {FAMILY}.\n"),),
        ask="why",
        page=("Explain join", f"# Join\n\nIt *joins* 😀 {Z} {FAMILY}.\n"),
    ),
    Case(
        "commit beside the code",
        "commit",
        "Write commit message  [",
        ((f"new 😀 {Z}\r\n+\ufeffnewer 😀 {Z}", WORDS),),
        page=("Commit message", WORDS),
    ),
    Case(
        "commit in git's buffer",
        "commit",
        "Write commit message  [local: NDA",
        ((f"new 😀 {Z}\r\n+\ufeffnewer 😀 {Z}", WORDS),),
        file=".git/COMMIT_EDITMSG",
        line=0,
        after={".git/COMMIT_EDITMSG": f"{WORDS}\n".replace("\n", "\r\n") + MESSAGE[2:] + DIFF},
    ),
    Case(
        "pr",
        "pr",
        "Write PR text  [",
        (("The branch's commits", WORDS),),
        page=("PR text", WORDS),
    ),
)


def script(cases: tuple[Case, ...] = CASES) -> str:
    """All that the model answers, for `scripted:`."""
    rows = [{"match": when, "reply": reply} for one in cases for when, reply in one.replies]
    return json.dumps(rows)


def same(path: str, now: str, expected: str) -> None:
    """Fail where two texts differ, showing the place alone: pytest would compare them for minutes."""
    if now != expected:
        pairs = enumerate(zip(now, expected, strict=False))
        at = next((n for n, (a, b) in pairs if a != b), min(len(now), len(expected)))
        shown = [text[max(0, at - 80) : at + 200] for text in (now, expected)]
        raise AssertionError(f"{path} differs at {at}: {shown[0]!r}, not {shown[1]!r}")
