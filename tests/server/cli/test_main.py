"""The command line by itself: what it does when nobody can be shown anything, and with bad numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_repository import put

if TYPE_CHECKING:
    from support_cli import Shell

FULL = Path("/dev/full")
COMMANDS = (
    ("label", "a.py"),
    ("route", "docstring", "a.py:5"),
    ("ledger", "export", "--format", "html"),
    ("--version",),
)


def by_shell(shell: Shell, words: tuple[str, ...], ends: str) -> subprocess.CompletedProcess[str]:
    """Run a command whose streams end as the shell's words say."""
    line = f'exec "$0" -m twolane_server.cli "$@" {ends}'
    return subprocess.run(
        ["sh", "-c", line, sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=shell.root,
        env={**shell.process_environ, **shell.environ},
    )


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_closed_streams_are_no_failure(shell: Shell, words: tuple[str, ...]) -> None:
    assert by_shell(shell, words, "<&- >&-").returncode == 0
    ran = by_shell(shell, words, "<&- 2>&-")
    assert ran.returncode == 0
    assert ran.stdout


def test_nothing_that_is_opened_takes_the_place_of_a_closed_stream(shell: Shell) -> None:
    """What is printed to the number 2 would be written into the ledger."""
    ran = by_shell(shell, ("doctor", "--json"), "<&- 2>&-")
    assert '"check": "ledger", "ok": true' in ran.stdout
    assert shell.run("ledger", "verify").status == 0


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is full")
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_output_that_cannot_be_written_is_a_sentence(shell: Shell, words: tuple[str, ...]) -> None:
    ran = by_shell(shell, words, f">{FULL}")
    assert ran.returncode == 1
    assert ran.stderr == "twolane: The output cannot be written (No space left on device).\n"


@pytest.mark.parametrize(
    "words",
    [
        ("context", "a.py:5", "--budget", "-5"),
        ("do", "docstring", "a.py:5", "--max-tokens", "0"),
        ("do", "docstring", "a.py:5", "--max-tokens", "²"),
        ("serve", "--plan", "--port", "99999"),
        ("serve", "--plan", "--window", "0"),
        ("lsp", "--tcp", "0"),
    ],
    ids=" ".join,
)
def test_a_number_that_means_nothing_is_wrong_use(shell: Shell, words: tuple[str, ...]) -> None:
    ran = shell.run(*words)
    assert ran.status == 2
    assert f"argument {words[-2]}: " in ran.err


def test_a_name_in_an_error_does_not_steer_the_terminal(shell: Shell) -> None:
    file = put(shell.root / "\x1b[31mred\x07.py", b"\xff")
    ran = shell.run("do", "docstring", f"{file}:1")
    assert ran.status == 1
    assert "\\x1b[31mred\\x07.py is not valid UTF-8" in ran.err
    assert ran.err.removesuffix("\n").isprintable()


@pytest.mark.parametrize("options", [("--lane", "local"), ("--json",), ()], ids=" ".join)
def test_options_may_stand_before_the_place_and_behind_it(
    shell: Shell, options: tuple[str, ...]
) -> None:
    for words in ((*options, shell.place), (shell.place, *options)):
        ran = shell.run("route", "docstring", *words)
        assert (ran.status, ran.err) == (0, "")
        assert "local" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("route", "docstring", "a.py:5", "b.py:5"),
        ("route", "docstring", "--json", "a.py:5", "b.py:5"),
        ("route", "docstring", "--jsn", "a.py:5"),
        ("ledger", "show", "--jsn"),
        ("index", "here"),
    ],
    ids=" ".join,
)
def test_what_is_too_much_is_told_with_the_commands_own_usage(
    shell: Shell, words: tuple[str, ...]
) -> None:
    ran = shell.run(*words)
    assert ran.status == 2
    assert ran.err.startswith(f"usage: twolane {words[0]} ")
    assert "unrecognized arguments: " in ran.err


def test_a_mistake_of_ours_is_told_without_what_it_says(tmp_path: Path) -> None:
    program = put(
        tmp_path / "crash.py",
        "import sys\n"
        "from twolane_server import cli\n"
        "def crash(words):\n"
        "    try:\n"
        "        raise KeyError(words[0])\n"
        "    except KeyError as error:\n"
        "        raise RuntimeError(words[0]) from error\n"
        "cli._run = crash\n"
        "cli.main()\n",
    )
    done = subprocess.run(
        [sys.executable, str(program), "zq7-canary"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f'"{program}", line 7, in crash' in done.stderr
    assert "twolane: RuntimeError: a mistake in twolane itself" in done.stderr
    assert "zq7-canary" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("threading.Thread(target=fail).start()", "RuntimeError"),
        ("Dropped()", "RuntimeError"),
        ("asyncio.run(never_awaited())", "Task exception was never retrieved\n"),
        ("asyncio.run(called())", "Exception in callback fail"),
    ],
    ids=["thread", "finalizer", "task", "callback"],
)
def test_nor_is_one_that_nobody_waited_for(way: str, told: str, tmp_path: Path) -> None:
    program = put(
        tmp_path / "crash.py",
        f"""\
import asyncio, gc, logging, sys, threading
from twolane_server import cli

def fail(word=sys.argv[1]):
    raise RuntimeError(word)

class Dropped:
    def __del__(self):
        fail()

async def late():
    fail()

async def never_awaited():
    task = asyncio.create_task(late())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()

async def called():
    asyncio.get_running_loop().call_soon(fail, sys.argv[1])
    await asyncio.sleep(0.01)

def run(words):
    logging.basicConfig(format="twolane: %(message)s", level=logging.WARNING)
    {way}
    return 0

cli._run = run
sys.exit(cli.main())
""",
    )
    done = subprocess.run(
        [sys.executable, str(program), "zq7-canary"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert told in done.stderr
    assert "twolane: RuntimeError: a mistake in twolane itself" in done.stderr
    assert "in fail" in done.stderr, "where it was made"
    assert "zq7-canary" not in done.stdout + done.stderr
