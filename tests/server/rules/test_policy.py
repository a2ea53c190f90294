"""What a repository may say, and what it may not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_repository import put
from twolane_server.rules.policy import (
    Rule,
    parse_ignore,
    parse_policy,
    place,
    policy_hash,
    read_policies,
)

if TYPE_CHECKING:
    from random import Random

ROOT = Path("/r")


def test_a_policy_is_read_with_its_rules() -> None:
    policy = parse_policy(
        ROOT, "twolane.toml", '[nda]\npaths = ["b/", "a/**"]\nmarkers = ["Inner"]\nwords = ["Acme"]'
    )
    assert (policy.paths, policy.markers, policy.words) == (("a/**", "b/"), ("Inner",), ("Acme",))
    assert policy.fault is None
    assert policy.problems == ()
    assert Rule("twolane.toml", "paths", "b/") in policy.rules(ROOT)
    assert Rule("../twolane.toml", "words", "acme") in policy.rules(ROOT / "sub")


def test_an_empty_policy_can_be_read() -> None:
    assert parse_policy(ROOT, "twolane.toml", "").fault is None


@pytest.mark.parametrize(
    "text",
    [
        "[nda",
        "nda = 3",
        "nda = [1]",
        '[nda]\npaths = "clients/**"',
        "[nda]\npaths = [3]",
        '[nda]\npath = ["clients/**"]',
        '[nda]\nopen = ["x"]',
        '[nda]\npaths = ["!clients/**"]',
        '[nda]\npaths = ["./clients"]',
        '[nda]\npaths = ["[a"]',
        '[nda]\nwords = [""]',
        '[nda]\nmarkers = ["a\\u001b[31m"]',
        '[NDA]\npaths = ["clients/**"]',
        '[nda-rules]\npaths = ["clients/**"]',
        'paths = ["clients/**"]',
        'path = ["clients/**"]',
        "[nda]\npaths = [" + '"x",' * 3_000 + "]",
        "x = " + "[" * 5_000,
    ],
)
def test_what_is_not_certain_counts_as_unreadable(text: str) -> None:
    policy = parse_policy(ROOT, "twolane.toml", text)
    assert policy.fault
    assert not policy.paths
    assert len(policy.problems) == 1
    assert "NDA" in policy.problems[0].message


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("paths = 5", "has a `paths` in [nda] that is no list"),
        ("words = ['a', 3]", "has in `words` of [nda] what is no text"),
        ("markers = ['']", "has in `markers` of [nda] a value that must have 1 to 200 characters"),
        ("paths = ['!a']", "has in `paths` of [nda] a glob that starts with !"),
    ],
)
def test_it_says_what_is_wrong_in_plain_words(line: str, told: str) -> None:
    fault = parse_policy(ROOT, "twolane.toml", f"[nda]\n{line}\n").fault
    assert fault is not None
    assert fault.startswith(told)
    assert "should" not in fault


@pytest.mark.parametrize("key", ["cloud", "local", "mode", "model", "url", "api_key", "embedded"])
def test_what_is_the_users_is_reported_and_ignored(key: str) -> None:
    policy = parse_policy(ROOT, "twolane.toml", f'{key} = "hidden"\n[nda]\npaths = ["a/"]')
    assert policy.fault is None
    assert policy.paths == ("a/",)
    (problem,) = policy.problems
    assert "a repository can only tighten" in problem.message
    assert "hidden" not in str(problem)


def test_an_unknown_table_is_reported_and_ignored() -> None:
    (problem,) = parse_policy(ROOT, "twolane.toml", "[formatter]\nx = 1").problems
    assert problem.message == "`formatter` is unknown and ignored."


def test_an_ignore_file_only_tightens() -> None:
    policy = parse_ignore(ROOT, ".aiignore", "# x\n\nsecrets/\r\n!secrets/open.py\n*.key \n")
    assert policy.paths == ("*.key", "secrets/")
    assert policy.fault is None


@pytest.mark.parametrize("text", ["[a\n", "a\\b\n", "../x\n", "s\0e\0c\0", "x\n" + "y\u200b\n"])
def test_an_ignore_file_with_an_uncertain_line_is_unreadable(text: str) -> None:
    assert parse_ignore(ROOT, ".aiignore", text).fault


def test_all_files_of_a_folder_are_read(tmp_path: Path) -> None:
    names = [".aiexclude", ".aiignore", ".aiderignore", ".continueignore", ".cursorignore"]
    for name in names:
        put(tmp_path / name, "\ufeffa/\n")
    put(tmp_path / "twolane.toml", "\ufeff[nda]\npaths = ['a/']\n")
    found = read_policies(tmp_path)
    assert {policy.name for policy in found} == {"twolane.toml", *names}
    assert all(policy.paths == ("a/",) for policy in found)


@pytest.mark.parametrize("name", ["twolane.toml", ".cursorignore"])
@pytest.mark.parametrize(
    "content", [b"\xff\xfe[\0n\0d\0a\0]\0", b"# \xe9\n", b"#" + b"x" * 1_048_577]
)
def test_what_is_not_small_utf8_is_unreadable(tmp_path: Path, name: str, content: bytes) -> None:
    put(tmp_path / name, content)
    (policy,) = read_policies(tmp_path)
    assert policy.fault


@pytest.mark.parametrize("name", ["twolane.toml", ".cursorignore"])
def test_what_is_no_file_is_unreadable(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert read_policies(tmp_path)[0].fault
    (tmp_path / name).rmdir()
    (tmp_path / name).symlink_to(tmp_path / "nowhere")
    assert read_policies(tmp_path)[0].fault
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    assert read_policies(tmp_path)[0].fault == "is not a file"


def test_what_may_not_be_read_is_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "twolane.toml", "")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    # The superuser, as whom tests often run, may read every file.
    monkeypatch.setattr(os, "open", refuse)
    assert read_policies(tmp_path)[0].fault == "cannot be read (Permission denied)"


def test_what_a_file_says_now_counts_whatever_it_said_before(tmp_path: Path) -> None:
    first, second = '[nda]\npaths = ["a/"]\n', '[nda]\npaths = ["b/"]\n'
    time = put(tmp_path / "twolane.toml", first).stat().st_mtime_ns
    for text, paths in ((first, ("a/",)), (second, ("b/",)), (first, ("a/",))):
        os.utime(put(tmp_path / "twolane.toml", text), ns=(time, time))
        assert [policy.paths for policy in read_policies(tmp_path)] == [paths]
    put(tmp_path / "sub" / "twolane.toml", first)
    assert [policy.folder for policy in read_policies(tmp_path / "sub")] == [tmp_path / "sub"]
    put(tmp_path / ".aiexclude", first)
    assert [policy.name for policy in read_policies(tmp_path)] == ["twolane.toml", ".aiexclude"]


def test_place_is_relative_and_short() -> None:
    assert place(Path("/r/lib/twolane.toml"), Path("/r")) == "lib/twolane.toml"
    assert place(Path("/r/twolane.toml"), Path("/r/sub/module")) == "../../twolane.toml"


_RULES = st.builds(
    Rule, st.sampled_from(["a", "b"]), st.sampled_from(["paths", "words"]), st.text(max_size=4)
)


@given(st.lists(_RULES), st.randoms())
def test_the_hash_knows_no_order(rules: list[Rule], random: Random) -> None:
    turned = sorted(rules, key=lambda _: random.random())
    assert policy_hash(rules) == policy_hash([*turned, *rules])


@given(st.frozensets(_RULES), st.frozensets(_RULES))
def test_other_rules_have_another_hash(one: frozenset[Rule], other: frozenset[Rule]) -> None:
    assert (policy_hash(one) == policy_hash(other)) == (one == other)


@given(st.text())
def test_any_text_is_a_policy_or_a_fault(text: str) -> None:
    for parse in (parse_policy, parse_ignore):
        policy = parse(ROOT, "x", text)
        assert policy.fault is None or not policy.paths
