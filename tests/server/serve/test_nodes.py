"""The commands for more than one machine."""

from __future__ import annotations

import shlex

from support_serve import RTX_4090, cards, machine
from twolane_server.serve.models import SMALLEST
from twolane_server.serve.nodes import ways
from twolane_server.serve.plan import Wanted
from twolane_server.serve.planning import make_plan

PLAN = make_plan(machine(*cards(2, RTX_4090)), Wanted())
ENVIRONMENT = [f"{flag.name}={flag.value}" for flag in PLAN.environment]


def served(command: str) -> list[str]:
    """The words of a command that starts vLLM, in the environment that it has on one machine."""
    words = shlex.split(command)
    assert words[: len(ENVIRONMENT)] == ENVIRONMENT
    assert "VLLM_NO_USAGE_STATS=1" in ENVIRONMENT
    return words[len(ENVIRONMENT) :]


def test_replicas_behind_vllms_router_are_recommended() -> None:
    replicas, *_ = ways(PLAN, 3)
    assert "recommended" in replicas.title
    *serve, install, router = replicas.steps
    assert [where for where, _ in serve] == ["NODE1", "NODE2", "NODE3"]
    assert serve[0][1] == (
        "twolane serve --model Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8 --window 65536"
        " --host NODE1 --port 8000"
    )
    assert install[1] == "pip install vllm-router"
    assert router[1] == (
        "vllm-router --worker-urls http://NODE1:8000 http://NODE2:8000 http://NODE3:8000"
        " --policy cache_aware --host 0.0.0.0 --port 8000"
    )
    assert replicas.url == "http://ROUTER:8000/v1"


def test_data_parallel_ranks_meet_at_the_head() -> None:
    _, data, _ = ways(PLAN, 3)
    commands = [served(command) for _, command in data.steps]
    assert [where for where, _ in data.steps] == ["HEAD", "NODE2", "NODE3"]
    for rank, words in enumerate(commands):
        assert words[:3] == ["vllm", "serve", PLAN.model]
        assert words[words.index("--data-parallel-size") + 1] == "3"
        assert words[words.index("--data-parallel-address") + 1] == "HEAD"
        assert words.count("--enable-expert-parallel") == 1
        assert ("--headless" in words) == (rank > 0)
        if rank:
            assert words[words.index("--data-parallel-start-rank") + 1] == str(rank)
    assert commands[0][-4:] == ["--host", "HEAD", "--port", "8000"]
    assert data.url == "http://HEAD:8000/v1"


def test_ray_cuts_the_model_over_the_machines() -> None:
    *_, ray = ways(PLAN, 2)
    head, node, serve = (command for _, command in ray.steps)
    assert head == "ray start --head --node-ip-address=HEAD --port=6379 --disable-usage-stats"
    assert node == "ray start --address=HEAD:6379"
    words = served(serve)
    assert words[words.index("--pipeline-parallel-size") + 1] == "2"
    assert words[words.index("--tensor-parallel-size") + 1] == "2"
    assert words.count("--tensor-parallel-size") == 1
    assert words[words.index("--distributed-executor-backend") + 1] == "ray"


def test_vllm_is_not_told_to_spread_the_experts_of_a_model_that_has_none() -> None:
    dense = make_plan(machine(), Wanted())
    assert dense.model == SMALLEST.id
    _, data, _ = ways(dense, 2)
    assert all("--enable-expert-parallel" not in command for _, command in data.steps)
    assert "no experts" in data.why
    _, data, _ = ways(make_plan(machine(), Wanted(name="you/yours")), 2)
    assert all(command.count("--enable-expert-parallel") == 1 for _, command in data.steps)
    assert "Leave --enable-expert-parallel out where the model has no experts" in data.why


def test_flags_of_the_users_own_go_to_vllm_on_every_machine() -> None:
    own = make_plan(machine(*cards(2, RTX_4090)), Wanted(more=("--max-num-seqs", "3")))
    replicas, data, ray = ways(own, 2)
    assert replicas.steps[0][1].endswith(" -- --max-num-seqs 3")
    for command in (*(each for _, each in data.steps), ray.steps[-1][1]):
        assert "--max-num-seqs 3" in command
