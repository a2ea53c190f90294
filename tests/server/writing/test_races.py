"""Somebody else writes while changes are applied: what they wrote is there afterwards.

`TWOLANE_RACES` says how many are tried.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from support_actions import chances
from support_counts import how_many
from support_writing import SETS, Project, in_memory, once, steps_of, tree_of
from twolane_server.errors import StaleDocument
from twolane_server.writing.recover import recover

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    import pytest

RACES = how_many("TWOLANE_RACES", 1_000, 10_000)


def write(path: Path) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(b"theirs")


def replace(path: Path) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    other = path.with_name("theirs.tmp")
    other.write_bytes(b"theirs")
    other.replace(path)


def append(path: Path) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    with path.open("ab") as file:
        file.write(b"theirs")


def delete(path: Path) -> None:
    path.unlink(missing_ok=True)


def touched(chance: random.Random, project: Project) -> str:
    return chance.choice([path for one in project.changes for path in {one.path, one.place}])


def test_nobodys_writing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory(monkeypatch)
    projects = [Project(tmp_path / str(n), *one) for n, one in enumerate(SETS)]
    lengths: list[int] = []
    for project in projects:
        project.fresh()
        lengths.append(steps_of(project.apply))
    stale = 0
    for n, chance in enumerate(chances(RACES)):
        project, length = projects[n % len(SETS)], lengths[n % len(SETS)]
        project.fresh()
        path = touched(chance, project)
        act: Callable[[Path], None] = chance.choice((write, replace, append, delete))
        happened: list[bool] = []

        theirs = partial(_happen, project.root / path, act, happened)
        try:
            project.apply(once(chance.randrange(1, length + 1), theirs))
            expected = project.after
        except StaleDocument:
            stale += 1
            expected = project.before
        found = tree_of(project.root)
        mine = found.pop(path, None)
        assert found == {p: text for p, text in expected.items() if p != path}, (path, act)
        assert happened
        if act is delete:
            # Where there was nothing, nothing was deleted.
            assert mine in ((None,) if happened[0] else (None, expected.get(path)))
        else:
            assert mine is not None
            assert mine.endswith(b"theirs"), (path, act, mine)
        assert project.journal == []
        assert recover(project.state) == []
    assert RACES / 4 < stale < RACES


def _happen(path: Path, act: Callable[[Path], None], happened: list[bool]) -> None:
    happened.append(path.exists())
    act(path)


def test_a_thread_that_writes_all_the_time(tmp_path: Path) -> None:
    """Real time instead of chosen moments: a counter in a file, which never goes back."""
    project = Project(tmp_path, *SETS[2])
    project.fresh()
    stop = threading.Event()
    written: list[bytes] = []

    def writer() -> None:
        count = 0
        while not stop.is_set():
            count += 1
            other = project.root / "theirs.tmp"
            other.write_bytes(b"%d theirs" % count)
            other.replace(project.root / "b")
            written.append(b"%d theirs" % count)
            time.sleep(0.001)
            (project.root / "b").write_bytes(b"1")
            written.append(b"1")
            time.sleep(0.001)

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        for _ in range(50):
            before = (project.root / "a").read_bytes()
            try:
                project.apply()
            except StaleDocument:
                assert (project.root / "a").read_bytes() == before
            else:
                for path in "ac":
                    (project.root / path).write_bytes(b"1")
    finally:
        stop.set()
        thread.join()
    assert (project.root / "b").read_bytes() in (written[-1], b"2")
    assert set(tree_of(project.root)) == {"a", "b", "c"}
