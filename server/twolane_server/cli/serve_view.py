"""What `twolane serve` shows: the plan with its reasons, and how far vLLM is."""

from __future__ import annotations

import json
import shlex
import sys
import time
from typing import TYPE_CHECKING, Self

from rich.prompt import Confirm

from twolane_server.cli.plain import one_line
from twolane_server.cli.terminal import Terminal
from twolane_server.serve.plan import Flag
from twolane_server.settings.resolved import LOCAL

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from twolane_server.serve.machine import Installed, Machine
    from twolane_server.serve.nodes import Way
    from twolane_server.serve.phases import Phase
    from twolane_server.serve.plan import Plan
    from twolane_server.serve.weights import Weights


_MANY = (
    "For several machines, write their names or addresses for those in capitals. Whoever reaches them"
    " may use the model, so set the same VLLM_API_KEY on each, and local.key_environment where twolane"
    " asks."
)


def print_plan(
    machine: Machine,
    vllm: Installed | None,
    plan: Plan,
    weights: Weights,
    several: tuple[Way, ...],
) -> None:
    """Print what was found, what would be started, and why."""
    for gpu in machine.gpus:
        print(f"GPU {gpu.index}: {gpu}")
    for note in (*machine.notes, *plan.notes):
        print(note)
    print(f"vLLM {vllm.version} in {vllm.python}" if vllm else "vLLM is not installed here.")
    print(_told(plan, weights))
    print()
    for flag in plan.environment:
        print(_explained(f"{flag.name}={flag.value}", flag))
    for flag in plan.flags:
        print(_explained(shlex.join(flag.words), flag))
    if plan.more:
        print(_explained(shlex.join(plan.more), Flag("", why="as you ask")))
    variables = " ".join(f"{flag.name}={flag.value}" for flag in plan.environment)
    print(f"\n{variables} \\\n{plan.shown(vllm)}")
    for line in _settings(plan):
        print(line)
    if several:
        print(f"\n{_MANY}")
    for way in several:
        print(f"\n{way.title}\n  {way.why}")
        for where, command in way.steps:
            print(f"  on {where}:\n    {command}")
        print(f'  in twolane\'s settings.toml:\n    [local]\n    url = "{way.url}"')
    sys.stdout.flush()


def print_json(
    machine: Machine,
    vllm: Installed | None,
    plan: Plan,
    weights: Weights,
    *,
    several: tuple[Way, ...],
    url: str,
) -> None:
    """Print the same as one object."""
    print(
        json.dumps(
            {
                "gpus": [
                    {"index": g.index, "name": g.name, "memory_mib": g.memory, "used_mib": g.used}
                    for g in machine.gpus
                ],
                "notes": [*machine.notes, *plan.notes],
                "vllm": vllm and {"python": str(vllm.python), "version": vllm.version},
                "model": plan.model,
                "served": plan.served,
                "window": plan.window or None,
                "url": url,
                "fetch": None if weights.here else weights.source,
                "command": list(plan.command(vllm)),
                "environment": {flag.name: flag.value for flag in plan.environment},
                "reasons": {f.name: f.why for f in (*plan.environment, *plan.flags)},
                "ways": [
                    {
                        "title": way.title,
                        "why": way.why,
                        "steps": [list(s) for s in way.steps],
                        "url": way.url,
                    }
                    for way in several
                ],
            }
        )
    )


def may_fetch(plan: Plan, weights: Weights) -> bool:
    """Ask a person; nobody at the terminal means no."""
    if not _attended():
        return False
    size = f"{plan.weights:g} GB" if plan.weights else "it"
    question = f"Have vLLM fetch {size} from {one_line(weights.source)}?"
    return Confirm.ask(question, console=Terminal(stderr=True), default=False)


def _attended() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def warn(sentence: str) -> None:
    """Tell what should be looked at, and go on."""
    print(f"twolane: {sentence}", file=sys.stderr)


def say(sentence: str) -> None:
    """Tell a person how it went."""
    print(sentence, flush=True)


class Loading:
    """Shows how far vLLM is: a spinner on a terminal, else a line for each phase.

    Args:
        plan: what is started.
        url: where it will answer.
        log: where its own words go.
        quiet: its own words are shown; then nothing is said between them.

    Attributes:
        url: the same.
    """

    def __init__(self, plan: Plan, url: str, log: Path, *, quiet: bool) -> None:
        self._plan, self.url, self._log, self._quiet = plan, url, log, quiet
        self._console = Terminal(stderr=True, highlight=False)
        self._status = self._console.status("starting vLLM")
        self._live = self._console.is_terminal and not quiet
        self._last, self._began = "", time.monotonic()

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._live:
            self._status.start()
        self._say(f"starting vLLM; its log: {self._log}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._status.stop()

    def phase(self, phase: Phase) -> None:
        """It is that far."""
        share = f", {phase.share:.0%}" if phase.share is not None else ""
        seconds = time.monotonic() - self._began
        self._status.update(f"{phase.name}{share} ({seconds:.0f} s)")
        if phase.name != self._last:
            self._last = phase.name
            self._say(f"{phase.name} ({seconds:.0f} s)")

    def ready(self, seconds: float) -> None:
        """It answers."""
        self._status.stop()
        told = f"{self._plan.served} answers at {self.url} after {seconds:.0f} s. Ctrl-C ends it."
        print(told, flush=True)

    def _say(self, sentence: str) -> None:
        if not self._live and not self._quiet:
            print(sentence, file=sys.stderr, flush=True)


def _told(plan: Plan, weights: Weights) -> str:
    size = f" ({plan.weights:.3g} GB)" if plan.weights else ""
    if weights.here:
        return f"{plan.model}{size} is on this machine, in {weights.place}."
    return (
        f"{plan.model}{size} is not on this machine. vLLM fetches it from {weights.source} into"
        f" {weights.place}."
    )


def _explained(words: str, flag: Flag) -> str:
    return f"  {words:<40}  {flag.why}"


def _settings(plan: Plan) -> list[str]:
    """What to write into the settings, where the defaults do not fit."""
    lines: list[str] = []
    if LOCAL.model.casefold() not in plan.served.casefold():
        lines.append(f'model = "{plan.served}"')
    if plan.window and plan.window < LOCAL.window:
        lines.append(f"window = {plan.window}")
    return ["", "Write into twolane's settings.toml:", "[local]", *lines] if lines else []
