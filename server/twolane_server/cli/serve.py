"""`twolane serve`: look at the GPUs, choose model and flags, start vLLM, and end it cleanly."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.cli import serve_view as view
from twolane_server.cli.numbers import positive, tcp_port
from twolane_server.errors import CannotServe, WrongUse
from twolane_server.folders import folders
from twolane_server.lanes.address import address
from twolane_server.lanes.key import read_key
from twolane_server.listening import listener
from twolane_server.nearby import literal
from twolane_server.serve.diagnosis import diagnose
from twolane_server.serve.machine import find_vllm, look
from twolane_server.serve.models import known_model
from twolane_server.serve.nodes import ways
from twolane_server.serve.plan import Wanted
from twolane_server.serve.planning import make_plan
from twolane_server.serve.process import Log
from twolane_server.serve.process import run as run_vllm
from twolane_server.serve.weights import find_weights, model_in
from twolane_server.settings.load import load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from twolane_server.serve.machine import Machine
    from twolane_server.serve.plan import Plan
    from twolane_server.serve.process import Ended
    from twolane_server.serve.weights import Weights
    from twolane_server.settings.resolved import Settings

_LOOPBACK = "127.0.0.1"
_PORT = 8000
# Where to ask for what listens there.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}  # noqa: S104 - read, not bound


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--plan", action="store_true", help="print what would be started, and why; start nothing")
    add("--json", action="store_true", help="with --plan: one object, for programs")
    add("--model", help="a name on Hugging Face or a folder; else the best that fits")
    add("--window", type=positive, metavar="TOKENS", help="prompt and answer together")
    add("--host", help="the address to listen on; else this machine alone may ask")
    add("--port", type=tcp_port, help="else that of local.url in the settings, or 8000")
    add("--gpus", metavar="0,1", help="only these, by their numbers in nvidia-smi")
    add("--nodes", type=int, metavar="N", help="print the commands for N machines like this one")
    add("--vllm", metavar="PYTHON", help="the Python or virtual environment that has vLLM")
    add("--yes", action="store_true", help="fetch the model without asking")
    add("--verbose", action="store_true", help="show all that vLLM prints")
    add("more", nargs="*", metavar="-- FLAG…", help="flags that vLLM gets as they are")


def run(arguments: argparse.Namespace) -> int:
    """Plan, and unless only that was asked for, serve until a signal; returns the exit status.

    Raises:
        CannotServe: it cannot be started, or has ended by itself; the sentence says why.
        WrongUse: the arguments contradict one another.
    """
    kept = folders(os.environ)
    settings, _ = load(kept, None, os.environ)
    if arguments.nodes is not None and arguments.nodes < 2:  # noqa: PLR2004 - one machine is no question
        raise WrongUse("--nodes takes two or more machines.")
    if arguments.more and not arguments.more[0].startswith("-"):
        raise WrongUse(f"{arguments.more[0]} is no flag of vLLM's; a model is named with --model.")
    if sys.platform == "win32":
        raise CannotServe("vLLM does not run on Windows. Start `twolane serve` in WSL.")
    machine = _chosen(look(), arguments.gpus or _seen(os.environ))
    vllm = find_vllm(arguments.vllm, os.environ)
    wanted, weights = _wanted(arguments, settings)
    plan = make_plan(machine, wanted)
    weights = weights or find_weights(plan.model, os.environ)
    if weights.here and not wanted.here:
        plan = make_plan(machine, replace(wanted, here=True))
    several = ways(plan, arguments.nodes) if arguments.nodes else ()
    if arguments.json:
        view.print_json(machine, vllm, plan, weights, several=several, url=_url(wanted))
    else:
        view.print_plan(machine, vllm, plan, weights, several)
    if arguments.plan or arguments.nodes or arguments.json:
        return 0
    if vllm is None:
        raise CannotServe(str(diagnose(["No module named 'vllm'"], 1)))
    _check_port(wanted)
    if not weights.here and not (arguments.yes or view.may_fetch(plan, weights)):
        raise CannotServe(
            f"{plan.model} is not on this machine, and nothing is fetched without your word. Run"
            " `twolane serve --yes` once, or name a folder with --model."
        )
    environ = _environ(plan) | _key(settings, wanted)
    log, command, url = kept.state / "vllm.log", plan.command(vllm), _url(wanted)
    allow = (wanted.host,) if literal(wanted.host) else ()
    with view.Loading(plan, url, log, quiet=arguments.verbose) as loading:
        ended = asyncio.run(
            _serve(command, environ, Log(log, print if arguments.verbose else None), loading, allow)
        )
    return _concluded(ended, log)


def _chosen(machine: Machine, numbers: str | None) -> Machine:
    if not numbers or not machine.gpus:
        return machine
    asked = {word.strip() for word in numbers.split(",")}
    there = {str(gpu.index) for gpu in machine.gpus}
    if not asked <= there:
        missing = ", ".join(sorted(asked - there))
        raise WrongUse(f"There is no GPU {missing}; there are {', '.join(sorted(there))}.")
    gpus = tuple(gpu for gpu in machine.gpus if str(gpu.index) in asked)
    return replace(machine, gpus=gpus, others=len(gpus) < len(machine.gpus))


def _seen(environ: Mapping[str, str]) -> str | None:
    """The GPUs that CUDA is told to see, where they are told by their numbers."""
    told = environ.get("CUDA_VISIBLE_DEVICES", "")
    return told if all(word.strip().isdecimal() for word in told.split(",")) else None


def _wanted(arguments: argparse.Namespace, settings: Settings) -> tuple[Wanted, Weights | None]:
    """What is asked for; the port and address are the settings', where these mean this machine."""
    where = address(settings.local.url, "local.url") if _is_http(settings.local.url) else None
    port = int(where.host.rpartition(":")[2]) if where and where.loopback else _PORT
    wanted = Wanted(
        host=arguments.host or _LOOPBACK,
        port=arguments.port or port,
        name=arguments.model,
        window=arguments.window,
        more=tuple(arguments.more),
    )
    if arguments.model is None:
        return wanted, None
    weights = find_weights(arguments.model, os.environ)
    model = known_model(arguments.model)
    folder = Path(arguments.model).expanduser()
    if folder.is_dir():
        model = model_in(folder.resolve())
        wanted = replace(wanted, name=str(folder.resolve()))
    return replace(wanted, model=model, here=weights.here), weights


def _is_http(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _url(wanted: Wanted) -> str:
    host = _EVERYWHERE.get(wanted.host, wanted.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{wanted.port}/v1"


def _check_port(wanted: Wanted) -> None:
    host = _EVERYWHERE.get(wanted.host, wanted.host)
    who = listener(host, wanted.port) if literal(host) else None
    if who is not None:
        raise CannotServe(
            f"Port {wanted.port} is in use by {who.name} (process {who.pid}). Stop that, or take"
            " another port with --port."
        )


def _environ(plan: Plan) -> dict[str, str]:
    """Ours and the plan's; the user's own word holds, but for which GPUs are seen: that was read."""
    planned = {flag.name: flag.value for flag in plan.environment}
    gpus = {name: value for name, value in planned.items() if name.endswith("_DEVICES")}
    return planned | dict(os.environ) | gpus


def _key(settings: Settings, wanted: Wanted) -> dict[str, str]:
    """The local lane's key, if there is one, is what vLLM asks for; in its environment, not in `ps`."""
    key = read_key(settings.local.key, os.environ)
    if key is not None:
        return {"VLLM_API_KEY": key.header().removeprefix("Bearer ")}
    if wanted.host not in {_LOOPBACK, "localhost", "::1"} and not os.environ.get("VLLM_API_KEY"):
        view.warn(
            f"Whoever reaches {wanted.host}:{wanted.port} may use this model: there is no key. Set"
            " local.key_environment or local.key_file, here and where twolane asks."
        )
    return {}


async def _serve(
    command: Sequence[str],
    environ: Mapping[str, str],
    log: Log,
    loading: view.Loading,
    allow: tuple[str, ...],
) -> Ended:
    from twolane_server.lanes.vllm_health import VllmHealth  # noqa: PLC0415 - imports httpx

    health = VllmHealth(loading.url, allow)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(each, stop.set)
    try:
        return await run_vllm(
            command,
            environ,
            log,
            answers=health.ready,
            on_phase=loading.phase,
            on_ready=loading.ready,
            stop=stop,
        )
    finally:
        log.close()
        await health.aclose()


def _concluded(ended: Ended, file: Path) -> int:
    if ended.asked:
        view.say("vLLM has ended, with all that it started.")
        return 0
    when = "while it loaded" if ended.ready_after is None else "after it had answered"
    raise CannotServe(
        f"vLLM ended by itself {when}. {diagnose(ended.lines, _signed(ended.status))} Its log: {file}"
    )


def _signed(status: int) -> int:
    """A shell's 128 and more, as a signal."""
    return 128 - status if status > 128 else status  # noqa: PLR2004 - as shells count
