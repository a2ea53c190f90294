"""`twolane index`."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from support_repository import put
from twolane_server.folders import folders
from twolane_server.lanes.file_lock import try_lock
from twolane_server.recognition.recognised import Recognised

if TYPE_CHECKING:
    from support_cli import Shell

LONG = """\
def settle(ledger, penalties, today):
    owed = sum(row.amount for row in ledger if row.due < today)
    return owed + penalties.late(owed, today - ledger[0].due)
"""
OTHER = """\
class Turbine(Machine):
    def feather(self, wind, *, brake=None):
        while wind.gust > self.slack and (brake or self.brake).engage(wind):
            self.blades[0].pitch += wind.gust / self.slack
"""


def sources(shell: Shell) -> None:
    put(shell.root / "b.py", "class C:\n    def f(self): pass\n")
    put(shell.root / "lib.rs", "fn f() {}\n")
    put(shell.root / "notes.txt", "words\n")


def test_the_stats_count_files_languages_and_symbols(shell: Shell) -> None:
    sources(shell)
    ran = shell.run("index", "--stats", "--json", "--repo", str(shell.root))
    assert (ran.status, ran.err) == (0, "")
    found = ran.json
    assert found.pop("seconds") > 0
    assert found == {
        "root": str(shell.root),
        "files": 5,
        "languages": {"python": 2, "rust": 1, "other": 2},
        "symbols": {"function": 2, "class": 1, "method": 1},
        "examined": 3,
    }


def test_a_second_time_reads_only_what_changed(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twolane_context.repository._FRESH_NS", 0)
    sources(shell)
    shell.run("index", "--repo", str(shell.root))
    put(shell.root / "b.py", "def g(): pass\n")
    (shell.root / "lib.rs").unlink()
    ran = shell.run("index", "--json", "--repo", str(shell.root))
    assert ran.json["examined"] == 1
    assert ran.json["languages"] == {"python": 2, "other": 2}
    assert ran.json["symbols"] == {"function": 2}


def test_what_was_indexed_is_there_for_the_next_command(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources(shell)
    shell.run("index", "--repo", str(shell.root))
    monkeypatch.delattr("twolane_context.index.examine")  # nothing is left to be examined
    ran = shell.run("context", "--json", "--repo", str(shell.root), "--instruction", "C")
    assert ran.status == 0


def test_a_person_reads_words_or_nothing(shell: Shell) -> None:
    sources(shell)
    ran = shell.run("index", "--stats", "--repo", str(shell.root))
    lines = ran.out.splitlines()
    assert lines[0] == f"{shell.root}: 5 files, 3 read anew"
    assert lines[1] == "  languages: 2 python, 2 other, 1 rust"
    assert lines[2].startswith("  symbols: 2 function, 1 ")
    assert len(lines) == 4
    quiet = shell.run("index", "--repo", str(shell.root))
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_only_on_a_terminal(shell: Shell, terminal: bool) -> None:  # noqa: FBT001 - a parameter of the test
    sources(shell)
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **shell.environ}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    try:
        process = subprocess.run(
            [sys.executable, "-m", "twolane_server.cli", "index", "--json", "--repo", shell.root],
            stdout=subprocess.PIPE,
            stderr=theirs if terminal else subprocess.PIPE,
            env=environment,
            check=True,
        )
    finally:
        os.close(theirs)
    assert process.stdout.startswith(b"{")
    try:
        shown = os.read(ours, 100_000) if terminal else b""
    finally:
        os.close(ours)
    assert (b"Indexing" in shown) is terminal
    assert not process.stderr


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are left behind."""
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def noted(command: list[str], **how: object) -> None:
        started.append(start(command, **how))  # pyright: ignore[reportCallIssue, reportArgumentType]

    monkeypatch.setattr(
        "twolane_server.cli.index.subprocess", SimpleNamespace(Popen=noted, DEVNULL=-3)
    )
    return started


def recognised(shell: Shell, text: str = LONG) -> bool:
    """Whether code under NDA was read."""
    with closing(Recognised(shell.root, folders(shell.environ))) as known:
        return bool(known.held(text))


@pytest.mark.parametrize("much", [False, True])
def test_nobody_waits_until_much_code_under_nda_is_read(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    started: list[subprocess.Popen[bytes]],
    much: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    sources(shell)
    put(shell.root / "twolane.toml", '[nda]\npaths = ["long.py"]\n')
    put(shell.root / "long.py", LONG)
    monkeypatch.setattr("twolane_server.recognition.known_code.A_MOMENT", 0 if much else 1)
    ran = shell.run("index", "--json", "--repo", str(shell.root))
    assert (ran.status, ran.json["files"]) == (0, 6)
    assert ("is being read in the background" in ran.err) is much
    assert len(started) == much
    for process in started:
        assert process.wait(60) == 0
    assert recognised(shell)
    assert shell.run("index", "--repo", str(shell.root)).err == ""
    assert len(started) == much


def test_who_wants_to_waits_until_it_is_read(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, started: list[subprocess.Popen[bytes]]
) -> None:
    put(shell.root / "twolane.toml", '[nda]\npaths = ["long.py"]\n')
    put(shell.root / "long.py", LONG)
    monkeypatch.setattr("twolane_server.recognition.known_code.A_MOMENT", 0)
    ran = shell.run("index", "--wait", "--repo", str(shell.root))
    assert (ran.status, ran.err, started) == (0, "", [])
    assert recognised(shell)


def test_it_reads_by_itself_where_no_process_can_be_started(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError

    put(shell.root / "twolane.toml", '[nda]\npaths = ["long.py"]\n')
    put(shell.root / "long.py", LONG)
    monkeypatch.setattr("twolane_server.recognition.known_code.A_MOMENT", 0)
    monkeypatch.setattr(
        "twolane_server.cli.index.subprocess", SimpleNamespace(Popen=refuse, DEVNULL=-3)
    )
    ran = shell.run("index", "--repo", str(shell.root))
    assert (ran.status, ran.err) == (0, "")
    assert recognised(shell)


def test_two_do_not_read_the_same_at_once(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    put(shell.root / "twolane.toml", '[nda]\npaths = ["long.py"]\n')
    put(shell.root / "long.py", LONG)
    shell.run("index", "--repo", str(shell.root))
    put(shell.root / "long.py", OTHER)
    (lock,) = (shell.folders.cache / "index").glob("*.reading")
    assert lock.stat().st_mode & 0o777 == 0o600
    other = lock.open("ab")
    assert try_lock(other)
    waited: list[float] = []

    def end(seconds: float) -> None:
        waited.append(seconds)
        assert not recognised(shell, OTHER)
        other.close()

    monkeypatch.setattr("twolane_server.lanes.file_lock.time", SimpleNamespace(sleep=end))
    assert shell.run("index", "--wait", "--repo", str(shell.root)).status == 0
    assert len(waited) == 1
    assert recognised(shell, OTHER)


def test_a_folder_that_is_none_is_wrong_use(shell: Shell) -> None:
    ran = shell.run("index", "--stats", "--json", "--repo", str(shell.top / "none"))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"twolane: {shell.top / 'none'} is no folder.\n"


def test_an_interrupt_ends_it_and_what_was_found_before_is_there(shell: Shell) -> None:
    sources(shell)
    ran = shell.run("index", "--json", "--repo", str(shell.root))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twolane_server.cli.index._batches", _interrupted)
        put(shell.root / "b.py", "def g(): pass\n")
        stopped = shell.run("index", "--repo", str(shell.root))
    assert (stopped.status, stopped.err) == (1, "twolane: stopped\n")
    again = shell.run("index", "--json", "--repo", str(shell.root))
    assert again.json["files"] == ran.json["files"]


def _interrupted(_: object) -> list[object]:
    raise KeyboardInterrupt
