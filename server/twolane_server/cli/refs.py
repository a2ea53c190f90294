"""`twolane refs`: all places that refer to a symbol; what a refactoring of it may touch."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import TYPE_CHECKING

from twolane_context.index import Changed
from twolane_context.references import Site
from twolane_server.cli import repository as repositories
from twolane_server.cli.plain import one_line
from twolane_server.confirm.python import SUFFIXES, Confirmer, Unconfirmed, command
from twolane_server.errors import WrongUse

if TYPE_CHECKING:
    import argparse

    from twolane_context.repository import Repository

_SECONDS = 30.0
_PLACE = re.compile(r"(.+):(\d{1,9}):(\d{1,9})", re.DOTALL)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    repositories.configure(parser)
    parser.add_argument(
        "--no-confirm",
        action="store_true",
        help="ask no language server for Python, although there is one on the PATH",
    )
    parser.add_argument(
        "place", metavar="FILE:LINE:COLUMN", help="lines count from 1, columns from 0, in bytes"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the sites; returns the exit status, 1 where no name stands at the place."""
    from twolane_context.answers import Answers  # noqa: PLC0415 - imports tree-sitter

    match = _PLACE.fullmatch(arguments.place)
    if match is None or int(match[2]) < 1:
        place = one_line(arguments.place)
        raise WrongUse(f"{place} is no place: write FILE:LINE:COLUMN.")
    opened = repositories.open_for(arguments)
    path = opened.path(match[1])
    answers = Answers(opened.repository)
    place = Site(path, int(match[2]) - 1, int(match[3]))
    sites = answers.references(*place)
    if sites and not arguments.no_confirm and path.endswith(SUFFIXES):
        sites = asyncio.run(_confirmed(opened.repository, place, sites))
    if arguments.json:
        print(json.dumps([{"path": s.path, "line": s.row + 1, "col": s.column} for s in sites]))
    else:
        for site in sites:
            print(f"{one_line(site.path)}:{site.row + 1}:{site.column}")
        if not sites:
            print(
                f"twolane: No name stands at {one_line(arguments.place)}.",
                file=sys.stderr,
            )
    opened.close()
    return 0 if sites else 1


async def _confirmed(repository: Repository, place: Site, sites: list[Site]) -> list[Site]:
    """The sites that a language server confirms; all of them where there is none, or it fails."""
    started = command()
    if started is None:
        return sites
    files = repository.index.files
    confirmer = Confirmer(repository.root, started, files)
    try:
        return await confirmer.confirm(place, sites, lambda path: files[path].source(), _SECONDS)
    except (Unconfirmed, Changed) as error:
        print(f"twolane: {error} The sites are those found without it.", file=sys.stderr)
        return sites
    finally:
        await confirmer.close()
