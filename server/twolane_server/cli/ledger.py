"""`twolane ledger [show|verify]`: what was sent, and whether that record is whole."""

from __future__ import annotations

import json
import os
import sys
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from twolane_server.border.ledger import read_rows, verify
from twolane_server.cli.lines import lines_by_file
from twolane_server.folders import folders

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from twolane_server.border.records import Row

_HEADINGS = ("seq", "time (UTC)", "action", "to", "bytes", "in", "out", "outcome", "from")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=("show", "verify"),
        default="show",
        help="show every request that was sent (the default), or check that none was changed",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for programs")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; 1 when the ledger is not whole."""
    folder = folders(os.environ).state / "ledger"
    as_json = bool(arguments.json)
    return _verify(folder, as_json) if arguments.what == "verify" else _show(folder, as_json)


def _verify(folder: Path, as_json: bool) -> int:  # noqa: FBT001 - the flag as the person gave it
    verdict = verify(folder)
    if as_json:
        found = {"whole": verdict.whole, "entries": verdict.entries}
        print(json.dumps(found | {"bad": verdict.bad, "why": verdict.why}))
    elif verdict.whole:
        print(f"The ledger is whole: {verdict.entries:,} entries (requests and their outcomes).")
    else:
        print(f"The ledger is not whole, at entry {verdict.bad}: {verdict.why}.")
    return 0 if verdict.whole else 1


def _show(folder: Path, as_json: bool) -> int:  # noqa: FBT001 - the flag as the person gave it
    rows = read_rows(folder)
    if as_json:
        for row in rows:
            print(json.dumps(row.public()))
        return 0
    cells = [_cells(row) for row in rows]
    if not cells:
        print("Nothing has been sent yet.")
    else:
        lines = list(_aligned([_HEADINGS, *cells]))
        if sys.stdout.isatty() and max(map(len, lines)) > get_terminal_size().columns:
            lines = [line for row in cells for line in _apart(row)]
        print("\n".join(lines))
    return 0


def _cells(row: Row) -> tuple[str, ...]:
    sent, tokens = row.public(), row.tokens
    files = [f"{path}:{lines}" for path, lines in lines_by_file(row.files).items()]
    rest = len(files) - 1
    more = f" and {rest} more file{'s' * (rest > 1)}" if rest > 0 else ""
    cells = (
        row.seq,
        str(sent["time"])[:19].replace("T", " "),
        sent["action"],
        f"{sent['lane']}: {sent['model']}, {sent['host']}",
        sent["bytes"],
        "-" if tokens["in"] is None else tokens["in"],
        "-" if tokens["out"] is None else tokens["out"],
        sent["outcome"],
        files[0] + more if files else "-",
    )
    return tuple(_printable(str(cell)) for cell in cells)


def _printable(text: str) -> str:
    """No escape sequence in a file's name may reach the terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _apart(cells: tuple[str, ...]) -> Iterable[str]:
    """One request in lines of its own, for a terminal that is too narrow for the table."""
    seq, time, action, to, size, tokens_in, tokens_out, outcome, files = cells
    tokens = f"{tokens_in} in  {tokens_out} out"
    yield f"{seq}  {time} UTC  {action}  {size} bytes  {tokens}  {outcome}"
    yield from (" " * (len(seq) + 2) + where for where in (to, files))
