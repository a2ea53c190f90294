"""`twolane doctor`: check everything; each finding with its fix."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.cli.plain import plain
from twolane_server.doctor import State, examine
from twolane_server.folders import folders
from twolane_server.settings.load import load

if TYPE_CHECKING:
    import argparse

_HEADS = {State.OK: "ok     ", State.UNSET: "unset  ", State.BROKEN: "broken "}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("folder", nargs="?", default=".", help="a folder of the repository")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.add_argument(
        "--cloud",
        action="store_true",
        help="ask each cloud model of your settings for one token of fixed words, with your key, and "
        "in any folder; it is in the ledger, as all is, and costs next to nothing",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; 1 when something is broken, and not for what is only not set up."""
    found = folders(os.environ)
    settings, problems = load(found, None, os.environ)
    where = Path(arguments.folder).absolute()
    findings = asyncio.run(
        examine(settings, problems, found, os.environ, where, ask_cloud=arguments.cloud)
    )
    if arguments.json:
        print(json.dumps([finding.as_object() for finding in findings]))
    else:
        for finding in findings:
            print(plain(f"{_HEADS[finding.state]}{finding.check}: {finding.message}"))
            if finding.fix:
                print(plain(f"       -> {finding.fix}"))
    return 1 if any(finding.state is State.BROKEN for finding in findings) else 0
