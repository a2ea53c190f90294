"""Killed at any moment, also while an earlier kill is mended: all files changed, or none.

`TWOLANE_KILL_POINTS` says how many moments are tried, `TWOLANE_KILLS` how many real kills.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_counts import how_many
from support_writing import SETS, Killed, Project, in_memory, killing, steps_of, tree_of
from twolane_server.errors import StaleDocument
from twolane_server.writing.disk import Disk
from twolane_server.writing.recover import recover

if TYPE_CHECKING:
    from collections.abc import Iterator

POINTS = how_many("TWOLANE_KILL_POINTS", 400, 10_000)
KILLS = int(os.environ.get("TWOLANE_KILLS") or 30)


def moments(project: Project) -> Iterator[tuple[int, int]]:
    """Every system call of the work, and with each, every one of what mends it; from all over."""
    project.fresh()
    last = steps_of(project.apply)
    pairs: list[tuple[int, int]] = []
    for at in range(1, last + 1):
        project.fresh()
        with pytest.raises(Killed):
            project.apply(killing(at))
        mending = steps_of(lambda disk: recover(project.state, disk))
        pairs += [(at, 10_000), *((at, then) for then in range(1, mending + 1))]
    random.Random(3).shuffle(pairs)  # noqa: S311 - an order, no secret
    yield from pairs


def check(project: Project) -> None:
    found = tree_of(project.root)
    assert found in (project.before, project.after), sorted(found)
    assert project.journal == []
    folders = {path for path in project.root.rglob("*") if path.is_dir()}
    assert found == project.after or (project.root / "new") not in folders


def test_whatever_moment_it_is_killed_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory(monkeypatch)
    projects = [Project(tmp_path / str(n), *one) for n, one in enumerate(SETS)]
    turns = zip(*(itertools.cycle(list(moments(one))) for one in projects), strict=False)
    outcomes = {"before": 0, "after": 0}
    for turn in itertools.islice(turns, POINTS // len(SETS)):
        for project, (first, second) in zip(projects, turn, strict=True):
            project.fresh()
            with pytest.raises(Killed):
                project.apply(killing(first))
            try:
                recover(project.state, killing(second))
            except Killed:
                recover(project.state)
            check(project)
            changed = tree_of(project.root) == project.after
            outcomes["after" if changed else "before"] += 1
    assert min(outcomes.values()) > POINTS / 20


def test_what_the_person_changed_since_is_left_and_told(tmp_path: Path) -> None:
    project = Project(tmp_path, *SETS[2])
    project.fresh()
    last = steps_of(project.apply)
    told: set[str] = set()
    for at in range(1, last + 1):
        project.fresh()
        with pytest.raises(Killed):
            project.apply(killing(at))
        (project.root / "b").write_bytes(b"mine")
        told |= set(recover(project.state))
        found = tree_of(project.root)
        assert found.pop("b") == b"mine"
        assert set(found) == {"a", "c"}
        assert set(found.values()) <= {b"1", b"2"}
        assert project.journal == []
    assert any("b changed meanwhile; it is in a and nowhere else" in one for one in told), told


def test_what_the_person_took_back_stays_so(tmp_path: Path) -> None:
    project = Project(tmp_path, *SETS[2])
    project.fresh()
    last = steps_of(project.apply)
    for at in range(1, last + 1):
        project.fresh()
        with pytest.raises(Killed):
            project.apply(killing(at))
        for path, content in project.before.items():
            (project.root / path).unlink(missing_ok=True)
            (project.root / path).write_bytes(content)
        recover(project.state)
        assert tree_of(project.root) == project.before
        assert project.journal == []


PROGRAM = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from support_writing import change, tree_of
from twolane_server.edits.changes import Changes
from twolane_server.writing.write import carry_out
root, state = Path({root!r}), Path({state!r})
print("ready", flush=True)
while True:
    found = tree_of(root)
    now = int(found["0"].decode())
    changes = [change(path, str(now), str(now + 1)) for path in found]
    carry_out(Changes.of(changes), root, state)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX systems")
def test_real_kills(tmp_path: Path) -> None:
    chance = random.Random(5)  # noqa: S311 - moments, not secrets
    root, state = tmp_path / "r", tmp_path / "s"
    root.mkdir()
    for n in range(8):
        (root / str(n)).write_text("0")
    paths = [str(Path(__file__).parents[2]), *filter(None, sys.path)]
    program = PROGRAM.format(paths=paths, root=str(root), state=str(state))
    cut = 0
    for _ in range(KILLS):
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.random() * 0.1)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        cut += any((state / "journal").glob("*.json"))
        recover(state)
        found = tree_of(root)
        assert sorted(found) == [str(n) for n in range(8)]
        assert len(set(found.values())) == 1, found
    assert cut > KILLS / 5
    assert int((root / "0").read_text()) > 0


def test_killed_while_all_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes into one file, the rest is being taken back, and then the process dies."""
    in_memory(monkeypatch)
    project = Project(tmp_path, *SETS[2])
    project.fresh()
    last = steps_of(project.apply)
    tried = mixed = 0
    for first in range(last // 2, last):
        for second in range(first + 1, last + 20, 2):
            project.fresh()
            file = project.root / "c"
            count = itertools.count(1)

            def step(
                count: Iterator[int] = count,
                file: Path = file,
                at: tuple[int, int] = (first, second),
            ) -> None:
                now = next(count)
                if now == at[0]:
                    file.unlink(missing_ok=True)
                    file.write_bytes(b"mine")
                if now >= at[1]:
                    raise Killed

            try:
                project.apply(Disk(step))
            except (Killed, StaleDocument):
                told = recover(project.state)
                tried += 1
                found = tree_of(project.root)
                assert found.pop("c") == b"mine"
                assert set(found) == {"a", "b"}
                mixed += len({*found.values()}) > 1
                assert len({*found.values()}) == 1 or told
                assert project.journal == []
    assert tried > 100
    assert mixed < tried / 10
