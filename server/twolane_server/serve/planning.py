"""Which model, with which flags, and why: a pure function of what was found and what is wanted."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from twolane_server.errors import CannotServe
from twolane_server.serve.fit import SHARE, WINDOWS, Fit, best, fits, share
from twolane_server.serve.gpus import Vendor
from twolane_server.serve.models import SMALLEST, Model
from twolane_server.serve.plan import Flag, Plan, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.serve.gpus import Gpu
    from twolane_server.serve.machine import Machine

__all__ = ["make_plan"]

_HALF_ONLY = (8, 0)
_CPU_WINDOWS = (16_384, 8_192, 4_096)
_CPU_BESIDE_GIB = 4
_QUIET = (
    ("VLLM_NO_USAGE_STATS", "vLLM tells nobody that it runs"),
    ("DO_NOT_TRACK", "the same for what it brings along"),
    ("HF_HUB_DISABLE_TELEMETRY", "the same for the hub's client"),
)


def make_plan(machine: Machine, wanted: Wanted) -> Plan:
    """The plan for a machine.

    Raises:
        CannotServe: nothing fits, or what is wanted does not.
    """
    if not machine.gpus:
        return _on_processors(machine, wanted)
    if wanted.name is not None and wanted.model is None:
        return _unknown(machine, wanted)
    models = {"models": (wanted.model,)} if wanted.model else {}
    fit = best(machine.gpus, window=wanted.window, **models)
    if fit is None:
        raise CannotServe(_nothing_fits(machine.gpus, wanted))
    gpus = fit.gpus
    flags = [
        *_address(wanted),
        *_parallel(len(gpus), spread=fit.spread),
        Flag("--max-model-len", str(fit.window), _why_window(fit, wanted)),
        Flag(
            "--gpu-memory-utilization",
            f"{share(gpus):g}",
            "a tenth stays free for the driver and the desktop"
            if share(gpus) == SHARE
            else "the rest is in use by other programs now",
        ),
        *_always(fit.model.tool_parser),
        *_served(wanted),
    ]
    if any(gpu.capability and gpu.capability < _HALF_ONLY for gpu in gpus):
        flags.append(Flag("--dtype", "half", "these GPUs cannot compute in bfloat16"))
    return _planned(
        wanted,
        wanted.name or fit.model.id,
        window=fit.window,
        flags=flags,
        environment=_visible(gpus, machine),
        notes=_left_over(fit, machine.gpus),
        fit=fit,
        weights=fit.model.weights,
    )


def _on_processors(machine: Machine, wanted: Wanted) -> Plan:
    model = wanted.model or (SMALLEST if wanted.name is None else None)
    if model is None:
        window, gib = wanted.window or 0, 4
    else:
        fitting = [
            tokens
            for tokens in ((wanted.window,) if wanted.window else _CPU_WINDOWS)
            if tokens <= model.window and _needs_gib(model, tokens) <= machine.memory / 1024
        ]
        if not fitting:
            raise CannotServe(
                f"{model.id} needs {_needs_gib(model, wanted.window or _CPU_WINDOWS[-1])} GB of"
                f" memory without a GPU, and this machine has {machine.memory // 1024}; or its"
                f" window of {model.window:,} tokens is smaller than what is wanted. Name a"
                " smaller model with --model, or another --window."
            )
        window, gib = fitting[0], _cache_gib(model, fitting[0])
    flags = [*_address(wanted)]
    if window:
        flags.append(
            Flag("--max-model-len", str(window), "on a processor a longer prompt takes minutes")
        )
    flags += [*_always(model.tool_parser if model else _parser_by_name(wanted)), *_served(wanted)]
    space = Flag("VLLM_CPU_KVCACHE_SPACE", str(gib), "GB for the cache: two such prompts and more")
    slow = (
        "There is no GPU, so each 1,000 tokens of a prompt take about a second on a small model and"
        " far longer on a large one. For one person, the embedded model, llama.cpp or Ollama do"
        " better; vLLM here needs its build for processors (vllm-cpu)."
    )
    name = wanted.name or SMALLEST.id
    weights = model.weights if model else 0.0
    return _planned(
        wanted,
        name,
        window=window,
        flags=flags,
        environment=(space,),
        notes=(slow,),
        weights=weights,
    )


def _unknown(machine: Machine, wanted: Wanted) -> Plan:
    gpus = machine.gpus
    cards = max(number for number in (1, 2, 4, 8) if number <= len(gpus))
    chosen = gpus[:cards]
    flags = [*_address(wanted), *_parallel(cards, spread=False)]
    if wanted.window:
        flags.append(Flag("--max-model-len", str(wanted.window), "as you ask"))
    flags += [
        Flag("--gpu-memory-utilization", f"{share(chosen):g}", "the rest stays free for others"),
        *_always(_parser_by_name(wanted)),
        *_served(wanted),
    ]
    note = f"twolane does not know how large {wanted.name} is: whether it fits shows when it loads."
    name = wanted.name or ""
    return _planned(
        wanted,
        name,
        window=wanted.window or 0,
        flags=flags,
        environment=_visible(chosen, machine),
        notes=(note,),
    )


def _planned(
    wanted: Wanted,
    model: str,
    *,
    window: int,
    flags: Iterable[Flag],
    environment: Iterable[Flag],
    notes: Iterable[str],
    fit: Fit | None = None,
    weights: float = 0.0,
) -> Plan:
    own = {word.partition("=")[0] for word in wanted.more if word.startswith("--")}
    variables = [*(Flag(name, "1", why) for name, why in _QUIET), *environment]
    if wanted.here:
        why = "the model is on this machine, so that the hub need not be asked"
        variables.append(Flag("HF_HUB_OFFLINE", "1", why))
    return Plan(
        model,
        _served_name(wanted) or model,
        window,
        tuple(flag for flag in flags if flag.name not in own),
        tuple(variables),
        tuple(notes),
        fit,
        weights,
        wanted.more,
    )


def _address(wanted: Wanted) -> tuple[Flag, Flag]:
    loopback = wanted.host in {"127.0.0.1", "localhost", "::1"}
    why = "only this machine may ask" if loopback else "who reaches this address may ask"
    return Flag("--host", wanted.host, why), Flag("--port", str(wanted.port), "where it listens")


def _parallel(cards: int, *, spread: bool) -> list[Flag]:
    if cards == 1:
        return []
    flags = [Flag("--tensor-parallel-size", str(cards), f"the model is cut over {cards} GPUs")]
    if spread:
        why = "an expert's FP8 blocks of 128 cannot be cut so far, so whole experts are spread"
        flags.append(Flag("--enable-expert-parallel", why=why))
    return flags


def _always(tool_parser: str) -> list[Flag]:
    flags = [
        Flag(
            "--enable-prefix-caching",
            why="a prompt's beginning that was there before costs nothing",
        ),
        Flag(
            "--enable-prompt-tokens-details", why="answers tell how much of the prompt was cached"
        ),
    ]
    if tool_parser:
        flags += [
            Flag("--enable-auto-tool-choice", why="for Continue and others that let it call tools"),
            Flag("--tool-call-parser", tool_parser, "the form in which this model calls them"),
        ]
    return flags


def _served(wanted: Wanted) -> list[Flag]:
    name = _served_name(wanted)
    why = "the id that it lists, instead of a path"
    return [Flag("--served-model-name", name, why)] if name else []


def _served_name(wanted: Wanted) -> str:
    """A folder answers under its last part's name."""
    if wanted.name is None or wanted.model is None or wanted.model.id != wanted.name:
        return ""
    return wanted.name.rstrip("/").rpartition("/")[2] if wanted.name.startswith("/") else ""


def _parser_by_name(wanted: Wanted) -> str:
    name = (wanted.name or "").casefold()
    if "qwen3-coder" in name:
        return "qwen3_coder"
    return "hermes" if "qwen" in name else ""


def _why_window(fit: Fit, wanted: Wanted) -> str:
    if wanted.window:
        return "as you ask"
    if fit.window == WINDOWS[0]:
        return "tokens of prompt and answer, as in twolane's own settings"
    return "tokens of prompt and answer: more do not fit, or the model has no more"


def _visible(chosen: tuple[Gpu, ...], machine: Machine) -> list[Flag]:
    """Which GPUs vLLM may see, where that is not all of them."""
    if len(chosen) == len(machine.gpus) and not machine.others:
        return []
    numbers = ",".join(str(gpu.index) for gpu in chosen)
    if chosen[0].vendor is Vendor.AMD:
        return [Flag("HIP_VISIBLE_DEVICES", numbers, "the other GPUs stay free")]
    return [
        Flag("CUDA_DEVICE_ORDER", "PCI_BUS_ID", "so that GPUs are numbered as nvidia-smi does"),
        Flag("CUDA_VISIBLE_DEVICES", numbers, "the other GPUs stay free"),
    ]


def _left_over(fit: Fit, gpus: tuple[Gpu, ...]) -> list[str]:
    left = [gpu for gpu in gpus if gpu not in fit.gpus]
    if not left:
        return []
    numbers = ", ".join(str(gpu.index) for gpu in left)
    return [
        (
            f"GPU {numbers} stays free. If the model fits there, too, start it once more with another"
            " --port and --gpus, and put vLLM's router in front (`twolane serve --plan --nodes 2`)."
        )
    ]


def _nothing_fits(gpus: tuple[Gpu, ...], wanted: Wanted) -> str:
    there = f"{len(gpus)} GPU{'s' * (len(gpus) > 1)} with {sum(g.memory for g in gpus) // 1024} GB"
    busy = sum(gpu.used for gpu in gpus) // 1024
    more = f", of which {busy} GB are in use," if busy else ""
    what = wanted.model.id if wanted.model else "None of twolane's models"
    smaller = [one for one in WINDOWS if wanted.model and fits(wanted.model, gpus, one)]
    hint = f" With --window {smaller[0]} it would." if wanted.window and smaller else ""
    verb = "does not fit" if wanted.model else "fits"
    return (
        f"{what} {verb} on {there}{more} in all.{hint} Free some memory, or name a smaller model"
        " with --model."
    )


def _cache_gib(model: Model, window: int) -> int:
    return max(1, ceil(2 * window * model.token / 2**20))


def _needs_gib(model: Model, window: int) -> int:
    return ceil(model.weights * 1e9 / 2**30) + _cache_gib(model, window) + _CPU_BESIDE_GIB
