"""A repository whose files are as awkward as files get: CRLF, tabs, a byte order mark, characters of
all widths, 20,000 lines, most of them alike, and no final line ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_git import Repo

if TYPE_CHECKING:
    from pathlib import Path

LINES = 20_000
BOM = "\ufeff"
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"  # five code points, eight UTF-16 units
Z = "z\u0308"  # a letter and a mark that combines with it

_UNIT = (
    f"v{{n}} = '😀é{Z} \u2028 \x85 \x0b'\t# {FAMILY} {{n}}\n"
    "\n"
    "\n"
    f"def _f{{n}}(x):\t# 😀 {Z}\n"
    "\treturn x + v{n}  # \U0001d518\n"
    "\n"
    "\n"
)


def filler(lines: int = LINES) -> str:
    """So many lines of Python that nothing refers to, with LF."""
    rows = "".join(_UNIT.format(n=n) for n in range(lines // _UNIT.count("\n") + 1))
    return "".join(line + "\n" for line in rows.split("\n")[: lines - lines % 7])


HEAD = f"# é 😀 {FAMILY}\nfrom os import sep\n\n\n"
TAIL = (
    f"def join(a: str) -> str:\t# 😀 {Z}\n"
    f"\treturn '😀' + a + sep  # {FAMILY}\n"
    "\n"
    "\n"
    "class Ärger:\n"
    "\tdef m(self): return '😀'"
)
CODE = f"{HEAD}{filler()}{TAIL}".replace("\n", "\r\n")
TESTS = f"{HEAD}{filler()}def test_old():\n\tassert '😀'".replace("\n", "\r\n")
MESSAGE = (
    "\r\n# Bitte 😀 é:\r\n#\ttab\r\n# ------------------------ >8 ------------------------\r\n"
)
DIFF = "".join(f"+v{n} = '😀é{Z}'\t# {n}\r\n" for n in range(LINES))
USES = f"{BOM}# é 😀\r\nfrom a import join\r\n\r\nprint('😀', join('{Z}'))"
DOCS = f"Call `join`. 😀 {Z}\n"
OLD = "from a import join\n"


def hostile(root: Path) -> Repo:
    """The repository, on a branch that has changed something, with something staged, and more since."""
    repo = Repo(root)
    repo.put("twolane.toml", '[nda]\npaths = ["**"]\n')
    repo.put("a.py", f"{BOM}{CODE}".replace("'😀' + a + sep", "a + sep"))
    repo.put("uses.py", USES)
    repo.put("old.py", OLD)
    repo.put("docs.md", DOCS)
    repo.put("tests/test_a.py", f"{BOM}{TESTS}")
    repo.put("sub/b.txt", f"{BOM}old 😀 {Z}\r\n")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "Start 😀")
    repo.git("checkout", "--quiet", "-b", "work")
    repo.put("sub/b.txt", f"{BOM}new 😀 {Z}\r\n")
    repo.git("commit", "--quiet", "-am", f"Say new {Z}")
    repo.put("sub/b.txt", f"{BOM}newer 😀 {Z}\r\n")
    repo.git("add", ".")
    repo.put("a.py", f"{BOM}{CODE}")
    repo.put(".git/COMMIT_EDITMSG", f"{MESSAGE}{DIFF}")
    return repo
