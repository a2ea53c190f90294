"""What is remembered of files: nothing that a stamp shows to be another, and no label with it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_repository import make_repository, put
from twolane_server.rules import labels
from twolane_server.rules.labels import FileRules, label_with, rules_for
from twolane_server.rules.remembered import Remembered
from twolane_server.rules.ways import Ways
from twolane_server.settings.resolved import NdaRules

if TYPE_CHECKING:
    from collections.abc import Callable

NOBODY = NdaRules()
OPEN, MARKED = "x = 1  # a a a a\n", "# CONFIDENTIAL a\n"
CLOSED = '[nda]\npaths = ["lib/**"]\n'


def later() -> int:
    """A clock by which nothing has changed just now."""
    return time.time_ns() + 3_600 * 10**9


class Made:
    """Makes a number, another one each time."""

    def __init__(self, memory: Remembered[int]) -> None:
        self._memory, self.count = memory, 0

    def get(self, file: Path, beside: object = None, *, lasts: bool = True) -> int:
        def make() -> int:
            self.count += 1
            return self.count

        return self._memory.get(str(file), beside, make, lambda _: lasts)


@pytest.fixture
def made() -> Made:
    return Made(Remembered(8, later))


def noticed(file: Path, change: Callable[[], object]) -> None:
    """Change a file until its clock shows it: that of a file system stands for some milliseconds."""
    before = file.stat() if file.exists() else None
    while True:
        change()
        if before is None or not file.exists() or file.stat().st_ctime_ns != before.st_ctime_ns:
            return


def test_it_is_made_once_for_a_file_that_stays(tmp_path: Path, made: Made) -> None:
    file = put(tmp_path / "a.py", OPEN)
    assert [made.get(file, "a"), made.get(file, "a")] == [1, 1]
    assert [made.get(file, "b"), made.get(file, "a")] == [2, 3], "what is beside it is another"


@pytest.mark.parametrize("how", ["write", "replace", "link", "mode"])
def test_a_change_shows_at_once(tmp_path: Path, made: Made, how: str) -> None:
    file = put(tmp_path / "a.py", OPEN)
    assert made.get(file) == 1
    at = file.stat()

    def change() -> None:
        match how:
            case "write":
                file.write_text(MARKED)  # of the same size
                os.utime(file, ns=(at.st_atime_ns, at.st_mtime_ns))
            case "replace":
                put(tmp_path / "b.py", MARKED).replace(file)
            case "link":
                (tmp_path / "other").unlink(missing_ok=True)
                os.link(file, tmp_path / "other")
            case _:
                file.chmod(0o600)

    noticed(file, change)
    assert made.get(file) == 2


def test_nothing_is_kept_of_what_changed_just_now(tmp_path: Path) -> None:
    file = put(tmp_path / "a.py", OPEN)
    made = Made(Remembered(8, lambda: file.stat().st_ctime_ns + 10**9))
    assert [made.get(file), made.get(file)] == [1, 2]


def test_nothing_is_kept_of_no_file_and_of_what_does_not_last(tmp_path: Path, made: Made) -> None:
    assert [made.get(tmp_path), made.get(tmp_path)] == [1, 2]
    assert [made.get(tmp_path / "none"), made.get(tmp_path / "none")] == [3, 4]
    file = put(tmp_path / "a.py", OPEN)
    assert [made.get(file, lasts=False), made.get(file, lasts=False)] == [5, 6]


def test_the_oldest_go_first(tmp_path: Path, made: Made) -> None:
    files = [put(tmp_path / f"{n}.py", OPEN) for n in range(9)]
    first = [made.get(file) for file in files]
    assert made.get(files[-1]) == first[-1]
    assert made.get(files[0]) == 10


def test_a_file_that_stays_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(make_repository(tmp_path / "r", CLOSED) / "a.py", OPEN)
    kept = Remembered[FileRules](64, later)
    once = rules_for(file, NOBODY, Ways(kept=kept))
    monkeypatch.setattr(labels, "read_start", None)
    assert rules_for(str(file), NOBODY, Ways(kept=kept)) is once


_CHANGES = st.sampled_from(
    [
        *((name, text) for name in ("lib/a.py", "a.py", "b.py.bak") for text in (OPEN, MARKED)),
        *(("twolane.toml", text) for text in (CLOSED, "[nda]\n", "[nda", "")),
        *(("lib/.aiignore", text) for text in ("a.py\n", "")),
        *(("link.py", text) for text in ("lib/a.py", "a.py", "nowhere")),
        *(("lib/.git", text) for text in ("gitdir: x", "")),
        *(("a.py", text) for text in ("", "hard", "mode")),
    ]
)


def _change(root: Path, name: str, text: str) -> None:
    file = root / name
    if name == "link.py":
        file.unlink(missing_ok=True)
        file.symlink_to(text)
    elif text == "hard":
        if file.exists():
            (root / "hard.py").unlink(missing_ok=True)
            os.link(file, root / "hard.py")
    elif text == "mode":
        if file.exists():
            file.chmod(file.stat().st_mode ^ 0o100)
    elif text:
        noticed(file, lambda: put(file, text))
    else:
        file.unlink(missing_ok=True)


@settings(max_examples=60)
@given(st.lists(_CHANGES, max_size=12))
def test_what_is_remembered_is_what_the_disk_says(changes: list[tuple[str, str]]) -> None:
    kept = Remembered[FileRules](64, later)
    with TemporaryDirectory() as folder:
        root = make_repository(Path(folder) / "r", CLOSED)
        files = [root / name for name in ("a.py", "lib/a.py", "link.py", "b.py.bak", "b.py")]
        for name, text in [("a.py", OPEN), ("lib/a.py", OPEN), *changes]:
            _change(root, name, text)
            for file in files:
                now = rules_for(file, NOBODY, Ways(kept=kept))
                anew = rules_for(file, NOBODY)
                assert now == anew
                assert label_with(now, None) == label_with(anew, None)
