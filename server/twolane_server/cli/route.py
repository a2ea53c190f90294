"""`twolane route`: which lane, why, and what would be sent. Sends nothing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from twolane_server.cli import place as places
from twolane_server.cli.lines import lines_by_file
from twolane_server.cli.plain import one_line
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.prices import money
from twolane_server.repository import name_in_repository

if TYPE_CHECKING:
    import argparse

    from twolane_server.fragments import Fragment
    from twolane_server.orders import Order, Ready
    from twolane_server.service import Service
    from twolane_server.settings.resolved import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    places.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show the decision."""
    service, settings, _, order = places.open_order(arguments)
    ready = asyncio.run(_prepare(service, settings, order))
    if arguments.json:
        print(json.dumps(_object(ready)))
    else:
        _show(ready)
    return 0


async def _prepare(service: Service, settings: Settings, order: Order) -> Ready:
    try:
        return await service.prepare(order, settings)
    finally:
        await service.aclose()


def _object(ready: Ready) -> dict[str, object]:
    decision = ready.decision
    return {
        **places.decision_object(decision),
        "prompt_tokens": _tokens(ready),
        # At most: with nothing cached and the longest answer.
        "cost_usd": ready.most_usd,
        "fragments": [
            {
                "path": fragment.origin.path,
                "start_line": fragment.origin.start_line,
                "end_line": fragment.origin.end_line,
                "label": fragment.label.name,
                "tokens": fragment.tokens(decision.model),
            }
            for fragment in _fragments(ready)
        ],
    }


def _fragments(ready: Ready) -> list[Fragment]:
    return [part for prompt in ready.task.prompts for part in prompt.fragments]


def _tokens(ready: Ready) -> int:
    """Of all questions that are known to be asked."""
    if not ready.task.later:
        return ready.question.prompt_tokens(ready.decision.lane)
    return sum(prompt.tokens(ready.decision.model) for prompt in ready.task.prompts)


def _cost(ready: Ready) -> str:
    if ready.decision.lane is LaneName.LOCAL:
        return ""
    return (
        ", of unknown cost" if ready.most_usd is None else f", for {money(ready.most_usd)} at most"
    )


def _show(ready: Ready) -> None:
    prompt, decision = ready.task.prompt, ready.decision
    print(one_line(str(decision)))
    print(
        f"  about {_tokens(ready):,} tokens would be sent, "
        f"and up to {prompt.max_tokens:,} come back{_cost(ready)}; from:"
    )
    around = set(map(id, ready.task.subject.around.map))
    fragments = _fragments(ready)
    shown = [part for part in fragments if part.origin.path and id(part) not in around]
    for label in sorted({part.label for part in shown}, reverse=True):
        parts = [part for part in shown if part.label is label]
        for path, lines in lines_by_file(part.origin for part in parts).items():
            tokens = sum(part.tokens(decision.model) for part in parts if part.origin.path == path)
            print(
                f"  {label.name:4}  {one_line(name_in_repository(path))}:{lines}  {tokens:,} tokens"
            )
    of_map = [part for part in fragments if part.origin.path and id(part) in around]
    if of_map:
        label = Label.highest(part.label for part in of_map)
        tokens = sum(part.tokens(decision.model) for part in of_map)
        print(f"  {label.name:4}  the repository's map, {len(of_map)} files  {tokens:,} tokens")
    wording = (part for part in fragments if not part.origin.path)
    tokens = sum(part.tokens(decision.model) for part in wording)
    print(f"  OPEN  twolane's own wording and your instruction  {tokens:,} tokens")
