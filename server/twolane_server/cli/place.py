"""What `do` and `route` have in common: an action at a place, and how a decision is shown."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from twolane_server.cli.plain import plain
from twolane_server.folders import folders
from twolane_server.lanes.base import LaneName
from twolane_server.once import Once
from twolane_server.service import Service
from twolane_server.settings.load import load
from twolane_server.source_file import read_place

if TYPE_CHECKING:
    import argparse

    from twolane_server.orders import Order
    from twolane_server.routing.choose import Decision
    from twolane_server.settings.resolved import Settings
    from twolane_server.source_file import Place


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name an action and a place."""
    parser.add_argument("action", metavar="ACTION", help="docstring, rewrite or explain")
    parser.add_argument("place", metavar="FILE:LINE[-LINE]", help="lines count from 1")
    parser.add_argument(
        "--instruction",
        default="",
        metavar="TEXT",
        help="what to do (rewrite), or what you want to know (explain)",
    )
    parser.add_argument("--language", default="", metavar="NAME", help="which one to answer in")
    parser.add_argument("--lane", choices=("auto", "local", "cloud"), default="auto")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def open_order(arguments: argparse.Namespace) -> tuple[Service, Settings, Place, Order]:
    """Settings, service, file and order for the arguments.

    Raises:
        TwolaneError: the place or the action cannot be used.
    """
    place = read_place(arguments.place)
    found = folders(os.environ)
    settings, problems = load(found, None, os.environ)
    for problem in problems:
        print(f"twolane: {plain(str(problem))}", file=sys.stderr)
    service = Service(found, os.environ, Once(found))
    order = service.order(
        arguments.action,
        place.document,
        place.selection,
        instruction=arguments.instruction,
        forced=None if arguments.lane == "auto" else LaneName(arguments.lane),
        answer_in=arguments.language,
    )
    return service, settings, place, order


def decision_object(decision: Decision) -> dict[str, object]:
    """The decision in the stable shape that programs read."""
    return {
        "lane": decision.lane.value,
        "model": decision.model,
        "label": decision.label.name,
        "reasons": list(decision.reasons),
    }
