"""`twolane undo`: take back the last edit of many files that `do --apply` wrote."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.cli.plain import plain
from twolane_server.errors import WrongUse
from twolane_server.folders import folders
from twolane_server.repository import find_root
from twolane_server.writing.recover import recover
from twolane_server.writing.undo import take_back_last

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--repo", metavar="ROOT", help="the repository; else that around here")


def run(arguments: argparse.Namespace) -> int:
    """Take it back, all or nothing."""
    here = Path(arguments.repo) if arguments.repo else Path.cwd()
    root = find_root(here.absolute())
    if root is None or not here.is_dir():
        raise WrongUse(f"{plain(str(here))} is in no repository.")
    state = folders(os.environ).state
    for told in recover(state):
        print(f"twolane: {plain(told)}", file=sys.stderr)
    print(f"taken back: {plain(str(take_back_last(root, state)))}")
    return 0
