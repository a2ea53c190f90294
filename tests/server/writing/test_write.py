"""Changes of many files on disk."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from support_writing import SETS, Project, change, tree_of
from twolane_server.edits.changes import Changes
from twolane_server.errors import ActionError, StaleDocument
from twolane_server.writing.disk import Disk
from twolane_server.writing.journal import held
from twolane_server.writing.recover import recover

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.edits.changes import FileChange

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


def project(top: Path, *changes: FileChange, **files: str) -> Project:
    tree = {path.replace("__", "."): text.encode() for path, text in files.items()}
    made = Project(top, tree, Changes.of(changes))
    made.fresh()
    return made


@pytest.mark.parametrize("number", range(len(SETS)))
def test_all_is_done_and_nothing_is_left(tmp_path: Path, number: int) -> None:
    one = Project(tmp_path, *SETS[number])
    one.fresh()
    one.apply()
    assert tree_of(one.root) == one.after
    assert one.journal == []
    assert recover(one.state) == []


@posix
def test_a_files_mode_stays_also_when_it_is_renamed(tmp_path: Path) -> None:
    one = project(tmp_path, change("a", "1", "2"), change("b", "1", "1", to="c"), a="1", b="1")
    (one.root / "a").chmod(0o751)
    (one.root / "b").chmod(0o640)
    one.apply()
    assert (one.root / "a").stat().st_mode & 0o777 == 0o751
    assert (one.root / "c").stat().st_mode & 0o777 == 0o640
    assert not (one.root / "b").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        change("b", "2", "3"),
        change("b", "2", None),
        change("b", "2", "2", to="d"),
        change("c", None, "there already"),
        change("a", "1", "1", to="c"),
        change("gone", "1", "2"),
    ],
)
def test_one_stale_file_stops_all(tmp_path: Path, wrong: FileChange) -> None:
    more = () if wrong.path == "a" else (change("a", "1", "2"),)
    one = project(tmp_path, *more, wrong, a="1", b="1", c="1")
    before = tree_of(one.root)
    with pytest.raises(StaleDocument):
        one.apply()
    assert tree_of(one.root) == before
    assert one.journal == []


@posix
def test_what_cannot_be_written_stops_all(tmp_path: Path) -> None:
    one = project(tmp_path, change("a", "1", "2"), change("b", "1", "2"), a="1", b="1", c="1")
    (one.root / "b").chmod(0o444)
    with pytest.raises(ActionError, match="write-protected"):
        one.apply()
    (one.root / "b").unlink()
    os.link(one.root / "c", one.root / "b")
    with pytest.raises(ActionError, match="hard link"):
        one.apply()
    assert (one.root / "a").read_text() == "1"


@posix
def test_links_are_followed_within_the_folder_and_not_out_of_it(tmp_path: Path) -> None:
    one = project(tmp_path, change("l", "1", "2"), a="1")
    (one.root / "l").symlink_to(one.root / "a")
    one.apply()
    assert (one.root / "l").is_symlink()
    assert (one.root / "a").read_text() == "2"
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_text("1")
    (one.root / "o").symlink_to(outside)
    (one.root / "k").symlink_to(outside / "f")
    for wrong in (
        change("o/f", "1", "2"),
        change("o/new", None, "2"),
        change("k", "1", "2"),
        change("l", "2", None),
    ):
        one.changes = Changes.of([wrong])
        with pytest.raises(ActionError, match="link"):
            one.apply()
    assert tree_of(outside) == {"f": b"1"}


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    class Full(Disk):
        def write_new(self, path: str, content: bytes, mode: int | None) -> None:
            if path.endswith("-1.new"):
                raise OSError(28, "No space left on device")
            super().write_new(path, content, mode)

    one = project(tmp_path, change("a", "1", "2"), change("b", "1", "2"), a="1", b="1")
    with pytest.raises(ActionError, match="No space left on device"):
        one.apply(Full())
    assert tree_of(one.root) == one.before
    assert one.journal == []


def test_where_files_have_but_one_name_they_are_moved(tmp_path: Path) -> None:
    one = Project(tmp_path, *SETS[0])
    one.fresh()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "link", refuse)
        one.apply()
    assert tree_of(one.root) == one.after


def test_two_do_not_write_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twolane_server.writing.write._WAIT_SECONDS", 0.1)
    one = project(tmp_path, change("a", "1", "2"), a="1")
    with held(one.state) as alone:
        assert alone
        with pytest.raises(ActionError, match="Another twolane"):
            one.apply()
        assert recover(one.state) == []
    one.apply()
    assert tree_of(one.root) == one.after
