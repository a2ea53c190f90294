"""One repository's index, asked for what stands around a selection."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from support_repository import make_repository, put
from support_trust import make_folders
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.documents import Document
from twolane_server.fragments import Fragment, Label, disclose
from twolane_server.lanes.base import LaneName
from twolane_server.repositories.indexed import Indexed
from twolane_server.repositories.shown import Shown
from twolane_server.repositories.surroundings import Wanted
from twolane_server.rules.tainted import Tainted
from twolane_server.settings.resolved import NdaRules
from twolane_server.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.actions.base import Surroundings

TOOL = "from lib import fold\n\n\ndef tool(a):\n    return fold(a)\n"
LIB = "def fold(text):\n    return text.lower()\n"
CLOUD, LOCAL = LaneName.CLOUD, LaneName.LOCAL


@dataclass
class Desk:
    """A repository in which `tool.py` uses `lib.py`, and its index."""

    top: Path
    policy: str = "[nda]\n"
    files: dict[str, str] = field(default_factory=lambda: {"tool.py": TOOL, "lib.py": LIB})

    def __post_init__(self) -> None:
        self.folders = make_folders(self.top / "own")
        self.root = make_repository(self.top / "r", self.policy)
        for name, text in self.files.items():
            put(self.root / name, text)
        self.indexed = self.open()

    def open(self) -> Indexed:
        indexed = Indexed(self.root, self.folders)
        indexed.refresh()
        return indexed

    def wanted(self, audience: LaneName = LOCAL, path: str = "tool.py", row: int = 4) -> Wanted:
        label = Label.OPEN
        return Wanted(str(self.root / path), row, row, audience, "deepseek-v3.2", 65_536, label)

    def ask(self, audience: LaneName = LOCAL, *, patient: bool = True) -> Surroundings:
        return self.indexed.ask(self.wanted(audience), patient=patient)

    def document(self, name: str, text: str) -> Document:
        file = self.root / name
        return Document(file.as_uri(), str(file), "python", 1, Text.of(text))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def texts(fragments: tuple[Fragment, ...]) -> str:
    return "".join(map(disclose, fragments))


def test_what_the_selection_uses_is_there(desk: Desk) -> None:
    found = desk.ask()
    assert texts(found.pieces) == f"lib.py, lines 1-2\n```python\n{LIB}```\n"
    assert "lib.py\n  def fold(text)" in texts(found.map)


def test_for_the_cloud_nda_files_do_not_exist(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '[nda]\npaths = ["lib.py"]\n')
    local, cloud = desk.ask(LOCAL), desk.ask(CLOUD)
    assert Label.highest(one.label for one in local.pieces) is Label.NDA
    assert not cloud.pieces
    assert "lib" not in texts(cloud.map)


def test_a_rule_that_comes_counts_at_once(desk: Desk) -> None:
    assert desk.ask(CLOUD).pieces
    put(desk.root / "twolane.toml", '[nda]\npaths = ["lib.py"]\n')
    desk.indexed.refresh(["twolane.toml"])
    assert not desk.ask(CLOUD).pieces
    assert "lib" not in texts(desk.ask(CLOUD).map)


def test_a_folder_that_comes_may_hold_rules(tmp_path: Path) -> None:
    files = {"tool.py": TOOL.replace("from lib", "from pack.lib"), "pack/lib.py": LIB}
    desk = Desk(tmp_path, files=files)
    assert desk.ask(CLOUD).pieces
    (desk.root / "pack").rename(desk.root / "old")
    new = make_repository(tmp_path / "new", None) / "pack"
    put(new / "lib.py", LIB)
    put(new / ".aiexclude", "*.py\n")
    new.rename(desk.root / "pack")
    desk.indexed.refresh(["pack", "old"])
    assert not desk.ask(CLOUD).pieces


def test_the_users_own_rules_count(desk: Desk) -> None:
    wanted = replace(desk.wanted(CLOUD), nda=NdaRules(paths=("lib.py",)))
    assert not desk.indexed.ask(wanted).pieces
    assert desk.ask(CLOUD).pieces, "and only for who has them"


def test_unsaved_text_lies_over_the_disk_and_goes_with_the_document(desk: Desk) -> None:
    new = LIB.replace("lower", "casefold")
    desk.indexed.sync([desk.document("lib.py", new)])
    assert "casefold" in texts(desk.ask().pieces)
    desk.indexed.sync([])
    assert "casefold" not in texts(desk.ask().pieces)


def test_a_marker_in_unsaved_text_counts(desk: Desk) -> None:
    desk.indexed.sync([desk.document("lib.py", f"# CONFIDENTIAL\n{LIB}")])
    assert not desk.ask(CLOUD).pieces


def test_a_marker_that_only_the_disk_has_counts(desk: Desk) -> None:
    put(desk.root / "lib.py", f"# CONFIDENTIAL\n{LIB}")
    desk.indexed.refresh(["lib.py"])
    desk.indexed.sync([desk.document("lib.py", LIB)])
    assert not desk.ask(CLOUD).pieces


def test_a_way_by_which_an_editor_reached_the_text_counts(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '[nda]\npaths = ["clients/**"]\n')
    link = desk.root / "clients" / "lib.py"
    link.parent.mkdir()
    link.symlink_to(desk.root / "lib.py")
    document = replace(desk.document("lib.py", LIB), path=str(link), before=(str(link),))
    desk.indexed.sync([document])
    assert not desk.ask(CLOUD).pieces


def test_a_rename_keeps_the_label(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '[nda]\npaths = ["old.py"]\n', {"tool.py": TOOL, "old.py": LIB})
    (desk.root / "old.py").rename(desk.root / "lib.py")
    desk.indexed.refresh(["old.py", "lib.py"])
    assert not desk.ask(CLOUD).pieces
    assert desk.indexed.former(str(desk.root / "lib.py")) == (str(desk.root / "old.py"),)
    assert desk.indexed.former("/elsewhere/lib.py") == ()


def test_a_rename_counts_before_anybody_was_told_of_it(desk: Desk) -> None:
    desk.indexed.refresh()
    desk.indexed.save()
    (desk.root / "lib.py").rename(desk.root / "new.py")
    assert desk.indexed.former(str(desk.root / "new.py")) == (str(desk.root / "lib.py"),)
    assert desk.indexed.former(str(desk.root / "none.py")) == ()


def test_what_changed_unnoticed_is_noticed_with_the_question(desk: Desk) -> None:
    assert desk.ask().pieces
    put(desk.root / "lib.py", LIB.replace("lower", "casefold"))
    assert "casefold" in texts(desk.ask().pieces)
    (desk.root / "lib.py").unlink()
    assert not desk.ask().pieces


def test_who_cannot_wait_gets_the_map_the_next_time(desk: Desk) -> None:
    assert not desk.ask(patient=False).map
    desk.indexed.choose_maps()
    assert "def fold" in texts(desk.ask(patient=False).map)


@pytest.mark.parametrize("audience", [LOCAL, CLOUD])
def test_the_next_process_goes_on_with_the_same_map(desk: Desk, audience: LaneName) -> None:
    before = texts(desk.ask(audience).map)
    put(desk.root / "lib.py", f"{LIB}\n\ndef other(): ...\n")  # chosen anew, it would be there
    desk.indexed.save()
    desk.indexed.close()
    desk.indexed = desk.open()
    assert texts(desk.ask(audience, patient=False).map) == before


def test_what_is_kept_is_the_owners_alone(desk: Desk) -> None:
    desk.ask()
    desk.indexed.save()
    kept = [file for file in (desk.folders.cache / "index").iterdir() if file.suffix == ".map"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in kept] == [0o600]


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff"])
def test_a_map_that_cannot_be_read_is_chosen_anew(desk: Desk, content: bytes) -> None:
    before = texts(desk.ask().map)
    desk.indexed.save()
    for file in (desk.folders.cache / "index").glob("*.map"):
        file.write_bytes(content)
    desk.indexed.close()
    desk.indexed = desk.open()
    assert texts(desk.ask().map) == before


def test_a_cache_that_cannot_be_kept_is_told_and_does_no_harm(tmp_path: Path) -> None:
    put(tmp_path / "own" / "cache" / "index", "in the way")
    desk = Desk(tmp_path)
    assert "cannot be kept" in (desk.indexed.problem or "")
    assert desk.ask().pieces
    desk.indexed.save()


def test_a_document_of_no_file_or_another_place_changes_nothing(desk: Desk) -> None:
    desk.indexed.sync([replace(desk.document("x.py", "z = 1\n"), path="", uri="untitled:1")])
    elsewhere = put(desk.top / "elsewhere.py", "z = 1\n")
    desk.indexed.sync([replace(desk.document("x.py", "z = 1\n"), path=str(elsewhere))])
    assert sorted(desk.indexed.repository.index.files) == ["lib.py", "tool.py", "twolane.toml"]
    assert desk.indexed.relative(os.fspath(elsewhere)) is None


def test_an_entry_of_the_map_is_the_same_fragment_while_it_says_the_same(desk: Desk) -> None:
    before, again = ([id(one) for one in desk.ask().map if one.origin.path] for _ in range(2))
    assert again == before != []
    put(desk.root / "twolane.toml", '[nda]\npaths = ["lib.py"]\n')
    desk.indexed.refresh(["twolane.toml"])
    after = {one.origin.path: one for one in desk.ask().map}
    assert after[str(desk.root / "lib.py")].label is Label.NDA


def test_the_local_map_is_put_together_anew_only_where_something_is_another(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real = Shown.fragments

    def counted(self: Shown, audience: LaneName, entries: Any) -> tuple[Fragment, ...]:  # noqa: ANN401 - private there
        made.append(1)
        return real(self, audience, entries)

    monkeypatch.setattr(Shown, "fragments", counted)
    before = desk.ask().map
    desk.indexed.sync([desk.document("tool.py", TOOL.replace("fold(a)", "fold(a + a)"))])
    assert desk.ask().map == before
    assert len(made) == 1, "what a body says makes no other map"
    desk.indexed.sync([desk.document("lib.py", f"# CONFIDENTIAL\n{LIB}")])
    after = {one.origin.path: one.label for one in desk.ask().map}
    assert after[str(desk.root / "lib.py")] is Label.NDA
    again = Wanted(str(desk.root / "tool.py"), 4, 4, LOCAL, "deepseek-v3.2", 65_536, Label.NDA)
    labels = {one.label for one in desk.indexed.ask(again, patient=True).map if one.origin.path}
    assert labels == {Label.NDA}


@pytest.mark.parametrize("audience", [CLOUD, LOCAL])
def test_what_of_a_map_changed_unnoticed_is_noticed_unless_a_watch_tells_of_it(
    tmp_path: Path, audience: LaneName
) -> None:
    files = {"tool.py": TOOL, "lib.py": LIB, "far.py": "def far(): ...\n"}
    desk = Desk(tmp_path, files=files)
    before = desk.ask(audience).map
    put(desk.root / "far.py", "def near(): ...\n")
    noticed = desk.ask(audience).map
    assert noticed != before
    desk.indexed.hidden.watched = True
    put(desk.root / "far.py", "def far(): ...\n")
    assert (desk.ask(audience).map == noticed) is (audience is LOCAL)
    desk.indexed.refresh(["far.py"])
    assert desk.ask(audience).map != noticed


def test_the_tree_of_the_document_is_taken(desk: Desk) -> None:
    language = language_for("tool.py")
    assert language is not None
    tree = parse(language, TOOL.encode())
    desk.indexed.ask(replace(desk.wanted(), parsed=tree), patient=True)
    assert tree.found, "the file was parsed and examined another time"


FOUND = "it holds code of r/clients/a.py"


def test_a_file_into_which_code_was_pasted_does_not_exist_for_the_cloud(desk: Desk) -> None:
    """From the moment on that any process notes it."""
    lib, other = desk.root / "lib.py", Tainted(desk.folders.state)
    assert desk.ask(CLOUD).pieces
    other.add(str(lib), FOUND)
    assert not desk.ask(CLOUD).pieces
    assert "lib" not in texts(desk.ask(CLOUD).map)
    assert Label.highest(one.label for one in desk.ask(LOCAL).pieces) is Label.NDA
    assert "quotes code of lib.py" in str(desk.indexed.quoted(("lower",), NdaRules()))
    other.clear([str(lib)])
    assert desk.ask(CLOUD).pieces


def test_what_is_shown_is_as_if_it_had_never_been_there(tmp_path: Path) -> None:
    """Not what is left of an answer that it had a part in."""
    near = LIB.replace("fold", "bend")
    tool = TOOL.replace("(a)", "(bend(a))", 2).replace("def tool(bend(a))", "def tool(a)")
    files = {"tool.py": f"from near import bend\n{tool}", "lib.py": LIB, "near.py": near}
    desk = Desk(tmp_path, files=files)

    def shown() -> str:
        return texts(desk.indexed.ask(replace(desk.wanted(CLOUD, row=5), budget=16)).pieces)

    assert "lib.py, lines 1-2" in shown()
    assert "near.py, line 1\n" in shown()
    Tainted(desk.folders.state).add(str(desk.root / "lib.py"), FOUND)
    assert shown().startswith("near.py, lines 1-2\n")


@pytest.mark.parametrize("watched", [True, False])
def test_one_that_is_moved_is_known_by_its_new_name(desk: Desk, watched: bool) -> None:  # noqa: FBT001 - the case
    """Whether that was seen, or happened before this process began."""
    Tainted(desk.folders.state).add(str(desk.root / "lib.py"), FOUND)
    if watched:
        desk.ask(CLOUD)
    folder = desk.root / "pack"
    folder.mkdir()
    (desk.root / "lib.py").rename(folder / "lib.py")
    put(desk.root / "tool.py", TOOL.replace("from lib", "from pack.lib"))
    if watched:
        desk.indexed.refresh(["lib.py", "pack", "tool.py"])
    else:
        desk.indexed = Indexed(desk.root, make_folders(desk.top / "own"))
        desk.indexed.refresh()
    assert desk.ask(LOCAL).pieces
    assert not desk.ask(CLOUD).pieces
    assert "lib" not in texts(desk.ask(CLOUD).map)


def test_where_nobody_can_tell_what_was_pasted_no_file_exists_for_the_cloud(desk: Desk) -> None:
    put(desk.folders.state / "pasted.json", "{")
    assert not desk.ask(CLOUD).pieces
    assert desk.ask(LOCAL).pieces


def test_files_are_labelled_without_a_look_at_the_disk_for_each(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    Tainted(desk.folders.state).add(str(desk.root / "lib.py"), FOUND)
    desk.ask(CLOUD)
    asked: list[str] = []
    monkeypatch.setattr("twolane_server.rules.tainted_here.identity_of", asked.append)
    monkeypatch.setattr("twolane_server.rules.tainted.read_text", asked.append)
    assert not desk.ask(CLOUD).pieces
    assert asked == []
