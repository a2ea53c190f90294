"""The command line. Each command is a module of this package, imported only when it is asked for.

A command module has `configure(parser)`, which adds its arguments, and `run(arguments) -> int`,
which returns the exit status: 0 done, 1 refused or nothing to do (with the reason), 2 wrong use.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from twolane_server import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_COMMANDS = {
    "lsp": "run the language server on standard input and output",
    "do": "run an action on a place in a file and show or apply its edit",
    "undo": "take back the last edit of many files that `do --apply` wrote in a repository",
    "route": "show which lane an action would take, why, and what would be sent; sends nothing",
    "context": "show what a place in a file needs from its repository, within a budget of tokens",
    "refs": "list all places that refer to a symbol",
    "index": "index a repository now, and tell what is in it",
    "label": "tell whether files are under NDA or open, and why",
    "trust": "let a repository's open files use the cloud lane, or take that back",
    "doctor": "check settings, trust, lanes, model and ledger, with a fix for each finding",
    "serve": "start vLLM with the model and flags that fit this machine's GPUs",
    "ledger": "show what was sent, and verify that the record is whole",
}


# A full disk, a terminal that is gone.
_UNPRINTABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


class _Command(Protocol):
    def configure(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, arguments: argparse.Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    from twolane_server.cli.crash import (  # noqa: PLC0415 - keep start-up light
        crashed,
        tell_of_no_words,
    )
    from twolane_server.cli.plain import plain  # noqa: PLC0415 - the same
    from twolane_server.errors import TwolaneError, WrongUse  # noqa: PLC0415 - the same

    _have_streams()
    _print_everything()
    sys.excepthook = crashed
    if argv is None:
        tell_of_no_words()
    try:
        status = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except TwolaneError as error:
        print(f"twolane: {plain(str(error))}", file=sys.stderr)
        return 2 if isinstance(error, WrongUse) else 1
    except KeyboardInterrupt:
        print("twolane: stopped", file=sys.stderr)
        return 1
    except BrokenPipeError:  # who reads has seen enough (`| head`)
        _print_no_more()
        return 1
    except OSError as error:
        if error.errno not in _UNPRINTABLE or error.filename is not None:
            raise
        _print_no_more()
        print(f"twolane: The output cannot be written ({error.strerror}).", file=sys.stderr)
        return 1
    return status


def _run(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="twolane", description="AI code actions on two lanes, with a border between them."
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    if words[:1] == ["--version"]:
        return _print_version()
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = next((word for word in words if word in _COMMANDS), None)
    first = [word for word in words[:1] if word in _COMMANDS]  # then nobody sees the others
    subs = {
        name: commands.add_parser(name, help=told, description=told[0].upper() + told[1:])
        for name, told in _COMMANDS.items()
        if first in ([], [name])
    }
    if wanted is not None:
        _command(wanted).configure(subs[wanted])
    arguments, rest = parser.parse_known_args(words)
    if len(rest) == 1 and not rest[0].startswith("-") and getattr(arguments, "place", "") is None:
        # argparse takes a place that may be left out for left out once an option comes before it.
        arguments.place, rest = rest[0], []
    if rest:
        subs[arguments.command].error(f"unrecognized arguments: {' '.join(rest)}")
    return _command(arguments.command).run(arguments)


def _have_streams() -> None:
    """Where whoever started us closed a standard stream, have one that leads nowhere.

    Else the next file that is opened, such as the ledger, would have its number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for as long as we run


def _print_everything() -> None:
    """Where the locale's encoding lacks a character, show its number instead of failing."""
    out: object = sys.stdout
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")


def _print_no_more() -> None:
    """What is left to print must not fail once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_version() -> int:
    print(f"twolane {__version__}")
    return 0


def _command(name: str) -> _Command:
    return cast("_Command", import_module(f"twolane_server.cli.{name}"))
