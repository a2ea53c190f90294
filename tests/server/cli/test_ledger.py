"""`twolane ledger`."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from support_border import NOON, sending
from twolane_server.border.ledger import Ledger
from twolane_server.border.records import Outcome
from twolane_server.cli import main
from twolane_server.fragments import Origin
from twolane_server.lanes.base import LaneName, Usage
from twolane_server.settings.resolved import Price

if TYPE_CHECKING:
    from pathlib import Path

WHERE = Origin("/repo/\x1b[31mred\ud800.py", 1, 2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TWOLANE_STATE_DIR", str(tmp_path))
    return tmp_path / "ledger"


@pytest.fixture
def filled(folder: Path) -> Path:
    with closing(Ledger.open(folder)) as ledger:
        first = ledger.before_send(sending(b'{"text":"canary"}'))
        ledger.outcome(first, Outcome("stop", 1.5, Usage(1234, 56, 1000)))
        odd = sending(b"nda canary", LaneName.LOCAL)
        odd = replace(odd, reasons=("NDA (x)",), files=(WHERE, WHERE, Origin("/b.py", 5, 6)))
        ledger.before_send(odd)
    return folder


def test_show_has_a_line_for_each_request(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger"]) == 0
    shown = capsys.readouterr().out
    assert filled.exists()
    heading, first, second = shown.splitlines()
    assert heading.split() == [
        "seq",
        "time",
        "(UTC)",
        "action",
        "to",
        "bytes",
        "in",
        "cached",
        "out",
        "cost",
        "outcome",
        "from",
        "why",
    ]
    assert first.split() == [
        *("1", "2026-05-04", "12:00:00", "docstring"),
        *("cloud:", "deepseek-v3.2,", "api.example.test:443"),
        *("17", "1234", "1000", "56", "-", "stop", "/repo/src/tool.py:3-9"),
        *("docstring's", "home", "lane"),
    ]
    counts = ["-"] * 4
    assert second.split()[-12:-7] == [*counts, "unknown"]
    assert "/repo/\ufffd[31mred\ufffd.py:1-2 and 1 more file  NDA (x)" in second
    assert "canary" not in shown


def test_show_json_has_the_stable_shape(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert filled.exists()
    assert main(["ledger", "show", "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(first) == [
        *("seq", "time", "action", "lane", "model", "host", "bytes", "sha256", "files"),
        *("tokens", "cost_usd", "outcome"),
    ]
    assert first["tokens"] == {"in": 1234, "cached": 1000, "out": 56}
    assert (first["lane"], second["lane"]) == ("cloud", "local")
    assert second["files"][0] == {"path": WHERE.path, "start_line": 1, "end_line": 2}


def test_show_on_a_terminal_is_a_table(
    filled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert filled.exists()
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["ledger", "show"]) == 0
    shown = capsys.readouterr().out
    assert "deepseek-v3.2" in shown
    assert "\x1b[31mred" not in shown


def test_on_a_narrow_terminal_each_request_has_lines_of_its_own(
    filled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert filled.exists()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["ledger"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[:4] == [
        "1  2026-05-04 12:00:00 UTC  docstring  17 bytes  1234 in (1000 cached)  56 out  -  stop",
        "   cloud: deepseek-v3.2, api.example.test:443",
        "   /repo/src/tool.py:3-9",
        "   because: docstring's home lane",
    ]
    assert "\x1b" not in shown


def test_a_terminal_that_knows_ascii_alone_gets_no_error(filled: Path) -> None:
    with closing(Ledger.open(filled)) as ledger:
        ledger.before_send(replace(sending(b"{}"), files=(Origin("/r/\xfc.py", 1, 2),)))
    environ = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "PYTHONIOENCODING": ""}
    ran = subprocess.run(
        [sys.executable, "-m", "twolane_server.cli", "ledger"],
        env={**os.environ, **environ},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert rb"/r/\xfc.py:1-2" in ran.stdout


def test_a_reader_that_stops_reading_is_no_error(filled: Path) -> None:
    assert filled.exists()
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-m", "twolane_server.cli", "ledger"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_nothing_sent_is_said_and_makes_no_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "show"]) == 0
    assert capsys.readouterr().out == "Nothing has been sent yet.\n"
    assert main(["ledger", "verify"]) == 0
    assert capsys.readouterr().out == (
        "The ledger is whole: 0 entries (requests and their outcomes), "
        f"the last with the hash {'0' * 64}.\n"
    )
    assert main(["ledger", "sum"]) == 0
    assert capsys.readouterr().out == "Nothing has been sent yet.\n"
    assert main(["ledger", "export"]) == 0
    assert capsys.readouterr().out == ""
    assert not folder.exists()


def test_verify_says_whole_or_where_it_is_not(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "verify"]) == 0
    assert capsys.readouterr().out.startswith("The ledger is whole: 3 entries ")
    assert main(["ledger", "verify", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    head = json.loads((filled / "ledger.head").read_text())
    assert found == {"whole": True, "entries": 3, "hash": head["hash"], "bad": None, "why": ""}

    with closing(sqlite3.connect(filled / "ledger.sqlite", isolation_level=None)) as database:
        database.execute("DELETE FROM entries WHERE seq = 3")
    assert main(["ledger", "verify"]) == 1
    assert capsys.readouterr().out == (
        "The ledger is not whole, at entry 3: ledger.head knows 3 entries, the database holds 2.\n"
    )
    assert main(["ledger", "verify", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["whole"], found["bad"]) == (False, 3)


def test_an_entry_that_cannot_be_read_is_a_sentence(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(filled / "ledger.sqlite", isolation_level=None)) as database:
        database.execute("UPDATE entries SET payload = 'x' WHERE seq = 1")
    assert main(["ledger"]) == 1
    assert "Entry 1 of the ledger cannot be read" in capsys.readouterr().err


def test_a_damaged_database_is_a_sentence(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (filled / name).unlink(missing_ok=True)
    (filled / "ledger.sqlite").write_bytes(b"x" * 5000)
    assert main(["ledger"]) == 1
    assert "is damaged" in capsys.readouterr().err
    assert main(["ledger", "verify"]) == 1
    assert capsys.readouterr().out.count("\n") == 1


def test_sums_by_what_is_asked_for(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Ledger.open(filled)) as ledger:
        for day in (1, 2):
            later = replace(sending(b"x" * 1000), time=NOON + timedelta(days=day))
            ledger.outcome(ledger.before_send(later), Outcome("stop", 1.0, Usage(10, 2, 0)))
    assert main(["ledger", "sum"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["day", "lane", "model", "requests", "bytes", "in", "cached", "out", "cost"],
        ["2026-05-04", "cloud", "deepseek-v3.2", "1", "17", "1,234", "1,000", "56", "-"],
        ["2026-05-04", "local", "deepseek-v3.2", "1", "10", "-", "-", "-", "-"],
        ["2026-05-05", "cloud", "deepseek-v3.2", "1", "1,000", "10", "0", "2", "-"],
        ["2026-05-06", "cloud", "deepseek-v3.2", "1", "1,000", "10", "0", "2", "-"],
        ["all", "4", "2,027", "1,254", "1,000", "60", "-"],
    ]
    assert main(["ledger", "sum", "--by", "action,lane", "--json"]) == 0
    cloud, local = map(json.loads, capsys.readouterr().out.splitlines())
    assert cloud == {
        "action": "docstring",
        "lane": "cloud",
        "requests": 3,
        "bytes": 2017,
        "tokens": {"in": 1254, "cached": 1000, "out": 60, "counted": 3},
        "cost_usd": None,
        "unpriced": 3,
    }
    assert local["unpriced"] == 0, "the local lane has no price"
    assert (local["lane"], local["requests"], local["tokens"]["counted"]) == ("local", 1, 0)


def test_costs_are_shown_and_summed_with_what_is_not_known(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    price = Price("deepseek-v3.2", 1.0, 0.1, 2.0, "2026-05-04")
    with closing(Ledger.open(filled)) as ledger:
        for days, cached in ((0, 0), (30, None)):
            request = replace(sending(b"{}"), time=NOON + timedelta(days=days), action="review")
            usage = Usage(1_200_000, 20_000, cached)
            ledger.outcome(ledger.before_send(request), Outcome("stop", 1.0, usage, price))
    assert main(["ledger"]) == 0
    last = capsys.readouterr().out.splitlines()[-1].split()
    assert last[last.index("1200000") :][:5] == ["1200000", "-", "20000", "$1.24", "stop"]
    assert main(["ledger", "sum", "--by", "month"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["month", "requests", "bytes", "in", "cached", "out", "cost"],
        ["2026-05", "3", "29", "1,201,234", "1,000", "20,056", "$1.24", "+", "1", "unknown"],
        ["2026-06", "1", "2", "1,200,000", "-", "20,000", "$1.24"],
        ["all", "4", "31", "2,401,234", "1,000", "40,056", "$2.48", "+", "1", "unknown"],
    ]
    assert main(["ledger", "sum", "--by", "month,action", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["action"], one["cost_usd"], one["unpriced"]) for one in found] == [
        ("docstring", None, 1),
        ("review", 1.24, 0),
        ("review", 1.24, 0),
    ]
    # None that was cached is a number; none that was told is not.
    assert [one["tokens"]["cached"] for one in found] == [1_000, 0, None]


def test_a_key_that_cannot_be_summed_by_is_wrong_use(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "sum", "--by", "day,colour"]) == 2
    assert "`colour` cannot be summed by" in capsys.readouterr().err
    assert not folder.exists()


def test_a_wrong_word_is_wrong_use(folder: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["ledger", "burn"])
    assert stop.value.code == 2
    assert not folder.exists()
