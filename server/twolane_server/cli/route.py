"""`twolane route`: which lane, why, and what would be sent. Sends nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.cli import place as places
from twolane_server.cli.lines import lines_by_file
from twolane_server.cli.plain import plain

if TYPE_CHECKING:
    import argparse

    from twolane_server.orders import Ready


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    places.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show the decision."""
    service, settings, _, order = places.open_order(arguments)
    ready = asyncio.run(service.prepare(order, settings))
    if arguments.json:
        print(json.dumps(_object(ready)))
    else:
        _show(ready)
    return 0


def _object(ready: Ready) -> dict[str, object]:
    prompt, decision = ready.task.prompt, ready.decision
    return {
        **places.decision_object(decision),
        "prompt_tokens": ready.question.prompt_tokens(decision.lane),
        # Prices are settings with a date; until they are, no figure is better than a wrong one.
        "cost_usd": None,
        "fragments": [
            {
                "path": fragment.origin.path,
                "start_line": fragment.origin.start_line,
                "end_line": fragment.origin.end_line,
                "label": fragment.label.name,
                "tokens": fragment.tokens(decision.model),
            }
            for fragment in prompt.fragments
        ],
    }


def _show(ready: Ready) -> None:
    prompt, decision = ready.task.prompt, ready.decision
    print(plain(str(decision)))
    print(
        f"  about {ready.question.prompt_tokens(decision.lane)} tokens would be sent, "
        f"and up to {prompt.max_tokens} come back; from:"
    )
    for label in sorted({fragment.label for fragment in prompt.fragments}, reverse=True):
        parts = [fragment for fragment in prompt.fragments if fragment.label is label]
        for path, lines in lines_by_file(part.origin for part in parts).items():
            own = (part for part in parts if part.origin.path == path)
            tokens = sum(part.tokens(decision.model) for part in own)
            name = plain(Path(path).name)
            print(f"  {label.name:4}  {name}:{lines}  {tokens} tokens")
    wording = (part for part in prompt.fragments if not part.origin.path)
    tokens = sum(part.tokens(decision.model) for part in wording)
    print(f"  OPEN  twolane's own wording and your instruction  {tokens} tokens")
