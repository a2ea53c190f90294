"""The cache: what was put is there, or nothing is; and nothing that befalls its file is an error."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_disk import ordinary_user
from support_repository import put
from twolane_context.cache import Cache
from twolane_context.disk import Row, Stamp

if TYPE_CHECKING:
    from collections.abc import Callable

_63 = st.integers(0, (1 << 63) - 1)
_PATHS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
_ROWS = st.builds(
    Row,
    _PATHS | st.sampled_from(["a.py", "b.py", os.fsdecode(b"\xff.py")]),
    st.builds(Stamp, _63, _63, _63),
    st.binary(min_size=16, max_size=16),
    st.binary(max_size=50),
    st.none() | st.binary(max_size=50),
    st.lists(_PATHS, max_size=2).map(tuple),
)


def rows(count: int, size: int = 1_000, generation: int = 0) -> list[Row]:
    return [
        Row(
            f"folder{n % 20}/file{n}.py",
            Stamp(n, generation, n),
            b"%016d" % generation,
            b"w%d" % generation * (size // 10),
            None if n % 5 == 0 else b"f%d" % generation * (size // 10),
        )
        for n in range(count)
    ]


def kept(file: Path, version: str = "1") -> list[Row]:
    cache = Cache(file, version)
    try:
        return sorted(cache.rows())
    finally:
        cache.close()


def filled(file: Path, count: int = 200) -> list[Row]:
    cache = Cache(file, "1")
    cache.put(rows(count))
    assert cache.problem is None
    cache.close()
    return sorted(rows(count))


@given(st.lists(st.tuples(st.booleans(), st.lists(_ROWS, max_size=5)), max_size=6))
def test_what_was_put_and_not_dropped_is_there(steps: list[tuple[bool, list[Row]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "index.sqlite"
        cache = Cache(file, "1")
        expected: dict[str, Row] = {}
        for drops, some in steps:
            if drops:
                cache.drop(row.path for row in some)
                for row in some:
                    expected.pop(row.path, None)
            else:
                cache.put(some)
                expected |= {row.path: row for row in some}
            assert {row.path: row for row in cache.rows()} == expected
        cache.close()
        assert cache.problem is None
        assert {row.path: row for row in kept(file)} == expected


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "made" / "index.sqlite"
    before = os.umask(0)
    try:
        cache = Cache(file, "1")
        cache.put(rows(10))
    finally:
        os.umask(before)
    assert file.parent.stat().st_mode & 0o777 == 0o700
    modes = {each.name: each.stat().st_mode & 0o777 for each in file.parent.iterdir()}
    assert modes == dict.fromkeys(("index.sqlite", "index.sqlite-wal", "index.sqlite-shm"), 0o600)
    cache.close()


def test_a_large_cache_loads_at_once(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "index.sqlite", "1")
    cache.put(rows(3_000, 1_500 * 10 // 2))
    assert len(cache.rows()) == 3_000
    with closing(sqlite3.connect(tmp_path / "index.sqlite")) as database:

        def bare() -> list[int]:
            return [crc32(row) for (row,) in database.execute("SELECT row FROM rows")]

        # Three times as long as to read and sum the bytes alone, on any machine.
        ours, floor = (min(_seconds(work) for _ in range(10)) for work in (cache.rows, bare))
    cache.close()
    assert ours < 8 * floor


def _seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def test_a_closed_cache_keeps_nothing_and_says_nothing(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "index.sqlite", "1")
    cache.close()
    cache.put(rows(1))
    cache.drop(["x"])
    assert cache.rows() == []
    assert cache.problem is None
    cache.close()


def test_several_threads_may_use_it(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "index.sqlite", "1")

    def write(part: int) -> None:
        for row in rows(400)[part::8]:
            cache.put([row])

    threads = [threading.Thread(target=write, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(cache.rows()) == sorted(rows(400))
    cache.close()


# Versions


def test_rows_of_another_version_are_dropped_and_that_is_said_once(tmp_path: Path) -> None:
    file = tmp_path / "index.sqlite"
    filled(file)
    newer = Cache(file, "2")
    assert newer.rows() == []
    assert newer.problem is not None
    assert "another version" in newer.problem
    newer.put(rows(3))
    newer.close()
    again = Cache(file, "2")
    assert (len(again.rows()), again.problem) == (3, None)
    again.close()


def test_an_older_version_that_still_runs_writes_nothing_into_the_newer(tmp_path: Path) -> None:
    file = tmp_path / "index.sqlite"
    older = Cache(file, "1")
    older.put(rows(5))
    newer = Cache(file, "2")
    assert newer.rows() == []
    newer.put(rows(2, generation=2))
    older.put(rows(9))
    older.drop(row.path for row in rows(9))
    assert sorted(newer.rows()) == sorted(rows(2, generation=2))
    older.close()
    newer.close()
    assert kept(file, "2") == sorted(rows(2, generation=2))


def test_what_two_versions_wrote_into_one_file_is_the_rows_of_neither(tmp_path: Path) -> None:
    file = tmp_path / "index.sqlite"
    one, other = Cache(file, "1"), Cache(file, "2")
    one.put(rows(5))
    other.put(rows(2, generation=2))
    assert one.rows() == []
    one.close()
    other.close()


@pytest.mark.parametrize(
    "change", ["CREATE TABLE files_8a (x)", "ALTER TABLE rows RENAME COLUMN sum TO digest"]
)
def test_another_layout_is_made_anew(tmp_path: Path, change: str) -> None:
    file = tmp_path / "index.sqlite"
    filled(file)
    database = sqlite3.connect(file)
    database.execute(change)
    database.close()
    cache = Cache(file, "1")
    assert cache.rows() == []
    assert "another version" in (cache.problem or "")
    cache.put(rows(7))
    cache.close()
    assert kept(file) == sorted(rows(7))


# Damage


def test_a_truncated_file_is_made_anew(tmp_path: Path) -> None:
    for size in (0, 40, 100, 4_096, 5_000, 20_000):
        file = tmp_path / f"{size}.sqlite"
        all_rows = filled(file)
        os.truncate(file, size)
        cache = Cache(file, "1")
        assert cache.rows() in ([], all_rows)
        assert (cache.problem is None) == (size == 0)
        cache.put(rows(7))
        cache.close()
        assert kept(file) == sorted(rows(7))


def test_a_page_found_malformed_while_reading_makes_it_anew(tmp_path: Path) -> None:
    file = tmp_path / "index.sqlite"
    filled(file)
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2)
        opened.write(b"\xee" * 5_000)
    cache = Cache(file, "1")
    assert cache.problem is None
    assert cache.rows() == []
    assert cache.problem is not None
    assert "damaged" in cache.problem
    cache.put(rows(7))
    assert sorted(cache.rows()) == sorted(rows(7))
    cache.close()
    assert kept(file) == sorted(rows(7))


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=9)), min_size=1, max_size=4),
    st.sampled_from(["", "-wal"]),
)
def test_whatever_is_damaged_no_wrong_row_comes_out(
    damage: list[tuple[float, bytes]], suffix: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "index.sqlite"
        writer = Cache(file, "1")
        writer.put(rows(60, 100))
        names = [file, Path(f"{file}-wal")]
        live = {each: each.read_bytes() for each in names}  # as after a kill: the WAL is there
        writer.close()
        for each, content in live.items():
            each.write_bytes(content)
        target = Path(f"{file}{suffix}")
        content = bytearray(target.read_bytes())
        for where, what in damage:
            at = int(where * (len(content) - len(what)))
            content[at : at + len(what)] = what
        target.write_bytes(content)
        cache = Cache(file, "1")
        assert set(cache.rows()) <= set(rows(60, 100))
        new = Row("new.py", Stamp(1, 1, 1), b"d" * 16, b"w", b"f")
        cache.put([new])
        cache.drop(["folder1/file1.py"])
        assert set(cache.rows()) <= {*rows(60, 100), new}
        cache.close()


@pytest.mark.parametrize(
    "content", [b"hello", b"notes\n" * 50, b"SQLite format 4\0" * 50, b"\0" * 80]
)
def test_a_file_of_somebody_elses_is_left_alone(tmp_path: Path, content: bytes) -> None:
    file = put(tmp_path / "notes.txt", content)
    cache = Cache(file, "1")
    cache.put(rows(3))
    assert cache.rows() == []
    assert cache.problem is not None
    cache.close()
    assert file.read_bytes() == content


def test_a_database_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    for statement in ("CREATE TABLE theirs (x)", "PRAGMA application_id = 5"):
        file = tmp_path / f"{len(statement)}.sqlite"
        database = sqlite3.connect(file)
        database.execute(statement)
        database.close()
        before = file.read_bytes()
        cache = Cache(file, "1")
        cache.put(rows(3))
        assert cache.problem is not None
        cache.close()
        assert file.read_bytes() == before


def test_a_folder_in_its_place_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path / "index.sqlite" / "x.txt", "theirs")
    cache = Cache(tmp_path / "index.sqlite", "1")
    cache.put(rows(3))
    assert (cache.rows(), cache.problem is None) == ([], False)
    cache.close()
    assert (tmp_path / "index.sqlite" / "x.txt").read_text() == "theirs"


# Disks that refuse


def test_without_a_folder_to_write_in_it_works_without_a_file(tmp_path: Path) -> None:
    put(tmp_path / "file")
    for place in (tmp_path / "file" / "index.sqlite", Path("/proc/none/index.sqlite")):
        cache = Cache(place, "1")
        cache.put(rows(3))
        assert cache.rows() == []
        assert cache.problem is not None
        assert str(place) in cache.problem
        cache.close()


@pytest.mark.parametrize("filled_before", [True, False])
def test_a_folder_that_is_read_only(filled_before: bool) -> None:  # noqa: FBT001 - a parameter of the test
    with ordinary_user() as folder:
        file = folder / "index.sqlite"
        if filled_before:
            filled(file)
            file.chmod(0o400)
        folder.chmod(0o500)
        cache = Cache(file, "1")
        cache.put(rows(3))
        assert cache.problem is not None
        assert cache.rows() == []
        cache.close()


_FULL = """
import resource, signal, sys
from pathlib import Path
from test_cache import Cache, rows
cache = Cache(Path(sys.argv[1]), "1")
cache.put(rows(50))
assert cache.problem is None, cache.problem
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
cache.put(rows(3_000, generation=2))
assert cache.problem is not None
assert cache.rows() == []
cache.put(rows(3))
cache.close()
"""


def run(program: str, *words: str | Path, stdout: int | None = None) -> subprocess.Popen[bytes]:
    house = Path(__file__).parent.parent
    path = [house / "context", house, house.parent / "context", house.parent / "server"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    # What cannot be written for two seconds is left out; on a busy machine another may write for so long.
    patient = "import twolane_context.cache as module; module._WAIT_SECONDS = 600.0\n" + program
    return subprocess.Popen([sys.executable, "-c", patient, *words], env=environment, stdout=stdout)


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    file = tmp_path / "index.sqlite"
    with run(_FULL, file) as process:
        assert process.wait() == 0
    assert kept(file) == sorted(rows(50))


# Several processes

_WRITE = """
import sys
from pathlib import Path
from test_cache import Cache, rows
cache = Cache(Path(sys.argv[1]), "1")
own = int(sys.argv[2])
for generation in range(own, own + 30):
    cache.put(rows(100, generation=generation))
    cache.put([row._replace(path=f"{own}/{row.path}") for row in rows(20)])
    seen = [row for row in cache.rows() if row.path.startswith("folder")]
    assert len(seen) == 100
    assert len({row.stamp.changed_ns for row in seen}) == 1, "half of a transaction"
cache.close()
sys.exit(cache.problem)
"""


def test_two_servers_on_one_cache(tmp_path: Path) -> None:
    file = tmp_path / "index.sqlite"
    with run(_WRITE, file, "100") as one, run(_WRITE, file, "200") as other:
        assert (one.wait(), other.wait()) == (0, 0)
    found = kept(file)
    assert len(found) == 100 + 20 + 20


def test_many_open_a_damaged_cache_at_once(tmp_path: Path) -> None:
    file = tmp_path / "index.sqlite"
    filled(file)
    os.truncate(file, 5_000)
    program = """
import sys
from pathlib import Path
from test_cache import Cache, rows
for _ in range(10):
    cache = Cache(Path(sys.argv[1]), "1")
    assert set(cache.rows()) <= set(rows(200))
    cache.put(rows(200))
    assert set(cache.rows()) <= set(rows(200))
    cache.close()
"""
    processes = [run(program, file) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert kept(file) == sorted(rows(200))


_FOREVER = """
import itertools, sys
from pathlib import Path
from test_cache import Cache, rows
cache = Cache(Path(sys.argv[1]), "1")
for generation in itertools.count(int(sys.argv[2])):
    cache.put(rows(300, 3_000, generation))
    if generation == int(sys.argv[2]):
        print("written", flush=True)
"""


def test_a_writer_that_is_killed_leaves_whole_rows(tmp_path: Path) -> None:
    file = tmp_path / "index.sqlite"
    cache = Cache(file, "1")
    cache.put(rows(300, 3_000))
    for turn in range(8):
        with run(_FOREVER, file, str(1_000 * (turn + 1)), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()  # the first is written
            time.sleep(0.01 + turn * 0.0113)  # somewhere in a later one
            process.kill()
        found = cache.rows() if turn % 2 else kept(file)
        [generation] = {row.stamp.changed_ns for row in found}
        assert generation >= 1_000 * (turn + 1)
        assert sorted(found) == sorted(rows(300, 3_000, generation))
    assert cache.problem is None
    cache.close()
