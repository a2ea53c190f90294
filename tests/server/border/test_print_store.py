"""Fingerprints on disk."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from twolane_server.border.print_store import KEY_BYTES, Edition, Hit, PrintStore, read_key

if TYPE_CHECKING:
    from pathlib import Path


def edition(path: str, *hashes: int, digest: bytes = b"1") -> Edition:
    return Edition(path, digest, {hash_: line for line, hash_ in enumerate(hashes, 1)})


def test_what_was_put_is_found_also_by_the_next_process(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "nda.prints"
    with closing(PrintStore(file, "1")) as store:
        store.put([edition("a.py", 5, -7), edition("b.py", -7, 2**63 - 1)], 100)
    with closing(PrintStore(file, "1")) as store:
        assert store.problem is None
        assert store.live() == {"a.py": b"1", "b.py": b"1"}
        assert sorted(store.find([-7, 1])) == [Hit(-7, "a.py", 2), Hit(-7, "b.py", 1)]
        assert store.find([2**63 - 1]) == [Hit(2**63 - 1, "b.py", 2)]
        assert store.find([]) == []


def test_more_hashes_than_a_statement_holds_are_found(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        store.put([edition("a.py", *range(5_000))], 1)
        assert len(store.find(range(-5_000, 5_000))) == 5_000


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with closing(PrintStore(folder / "p", "1")) as store:
        store.put([edition("a.py", 1)], 1)
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
    assert modes == dict.fromkeys(("p", "p-wal", "p-shm"), 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_a_file_no_longer_holds_stays_until_it_expires(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        store.put([edition("a.py", 1, 2)], 100)
        store.put([edition("a.py", 2, 3, digest=b"2")], 200)
        store.put([edition("a.py", 3, digest=b"3")], 300)
        assert store.live() == {"a.py": b"3"}
        assert {hit.hash for hit in store.find([1, 2, 3])} == {1, 2, 3}
        store.expire(200)
        assert {hit.hash for hit in store.find([1, 2, 3])} == {1, 2, 3}
        store.expire(201)
        assert {hit.hash for hit in store.find([1, 2, 3])} == {2, 3}
        store.end(["a.py"], 400)
        assert store.live() == {}
        store.expire(400)
        assert {hit.hash for hit in store.find([1, 2, 3])} == {3}
        store.expire(401)
        assert store.find([1, 2, 3]) == []


def test_a_file_that_comes_back_is_live_again(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        store.put([edition("a.py", 1)], 100)
        store.end(["a.py"], 200)
        store.put([edition("a.py", 1)], 300)
        store.expire(250)
        assert store.live() == {"a.py": b"1"}
        assert store.find([1]) == [Hit(1, "a.py", 1)]


def test_what_two_files_share_outlives_one_of_them(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        store.put([edition("a.py", 1), edition("b.py", 1), edition("c.py", 1)], 100)
        store.end(["a.py"], 200)
        store.expire(300)
        store.forget(["b.py"])
        assert store.find([1]) == [Hit(1, "c.py", 1)]
        store.put([edition("d.py", 4)], 400)
        store.forget(["c.py"])
        assert store.find([1, 4]) == [Hit(4, "d.py", 1)]


def test_editions_are_added_all_or_none(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        with pytest.raises(OverflowError):
            store.put([edition("a.py", 1), edition("b.py", 2**63)], 100)
        assert store.live() == {}
        store.put([edition("a.py", 1)], 100)
        assert store.live() == {"a.py": b"1"}


def test_rows_of_another_version_are_dropped(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as old:
        old.put([edition("a.py", 1)], 1)
        with closing(PrintStore(tmp_path / "p", "2")) as new:
            assert new.live() == {}
            assert new.find([1]) == []
        with pytest.raises(sqlite3.OperationalError, match="another version"):
            old.find([1])
        with pytest.raises(sqlite3.OperationalError, match="another version"):
            old.put([edition("a.py", 1)], 1)


def test_a_damaged_file_is_made_anew_and_that_is_told(tmp_path: Path) -> None:
    file = tmp_path / "p"
    with closing(PrintStore(file, "1")) as store:
        store.put([edition("a.py", *range(5_000))], 1)
    whole = file.read_bytes()
    file.write_bytes(whole[:100] + b"\xff" * 4_000 + whole[4_100:])
    with closing(PrintStore(file, "1")) as store:
        assert "damaged" in (store.problem or "")
        assert store.live() == {}
        store.put([edition("a.py", 1)], 1)
    with closing(PrintStore(file, "1")) as store:
        assert store.problem is None
        assert store.live() == {"a.py": b"1"}


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    text = b"no database at all, but long enough to look like one" * 40
    (tmp_path / "p").write_bytes(text)
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        assert "another program's" in (store.problem or "")
        store.put([edition("a.py", 1)], 1)
        assert store.live() == {"a.py": b"1"}
    assert (tmp_path / "p").read_bytes() == text


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "p"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE theirs (x)")
        other.commit()
    with closing(PrintStore(file, "1")) as store:
        assert "another program's" in (store.problem or "")
        store.put([edition("a.py", 1)], 1)
        assert store.live() == {"a.py": b"1"}
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_without_a_place_on_disk_it_works_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with closing(PrintStore(tmp_path / "file" / "p", "1")) as store:
        assert "cannot be kept" in (store.problem or "")
        store.put([edition("a.py", 1)], 1)
        assert store.find([1]) == [Hit(1, "a.py", 1)]


def test_the_key_is_random_private_and_stays(tmp_path: Path) -> None:
    file = tmp_path / "state" / "key"
    key = read_key(file)
    assert len(key) == KEY_BYTES
    assert read_key(file) == key != read_key(tmp_path / "other")
    assert list(file.parent.iterdir()) == [file]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        file.chmod(0o644)
        assert read_key(file) == key
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_key_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    key = read_key(tmp_path / "key")
    assert len(key) == KEY_BYTES
    assert read_key(tmp_path / "key") == key


def test_all_who_ask_at_once_get_one_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        keys.append(read_key(tmp_path / "key"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_what_was_added_last_is_known_at_once_whoever_added_it(tmp_path: Path) -> None:
    file = tmp_path / "prints"
    with closing(PrintStore(file, "1")) as ours, closing(PrintStore(file, "1")) as others:
        before = ours.newest()
        assert ours.newest() == before
        others.put([Edition("a.py", b"1", {1: 1})], 0)
        assert ours.newest() == others.newest() != before
        ours.put([Edition("a.py", b"2", {2: 1})], 0)
        last = ours.newest()
        assert last.edition > before.edition + 1
        ours.forget(["a.py"])
        assert ours.newest().released == others.newest().released == last.released + 1


def test_while_nobody_adds_anything_one_question_tells_what_was_added_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(PrintStore(tmp_path / "prints", "1")) as store:
        known = store.newest()
        monkeypatch.delattr("twolane_server.border.print_store.newest")
        assert store.newest() == known
