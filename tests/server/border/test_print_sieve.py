"""What spares the disk never hides what is stored, whoever stored it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twolane_server.border import print_sieve
from twolane_server.border.print_sieve import Sieve
from twolane_server.border.print_store import Edition, PrintStore

if TYPE_CHECKING:
    from pathlib import Path

HASH = st.integers(-(2**63), 2**63 - 1)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(print_sieve, "_WORTH", -1)


def put(store: PrintStore, path: str, *hashes: int) -> None:
    store.put([Edition(path, b"1", dict.fromkeys(hashes, 1))], 1)


def known(store: PrintStore, *hashes: int) -> set[int]:
    return {hit.hash for hit in store.find(hashes)}


def absent_that_pass(sieve: Sieve, file: Path) -> float:
    """The share of hashes that are not stored and yet are asked for."""
    absent = range(-20_000, -10_000)
    with closing(sqlite3.connect(file)) as database:
        return len(sieve.passing(database, absent)) / len(absent)


def test_of_what_is_not_stored_hardly_anything_is_asked_for(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        put(store, "a.py", *(n * 7_919 for n in range(5_000)))
        assert absent_that_pass(Sieve(), tmp_path / "p") < 0.15


def test_who_asks_seldom_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(print_sieve, "_WORTH", 10_000)
    PrintStore(tmp_path / "p", "1").close()
    sieve = Sieve()
    assert [absent_that_pass(sieve, tmp_path / "p") for _ in range(2)] == [1, 0]


def test_who_will_ask_much_has_it_before_the_first_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(print_sieve, "_WORTH", 10_000)
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        put(store, "a.py", 5)
        store.expect_many()
        read: list[str] = []
        store._database.set_trace_callback(read.append)  # pyright: ignore[reportPrivateUsage] - to see what is asked
        assert known(store, 5, 6) == {5}
    assert not any("SELECT hash FROM prints" in one for one in read)
    assert any("[5]" in one for one in read), "the other one was not even looked for"


def test_what_is_added_is_found_at_once(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        assert known(store, 5) == set()
        put(store, "a.py", 5)
        assert known(store, 5) == {5}


def test_what_another_process_adds_is_found_at_once(tmp_path: Path) -> None:
    with (
        closing(PrintStore(tmp_path / "p", "1")) as ours,
        closing(PrintStore(tmp_path / "p", "1")) as theirs,
    ):
        assert known(ours, 5) == set()
        put(theirs, "a.py", 5)
        assert known(ours, 5) == {5}
        put(theirs, "b.py", 6)
        put(ours, "c.py", 7)
        assert known(ours, 5, 6, 7) == {5, 6, 7}
        theirs.forget(["b.py"])
        assert known(ours, 5, 6, 7) == {5, 7}


def test_tables_that_others_made_anew_are_read_anew(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as ours:
        put(ours, "a.py", 5)
        assert known(ours, 5) == {5}
        PrintStore(tmp_path / "p", "2").close()
        with closing(PrintStore(tmp_path / "p", "1")) as theirs:
            put(theirs, "a.py", 6)
        assert known(ours, 5, 6) == {6}


def test_what_was_not_written_after_all_does_not_count_as_read(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        assert known(store, 5) == set()
        with pytest.raises(OverflowError):
            put(store, "a.py", 5, 2**63)
        put(store, "b.py", 6)
        assert known(store, 5, 6) == {6}


def test_it_grows_with_what_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(print_sieve, "_FEWEST", 1 << 4)
    sieve = Sieve()
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        for n in range(40):
            put(store, f"{n}.py", *(each * 7_919 for each in range(n * 100, n * 100 + 100)))
            assert absent_that_pass(sieve, tmp_path / "p") < 0.4


def test_one_that_may_not_grow_still_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(print_sieve, "_FEWEST", 1 << 4)
    monkeypatch.setattr(print_sieve, "_MOST", 1 << 4)
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        for n in range(10):
            put(store, f"{n}.py", *range(n * 100, n * 100 + 100))
            assert known(store, *range(n * 100 + 200)) == set(range(n * 100 + 100))


def test_a_file_that_is_typed_in_takes_no_more_room_than_what_is_new(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        put(store, "a.py", *range(100))
        assert known(store, 5) == {5}
        for n in range(20):
            put(store, "a.py", *range(100), 1_000 + n)
            assert known(store, 1_000 + n, 5) == {1_000 + n, 5}
        assert store._sieve._held == 120  # pyright: ignore[reportPrivateUsage]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "theirs", "forget", "end"]), st.frozensets(HASH, max_size=6)
        )
    )
)
def test_it_answers_like_the_database_whatever_happens(
    tmp_path: Path, steps: list[tuple[str, frozenset[int]]]
) -> None:
    file = tmp_path / "p"
    file.unlink(missing_ok=True)
    every = frozenset[int]().union(*(hashes for _, hashes in steps))
    with closing(PrintStore(file, "1")) as ours, closing(PrintStore(file, "1")) as theirs:
        for number, (what, hashes) in enumerate(steps):
            path = f"{number % 3}.py"
            if what == "put":
                put(ours, path, *hashes)
            elif what == "theirs":
                put(theirs, path, *hashes)
            elif what == "forget":
                theirs.forget_hashes([path], hashes)
            else:
                ours.end([path], 1)
            with closing(sqlite3.connect(file)) as database:
                stored = {row[0] for row in database.execute("SELECT hash FROM prints")}
            assert known(ours, *every) == stored
