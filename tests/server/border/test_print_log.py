"""What was added is told whole, or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twolane_server.border import print_log
from twolane_server.border.print_store import Edition, PrintStore

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

HASH = st.integers(-3, 12)
WAYS = ("put", "put two", "theirs", "forget", "forget some", "end", "expire", "unnoted")


def put(store: PrintStore, path: str, *hashes: int) -> None:
    store.put([Edition(path, b"1", dict.fromkeys(hashes, 1))], 1)


def added(store: PrintStore, *paths_and_hashes: tuple[str, tuple[int, ...]]) -> set[int] | None:
    """What a store tells of some additions, one after the other."""
    since = store.newest()
    for path, hashes in paths_and_hashes:
        put(store, path, *hashes)
    told = store.added(since)
    return None if told is None else set(told)


def stored(file: Path) -> set[int]:
    with closing(sqlite3.connect(file)) as database:
        query = "SELECT hash FROM prints JOIN editions ON id = edition"
        return {hash_ for (hash_,) in database.execute(query)}


def test_only_what_is_new_is_told(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        assert added(store, ("a.py", (1, 2))) == {1, 2}
        assert added(store, ("a.py", (2, 3))) == {3}
        assert added(store, ("b.py", (1, 2, -4))) == {-4}
        assert added(store) == set()
        assert added(store, ("a.py", (2, 3)), ("a.py", (6,)), ("c.py", (7,))) == {6, 7}


def test_another_process_and_a_later_one_tell_the_same(tmp_path: Path) -> None:
    file = tmp_path / "p"
    with closing(PrintStore(file, "1")) as ours:
        put(ours, "a.py", 1)
        since = ours.newest()
        with closing(PrintStore(file, "1")) as theirs:
            put(theirs, "b.py", 2)
        put(ours, "c.py", 3)
        assert set(ours.added(since) or ()) == {2, 3}
        with closing(PrintStore(file, "1", ours=False)) as asked:
            assert set(asked.added(since) or ()) == {2, 3}


def test_what_was_gone_is_new_when_it_comes_back(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        put(store, "a.py", 1, 2)
        since = store.newest()
        store.forget(["a.py"])
        assert list(store.added(since) or ()) == []
        put(store, "a.py", 2)
        assert set(store.added(since) or ()) == {2}
        since = store.newest()
        store.end(["a.py"], 5)
        store.expire(6)
        put(store, "a.py", 2)
        assert set(store.added(since) or ()) == {2}


def test_what_was_dropped_is_not_kept_here(tmp_path: Path) -> None:
    def rows() -> list[tuple[bytes]]:
        with closing(sqlite3.connect(tmp_path / "p")) as database:
            return database.execute("SELECT hashes FROM added").fetchall()

    with closing(PrintStore(tmp_path / "p", "1")) as store:
        for forget in (
            lambda: store.forget(["a.py"]),
            lambda: store.forget_hashes(["a.py"], [1]),
            lambda: (store.end(["a.py"], 5), store.expire(6)),
        ):
            since = store.newest()
            put(store, "a.py", 1, 2)
            assert rows()
            forget()
            assert not rows()
            assert store.added(since) is None


def test_of_too_much_nothing_is_told_and_then_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        put(store, "a.py", *range(20))
        for name, most in (("_MOST_NEW", 3), ("_MOST_ASKED", 10)):
            with monkeypatch.context() as patch:
                patch.setattr(print_log, name, most)
                since = store.newest()
                assert added(store, ("b.py", tuple(range(20, 35)))) is None
                put(store, "c.py", 1, 50)
                assert store.added(since) is None
                assert added(store, ("c.py", (1, 51))) == {51}
            store.forget(["b.py", "c.py"])


def test_it_reaches_back_over_so_many_additions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(print_log, "_KEPT", 3)
    with closing(PrintStore(tmp_path / "p", "1")) as store:
        moments = [store.newest()]
        for number in range(6):
            put(store, "a.py", number)
            moments.append(store.newest())
        told = [store.added(since) for since in moments]
    assert [each is None for each in told] == [True, True, True, False, False, False, False]
    assert [set(each) for each in told[3:] if each is not None] == [{3, 4, 5}, {4, 5}, {5}, set()]


def test_fingerprints_of_an_earlier_version_are_kept_and_tell_nothing(tmp_path: Path) -> None:
    file = tmp_path / "p"
    with closing(PrintStore(file, "1")) as store:
        put(store, "a.py", 1)
    with closing(sqlite3.connect(file)) as database:
        database.execute("DROP TABLE added")
    with closing(PrintStore(file, "1", ours=False)) as asked:
        since = asked.newest()
        assert list(asked.added(since) or ()) == []
        assert asked.added(since._replace(edition=0)) is None
        with closing(PrintStore(file, "1")) as made:
            assert {hit.hash for hit in made.find([1])} == {1}
            assert added(made, ("b.py", (2,))) == {2}
        assert asked.added(since) is None, "the tables have changed"


def test_tables_made_anew_tell_nothing_of_the_old_ones(tmp_path: Path) -> None:
    with closing(PrintStore(tmp_path / "p", "1")) as ours:
        put(ours, "a.py", 1)
        since = ours.newest()
        PrintStore(tmp_path / "p", "2").close()
        with closing(PrintStore(tmp_path / "p", "1")) as theirs:
            put(theirs, "a.py", 2)
        assert ours.added(since) is None


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=80,
)
@given(
    st.lists(
        st.tuples(st.sampled_from(WAYS), st.integers(0, 2), st.frozensets(HASH, max_size=6)),
        min_size=2,
        max_size=20,
    )
)
def test_all_that_is_stored_was_stored_then_or_is_told(
    tmp_path: Path, steps: list[tuple[str, int, frozenset[int]]]
) -> None:
    file = tmp_path / "p"
    file.unlink(missing_ok=True)
    with closing(PrintStore(file, "1")) as ours, closing(PrintStore(file, "1")) as theirs:
        moments = [(ours.newest(), set[int]())]
        for number, (how, which, hashes) in enumerate(steps):
            _step((how, f"{which}.py", hashes), number, (ours, theirs), file)
            now = stored(file)
            for since, then in moments:
                told = ours.added(since)
                assert told is None or now <= then | set(told)
            moments.append((ours.newest(), now))
        gaps = any(how not in {"put", "put two", "theirs", "end"} for how, *_ in steps)
        assert gaps or all(ours.added(since) is not None for since, _ in moments)


def _step(
    step: tuple[str, str, frozenset[int]],
    now: int,
    stores: tuple[PrintStore, PrintStore],
    file: Path,
) -> None:
    ours, theirs = stores
    how, path, hashes = step
    match how:
        case "put":
            put(ours, path, *hashes)
        case "put two":
            ours.put([Edition(name, b"1", dict.fromkeys(hashes, 1)) for name in (path, "x")], now)
        case "theirs":
            put(theirs, path, *hashes)
        case "forget":
            theirs.forget([path])
        case "forget some":
            theirs.forget_hashes([path], hashes)
        case "end":
            ours.end([path], now)
        case "expire":
            ours.expire(now)
        case _:  # by a version of twolane that knows nothing of this
            put(theirs, path, *hashes)
            with closing(sqlite3.connect(file)) as database, database:
                database.execute(
                    "DELETE FROM added WHERE edition = (SELECT max(edition) FROM added)"
                )
