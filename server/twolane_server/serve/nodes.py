"""The commands for more than one machine, as text for a person: replicas, data parallel, Ray."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_server.serve.models import known_model

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.serve.plan import Plan

__all__ = ["Way", "ways"]

_HEAD = "HEAD"
_ROUTER = "ROUTER"
_OWN = {"--host", "--port"}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to use several machines.

    Attributes:
        title: what it is.
        why: when to take it.
        steps: where, and which command.
        url: what becomes `local.url` in the settings.
    """

    title: str
    why: str
    steps: tuple[tuple[str, str], ...]
    url: str


def ways(plan: Plan, nodes: int) -> tuple[Way, ...]:
    """The ways for a plan of one machine and several that are like it; the recommended one first.

    Args:
        plan: of one machine.
        nodes: how many there are, two or more.
    """
    cards = len(plan.fit.gpus) if plan.fit else 1
    # They say, too, that nobody is told: what one machine's environment has, each needs.
    environment = tuple(f"{flag.name}={flag.value}" for flag in plan.environment)
    serve = (*environment, "vllm", "serve", plan.model)
    port = next((flag.value for flag in plan.flags if flag.name == "--port"), "8000")
    shared = [word for flag in plan.flags if flag.name not in _OWN for word in flag.words]
    shared += plan.more
    names = [f"NODE{number}" for number in range(1, nodes + 1)]
    router = ("vllm-router", "--worker-urls", *(f"http://{one}:{port}" for one in names))
    data = ("--data-parallel-size", str(nodes), "--data-parallel-size-local", "1")
    meet = ("--data-parallel-address", _HEAD, "--data-parallel-rpc-port", "13345")
    spread, why = _spread(plan, shared)
    listen = ("--host", _HEAD, "--port", port)
    alone = ("twolane", "serve", "--model", plan.model)
    alone += ("--window", str(plan.window)) if plan.window else ()
    more = ("--", *plan.more) if plan.more else ()
    return (
        Way(
            "A vLLM on each machine, with vLLM's router in front (recommended)",
            "The model fits on one machine. Each is complete: one may fail, or be updated alone. The"
            " router sends a prompt to where its beginning is cached.",
            (
                *((one, _line((*alone, "--host", one, "--port", port, *more))) for one in names),
                (_ROUTER, "pip install vllm-router"),
                (
                    _ROUTER,
                    _line(
                        (*router, "--policy", "cache_aware", "--host", "0.0.0.0", "--port", port)  # noqa: S104 - for a person
                    ),
                ),
            ),
            f"http://{_ROUTER}:{port}/v1",
        ),
        Way(
            "One vLLM over all machines, data parallel",
            why,
            (
                (_HEAD, _line((*serve, *data, *meet, *spread, *listen))),
                *(
                    (
                        one,
                        _line(
                            (
                                *(*serve, "--headless", *data),
                                *("--data-parallel-start-rank", str(rank), *meet, *spread),
                            )
                        ),
                    )
                    for rank, one in enumerate(names[1:], 1)
                ),
            ),
            f"http://{_HEAD}:{port}/v1",
        ),
        Way(
            "One vLLM over all machines, with Ray",
            "For a model that does not fit on one machine: name it with --model. The slowest of the"
            " three, since each token crosses the network.",
            (
                (
                    _HEAD,
                    f"ray start --head --node-ip-address={_HEAD} --port=6379 --disable-usage-stats",
                ),
                *((one, f"ray start --address={_HEAD}:6379") for one in names[1:]),
                (
                    _HEAD,
                    _line(
                        (
                            *(*serve, "--distributed-executor-backend", "ray"),
                            *("--tensor-parallel-size", str(cards)),
                            *("--pipeline-parallel-size", str(nodes)),
                            *_without(shared, "--tensor-parallel-size"),
                            *listen,
                        )
                    ),
                ),
            ),
            f"http://{_HEAD}:{port}/v1",
        ),
    )


def _spread(plan: Plan, words: list[str]) -> tuple[list[str], str]:
    """FP8 experts cannot be cut over GPUs of several machines: they are spread whole, if there are any.

    vLLM refuses to spread the experts of a model that has none.
    """
    flag = "--enable-expert-parallel"
    model = known_model(plan.model)
    if model is not None and not model.experts and flag not in words:
        return words, (
            "One address without a router. This model has no experts that could be spread, so each"
            " machine holds all of it, as above. All must be up."
        )
    why = (
        "For models of experts (such as Qwen3-Coder): one address without a router, and more room"
        " for the cache, as the experts are spread over all GPUs. All must be up."
    )
    if model is None:
        why += f" Leave {flag} out where the model has no experts."
    return (words if flag in words else [*words, flag]), why


def _without(words: list[str], flag: str) -> list[str]:
    if flag not in words:
        return words
    at = words.index(flag)
    return [*words[:at], *words[at + 2 :]]


def _line(words: Iterable[str]) -> str:
    return shlex.join(words)
