"""Labels: in doubt NDA, and a rule more never makes it less."""

from __future__ import annotations

import os
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_repository import make_repository, put
from twolane_server.fragments import Label
from twolane_server.rules.labels import (
    FileRules,
    label_with,
    no_file,
    rules_for,
)
from twolane_server.rules.policy import FILES, Policy
from twolane_server.rules.ways import Way
from twolane_server.settings.resolved import NdaRules

NOBODY = NdaRules()
CLIENTS = '[nda]\npaths = ["clients/**"]\n'


def _nda(path: Path, *reasons: str, user: NdaRules = NOBODY, head: str | None = None) -> None:
    labelled = label_with(rules_for(path, user), head)
    assert labelled.label is Label.NDA
    for reason in reasons:
        assert reason in labelled.reasons


def _open(path: Path, head: str | None = None) -> None:
    labelled = label_with(rules_for(path, NOBODY), head)
    assert (labelled.label, labelled.reasons) == (
        Label.OPEN,
        ("no rule of twolane.toml matches",),
    )


def test_open_is_what_a_policy_was_read_for_and_no_rule_matches(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", CLIENTS)
    _open(put(root / "lib" / "a.py"))
    _nda(put(root / "clients" / "a.py"), "clients/** in twolane.toml")


def test_without_a_policy_all_is_nda(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", None)
    _nda(put(root / "a.py"), "no twolane.toml, and unknown is NDA")
    put(root / "lib" / "twolane.toml", "[nda]\n")
    _nda(put(root / "lib" / "a.py"), "no twolane.toml, and unknown is NDA")


def test_outside_of_repositories_all_is_nda(tmp_path: Path) -> None:
    put(tmp_path / "twolane.toml", "[nda]\n")
    _nda(put(tmp_path / "a.py"), "not in a repository")


def test_no_file_is_nda() -> None:
    assert no_file().label is Label.NDA


def test_what_cannot_be_read_is_nda_also_with_a_text_at_hand(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    _nda(root / "new.py", "its text is unknown: there is no such file")
    _nda(root / "new.py", "its text is unknown: there is no such file", head="x = 1")
    _nda(put(root / "a.bin", b"\xff\0\1"), "its text is unknown: is not text in UTF-8")
    _nda(root, "its text is unknown: is not a file")


def test_other_tools_files_are_rules_too(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    put(root / ".cursorignore", "secrets/\n!secrets/a.py\n")
    _nda(put(root / "secrets" / "a.py"), "secrets/ in .cursorignore")


def test_nested_policies_add_up(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", CLIENTS)
    put(root / "lib" / "twolane.toml", '[nda]\npaths = ["/inner/"]\nwords = ["Acme"]\n')
    file = put(root / "lib" / "inner" / "a.py")
    _nda(file, "/inner/ in lib/twolane.toml")
    _open(put(root / "inner" / "a.py"))
    put(root / "clients" / "twolane.toml", "[nda]\n")
    _nda(put(root / "clients" / "a.py"), "clients/** in twolane.toml")
    assert rules_for(file, NdaRules(words=("Own",))).words == ("Acme", "Own")


def test_a_nested_repository_is_under_its_outer_ones(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", '[nda]\npaths = ["vendor/x/"]\n')
    inner = make_repository(root / "vendor")
    _nda(put(inner / "x" / "a.py"), "vendor/x/ in ../twolane.toml")
    _open(put(inner / "a.py"))
    put(root / "twolane.toml", "[nda")
    _nda(inner / "a.py", "../twolane.toml cannot be read")


def test_a_submodule_without_a_policy_of_its_own_is_nda(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    put(root / "module" / ".git", "gitdir: ../.git/modules/module\n")
    _nda(put(root / "module" / "a.py"), "no twolane.toml, and unknown is NDA")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("folder", ["", "lib"])
def test_a_broken_policy_makes_all_below_it_nda(tmp_path: Path, name: str, folder: str) -> None:
    root = make_repository(tmp_path / "r")
    put(root / folder / name, b"\xff")
    shown = f"{folder}/{name}" if folder else name
    _nda(put(root / "lib" / "a.py"), f"{shown} cannot be read")
    problems = rules_for(root / "lib" / "a.py", NOBODY).problems
    assert [problem.message for problem in problems] == [
        "is not UTF-8; all code below it is taken as NDA."
    ]


def test_links_of_files_and_folders_are_seen_through(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", CLIENTS)
    secret = put(root / "clients" / "a.py")
    plain = put(root / "lib" / "b.py")
    (root / "link.py").symlink_to("clients/a.py")
    (root / "folder").symlink_to("clients")
    (root / "clients" / "out.py").symlink_to(plain)
    (root / "again.py").symlink_to("clients/out.py")
    for path in ("link.py", "folder/a.py", "clients/out.py", "folder/out.py", "again.py"):
        _nda(root / path, "clients/** in twolane.toml")
    (root / "dots").symlink_to("clients")
    _nda(root / "dots" / ".." / "clients" / "a.py")
    _nda(root / "lib" / ".." / "clients" / "a.py", "clients/** in twolane.toml")
    assert secret.exists()


def test_a_link_into_another_repository_is_under_that_ones_rules_too(tmp_path: Path) -> None:
    here = make_repository(tmp_path / "here")
    there = make_repository(tmp_path / "there", CLIENTS)
    put(there / "clients" / "a.py")
    put(there / "b.py")
    (here / "a.py").symlink_to(there / "clients" / "a.py")
    (here / "b.py").symlink_to(there / "b.py")
    _nda(here / "a.py", "clients/** in twolane.toml")
    _open(here / "b.py")
    assert rules_for(here / "b.py", NOBODY).roots == (here, there)


def test_a_link_out_of_repositories_is_nda(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    (root / "a.py").symlink_to(put(tmp_path / "a.py"))
    _nda(root / "a.py", "not in a repository")
    (root / "loop.py").symlink_to("loop.py")
    _nda(root / "loop.py", "its path cannot be followed")


def test_a_hard_link_is_nda(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", CLIENTS)
    os.link(put(root / "clients" / "a.py"), root / "a.py")
    _nda(root / "a.py", "2 hard links, and where the others lead is unknown")


@pytest.mark.parametrize("name", ["Clients", "CLIENTS", "cLiEnTs"])
def test_case_makes_no_difference(tmp_path: Path, name: str) -> None:
    root = make_repository(tmp_path / "r", CLIENTS)
    _nda(put(root / name / "a.py"), "clients/** in twolane.toml")


@pytest.mark.parametrize("rule", ["NFC", "NFD"])
@pytest.mark.parametrize("name", ["NFC", "NFD"])
def test_unicode_form_makes_no_difference(tmp_path: Path, rule: str, name: str) -> None:
    glob = unicodedata.normalize("NFC" if rule == "NFC" else "NFD", "Société/")
    folder = unicodedata.normalize("NFC" if name == "NFC" else "NFD", "société")
    root = make_repository(tmp_path / "r", f'[nda]\npaths = ["{glob}"]\n')
    _nda(put(root / folder / "a.py"), f"{glob} in twolane.toml")


@pytest.mark.parametrize("name", [".a.py.swp", "a.py~", "#a.py#", "a.py.orig"])
def test_backups_are_like_their_file(tmp_path: Path, name: str) -> None:
    root = make_repository(tmp_path / "r", '[nda]\npaths = ["/a.py"]\n')
    _nda(put(root / name), "/a.py in twolane.toml")
    put(root / "lib" / "a.py", "# CONFIDENTIAL\n")
    _nda(put(root / "lib" / name), "marker CONFIDENTIAL in line 1 of a.py")


def test_markers_of_the_saved_and_of_the_unsaved_text_count(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", '[nda]\nmarkers = ["Inner Circle"]\n')
    file = put(root / "a.py", "#!/usr/bin/python\n# Confidential\n")
    _nda(file, "marker CONFIDENTIAL in line 2")
    _nda(file, "marker CONFIDENTIAL in line 2", head="x = 1\n")
    _nda(put(root / "b.py"), "marker Inner Circle in line 1", head="# inner circle\n")
    _nda(
        put(root / "c.py"), "marker Mine in line 1", head="# mine", user=NdaRules(markers=("Mine",))
    )
    _nda(put(root / "d.py", "# NDA".encode("utf-16")), "marker NDA in line 1")


def test_the_users_own_rules_hold_in_every_repository(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    user = NdaRules(paths=("private/",))
    _nda(put(root / "private" / "a.py"), "private/ in your settings", user=user)
    _nda(put(root / "a.py"), "settings broken", user=NdaRules(fault="settings broken"))


def test_gits_own_files_and_the_policy_itself_are_nda(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    _nda(put(root / ".git" / "COMMIT_EDITMSG"), "in .git, which mixes the text of many files")
    _nda(root / "twolane.toml", "it holds the policy itself")


def test_odd_paths_are_nda_and_never_an_error(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    for path in (Path("a\0b"), root / ("x/" * 600) / "a.py", root / ("x" * 300), Path("\udcff")):
        assert label_with(rules_for(path, NOBODY), None).label is Label.NDA
    _nda(root / ("x/" * 600) / "a.py", "its path is too long to be matched in good time", head="")


def test_reading_is_not_needed_to_label_from_memory(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", CLIENTS)
    rules = rules_for(put(root / "a.py"), NOBODY)
    text = "é = 1\n" * 2_000
    assert label_with(rules, text).label is Label.OPEN
    start = time.process_time()
    for _ in range(100):
        label_with(rules, text)
    assert (time.process_time() - start) / 100 < 0.01


_ROOT = Path("/r")
_NAMES = st.sampled_from(["a", "b", "clients", "Clients", "x.py", "*", "**", "*.py", "[ab]"])
_GLOBS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_WORDS = st.sampled_from(["alpha", "beta"])


def _tuple(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


_POLICIES = st.builds(
    Policy,
    folder=st.sampled_from([_ROOT, _ROOT / "a"]),
    name=st.sampled_from(FILES),
    paths=_tuple(_GLOBS),
    markers=_tuple(_WORDS),
    fault=st.one_of(st.none(), st.just("is broken")),
)
_PATHS = st.lists(st.sampled_from(["a", "b", "clients", "CLIENTS", "x.py", "x.py~"]), min_size=1)
_HEADS = st.sampled_from(["x = 1", "# alpha", "# Beta", "# NDA"])


@given(
    path=_PATHS,
    policies=st.lists(_POLICIES, max_size=4),
    more=_POLICIES,
    user=st.builds(NdaRules, paths=_tuple(_GLOBS), markers=_tuple(_WORDS)),
    own=st.builds(NdaRules, paths=_tuple(_GLOBS), markers=_tuple(_WORDS)),
    head=_HEADS,
)
def test_a_rule_more_never_opens(  # noqa: PLR0917 - hypothesis passes them by name
    path: list[str],
    policies: list[Policy],
    more: Policy,
    user: NdaRules,
    own: NdaRules,
    head: str,
) -> None:
    base = Policy(_ROOT, "twolane.toml")
    file = _ROOT / "a" / "/".join(path)

    def label(policies: list[Policy], user: NdaRules) -> Label:
        way = Way(file, (_ROOT,), (base, *policies))
        return label_with(FileRules((way,), user), head).label

    both = NdaRules(user.paths + own.paths, user.markers + own.markers)
    before = label(policies, user)
    assert label([*policies, more], user) >= before
    assert label([more, *policies], user) >= before
    assert label(policies, both) >= before


def test_a_text_keeps_the_rules_of_every_way_by_which_it_was_reached(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", CLIENTS)
    put(root / "clients" / "a.py")
    plain = put(root / "plain.py")
    link = root / "link.py"
    link.symlink_to(plain)
    for before in (["clients/a.py"], ["plain.py", "clients/a.py"], ["clients/gone.py"]):
        rules = rules_for(link, NOBODY, before=[str(root / each) for each in before])
        assert label_with(rules, "x = 1").reasons == ("clients/** in twolane.toml",)
    assert label_with(rules_for(link, NOBODY, before=[str(plain)]), None).label is Label.OPEN


def test_a_glob_from_the_file_systems_root_counts(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", f'[nda]\npaths = ["{tmp_path}/r/clients/**"]\n')
    _nda(put(root / "clients" / "a.py"), f"{tmp_path}/r/clients/** in twolane.toml")
    _open(put(root / "lib" / "a.py"))
    user = NdaRules(paths=(f"{tmp_path}/r/lib/",))
    _nda(root / "lib" / "a.py", f"{tmp_path}/r/lib/ in your settings", user=user)
