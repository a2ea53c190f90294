"""`twolane refs`: all places that refer to a symbol; what a refactoring of it may touch."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from twolane_server.cli import repository as repositories
from twolane_server.errors import WrongUse

if TYPE_CHECKING:
    import argparse

_PLACE = re.compile(r"(.+):(\d{1,9}):(\d{1,9})", re.DOTALL)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    repositories.configure(parser)
    parser.add_argument(
        "place", metavar="FILE:LINE:COLUMN", help="lines count from 1, columns from 0, in bytes"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the sites; returns the exit status, 1 where no name stands at the place."""
    from twolane_context.answers import Answers  # noqa: PLC0415 - imports tree-sitter

    match = _PLACE.fullmatch(arguments.place)
    if match is None or int(match[2]) < 1:
        place = repositories.plain(arguments.place)
        raise WrongUse(f"{place} is no place: write FILE:LINE:COLUMN.")
    opened = repositories.open_for(arguments)
    path = opened.path(match[1])
    sites = Answers(opened.repository).references(path, int(match[2]) - 1, int(match[3]))
    if arguments.json:
        print(json.dumps([{"path": s.path, "line": s.row + 1, "col": s.column} for s in sites]))
    else:
        for site in sites:
            print(f"{repositories.plain(site.path)}:{site.row + 1}:{site.column}")
    opened.close()
    return 0 if sites else 1
