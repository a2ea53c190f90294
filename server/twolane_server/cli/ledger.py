"""`twolane ledger [show|sum|verify|export]`: what was sent, and whether that record is whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.border.ledger import read_rows, verify
from twolane_server.border.sums import KEYS, sums
from twolane_server.cli.ledger_export import FORMATS, export
from twolane_server.cli.ledger_table import request_lines, sum_lines
from twolane_server.errors import WrongUse
from twolane_server.folders import folders

if TYPE_CHECKING:
    import argparse

_DEFAULT_KEYS = "day,lane,model"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=("show", "sum", "verify", "export"),
        default="show",
        help="show every request that was sent (the default), sum them up, check that none was "
        "changed, or write all that is known of them, with their text",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    parser.add_argument(
        "--by",
        default=_DEFAULT_KEYS,
        metavar="KEYS",
        help=f"what to sum by: some of {','.join(KEYS)} (default: {_DEFAULT_KEYS})",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="jsonl",
        help="export as JSON lines (the default) or as one HTML page that needs nothing else",
    )
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="export into a file that only you can read"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; 1 when the ledger is not whole."""
    folder = folders(os.environ).state / "ledger"
    as_json = bool(arguments.json)
    match arguments.what:
        case "verify":
            return _verify(folder, as_json)
        case "sum":
            return _sum(folder, _keys(arguments.by), as_json)
        case "export":
            return export(folder, arguments.format, arguments.output)
        case _:
            return _show(folder, as_json)


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(dict.fromkeys(key.strip() for key in text.split(",") if key.strip()))
    if unknown := [key for key in keys if key not in KEYS]:
        raise WrongUse(f"`{unknown[0]}` cannot be summed by; take some of {', '.join(KEYS)}.")
    return keys


def _verify(folder: Path, as_json: bool) -> int:  # noqa: FBT001 - the flag as the person gave it
    verdict = verify(folder)
    if as_json:
        found = {"whole": verdict.whole, "entries": verdict.entries, "hash": verdict.hash}
        print(json.dumps(found | {"bad": verdict.bad, "why": verdict.why}))
    elif verdict.whole:
        print(
            f"The ledger is whole: {verdict.entries:,} entries (requests and their outcomes), "
            f"the last with the hash {verdict.hash}."
        )
    else:
        print(f"The ledger is not whole, at entry {verdict.bad}: {verdict.why}.")
    return 0 if verdict.whole else 1


def _show(folder: Path, as_json: bool) -> int:  # noqa: FBT001 - the flag as the person gave it
    rows = read_rows(folder)
    if as_json:
        for row in rows:
            print(json.dumps(row.public()))
        return 0
    print("\n".join(request_lines(rows)) or "Nothing has been sent yet.")
    return 0


def _sum(folder: Path, keys: tuple[str, ...], as_json: bool) -> int:  # noqa: FBT001 - as above
    rows = list(read_rows(folder))
    groups = sums(rows, keys)
    if as_json:
        for group in groups:
            print(json.dumps(group.public(keys)))
        return 0
    print("\n".join(sum_lines(groups, sums(rows, ()), keys)) or "Nothing has been sent yet.")
    return 0
