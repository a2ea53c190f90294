"""`twolane do`: run an action on a place in a file; show its edit, and apply it if asked to."""

from __future__ import annotations

import asyncio
import difflib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text as Styled

from twolane_server.cli import place as places
from twolane_server.cli.answer import AnswerView
from twolane_server.cli.plain import plain
from twolane_server.repository import name_in_repository
from twolane_server.source_file import write_back

if TYPE_CHECKING:
    import argparse

    from twolane_server.orders import Order, Ready, Result
    from twolane_server.service import Service
    from twolane_server.settings.resolved import Settings
    from twolane_server.source_file import Place
    from twolane_server.text import Text

_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_NO_END = "\\ No newline at end of file\n"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    places.configure(parser)
    parser.add_argument("--apply", action="store_true", help="write the edit into the file")


def run(arguments: argparse.Namespace) -> int:
    """Run the action to its end."""
    service, settings, place, order = places.open_order(arguments)
    console = Console(highlight=False, soft_wrap=True, quiet=arguments.json)
    result = asyncio.run(_answer(service, settings, order, console))
    before = place.document.text
    after = before.replaced([(result.edit.span, result.edit.text)])
    diff = _diff(place.document.path, before, after)
    for line in diff:
        shown = plain(line.rstrip("\r\n"))
        console.print(Styled(shown, style=_STYLES.get(line[:1], "")))
    if arguments.apply:
        write_back(Path(place.document.path), after, expected_sha256=place.sha256)
    if arguments.json:
        print(json.dumps(_object(result, place, diff)))
    else:
        _close(console, result, applied=arguments.apply)
    return 0


async def _answer(service: Service, settings: Settings, order: Order, console: Console) -> Result:
    try:
        ready = await service.prepare(order, settings, may_ask=True)
        _open(console, ready)
        with AnswerView(console) as view:
            result = await service.carry_out(
                ready, view.on_text, view.on_notice, lambda taken: view.on_notice(str(taken), None)
            )
        console.print("\n")
        return result
    finally:
        await service.aclose()


def _open(console: Console, ready: Ready) -> None:
    console.print(Styled(plain(str(ready.decision)), style="bold"))
    console.print(
        f"about {ready.question.prompt_tokens(ready.decision.lane)} tokens; context in "
        f"{ready.context_seconds * 1000:.0f} ms\n"
    )


def _close(console: Console, result: Result, *, applied: bool) -> None:
    console.print()
    used = (
        f", {result.usage.prompt} tokens in, {result.usage.completion} out" if result.usage else ""
    )
    seconds = result.seconds
    # The server names its model as it likes.
    text = f"{plain(result.model)}: first token after {seconds['first_token']:.1f} s, "
    console.print(Styled(f"{text}all after {seconds['total']:.1f} s{used}"))
    console.print("applied" if applied else "not applied; --apply writes it into the file")


def _diff(path: str, before: Text, after: Text) -> list[str]:
    """A unified diff that `git apply` and `patch` take, with each line's own end."""
    name = name_in_repository(path)
    # As git does: without the tab, `patch` would end the name at its first blank.
    name = f"{name}\t" if " " in name else name
    old, new = _lines(before), _lines(after)
    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", n=3)
    return [line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines]


def _lines(text: Text) -> list[str]:
    """For diffs, only a line feed ends a line."""
    return _LINE.findall(str(text))


def _object(result: Result, place: Place, diff: list[str]) -> dict[str, object]:
    usage = result.usage
    return {
        "decision": places.decision_object(result.decision),
        "edit": {
            "path": place.document.path,
            "before_sha256": place.sha256,
            "diff": "".join(diff),
        },
        "usage": usage and {"in": usage.prompt, "cached": usage.cached, "out": usage.completion},
        "seconds": result.seconds,
    }
