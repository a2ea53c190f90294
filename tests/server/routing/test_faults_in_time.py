"""Rows of the catalogue of faults that take more than one request: what a lane does over a while."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import pytest

from support_border import prompt
from support_fake_server import FOREVER, Answer, FakeServer, answer, refusal
from support_fault_bench import FROM_LOCAL, Bench, Told, open_bench, settings_of
from support_faults import CANARIES, CLOUD_MODEL, ECHO, MODELS, SLACK, Limits
from support_waiting import PATIENCE
from twolane_server.border.secrets import warm
from twolane_server.errors import LaneError
from twolane_server.lanes.base import LaneName
from twolane_server.settings.resolved import HealthSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twolane_server.settings.resolved import Settings

pytestmark = pytest.mark.slow

SEEDS = 20
REST = 0.2
QUICK = HealthSettings(breaker_failures=3, rest_seconds=REST, longest_rest_seconds=4 * REST)
CALM = HealthSettings(breaker_failures=3, rest_seconds=3.0, longest_rest_seconds=4.0)
CLOUD, LOCAL = LaneName.CLOUD, LaneName.LOCAL
GOOD = answer("Here", " I am.")
IMPATIENT = Limits(deadline=2.5)


@pytest.fixture(scope="module", autouse=True)
def _scanner() -> None:
    """What takes a second, once, is none of the lanes'."""
    warm()
    prompt("é").tokens(CLOUD_MODEL)


def faults(chance: random.Random) -> Answer:
    """A fault that says that a server may be down."""
    return chance.choice(
        (
            refusal(chance.choice((500, 502, 503, 504, 529)), {"error": ECHO}),
            Answer(status=0, reset=True),
            Answer((), clean=False),
            Answer((FOREVER,), status=0),
        )
    )


def clean(told: Told) -> Told:
    """The same; nothing that was said holds what is nobody's business."""
    assert not any(canary in said for said in told.sentences for canary in CANARIES)
    return told


async def each_seed(name: str, check: Callable[[random.Random, int], object]) -> None:
    """Run a check with twenty seeds, some of them at once."""
    some = asyncio.Semaphore(5)

    async def one(seed: int) -> None:
        async with some:
            await check(random.Random(f"{name} {seed}"), seed)  # type: ignore[misc]  # noqa: S311

    async with asyncio.TaskGroup() as group:
        for seed in range(SEEDS):
            group.create_task(one(seed))


@pytest.mark.parametrize("lane", LaneName)
async def test_row_36_a_lane_that_fails_again_and_again_is_left_alone(
    lane: LaneName, tmp_path: Path
) -> None:
    async with open_bench(tmp_path, {}) as bench:

        async def check(chance: random.Random, seed: int) -> None:
            bad = FakeServer(faults(chance), models=MODELS)
            async with bad as server, FakeServer(answer(FROM_LOCAL), models=MODELS) as other:
                urls = (server.url, other.url) if lane is CLOUD else (other.url, server.url)
                settings = settings_of(bench, *urls, limits=IMPATIENT, health=CALM)
                for _ in range(3):
                    clean(await bench.run(lane, settings))
                assert len(server.chats) == 3, seed
                server.models_answer = refusal(503)
                told = clean(await bench.run(lane, settings))
                assert len(server.chats) == 3, seed
                assert told.seconds < CALM.longest_rest_seconds + SLACK, seed
                assert any("left alone" in said for said in told.sentences), seed
                if lane is CLOUD:
                    assert told.reply is not None
                    assert told.reply.text == FROM_LOCAL
                else:
                    assert isinstance(told.error, LaneError)
                    assert other.connections == 0, "never from local to cloud"

        await each_seed(f"36 {lane}", check)


@pytest.mark.parametrize("lane", LaneName)
async def test_row_37_a_lane_that_flaps_is_probed_and_used_again(
    lane: LaneName, tmp_path: Path
) -> None:
    async with open_bench(tmp_path, {}) as bench:

        async def check(chance: random.Random, seed: int) -> None:
            flapping = FakeServer(refusal(chance.choice((500, 503))), models=MODELS)
            async with flapping as server, FakeServer(GOOD, models=MODELS) as other:
                urls = (server.url, other.url) if lane is CLOUD else (other.url, server.url)
                settings = settings_of(bench, *urls, health=QUICK)
                for _ in range(chance.randint(1, 2)):
                    server.answers, server.models_answer = [refusal(503)], refusal(503)
                    await fail_until_it_rests(bench, lane, settings)
                    server.answers, server.models_answer = [GOOD], None
                    await until_it_answers(bench, lane, settings, server)
                assert verdicts(server) == {"whole"}, seed
                assert (other.connections > 0) == (lane is CLOUD)

        await each_seed(f"37 {lane}", check)


async def fail_until_it_rests(bench: Bench, lane: LaneName, settings: Settings) -> None:
    """At most three failures, and then it is not asked."""
    for _ in range(4):
        told = clean(await bench.run(lane, settings))
        if any("left alone" in said for said in told.sentences):
            return
    raise AssertionError("it was never left alone")


async def until_it_answers(
    bench: Bench, lane: LaneName, settings: Settings, server: FakeServer
) -> None:
    """The probe is a question for the models; then the very next request is answered."""
    listed = sum(request.path.endswith("/models") for request in server.requests)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        told = clean(await bench.run(lane, settings))
        if told.reply is not None and told.reply.decision.lane is lane:
            now = sum(request.path.endswith("/models") for request in server.requests)
            assert now > listed
            return
        await asyncio.sleep(REST / 4)
    raise AssertionError("it was never used again")


def verdicts(server: FakeServer) -> set[str]:
    """What the probes carried: nothing but the question for the models."""
    probes = [request for request in server.requests if request.path.endswith("/models")]
    return {"whole" if request.body == b"" else "body" for request in probes}


async def test_row_42_a_cloud_that_is_down_costs_open_work_nothing(tmp_path: Path) -> None:
    """Refused, silent or slow: once it rests, the local lane answers at once."""
    async with open_bench(tmp_path, {}) as bench:

        async def check(chance: random.Random, seed: int) -> None:
            bad = FakeServer(faults(chance), models=MODELS)
            async with bad as server, FakeServer(answer(FROM_LOCAL), models=MODELS) as local:
                settings = settings_of(bench, server.url, local.url, limits=IMPATIENT)
                for _ in range(3):
                    clean(await bench.run(CLOUD, settings))
                before = len(server.requests)
                times: list[float] = []
                for _ in range(5):
                    told = clean(await bench.run(CLOUD, settings))
                    assert told.reply is not None
                    assert told.reply.text == FROM_LOCAL
                    times.append(told.seconds)
                assert min(times) < IMPATIENT.deadline / 2, (seed, times)
                assert len(server.requests) - before <= 1, "at most one probe"

        await each_seed("42", check)


async def test_row_43_work_under_nda_waits_for_the_local_lane_or_fails(tmp_path: Path) -> None:
    async with open_bench(tmp_path, {}) as bench:

        async def check(chance: random.Random, seed: int) -> None:
            down = FakeServer(faults(chance), models=MODELS)
            async with down as server, FakeServer(GOOD, models=MODELS) as cloud:
                settings = settings_of(bench, cloud.url, server.url, limits=IMPATIENT, health=CALM)
                for _ in range(3):
                    told = clean(await bench.run(LOCAL, settings))
                    assert isinstance(told.error, LaneError), seed
                back = chance.random() < 0.5
                if back:
                    server.answers = [GOOD]
                else:
                    server.models_answer = refusal(503)
                told = clean(await bench.run(LOCAL, settings))
                assert any("Waiting" in said for said in told.sentences), told.sentences
                if back:
                    assert told.reply is not None
                    assert told.reply.text == "Here I am."
                else:
                    assert isinstance(told.error, LaneError)
                assert (cloud.connections, bytes(cloud.received)) == (0, b"")

        await each_seed("43", check)


async def test_row_44_a_server_that_restarts_is_waited_for(tmp_path: Path) -> None:
    """It refuses connections, then loads its model, then answers; requests wait meanwhile."""
    async with open_bench(tmp_path, {}) as bench:

        async def check(chance: random.Random, seed: int) -> None:
            local = FakeServer(GOOD, models=MODELS)
            async with FakeServer(GOOD, models=MODELS) as cloud:
                async with local:
                    pass
                settings = settings_of(bench, cloud.url, local.url, limits=IMPATIENT, health=QUICK)
                for _ in range(3):
                    assert clean(await bench.run(LOCAL, settings)).error is not None
                local.models_answer = refusal(503, {"error": ECHO})
                async with local:
                    waiting = [asyncio.create_task(bench.run(LOCAL, settings)) for _ in range(3)]
                    await asyncio.sleep(chance.uniform(0, REST))
                    local.models_answer = None
                    for each in waiting:
                        told = clean(await each)
                        assert told.reply is not None or isinstance(told.error, LaneError)
                    until = time.monotonic() + PATIENCE
                    while clean(await bench.run(LOCAL, settings)).reply is None:
                        assert time.monotonic() < until, seed
                assert cloud.connections == 0

        await each_seed("44", check)
