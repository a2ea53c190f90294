"""Grants: tightening keeps them, loosening ends them, a damaged file holds none."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_repository import make_repository, put
from twolane_server.errors import Refused, SettingsError
from twolane_server.rules.grants import FILE, Grant, read_grants, write_grants
from twolane_server.rules.policy import Rule
from twolane_server.rules.trust import Standing, compare, give, policies_of, revoke, standing
from twolane_server.settings.resolved import Folders

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
POLICY = '[nda]\npaths = ["clients/**", "secrets/"]\nmarkers = ["Inner"]\nwords = ["Acme"]\n'


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "config", tmp_path / "state", tmp_path / "cache")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "r", POLICY)


def _give(root: Path, folders: Folders) -> Standing:
    return give(root, folders, policies_of(root), NOW)


def test_never_granted_then_granted_then_taken_back(root: Path, folders: Folders) -> None:
    before = standing(root, folders)
    assert (before.granted, before.reason) == (False, "never granted (twolane trust)")
    given_now = _give(root, folders)
    assert given_now == standing(root, folders)
    assert given_now.granted
    assert given_now.reason == "granted since 2026-11-21T20:00:00+00:00"
    assert given_now.policy_hash == before.policy_hash
    assert revoke(root, folders)
    assert not standing(root, folders).granted
    assert not revoke(root, folders)


def test_a_grant_is_for_one_real_path(root: Path, folders: Folders, tmp_path: Path) -> None:
    _give(root, folders)
    (tmp_path / "link").symlink_to(root)
    assert standing(tmp_path / "link", folders).granted
    assert not standing(make_repository(tmp_path / "other", POLICY), folders).granted
    assert not standing(make_repository(root / "inner", POLICY), folders).granted


@pytest.mark.parametrize(
    ("policy", "gone"),
    [
        ('[nda]\npaths = ["secrets/"]\nmarkers = ["Inner"]\nwords = ["Acme"]\n', "clients/** in"),
        ('[nda]\npaths = ["clients/**", "secrets/"]\nwords = ["Acme"]\n', "inner in"),
        ("", "inner in"),
    ],
)
def test_a_rule_less_ends_the_grant(root: Path, folders: Folders, policy: str, gone: str) -> None:
    _give(root, folders)
    put(root / "twolane.toml", policy)
    now = standing(root, folders)
    assert not now.granted
    assert now.reason.startswith(f"lapsed because the policy loosened: {gone}")
    assert now.since == "2026-11-21T20:00:00+00:00"


def test_a_word_that_is_gone_is_not_named(root: Path, folders: Folders) -> None:
    _give(root, folders)
    put(root / "twolane.toml", POLICY.replace('"Acme"', ""))
    reason = standing(root, folders).reason
    assert "lapsed" in reason
    assert "acme" not in reason.lower()


def test_a_rule_more_or_another_order_keeps_the_grant(root: Path, folders: Folders) -> None:
    _give(root, folders)
    put(
        root / "twolane.toml",
        '[nda]\nwords = ["Beta", "Acme"]\nmarkers = ["Inner"]\n'
        'paths = ["secrets/", "more/", "clients/**"]\n',
    )
    put(root / "lib" / "twolane.toml", '[nda]\npaths = ["x"]\n')
    assert standing(root, folders).granted


@pytest.mark.parametrize("file", ["lib/deep/twolane.toml", "lib/.cursorignore", ".aiexclude"])
def test_a_nested_or_ignore_file_that_goes_ends_the_grant(
    root: Path, folders: Folders, file: str
) -> None:
    put(root / file, "[nda]\n" if file.endswith("toml") else "x/\n")
    _give(root, folders)
    assert standing(root, folders).granted
    (root / file).unlink()
    now = standing(root, folders)
    assert not now.granted
    assert file in now.reason


def test_outer_rules_are_part_of_the_grant(folders: Folders, tmp_path: Path) -> None:
    outer = make_repository(tmp_path / "outer", POLICY)
    inner = make_repository(outer / "vendor" / "inner")
    _give(inner, folders)
    put(outer / "twolane.toml", "[nda]\n")
    assert "in ../../twolane.toml is gone" in standing(inner, folders).reason


def test_a_grant_lapses_when_the_outer_repository_is_none_any_more(
    folders: Folders, tmp_path: Path
) -> None:
    """Its file of rules is still there, and holds for nothing."""
    outer = make_repository(tmp_path / "outer", POLICY)
    inner = make_repository(outer / "inner")
    _give(inner, folders)
    (outer / ".git").rmdir()
    found = standing(inner, folders)
    assert (found.granted, "../twolane.toml is gone" in found.reason) == (False, True)
    (outer / ".git").mkdir()
    assert standing(inner, folders).granted


def test_rules_of_inner_repositories_are_not(root: Path, folders: Folders) -> None:
    inner = make_repository(root / "inner", POLICY)
    _give(root, folders)
    put(inner / "twolane.toml", "[nda]\n")
    assert standing(root, folders).granted


@pytest.mark.parametrize("policy", [None, "[nda", '[nda]\npaths = ["!x"]\n'])
def test_without_a_policy_that_can_be_read_nothing_is_granted(
    tmp_path: Path, folders: Folders, policy: str | None
) -> None:
    bare = make_repository(tmp_path / "bare", policy)
    with pytest.raises(Refused, match=r"twolane\.toml"):
        _give(bare, folders)
    assert not standing(bare, folders).granted


def test_an_unreadable_policy_suspends_the_grant(root: Path, folders: Folders) -> None:
    _give(root, folders)
    put(root / "twolane.toml", "[nda")
    assert standing(root, folders).reason.startswith("twolane.toml is not valid TOML")
    put(root / "twolane.toml", POLICY)
    put(root / "sub" / ".aiignore", "[a\n")
    with pytest.raises(Refused, match="Nothing was granted"):
        _give(root, folders)


def test_grants_are_private_and_written_at_once(root: Path, folders: Folders) -> None:
    _give(root, folders)
    assert (folders.state / FILE).stat().st_mode & 0o777 == 0o600
    assert os.listdir(folders.state) == [FILE]  # noqa: PTH208 - nothing else is left behind


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"version": 2, "grants": {}}',
        '{"version": 1, "grants": {"/r": 3}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_grants_nothing(root: Path, folders: Folders, damaged: str) -> None:
    _give(root, folders)
    put(folders.state / FILE, damaged)
    grants, problems = read_grants(folders.state)
    assert (grants, len(problems)) == ({}, 1)
    assert not standing(root, folders).granted
    assert _give(root, folders).granted
    assert standing(root, folders).granted
    assert (folders.state / f"{FILE}.damaged").exists()


def test_a_grant_whose_rules_were_edited_is_damaged(root: Path, folders: Folders) -> None:
    _give(root, folders)
    file = folders.state / FILE
    put(file, file.read_text("utf-8").replace("clients/**", "clients/x"))
    assert "is damaged" in standing(root, folders).reason


def test_grants_that_others_could_write_count_for_nothing(root: Path, folders: Folders) -> None:
    _give(root, folders)
    (folders.state / FILE).chmod(0o666)
    now = standing(root, folders)
    assert not now.granted
    assert "chmod 600" in now.reason


def test_a_state_folder_that_cannot_be_made_is_a_sentence(root: Path, tmp_path: Path) -> None:
    state = put(tmp_path / "file") / "state"
    with pytest.raises(SettingsError, match="nothing was changed"):
        _give(root, Folders(tmp_path, state, tmp_path))


_RULES = st.frozensets(
    st.builds(
        Rule,
        st.sampled_from(["twolane.toml", "lib/twolane.toml", ".aiignore"]),
        st.sampled_from(["paths", "markers", "words"]),
        st.text(max_size=3),
    )
)


@given(_RULES, _RULES)
def test_a_grant_holds_exactly_while_none_of_its_rules_is_gone(
    then: frozenset[Rule], now: frozenset[Rule]
) -> None:
    assert compare(Grant("then", then), now).granted == (then <= now)
    assert compare(Grant("then", then), then | now).granted
    assert not compare(None, now).granted
    assert not compare(Grant("then", then), then, ("broken",)).granted


@given(st.dictionaries(st.text(), st.builds(Grant, st.text(max_size=5), _RULES), max_size=3))
def test_grants_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, grants: dict[str, Grant]
) -> None:
    state = tmp_path_factory.mktemp("state")
    write_grants(state, grants)
    assert read_grants(state) == (grants, ())
    assert json.loads((state / FILE).read_text("utf-8"))["version"] == 1
