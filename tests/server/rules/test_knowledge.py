"""What disk and user say about a file, and what the border asks again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_repositories import Alone
from support_repository import make_repository, put
from support_trust import grant, make_folders, trusted_repository
from twolane_server.fragments import Label, Origin
from twolane_server.rules.knowledge import (
    UNKNOWN,
    Known,
    head_of,
    path_label,
    read_known,
    read_standing,
)
from twolane_server.rules.labels import Labelled
from twolane_server.rules.markers import find_markers
from twolane_server.rules.policy import read_policies
from twolane_server.rules.tainted import Tainted
from twolane_server.rules.trust import revoke
from twolane_server.settings.resolved import NdaRules, Settings
from twolane_server.text import Text

if TYPE_CHECKING:
    from twolane_server.border.standing import ReadStanding, Standing
    from twolane_server.rules.policy import Policy
    from twolane_server.settings.resolved import Folders

CLIENTS = '[nda]\npaths = ["clients/**"]\nwords = ["Acme Corp"]\n'


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return make_folders(tmp_path / "own")


@pytest.fixture
def root(tmp_path: Path, folders: Folders) -> Path:
    root = trusted_repository(tmp_path / "r", folders, CLIENTS)
    put(root / "a.py")
    put(root / "clients" / "b.py")
    return root


@pytest.fixture
def read(folders: Folders) -> ReadStanding:
    return read_standing(Settings(), folders, {}, nothing)


nothing = Alone().known_code


def ask(read: ReadStanding, *files: Path) -> Standing:
    return read(tuple(Origin(str(file), 1, 1) for file in files))


def test_an_open_file_of_a_granted_repository(root: Path, read: ReadStanding) -> None:
    standing = ask(read, root / "a.py")
    assert (standing.label, standing.granted) == (Label.OPEN, True)
    assert standing.words == ("Acme Corp",)
    assert standing.reasons == ()
    assert len(standing.policy_hash) == 64


def test_one_file_under_nda_makes_all_of_it_nda(root: Path, read: ReadStanding) -> None:
    standing = ask(read, root / "a.py", root / "clients" / "b.py")
    assert standing.label is Label.NDA
    assert standing.reasons == ("clients/** in twolane.toml",)


def test_no_sources_have_no_grant(read: ReadStanding) -> None:
    standing = ask(read)
    assert not standing.granted


def test_a_source_without_a_file_has_no_grant(root: Path, read: ReadStanding) -> None:
    assert not read((Origin(),)).granted
    assert not read((Origin(), Origin(str(root / "a.py")))).granted


def test_each_reading_is_a_new_one(root: Path, folders: Folders, read: ReadStanding) -> None:
    file = root / "a.py"
    before = ask(read, file)
    put(root / "twolane.toml", CLIENTS.replace("clients", "a.py", 1).replace("/**", ""))
    tightened = ask(read, file)
    assert (before.label, tightened.label) == (Label.OPEN, Label.NDA)
    assert tightened.policy_hash != before.policy_hash
    put(root / "twolane.toml", CLIENTS.replace('"Acme Corp"', '"Acme Corp", "Beta"'))
    assert ask(read, file).words == ("Acme Corp", "Beta")
    assert ask(read, file).granted
    put(root / "twolane.toml", "[nda]\n")
    lapsed = ask(read, file)
    assert not lapsed.granted
    assert "lapsed because the policy loosened" in lapsed.reasons[0]
    put(root / "twolane.toml", CLIENTS)
    assert ask(read, file) == before
    revoke(root, folders)
    assert not ask(read, file).granted
    grant(root, folders)
    assert ask(read, file).granted
    put(file, "# CONFIDENTIAL\n")
    assert ask(read, file).reasons == ("marker CONFIDENTIAL in line 1",)
    put(root / ".aiexclude", "a.py\n")
    assert "a.py in .aiexclude" in ask(read, file).reasons
    put(root / "twolane.toml", "[nda")
    assert ask(read, file).label is Label.NDA


def test_a_reading_of_many_files_reads_rules_once_and_the_next_one_reads_them_again(
    root: Path, read: ReadStanding, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[Path] = []

    def counted(folder: str) -> tuple[Policy, ...]:
        places.append(Path(folder))
        return read_policies(folder)

    monkeypatch.setattr("twolane_server.rules.knowledge.read_policies", counted)
    files = [put(root / "lib" / f"{number}.py") for number in range(9)]
    assert ask(read, *files).label is Label.OPEN
    assert sorted(places) == [root, root / "lib"]
    assert ask(read, *files).label is Label.OPEN
    assert sorted(places) == [root, root, root / "lib", root / "lib"]


def test_a_deleted_file_is_nda(root: Path, read: ReadStanding) -> None:
    assert ask(read, root / "a.py").label is Label.OPEN
    (root / "a.py").unlink()
    standing = ask(read, root / "a.py")
    assert standing.label is Label.NDA
    assert "its text is unknown" in standing.reasons[0]


def test_a_name_alone_needs_no_file(root: Path, read: ReadStanding) -> None:
    """Such as that of a test file that is to be made."""
    file = root / "test_a.py"
    named = Origin(str(file), name_only=True)
    assert read((named,)).label is Label.OPEN
    assert read((named,)).granted
    assert read((named, Origin(str(file), 1, 1))).label is Label.NDA
    put(root / ".aiignore", "test_*\n")
    assert read((named,)).reasons == ("test_* in .aiignore",)
    (root / ".aiignore").unlink()
    put(file, "# CONFIDENTIAL\n")
    assert read((named,)).label is Label.NDA


def test_each_repository_needs_a_grant_of_its_own(
    tmp_path: Path, root: Path, folders: Folders, read: ReadStanding
) -> None:
    other = make_repository(tmp_path / "other")
    put(other / "c.py")
    both = (root / "a.py", other / "c.py")
    for order in (both, both[::-1]):
        standing = ask(read, *order)
        assert (standing.label, standing.granted) == (Label.OPEN, False)
        assert "never granted" in standing.reasons[0]
    grant(other, folders)
    assert ask(read, *both).granted
    revoke(root, folders)
    assert not ask(read, *both).granted


def test_a_link_into_another_repository_needs_both_grants(
    tmp_path: Path, root: Path, folders: Folders, read: ReadStanding
) -> None:
    other = make_repository(tmp_path / "other")
    put(other / "c.py")
    (root / "link.py").symlink_to(other / "c.py")
    assert not ask(read, root / "link.py").granted
    grant(other, folders)
    assert ask(read, root / "link.py").granted
    assert set(ask(read, root / "link.py").words) == {"Acme Corp"}
    put(other / "twolane.toml", '[nda]\npaths = ["c.py"]\n')
    assert ask(read, root / "link.py").label is Label.NDA


def test_the_reasons_do_not_depend_on_chance(tmp_path: Path, read: ReadStanding) -> None:
    roots = [make_repository(tmp_path / str(i), "[nda") for i in range(6)]
    files = [put(root / f"{root.name}.py") for root in roots]
    first = ask(read, *files).reasons
    assert all(ask(read, *files).reasons == first for _ in range(5))
    assert ask(read, *files[:1]).reasons == first, "the first source speaks"


def test_the_users_own_rules_hold_too(root: Path, folders: Folders) -> None:
    rules = NdaRules(paths=("a.py",), words=("Zebra",))
    standing = ask(read_standing(Settings(nda=rules), folders, {}, nothing), root / "a.py")
    assert standing.label is Label.NDA
    assert standing.words == ("Acme Corp", "Zebra")


def test_settings_that_cannot_be_read_make_all_nda(root: Path, folders: Folders) -> None:
    settings = Settings(nda=NdaRules(fault="your settings cannot be read"))
    assert ask(read_standing(settings, folders, {}, nothing), root / "a.py").label is Label.NDA


def test_before_the_first_reading_all_is_nda() -> None:
    assert UNKNOWN.label("x = 1\n") == Labelled(Label.NDA, ("its label is not read yet",))
    assert not UNKNOWN.granted


def test_what_is_known_about_a_file(root: Path, folders: Folders) -> None:
    known = read_known(str(root / "a.py"), Settings(), folders, "no key")
    assert (known.granted, known.grant_reason, known.cloud_state) == (True, "", "no key")
    assert known.label("x = 1\n").label is Label.OPEN
    assert known.label("# NDA\n").label is Label.NDA, "the text that is about to be used counts"
    revoke(root, folders)
    known = read_known(str(root / "a.py"), Settings(), folders, None)
    assert not known.granted
    assert known.grant_reason == (
        "this repository may not use the cloud lane: never granted (twolane trust)"
    )


def test_a_marker_that_was_saved_holds_when_the_buffer_lost_it(
    root: Path, folders: Folders
) -> None:
    put(root / "a.py", "# CONFIDENTIAL\n")
    known = read_known(str(root / "a.py"), Settings(), folders, None)
    assert known.label("x = 1\n").label is Label.NDA


def test_no_file_and_no_repository_are_nda(tmp_path: Path, folders: Folders) -> None:
    nowhere = read_known("", Settings(), folders, None)
    assert nowhere == Known(None)
    assert nowhere.label("x").reasons == ("no file, and unknown is NDA",)
    loose = read_known(str(put(tmp_path / "loose.py")), Settings(), folders, None)
    assert not loose.granted
    assert loose.label("x").label is Label.NDA
    assert not replace(loose, rules=None).granted


@given(
    st.lists(
        st.sampled_from(["CONFIDENTIAL", "x", "\n", "\r\n", "\n" * 38, "y" * 4_090, " "]),
        max_size=9,
    )
)
def test_a_head_holds_every_marker_that_counts(parts: list[str]) -> None:
    text = "".join(parts)
    assert find_markers(head_of(Text.of(text))) == find_markers(text)


def test_a_file_into_which_code_was_pasted_is_nda_for_menu_and_border(
    root: Path, folders: Folders, read: ReadStanding
) -> None:
    """By any path that it has or had, and its name too."""
    file, moved = root / "a.py", root / "moved.py"
    assert ask(read, file).label is Label.OPEN
    Tainted(folders.state).add(str(file), "it holds code of r/clients/b.py")
    known = read_known(str(file), Settings(), folders, None)
    assert known.label("").label is path_label(known) is Label.NDA
    (reason,) = known.label("").reasons
    assert reason.startswith("code pasted into it on ")
    assert ask(read, file).reasons == (reason,)
    before = (str(file),)
    assert read_known(str(put(moved)), Settings(), folders, None, before=before).label("").reasons
    assert read_known(str(moved), Settings(), folders, None).label("").label is Label.OPEN
    file.rename(moved)
    assert ask(read, moved).label is Label.NDA
    Tainted(folders.state).clear([str(moved)])
    assert ask(read, moved).label is Label.OPEN
