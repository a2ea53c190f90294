"""The ledger on disk: appended, chained, and tampered with."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_border import SOURCE, sending
from twolane_server.border import head, store
from twolane_server.border.chain import START, Head, Verdict, follow
from twolane_server.border.head import write_head
from twolane_server.border.ledger import Ledger, read_rows, verify
from twolane_server.border.records import Outcome
from twolane_server.errors import LedgerError
from twolane_server.lanes.base import LaneName, Usage

if TYPE_CHECKING:
    from collections.abc import Callable


def filled(folder: Path, sends: int = 3) -> Path:
    """A closed ledger of `sends` sendings, each with an outcome."""
    with closing(Ledger.open(folder)) as ledger:
        for number in range(sends):
            seq = ledger.before_send(sending(b'{"n":%d}' % number))
            ledger.outcome(seq, Outcome("stop", 0.5, Usage(10, 2, 4)))
    return folder


def tamper(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def test_what_is_sent_can_be_read_back(tmp_path: Path) -> None:
    with closing(Ledger.open(tmp_path / "ledger")) as ledger:
        first = ledger.before_send(sending(b'{"a":1}'))
        second = ledger.before_send(sending(b'{"b":2}', LaneName.LOCAL))
        ledger.outcome(second, Outcome("cancelled", 0.25))
        rows = list(ledger.rows())
        assert ledger.verify() == Verdict(3)
    assert [row.seq for row in rows] == [first, second] == [1, 2]
    assert [row.text for row in rows] == ['{"a":1}', None]
    assert [row.public()["outcome"] for row in rows] == ["unknown", "cancelled"]
    assert rows[0].files == (SOURCE,)


def test_a_ledger_goes_on_where_it_stopped(tmp_path: Path) -> None:
    filled(filled(tmp_path))
    assert [row.seq for row in read_rows(tmp_path)] == [1, 3, 5, 7, 9, 11]
    assert verify(tmp_path) == Verdict(12)


@pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX systems")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "ledger"
    folder.mkdir(parents=True, mode=0o755)
    (folder / "ledger.sqlite").touch(0o644)
    with closing(Ledger.open(folder)) as ledger:
        ledger.before_send(sending())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {"ledger.sqlite", "ledger.head", "ledger.sqlite-wal"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_every_commit_is_on_disk_when_it_returns(tmp_path: Path) -> None:
    with closing(store.open_database(filled(tmp_path), 1)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_folder_without_a_ledger_is_whole_and_stays_empty(tmp_path: Path) -> None:
    assert verify(tmp_path / "none") == Verdict(0)
    assert list(read_rows(tmp_path / "none")) == []
    assert list(tmp_path.iterdir()) == []


EDITS = {
    "payload edited": "UPDATE entries SET payload = replace(payload, '\"n\\\":0', '\"n\\\":9')",
    "outcome edited": "UPDATE entries SET payload = replace(payload, 'stop', 'halt')",
    "payload of another type": "UPDATE entries SET payload = CAST(payload AS BLOB)",
    "payload not UTF-8": "UPDATE entries SET payload = CAST(x'ff' AS TEXT) WHERE seq = 2",
    "hash edited": "UPDATE entries SET hash = upper(hash) WHERE seq = 3",
    "first deleted": "DELETE FROM entries WHERE seq = 1",
    "middle deleted": "DELETE FROM entries WHERE seq = 3",
    "last deleted": "DELETE FROM entries WHERE seq = 6",
    "all deleted": "DELETE FROM entries",
    "renumbered": "UPDATE entries SET seq = seq + 100",
    "table dropped": "DROP TABLE entries",
    "table altered": "ALTER TABLE entries DROP COLUMN prev",
}


@pytest.mark.parametrize("statement", EDITS.values(), ids=EDITS.keys())
def test_every_edit_of_the_database_is_seen(tmp_path: Path, statement: str) -> None:
    tamper(filled(tmp_path), statement)
    verdict = verify(tmp_path)
    assert not verdict.whole
    assert verdict.why


def test_two_entries_that_changed_places_are_seen(tmp_path: Path) -> None:
    tamper(
        filled(tmp_path),
        "UPDATE entries SET seq = 99 WHERE seq = 1",
        "UPDATE entries SET seq = 1 WHERE seq = 3",
        "UPDATE entries SET seq = 3 WHERE seq = 99",
    )
    assert verify(tmp_path).bad == 1


def test_a_row_that_was_rewritten_with_all_hashes_after_it_is_seen(tmp_path: Path) -> None:
    """Somebody who knows how the chain is made, and does not think of the head outside."""
    with closing(sqlite3.connect(filled(tmp_path) / "ledger.sqlite", isolation_level=None)) as db:
        end = START
        for seq, kind, payload in db.execute("SELECT seq, kind, payload FROM entries").fetchall():
            entry = follow(end, kind, payload.replace("api.example", "not.example"))
            db.execute(
                "UPDATE entries SET payload = ?, prev = ?, hash = ? WHERE seq = ?",
                (entry.payload, entry.prev, entry.hash, seq),
            )
            end = Head(seq, str(entry.hash))
    verdict = verify(tmp_path)
    assert (verdict.bad, verdict.why) == (6, "it is not the entry that ledger.head knows")


COLUMN = st.sampled_from(["kind", "payload", "prev", "hash"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_tampering_by_sql_is_seen(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = filled(Path(scratch), data.draw(st.integers(1, 3)))
        with closing(sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)) as database:
            before = database.execute("SELECT * FROM entries ORDER BY seq").fetchall()
            seq = data.draw(st.integers(1, len(before)))
            match data.draw(st.sampled_from(["edit", "flip", "delete", "truncate", "swap"])):
                case "edit":
                    column = data.draw(COLUMN)
                    value = data.draw(st.one_of(st.text(st.characters(codec="utf-8")), st.binary()))
                    change = f"UPDATE entries SET {column} = ? WHERE seq = ?"  # noqa: S608 - one of COLUMN
                    database.execute(change, (value, seq))
                case "flip":
                    place = data.draw(st.integers(1, len(before[seq - 1][2])))
                    database.execute(
                        "UPDATE entries SET payload = substr(payload, 1, ? - 1) || 'Z' "
                        "|| substr(payload, ? + 1) WHERE seq = ?",
                        (place, place, seq),
                    )
                case "delete":
                    database.execute("DELETE FROM entries WHERE seq = ?", (seq,))
                case "truncate":
                    database.execute("DELETE FROM entries WHERE seq >= ?", (seq,))
                case _:
                    other = data.draw(st.integers(1, len(before)))
                    for a, b in ((seq, -1), (other, seq), (-1, other)):
                        database.execute("UPDATE entries SET seq = ? WHERE seq = ?", (b, a))
            after = database.execute("SELECT * FROM entries ORDER BY seq").fetchall()
        assert verify(folder).whole == (before == after)


def test_a_truncated_ledger_is_not_written_any_more(tmp_path: Path) -> None:
    tamper(filled(tmp_path), "DELETE FROM entries WHERE seq > 2")
    assert verify(tmp_path) == Verdict(2, 3, "ledger.head knows 6 entries, the database holds 2")
    with pytest.raises(LedgerError, match="not whole"):
        Ledger.open(tmp_path)


def test_truncation_under_an_open_ledger_stops_the_next_entry(tmp_path: Path) -> None:
    with closing(Ledger.open(filled(tmp_path))) as ledger:
        tamper(tmp_path, "DELETE FROM entries WHERE seq = 6")
        with pytest.raises(LedgerError, match="not whole"):
            ledger.before_send(sending())


def _remove_database(folder: Path) -> None:
    for name in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"):
        (folder / name).unlink(missing_ok=True)


def _swap_database(folder: Path) -> None:
    _remove_database(folder)
    other = folder / "other"
    with closing(Ledger.open(other)) as ledger:
        for _ in range(9):
            ledger.before_send(sending(b"another"))
    (other / "ledger.sqlite").replace(folder / "ledger.sqlite")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "head removed": lambda folder: (folder / "ledger.head").unlink(),
    "head garbled": lambda folder: (folder / "ledger.head").write_bytes(b"\xff{"),
    "head of another shape": lambda folder: (folder / "ledger.head").write_text('{"seq":true}'),
    "head no object": lambda folder: (folder / "ledger.head").write_text("[]"),
    "database removed": _remove_database,
    "another ledger's database": _swap_database,
    "database overwritten": lambda folder: (folder / "ledger.sqlite").write_bytes(b"x" * 8192),
}


@pytest.mark.parametrize("harm", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_to_either_file_is_seen_and_nothing_is_written(
    tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    harm(filled(tmp_path))
    assert not verify(tmp_path).whole
    with pytest.raises(LedgerError, match="verify"):
        Ledger.open(tmp_path)


def test_a_database_that_is_moved_away_is_not_written_in_secret(tmp_path: Path) -> None:
    with closing(Ledger.open(tmp_path)) as ledger:
        ledger.before_send(sending())
        (tmp_path / "ledger.sqlite").rename(tmp_path / "elsewhere.sqlite")
        with pytest.raises(LedgerError, match="cannot be used"):
            ledger.before_send(sending())


def test_a_head_that_stayed_behind_is_fine_and_catches_up(tmp_path: Path) -> None:
    old = (filled(tmp_path, 1) / "ledger.head").read_bytes()
    filled(tmp_path)
    (tmp_path / "ledger.head").write_bytes(old)
    assert verify(tmp_path) == Verdict(8)
    filled(tmp_path, 1)
    assert verify(tmp_path) == Verdict(10)
    tamper(tmp_path, "DELETE FROM entries WHERE seq = 10")
    assert verify(tmp_path).bad == 10


def test_a_start_that_was_cut_short_is_taken_up_again(tmp_path: Path) -> None:
    write_head(tmp_path, START)
    (tmp_path / "ledger.sqlite").touch()
    assert verify(tmp_path) == Verdict(0)
    assert list(read_rows(tmp_path)) == []
    assert verify(filled(tmp_path)) == Verdict(6)


def test_a_newer_ledger_is_left_alone(tmp_path: Path) -> None:
    tamper(filled(tmp_path), "PRAGMA user_version = 2")
    with pytest.raises(LedgerError, match="newer twolane"):
        Ledger.open(tmp_path)


def test_a_locked_ledger_says_so_and_nothing_is_half_written(tmp_path: Path) -> None:
    with (
        closing(Ledger.open(tmp_path, wait=0.05)) as ledger,
        closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="locked by another process"):
            ledger.before_send(sending())
        other.execute("ROLLBACK")
        assert ledger.before_send(sending()) == 1
        assert ledger.verify() == Verdict(1)


def test_a_full_disk_says_so_and_the_ledger_stays_whole(tmp_path: Path) -> None:
    database = store.open_database(filled(tmp_path), 1)
    with closing(Ledger(tmp_path, database)) as ledger:
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LedgerError, match="full; free some space"):
            ledger.before_send(sending(b'"' + b"x" * 100_000 + b'"'))
        assert ledger.verify() == Verdict(6)


def test_a_disk_that_fills_up_at_the_head_stops_the_send(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with closing(Ledger.open(tmp_path)) as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(head.os, "fsync", full)
            with pytest.raises(LedgerError, match="full"):
                ledger.before_send(sending())
        assert ledger.verify() == Verdict(1)  # recorded, though nothing was sent: the safe side
        assert ledger.before_send(sending()) == 2
        assert ledger.verify() == Verdict(2)


def test_a_folder_that_cannot_be_written_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(store.os, "open", forbidden)
    with pytest.raises(LedgerError, match=r"Permission denied.*yours and writable"):
        Ledger.open(tmp_path)


def test_a_read_only_database_says_so(tmp_path: Path) -> None:
    database = store.open_database(filled(tmp_path), 1)
    with closing(Ledger(tmp_path, database)) as ledger:
        database.execute("PRAGMA query_only = ON")
        with pytest.raises(LedgerError, match="cannot be written"):
            ledger.before_send(sending())


def test_a_file_in_the_folders_place_says_so(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("no folder")
    with pytest.raises(LedgerError, match="cannot be used"):
        Ledger.open(tmp_path / "ledger")


def test_threads_may_share_a_ledger(tmp_path: Path) -> None:
    with closing(Ledger.open(tmp_path)) as ledger, ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(ledger.before_send, [sending()] * 40))
    assert sorted(numbers) == list(range(1, 41))
    assert verify(tmp_path) == Verdict(40)


APPEND = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from support_border import sending
from twolane_server.border.ledger import Ledger
ledger = Ledger.open(Path({folder!r}), wait=60)
for _ in range(10):
    print(ledger.before_send(sending()), flush=True)
"""


def test_processes_may_share_a_folder_from_the_first_moment(tmp_path: Path) -> None:
    program = APPEND.format(paths=sys.path, folder=str(tmp_path / "ledger"))
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    numbers = [int(line) for process in running for line in process.communicate()[0].split()]
    assert [process.returncode for process in running] == [0] * 4
    assert sorted(numbers) == list(range(1, 41))
    assert verify(tmp_path / "ledger") == Verdict(40)
