"""Globs: gitignore syntax, and in doubt a hit."""

from __future__ import annotations

import re
import subprocess
import time
import unicodedata
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.rules.globs import compile_globs, fault, original

if TYPE_CHECKING:
    from pathlib import Path

_HITS = [
    ("clients/**", "clients/a/b.py"),
    ("clients/", "clients/b.py"),
    ("clients", "lib/clients/b.py"),
    ("/clients", "clients/b.py"),
    ("*.key", "deep/down/server.key"),
    ("lib/*/secret.py", "lib/a/secret.py"),
    ("a/**/z.py", "a/z.py"),
    ("[ab].py", "b.py"),
    ("clients/**", "Clients/b.py"),
    ("CLIENTS/**", "clients/b.py"),
    ("[A-C]lients/", "clients/b.py"),
    ("Stra\u00dfe/", "STRASSE/x.py"),
    ("caf\u00e9/**", "cafe\u0301/x.py"),
    ("cafe\u0301/**", "caf\u00e9/x.py"),
    ("CAF\u00c9/**", "cafe\u0301/x.py"),
    ("caf?/**", "cafe\u0301/x.py"),
    ("cafe?/**", "cafe\u0301/x.py"),
    ("clients/**", "clients\\b.py"),
    ("secret.py", "a\nb/secret.py"),
    ("**", "x.py"),
]


@pytest.mark.parametrize(("glob", "path"), _HITS)
def test_hits(glob: str, path: str) -> None:
    assert compile_globs((glob,)).first(path) == glob


@pytest.mark.parametrize(
    ("glob", "path"),
    [("clients/**", "lib/clients/b.py"), ("/clients", "lib/clients"), ("*.key", "key.py")],
)
def test_misses(glob: str, path: str) -> None:
    assert compile_globs((glob,)).first(path) is None


def test_the_first_of_several_is_named() -> None:
    assert compile_globs(("lib/**", "*.py", "lib/a.py")).first("lib/a.py") == "lib/**"


@pytest.mark.parametrize(
    "glob",
    [
        "",
        " ",
        " clients/**",
        "clients/** ",
        "!clients/**",
        "#clients",
        "/",
        "./clients/**",
        "../clients/**",
        "a//b",
        "clients\\**",
        "clients\\",
        "[a",
        "[z-a].py",
        "[[:alpha:]].py",
        "[a/b]",
        "[a&&b]",
        "*.{py,rs}",
        "a/***/b",
        "clients\u200b/**",
        "a\0b",
        "a\nb",
        "*a*b*c*d",
        "**/a/**/b/**/c",
        "x" * 1_001,
        "clients/ # those of Acme",
        "clients/**\t#x",
        '"clients/**"',
        "'clients/'",
        "clients/, secrets/",
        "~/code/clients/",
        "$HOME/clients/",
        "C:/code/clients/",
    ],
)
def test_faults_are_found_rather_than_matched_with_nothing(glob: str) -> None:
    assert fault(glob)
    with pytest.raises(ValueError, match="a glob"):
        compile_globs((glob,))


@pytest.mark.parametrize("glob", [glob for glob, _ in _HITS] + ["{{cookiecutter.slug}}/", "\\#x"])
def test_good_globs_have_no_fault(glob: str) -> None:
    assert fault(glob) is None


@pytest.mark.parametrize(
    "path",
    [
        "a/x.py~",
        "a/x.py.~12~",
        "a/.x.py.swp",
        "a/.x.py.swo",
        "a/.x.py.un~",
        "a/x.py.orig",
        "a/x.py.bak",
        "a/x.py.rej",
        "a/#x.py#",
        "a/.#x.py",
        "a/x.py.ORIG",
        "a/x_LOCAL_123.py",
        "a/x.pyc",
        "a/__pycache__/x.cpython-311.pyc",
        "a/__pycache__/x.cpython-311.opt-1.pyc",
        "a.bak/.x.py.orig.swp",
    ],
)
def test_backups_stand_for_their_file(path: str) -> None:
    assert original(path) == "a/x.py"
    assert compile_globs(("a/x.py",)).first(path) == "a/x.py"


@given(st.text())
def test_any_text_is_a_path_and_a_glob_or_a_fault(text: str) -> None:
    assert isinstance(original(text), str)
    if fault(text) is None:
        assert compile_globs((text,)).first(text) in {text, None}


@given(st.text(st.characters(categories=("Lu", "Ll", "Lo")), min_size=1), st.sampled_from("CD"))
def test_a_name_is_found_in_any_case_and_form(name: str, form: str) -> None:
    spelt = unicodedata.normalize("NFC" if form == "C" else "NFD", name)
    for path in (spelt, spelt.casefold()):
        assert compile_globs((name,)).first(f"{path}/x.py") == name


@pytest.mark.parametrize(
    ("glob", "path"),
    [("*a*a*b", "a" * 255), ("**/a/**/b", "a/" * 500), ("**/*a*a*b", "a/" * 380 + "a" * 255)],
)
def test_hostile_globs_are_matched_in_good_time(glob: str, path: str) -> None:
    start = time.process_time()
    compile_globs((glob,)).first(path)
    assert time.process_time() - start < 2


def test_what_git_would_match_is_hit(tmp_path: Path) -> None:
    random = Random(7)  # noqa: S311 - the same globs in each run, no secret
    atoms = ["a", "b", "*", "**", "?", "[ab]", "[!a]", "a*", "*b", "a?", "[a-c]x", "\\#a", "\\!b"]
    atoms += ["a[b]", "{a}", "a b", "\\[a\\]", "[]a]", "a**b", "***"]
    names = ["a", "b", "ab", "c", "ax", "A", "#a", "!b", "a b", "[a]", "]", "{a}", "aab"]
    paths = {"/".join(random.choices(names, k=random.randint(1, 4))) for _ in range(150)}
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    exclude = tmp_path / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    tried = 0
    for _ in range(200):
        glob = "/".join(random.choices(atoms, k=random.randint(1, 3)))
        glob = random.choice(["", "", "/"]) + glob + random.choice(["", "", "/"])
        if fault(glob):
            continue
        tried += 1
        exclude.write_text(f"{glob}\n", "utf-8")
        ignored = subprocess.run(
            ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "-z", "--stdin"],
            input="\0".join(sorted(paths)),
            capture_output=True,
            text=True,
            check=False,  # 1: none is ignored
        ).stdout.split("\0")
        missed = {path for path in ignored if path and not compile_globs((glob,)).first(path)}
        assert not missed, glob
    assert tried > 100


_TAKEN = "#x.py# .#x .x.swp x.swp x~ x.~3~ x.orig x.R12 x_BASE_12.py x.PYC x.cpython-311.pyc"
_PARTS = st.sampled_from([*_TAKEN.split(), "__pycache__", "x.bak\n", "x~\n", "\n", "é.\u017fave"])


@given(st.lists(st.one_of(_PARTS, st.text(max_size=6)), min_size=1, max_size=4).map("/".join))
def test_a_path_that_stands_for_itself_is_told_at_once(path: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "twolane_server.rules.globs._UNLIKE_ORIGINAL", re.compile("")
        )  # tells nothing
        slowly = original(path)
    assert original(path) == slowly
