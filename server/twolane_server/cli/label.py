"""`twolane label`: whether files are under NDA or open, and why."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.cli.plain import one_line
from twolane_server.folders import folders
from twolane_server.fragments import Label
from twolane_server.labels import label_with, rules_for
from twolane_server.settings.load import load

if TYPE_CHECKING:
    import argparse

    from twolane_server.labels import Labelled

_COLOURS = {Label.NDA: "\x1b[31m", Label.OPEN: "\x1b[32m"}
_PLAIN = "\x1b[0m"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="files to label")
    parser.add_argument("--json", action="store_true", help="one object a line, for programs")


def run(arguments: argparse.Namespace) -> int:
    """Print a label for each file; returns the exit status."""
    settings, problems = load(folders(os.environ), None, os.environ)
    told = dict.fromkeys(problems)
    for file in arguments.files:
        rules = rules_for(Path(file), settings.nda)
        told |= dict.fromkeys(rules.problems)
        labelled = label_with(rules, None)
        if arguments.json:
            print(_as_json(file, labelled))
        else:
            print(_as_text(file, labelled, colour=_wants_colour()))
    for problem in told:
        print(f"twolane: {one_line(str(problem))}", file=sys.stderr)
    return 0


def _as_json(file: str, labelled: Labelled) -> str:
    return json.dumps(
        {"path": file, "label": labelled.label.name, "reasons": list(labelled.reasons)}
    )


def _as_text(file: str, labelled: Labelled, *, colour: bool) -> str:
    name = f"{labelled.label.name:<4}"
    if colour:
        name = f"{_COLOURS[labelled.label]}{name}{_PLAIN}"
    return f"{name}  {one_line(file)}: {one_line('; '.join(labelled.reasons))}"


def _wants_colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
