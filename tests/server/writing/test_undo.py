"""The last edit of many files is taken back whole, or not at all; whenever either is killed."""

from __future__ import annotations

import os
import random
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_writing import (
    SETS,
    Killed,
    Project,
    change,
    in_memory,
    killing,
    put_tree,
    steps_of,
    tree_of,
)
from twolane_server.edits.changes import Changes
from twolane_server.errors import ActionError, StaleDocument
from twolane_server.writing.recover import recover
from twolane_server.writing.undo import take_back_last, write_and_keep

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.edits.changes import FileChange
    from twolane_server.writing.disk import Disk

POINTS = int(os.environ.get("TWOLANE_KILL_POINTS", "400"))


def write(project: Project, disk: Disk | None = None) -> None:
    write_and_keep(project.changes, project.root, project.state, disk)


def undo(project: Project, disk: Disk | None = None) -> Changes:
    return take_back_last(project.root, project.state, disk)


def kept(project: Project) -> list[str]:
    return sorted(path.suffix for path in (project.state / "undo").glob("*"))


@pytest.fixture(params=range(len(SETS)))
def project(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Project:
    in_memory(monkeypatch)
    number: int = request.param
    project = Project(tmp_path, *SETS[number])
    project.fresh()
    return project


def test_files_are_as_they_were(project: Project) -> None:
    write(project)
    assert tree_of(project.root) == project.after
    undo(project)
    assert tree_of(project.root) == project.before
    assert not [
        path for path in project.root.rglob("*") if path.is_dir() and not any(path.iterdir())
    ]
    assert project.journal == []
    assert kept(project) == []
    with pytest.raises(ActionError, match="No edit of many files is known"):
        undo(project)


def test_what_is_kept_is_for_its_owner_alone(project: Project) -> None:
    write(project)
    (file,) = (project.state / "undo").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_what_changed_since_is_named_and_nothing_is_done(project: Project) -> None:
    write(project)
    for path in {one.place if one.after is not None else one.path for one in project.changes}:
        after = tree_of(project.root)
        put_tree(project.root, {path: b"mine"})
        mine = tree_of(project.root)
        with pytest.raises(StaleDocument, match=f"{path} changed after the edit"):
            undo(project)
        assert tree_of(project.root) == mine
        (project.root / path).unlink()
        put_tree(project.root, {path: after[path]} if path in after else {})
    undo(project)
    assert tree_of(project.root) == project.before


def test_modes_come_back(tmp_path: Path) -> None:
    tree = {"a": b"1", "b": b"1", "c": b"1"}
    sets = Changes.of(
        [change("a", "1", "2"), change("b", "1", None), change("c", "1", "2", to="d")]
    )
    project = Project(tmp_path, tree, sets)
    project.fresh()
    modes = {"a": 0o755, "b": 0o750, "c": 0o640}
    for path, mode in modes.items():
        (project.root / path).chmod(mode)
    write(project)
    undo(project)
    now = {path: stat.S_IMODE((project.root / path).stat().st_mode) for path in modes}
    assert now == modes


def test_an_edit_that_was_not_applied_leaves_the_one_before(tmp_path: Path) -> None:
    project = Project(tmp_path, *SETS[2])
    project.fresh()
    write(project)
    with pytest.raises(StaleDocument):
        write(project)  # the files are not as this edit wants them any more
    assert kept(project) == [".json"]
    undo(project)
    assert tree_of(project.root) == project.before


def test_only_the_last_edit_is_kept_and_each_repository_has_its_own(tmp_path: Path) -> None:
    put_tree(tmp_path / "r", {"a": b"1"})
    put_tree(tmp_path / "s", {"a": b"1"})
    for root, old, new in (("r", "1", "2"), ("s", "1", "2"), ("r", "2", "3")):
        write_and_keep(Changes.of([change("a", old, new)]), tmp_path / root, tmp_path / "state")
    take_back_last(tmp_path / "r", tmp_path / "state")
    assert (tmp_path / "r" / "a").read_bytes() == b"2"
    with pytest.raises(ActionError):
        take_back_last(tmp_path / "r", tmp_path / "state")
    take_back_last(tmp_path / "s", tmp_path / "state")
    assert (tmp_path / "s" / "a").read_bytes() == b"1"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 2}', b'{"version": 1}'])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    project = Project(tmp_path, *SETS[2])
    project.fresh()
    write(project)
    (file,) = (project.state / "undo").iterdir()
    file.write_bytes(content)
    with pytest.raises(ActionError, match="No edit of many files is known"):
        undo(project)
    assert tree_of(project.root) == project.after


def test_a_kill_while_it_is_written_leaves_what_can_be_taken_back(project: Project) -> None:
    points = list(range(1, steps_of(lambda disk: write(project, disk)) + 1))
    random.Random(5).shuffle(points)  # noqa: S311 - an order, no secret
    seen: set[bool] = set()
    for at in points[: POINTS // len(SETS)]:
        project.fresh()
        with pytest.raises(Killed):
            write(project, killing(at))
        recover(project.state)
        found = tree_of(project.root)
        assert found in (project.before, project.after)
        seen.add(found == project.after)
        if found == project.after:
            undo(project)
        else:
            with pytest.raises(ActionError):
                undo(project)
        assert tree_of(project.root) == project.before
        assert project.journal == []
    assert seen == {True, False}


def test_a_kill_while_it_is_taken_back_leaves_all_or_nothing(project: Project) -> None:
    write(project)
    points = list(range(1, steps_of(lambda disk: undo(project, disk)) + 1))
    random.Random(7).shuffle(points)  # noqa: S311 - an order, no secret
    for at in points[: POINTS // len(SETS)]:
        project.fresh()
        write(project)
        with pytest.raises(Killed):
            undo(project, killing(at))
        recover(project.state)
        found = tree_of(project.root)
        assert found in (project.before, project.after)
        if found == project.after:
            undo(project)
        assert tree_of(project.root) == project.before
        assert project.journal == []


_TEXT = st.sampled_from(["", "1", "é\r\n2", "\ufeff3\n"])
_NAMES = ("a", "b", "d/c")


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.dictionaries(st.sampled_from(_NAMES), _TEXT, min_size=1), st.data())
def test_whatever_the_edit_did_is_taken_back(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str], data: st.DataObject
) -> None:
    wanted: list[FileChange] = []
    for path, text in files.items():
        after = data.draw(st.none() | _TEXT)
        to = data.draw(st.sampled_from(["", f"n/{path}"])) if after is not None else ""
        wanted.append(change(path, text, after, to))
    made = data.draw(st.sets(st.sampled_from(["e/f", "g"])))
    wanted += [change(path, None, data.draw(_TEXT)) for path in made]
    changes = Changes.of(wanted)
    before = {path: text.encode() for path, text in files.items()}
    project = Project(tmp_path_factory.mktemp("undo"), before, changes)
    project.fresh()
    write(project)
    assert tree_of(project.root) == project.after
    if len(changes):
        undo(project)
    assert tree_of(project.root) == before


@pytest.mark.parametrize("what", ["a folder", "a pipe", "a link to a folder"])
def test_what_took_a_files_place_stays(tmp_path: Path, what: str) -> None:
    """It is as little what the edit left as another text is; nobody waits for a pipe."""
    project = Project(
        tmp_path,
        {"a": b"1\n", "b": b"1\n"},
        Changes.of([change("a", "1\n", "2\n"), change("b", "1\n", "2\n")]),
    )
    project.fresh()
    write(project)
    place = project.root / "b"
    place.unlink()
    if what == "a folder":
        place.mkdir()
    elif what == "a pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(project.root)
    with pytest.raises(StaleDocument, match=r"^Nothing was taken back, since b changed"):
        undo(project)
    assert (project.root / "a").read_bytes() == b"2\n"
    with pytest.raises(StaleDocument):
        write_and_keep(Changes.of([change("b", "2\n", "3\n")]), project.root, project.state)
    assert recover(project.state) == []
