"""The chain's head beside the database: how it is written while the database is."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from support_border import sending
from twolane_server.border import head
from twolane_server.border.chain import START, Head, Verdict
from twolane_server.border.head import HEAD, Heads, read_head, write_head
from twolane_server.border.ledger import Ledger, verify
from twolane_server.border.records import Outcome
from twolane_server.errors import LedgerError

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = Head(1, "1" * 64), Head(2, "2" * 64)


def test_a_head_takes_its_place_only_when_it_is_put_there(tmp_path: Path) -> None:
    write_head(tmp_path, START)
    with closing(Heads(tmp_path)) as heads:
        heads.begin(ONE)
        assert read_head(tmp_path) == START
        heads.put(ONE)
        assert read_head(tmp_path) == ONE
        heads.settle()
        heads.begin(TWO)
    assert read_head(tmp_path) == ONE
    assert [file.name for file in tmp_path.iterdir()] == [HEAD]


def test_a_head_that_others_have_overtaken_is_not_put_there(tmp_path: Path) -> None:
    with closing(Heads(tmp_path)) as heads:
        heads.begin(ONE)
        heads.put(TWO)
        assert read_head(tmp_path) == TWO


def test_two_who_write_at_once_do_not_write_into_one_file(tmp_path: Path) -> None:
    with closing(Heads(tmp_path)) as heads, closing(Heads(tmp_path)) as others:
        heads.begin(ONE)
        others.begin(TWO)
        heads.put(ONE)
        assert read_head(tmp_path) == ONE
        others.put(TWO)
        assert read_head(tmp_path) == TWO


@pytest.mark.skipif(os.name != "posix", reason="elsewhere no folder is waited for")
def test_a_folder_that_cannot_be_written_stops_what_comes_next_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def broken(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    with closing(Ledger.open(tmp_path)) as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(head.os, "fsync", broken)
            assert ledger.before_send(sending()) == 1
            for _ in range(3):
                with pytest.raises(LedgerError, match="Input/output error"):
                    ledger.before_send(sending())
        assert verify(tmp_path) == Verdict(1)
        assert ledger.before_send(sending()) == 2
        assert ledger.verify() == Verdict(2)


def test_what_a_killed_process_left_is_removed_and_what_a_running_one_writes_is_not(
    tmp_path: Path,
) -> None:
    Ledger.open(tmp_path).close()
    for name in ("old", "young"):
        (tmp_path / f"{HEAD}.{name}").write_bytes(b"{")
    os.utime(tmp_path / f"{HEAD}.old", (0, 0))
    Ledger.open(tmp_path).close()
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"ledger.sqlite", HEAD, f"{HEAD}.young"}
    assert read_head(tmp_path) == START


def test_the_log_is_taken_into_the_database_after_an_answer_and_not_before_a_request(
    tmp_path: Path,
) -> None:
    body = b'"' + b"x" * 1_500_000 + b'"'
    with closing(Ledger.open(tmp_path)) as ledger:
        database = tmp_path / "ledger.sqlite"
        numbers = [ledger.before_send(sending(body)) for _ in range(4)]
        assert database.stat().st_size < len(body)
        ledger.outcome(numbers[0], Outcome("stop", 1.0))
        assert database.stat().st_size > 4 * len(body)
        assert ledger.verify() == Verdict(5)
