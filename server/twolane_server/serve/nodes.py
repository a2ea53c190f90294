"""The commands for more than one machine, as text for a person: replicas, data parallel, Ray."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.serve.plan import Plan

__all__ = ["Way", "ways"]

_HEAD = "HEAD"
_OWN = {"--host", "--port"}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to use several machines.

    Attributes:
        title: what it is.
        why: when to take it.
        steps: where, and which command.
    """

    title: str
    why: str
    steps: tuple[tuple[str, str], ...]


def ways(plan: Plan, nodes: int) -> tuple[Way, ...]:
    """The ways for a plan of one machine and several that are like it; the recommended one first.

    Args:
        plan: of one machine.
        nodes: how many there are, two or more.
    """
    cards = len(plan.fit.gpus) if plan.fit else 1
    serve = ("vllm", "serve", plan.model)
    port = next((flag.value for flag in plan.flags if flag.name == "--port"), "8000")
    shared = [word for flag in plan.flags if flag.name not in _OWN for word in flag.words]
    names = [f"NODE{number}" for number in range(1, nodes + 1)]
    router = ("vllm-router", "--worker-urls", *(f"http://{one}:{port}" for one in names))
    data = ("--data-parallel-size", str(nodes), "--data-parallel-size-local", "1")
    meet = ("--data-parallel-address", _HEAD, "--data-parallel-rpc-port", "13345")
    without_parallel = _without(shared, "--tensor-parallel-size")
    return (
        Way(
            "A vLLM on each machine, with vLLM's router in front (recommended)",
            "The model fits on one machine. Each is complete: one may fail, or be updated alone. The"
            " router sends a prompt to where its beginning is cached.",
            (
                *(
                    (one, _line(("twolane", "serve", "--host", one, "--port", port)))
                    for one in names
                ),
                ("the router's machine", "pip install vllm-router"),
                ("the router's machine", _line((*router, "--policy", "cache_aware"))),
            ),
        ),
        Way(
            "One vLLM over all machines, data parallel",
            "For models of experts (such as Qwen3-Coder): one address without a router, and more room"
            " for the cache, as the experts are spread over all GPUs. All must be up.",
            (
                (
                    _HEAD,
                    _line(
                        (*serve, *data, *meet, *_spread(shared), "--host", _HEAD, "--port", port)
                    ),
                ),
                *(
                    (
                        one,
                        _line(
                            (
                                *serve,
                                "--headless",
                                *data,
                                "--data-parallel-start-rank",
                                str(rank),
                                *meet,
                                *_spread(shared),
                            )
                        ),
                    )
                    for rank, one in enumerate(names[1:], 1)
                ),
            ),
        ),
        Way(
            "One vLLM over all machines, with Ray",
            "For a model that does not fit on one machine: name it with --model. The slowest of the"
            " three, since each token crosses the network.",
            (
                (_HEAD, f"ray start --head --node-ip-address={_HEAD} --port=6379"),
                *((one, f"ray start --address={_HEAD}:6379") for one in names[1:]),
                (
                    _HEAD,
                    _line(
                        (
                            *serve,
                            "--distributed-executor-backend",
                            "ray",
                            "--tensor-parallel-size",
                            str(cards),
                            "--pipeline-parallel-size",
                            str(nodes),
                            *without_parallel,
                            "--host",
                            _HEAD,
                            "--port",
                            port,
                        )
                    ),
                ),
            ),
        ),
    )


def _spread(words: list[str]) -> list[str]:
    """FP8 experts cannot be cut over GPUs of several machines: they are spread whole."""
    flag = "--enable-expert-parallel"
    return words if flag in words else [*words, flag]


def _without(words: list[str], flag: str) -> list[str]:
    if flag not in words:
        return words
    at = words.index(flag)
    return [*words[:at], *words[at + 2 :]]


def _line(words: Iterable[str]) -> str:
    return shlex.join(words)
