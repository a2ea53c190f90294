"""What `do` and `route` have in common: an action at a place, and how a decision is shown."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.catalogue import ACTIONS, action_named
from twolane_server.cli.numbers import positive
from twolane_server.cli.plain import plain
from twolane_server.errors import WrongUse
from twolane_server.folders import folders
from twolane_server.lanes.base import LaneName
from twolane_server.materials.changed_files import Scope
from twolane_server.repositories.once import Once
from twolane_server.service import Service
from twolane_server.settings.load import load
from twolane_server.source_file import read_place

if TYPE_CHECKING:
    from twolane_server.actions.base import Reads
    from twolane_server.orders import Order
    from twolane_server.routing.choose import Decision
    from twolane_server.settings.resolved import Settings
    from twolane_server.source_file import Place


_OF_FILES = frozenset({"docstrings", "review"})
"""What works on a whole file as well as on a place in it."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name an action and a place."""
    parser.add_argument("action", metavar="ACTION", help="one of those below")
    width = max(len(each.name) for each in ACTIONS)
    listed = "\n".join(f"  {each.name:{width}}  {each.title}" for each in ACTIONS)
    parser.epilog = f"actions:\n{listed}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "place",
        metavar="FILE:LINE[-LINE]",
        nargs="?",
        help="lines count from 1; docstrings and review take a file alone, too; changes takes a file or a folder alone, or none for the whole "
        "repository, and review without a place is the same; commit and pr take a file or a folder of the repository, or none",
    )
    parser.add_argument(
        "--instruction",
        default="",
        metavar="TEXT",
        help="what to do (rewrite, refactor), what you want to know (explain), the problem (fix), or "
        "what to look at above all (review, changes, tests)",
    )
    parser.add_argument(
        "--staged",
        action="store_true",
        help="changes, review: what is staged, not the working tree",
    )
    parser.add_argument(
        "--range",
        default="",
        metavar="A..B",
        help="changes, review: those of commits; A...B has what B changes since it left A",
    )
    parser.add_argument("--language", default="", metavar="NAME", help="which one to answer in")
    parser.add_argument(
        "--max-tokens", type=positive, metavar="N", help="how many tokens the answer may have"
    )
    parser.add_argument("--lane", choices=("auto", "local", "cloud"), default="auto")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def open_order(arguments: argparse.Namespace) -> tuple[Service, Settings, Place, Order]:
    """Settings, service, file and order for the arguments.

    Raises:
        TwolaneError: the place or the action cannot be used.
    """
    action = _named(arguments)
    reads = action_named(action).reads
    if arguments.place is None and reads.in_document:
        raise WrongUse(f"{action} needs a place; write FILE:LINE or FILE:LINE-LINE.")
    place = _place(arguments.place or ".", action, reads)
    if reads.many_files and not Path(arguments.place or ".").exists():
        raise WrongUse(f"{action} takes a file or a folder alone, without a line.")
    found = folders(os.environ)
    settings, problems = load(found, None, os.environ)
    for problem in problems:
        print(f"twolane: {plain(str(problem))}", file=sys.stderr)
    service = Service(found, os.environ, Once(found))
    order = service.order(
        action,
        place.document,
        place.selection,
        instruction=arguments.instruction,
        forced=None if arguments.lane == "auto" else LaneName(arguments.lane),
        answer_in=arguments.language,
        max_tokens=arguments.max_tokens,
        scope=Scope(arguments.range, arguments.place or "") if reads.many_files else None,
    )
    return service, settings, place, order


def _place(written: str, action: str, reads: Reads) -> Place:
    """The place; a file alone is all of it, where the action works on files.

    Raises:
        WrongUse: it is malformed, or a folder where a file is wanted.
        ActionError: it cannot be read.
    """
    whole = action in _OF_FILES
    if whole and Path(written).is_dir():
        more = "; changes takes a folder" if action == "review" else ""
        raise WrongUse(f"{written} is a folder; {action} takes a file{more}.")
    place = read_place(written, bare=whole or not reads.at_place)
    if not whole or place.lines:
        return place
    return replace(place, selection=Span(0, len(place.document.text.source)))


def _named(arguments: argparse.Namespace) -> str:
    """The action's name; reviews of changes have one for each sort of changes.

    A review of no place is one of all changes.

    Raises:
        WrongUse: an option is given that the action has no use for.
    """
    action: str = arguments.action
    sort = arguments.staged or arguments.range
    if action != "changes" and not (action == "review" and (sort or arguments.place is None)):
        if arguments.staged or (arguments.range and action != "changes-range"):
            raise WrongUse("--staged and --range are for changes and review.")
        return action
    if arguments.staged and arguments.range:
        raise WrongUse("Review what is staged or a range of commits; not both at once.")
    if arguments.staged or arguments.range:
        return "changes-staged" if arguments.staged else "changes-range"
    alone = arguments.place is not None and not Path(arguments.place).is_dir()
    return "changes" if alone else "changes-all"


def decision_object(decision: Decision) -> dict[str, object]:
    """The decision in the stable shape that programs read."""
    return {
        "lane": decision.lane.value,
        "model": decision.model,
        "label": decision.label.name,
        "reasons": list(decision.reasons),
    }
