"""The commands for more than one machine."""

from __future__ import annotations

import shlex

from support_serve import RTX_4090, cards, machine
from twolane_server.serve.nodes import ways
from twolane_server.serve.plan import Wanted
from twolane_server.serve.planning import make_plan

PLAN = make_plan(machine(*cards(2, RTX_4090)), Wanted())


def test_replicas_behind_vllms_router_are_recommended() -> None:
    replicas, *_ = ways(PLAN, 3)
    assert "recommended" in replicas.title
    *serve, install, router = replicas.steps
    assert [where for where, _ in serve] == ["NODE1", "NODE2", "NODE3"]
    assert serve[0][1] == "twolane serve --host NODE1 --port 8000"
    assert install[1] == "pip install vllm-router"
    assert router[1] == (
        "vllm-router --worker-urls http://NODE1:8000 http://NODE2:8000 http://NODE3:8000"
        " --policy cache_aware"
    )


def test_data_parallel_ranks_meet_at_the_head() -> None:
    _, data, _ = ways(PLAN, 3)
    commands = [shlex.split(command) for _, command in data.steps]
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


def test_ray_cuts_the_model_over_the_machines() -> None:
    *_, ray = ways(PLAN, 2)
    head, node, serve = (command for _, command in ray.steps)
    assert head == "ray start --head --node-ip-address=HEAD --port=6379"
    assert node == "ray start --address=HEAD:6379"
    words = shlex.split(serve)
    assert words[words.index("--pipeline-parallel-size") + 1] == "2"
    assert words[words.index("--tensor-parallel-size") + 1] == "2"
    assert words.count("--tensor-parallel-size") == 1
    assert words[words.index("--distributed-executor-backend") + 1] == "ray"
