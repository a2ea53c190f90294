"""`twolane do`: run an action on a place in a file; show its result, and apply it if asked to."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING

from rich.text import Text as Styled

from twolane_server.actions.outcomes import Across, edits_of
from twolane_server.cli import outcome as outcomes
from twolane_server.cli import place as places
from twolane_server.cli.answer import AnswerView
from twolane_server.cli.plain import one_line, plain
from twolane_server.cli.terminal import Terminal
from twolane_server.errors import AnswerTruncated
from twolane_server.folders import folders
from twolane_server.longer import question_for
from twolane_server.prices import money
from twolane_server.rules.made import note_made
from twolane_server.unread import unread
from twolane_server.writing.recover import recover

if TYPE_CHECKING:
    import argparse

    from twolane_server.orders import Order, Ready, Result
    from twolane_server.service import Service
    from twolane_server.settings.resolved import Settings
    from twolane_server.source_file import Place


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    places.configure(parser)
    parser.add_argument("--apply", action="store_true", help="write the edit into the file")


def run(arguments: argparse.Namespace) -> int:
    """Run the action to its end."""
    for told in recover(folders(os.environ).state):
        print(f"twolane: {plain(told)}", file=sys.stderr)
    console = Terminal(highlight=False, soft_wrap=True, quiet=arguments.json)
    while True:
        service, settings, place, order = places.open_order(arguments)
        streamed: list[str] = []
        try:
            result = asyncio.run(_answer(service, settings, order, console, streamed))
            break
        except AnswerTruncated as cut:
            if not _may_go_on(cut, as_json=arguments.json):
                raise
            arguments.max_tokens = cut.more
    outcomes.show(console, result.outcome, place, "".join(streamed))
    applied = arguments.apply and outcomes.apply(result.outcome, place)
    if told := note_made(result.made, folders(os.environ), applied=applied):
        print(f"twolane: {plain(told)}", file=sys.stderr)
    if arguments.json:
        print(json.dumps(_object(result, place)))
    else:
        _close(console, result, applied=applied)
    return 0


def _may_go_on(cut: AnswerTruncated, *, as_json: bool) -> bool:
    """Ask, where somebody sits there, whether to try again with a larger budget.

    Raises:
        AnswerTruncated: nobody can be asked; says which option allows more.
    """
    if not cut.more:
        return False
    if as_json or not sys.stdin.isatty():
        hint = f"{cut} The option is --max-tokens {cut.more}."
        raise AnswerTruncated(hint, lane=cut.lane, budget=cut.budget, more=cut.more) from None
    print(f"{question_for(cut)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


async def _answer(
    service: Service, settings: Settings, order: Order, console: Terminal, streamed: list[str]
) -> Result:
    try:
        ready = await service.prepare(order, settings, may_ask=True)
        _open(console, ready)
        with AnswerView(console) as view:

            def on_text(text: str, pieces: int) -> None:
                streamed.append(text)
                view.on_text(text, pieces)

            result = await service.carry_out(
                ready, on_text, view.on_notice, lambda taken: view.on_notice(str(taken), None)
            )
        console.print("\n")
        if told := unread(ready, result):
            console.print(Styled(plain(told), style="yellow"))
        return result
    finally:
        for told in service.take_notices():
            console.print(Styled(plain(told), style="yellow"))
        await service.aclose()


def _open(console: Terminal, ready: Ready) -> None:
    console.print(Styled(one_line(str(ready.decision)), style="bold"))
    if ready.task.note:
        console.print(Styled(plain(ready.task.note), style="yellow"))
    console.print(f"{ready.size}; context in {ready.context_seconds * 1000:.0f} ms\n")


def _close(console: Terminal, result: Result, *, applied: bool) -> None:
    console.print()
    used = (
        f", {result.usage.prompt} tokens in, {result.usage.completion} out" if result.usage else ""
    )
    used += f", {money(result.cost_usd)}" if result.cost_usd is not None else ""
    seconds = result.seconds
    # The server names its model as it likes.
    text = f"{plain(result.model)}: first token after {seconds['first_token']:.1f} s, "
    console.print(Styled(f"{text}all after {seconds['total']:.1f} s{used}"))
    if applied:
        console.print("applied")
    elif isinstance(result.outcome, Across):
        console.print("not applied; --apply writes it into the files")
    elif edits_of(result.outcome):
        console.print("not applied; --apply writes it into the file")


def _object(result: Result, place: Place) -> dict[str, object]:
    usage = result.usage
    return {
        "decision": places.decision_object(result.decision),
        **outcomes.as_object(result.outcome, place),
        "usage": usage and {"in": usage.prompt, "cached": usage.cached, "out": usage.completion},
        "cost_usd": result.cost_usd,
        "seconds": result.seconds,
    }
