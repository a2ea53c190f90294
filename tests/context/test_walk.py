"""The walk: what git would list, said without git."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support_repository import put
from twolane_context.walk import rules, walk


def walked(root: Path) -> list[str]:
    return sorted(walk(root, lambda path: (root / path).read_bytes()))


def tree(root: Path, ignores: dict[str, str], files: list[str]) -> None:
    for file in files:
        put(root / file)
    for folder, text in ignores.items():
        if (root / folder).is_dir():
            put(root / folder / ".gitignore", text)


@pytest.mark.parametrize(
    ("ignores", "left"),
    [
        ({"": "*.log"}, ["a/x.py", "x.py"]),
        ({"": "a/"}, ["x.log", "x.py"]),
        ({"": "/x.*"}, ["a/x.log", "a/x.py"]),
        ({"": "a/*\n!a/x.py"}, ["a/x.py", "x.log", "x.py"]),
        ({"": "a/**\n!a/x.py"}, ["a/x.py", "x.log", "x.py"]),
        ({"": "a\n!a/x.py"}, ["x.log", "x.py"]),
        ({"": "*\n!*/\n!*.py\n!.gitignore"}, ["a/x.py", "x.py"]),
        ({"": "*.log", "a": "!x.log"}, ["a/x.log", "a/x.py", "x.py"]),
        ({"": "*.py", "a": "*"}, ["x.log"]),
        ({"a": "/x.py"}, ["a/x.log", "x.log", "x.py"]),
        ({"": "\ufeff*.log\r\n# a comment\r\n\r\n!\n/\n[\n\\\n"}, ["a/x.py", "x.py"]),
        ({"": "**/x.py"}, ["a/x.log", "x.log"]),
        ({"": "**/**/**/x.py"}, ["a/x.log", "x.log"]),
        ({"": "**/a/**/x.p*/**\n**/a/**/*.l*"}, ["a/x.py", "x.log", "x.py"]),
    ],
)
def test_gitignore(tmp_path: Path, ignores: dict[str, str], left: list[str]) -> None:
    tree(tmp_path, ignores, ["x.py", "x.log", "a/x.py", "a/x.log"])
    assert [path for path in walked(tmp_path) if not path.endswith(".gitignore")] == left


_NAMES = ["a", "b", "ab", "x.py", "y.py", "c.d", "foo"]
_GLOBS = [*_NAMES, "*", "**", "*.py", "a*", "?", "[ab]", "[!a]", "f*o", "*.*", r"\*", "A"]
_PATHS = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=4).map("/".join)
_LINES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(st.sampled_from(_GLOBS), min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "/", " "]),
)
_IGNORES = st.dictionaries(
    st.sampled_from(["", "a", "a/b", "foo", "ab"]), st.lists(_LINES, max_size=5).map("\n".join)
)


@example(ignores={"": "**/**/**"}, files=["a"])
@example(ignores={"": "a/a/a\na/**/"}, files=["a/a"])
@given(ignores=_IGNORES, files=st.lists(_PATHS, min_size=1, max_size=12, unique=True))
def test_the_walk_finds_what_git_would_add(ignores: dict[str, str], files: list[str]) -> None:
    top = Path(tempfile.mkdtemp())
    try:
        taken: set[str] = set()  # a path cannot be a file and a folder
        for file in files:
            above = {str(one) for one in Path(file).parents}
            if not above & taken and not any(one.startswith(f"{file}/") for one in taken):
                taken.add(file)
        tree(top, ignores, sorted(taken))
        environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull}
        subprocess.run(["git", "init", "--quiet", "--template=", top], check=True, env=environment)
        listed = subprocess.run(
            ["git", "-C", top, "ls-files", "-z", "--others", "--exclude-standard"],
            check=True,
            capture_output=True,
            env=environment,
        ).stdout
        assert walked(top) == sorted(os.fsdecode(one) for one in listed.split(b"\0") if one)
    finally:
        shutil.rmtree(top)


@given(st.binary() | st.text().map(str.encode))
def test_no_content_is_too_odd_for_a_gitignore(content: bytes) -> None:
    for rule in rules(content):
        assert rule.meets("a/b\nc", folder=False) in {True, False}


def test_a_gitignore_made_to_be_slow_is_not(tmp_path: Path) -> None:
    put(tmp_path / ("a" * 200))
    put(tmp_path / "x.log")
    put(tmp_path / ".gitignore", "*a*a*a*a*a*a*a*a*b\n**/a/**/a/**/a/**/a/**/b\n*.log\n" * 50)
    start = time.process_time()
    assert walked(tmp_path) == [".gitignore", "a" * 200]
    assert time.process_time() - start < 2


def test_folders_that_hold_nothing_written_are_left_out(tmp_path: Path) -> None:
    for file in ("x.py", "node_modules/x.js", "__pycache__/x.pyc", ".tox/x.py", ".hidden/x.py"):
        put(tmp_path / file)
    put(tmp_path / "env" / "pyvenv.cfg")
    put(tmp_path / "env" / "lib" / "x.py")
    put(tmp_path / "a" / ".eslintrc.js")
    assert walked(tmp_path) == ["a/.eslintrc.js", "x.py"]


def test_a_very_deep_folder_is_walked(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 300)
    put(tmp_path / deep / "x.py")
    assert walked(tmp_path) == [f"{deep}/x.py"]
