"""`twolane doctor`: check everything; each finding with its fix."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.doctor import examine
from twolane_server.folders import folders
from twolane_server.settings.load import load

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("folder", nargs="?", default=".", help="a folder of the repository")
    parser.add_argument("--json", action="store_true", help="print one JSON list")


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; 1 when one of them wants mending."""
    found = folders(os.environ)
    settings, problems = load(found, None, os.environ)
    where = Path(arguments.folder).absolute()
    findings = asyncio.run(examine(settings, problems, found, os.environ, where))
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'look'}  {finding.check}: {finding.message}")
            if finding.fix:
                print(f"      -> {finding.fix}")
    return 0 if all(finding.ok for finding in findings) else 1
