"""`twolane ledger [show|verify]`: what was sent, and whether that record is whole."""

from __future__ import annotations

import json
import os
import sys
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
_NUMBERS = {"seq", "bytes", "in", "out"}


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
        print(f"The ledger is whole: {verdict.entries:,} entries.")
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
    elif sys.stdout.isatty():
        _print_table(cells)
    else:
        for line in _aligned([_HEADINGS, *cells]):
            print(line)
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


def _print_table(cells: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - needed on a terminal only
    from rich.table import Table  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    table = Table(box=None, pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
