"""Whether the vLLM that was started answers."""

from __future__ import annotations

import pytest

from support_fake_server import Answer, FakeServer, Received, refusal
from support_vllm import free_port
from twolane_server.errors import SettingsError
from twolane_server.lanes.vllm_health import VllmHealth

WELL = Answer((b"",), content_type="")


class Health(FakeServer):
    """A server whose `/health` answers so."""

    def __init__(self, health: Answer) -> None:
        super().__init__()
        self.health = health

    def _chosen(self, request: Received) -> Answer:
        return self.health if request.path == "/health" else super()._chosen(request)


async def ready(url: str) -> bool:
    health = VllmHealth(url)
    try:
        return await health.ready()
    finally:
        await health.aclose()


@pytest.mark.parametrize(
    ("answer", "expected"), [(WELL, True), (refusal(503), False), (Answer(status=0), False)]
)
async def test_only_a_well_engine_is_ready(answer: Answer, *, expected: bool) -> None:
    async with Health(answer) as server:
        assert await ready(server.url) is expected
        (request,) = server.requests
    assert (request.method, request.path, request.body) == ("GET", "/health", b"")
    assert "authorization" not in request.headers


async def test_while_it_loads_nothing_answers() -> None:
    assert await ready(f"http://127.0.0.1:{free_port()}/v1") is False


async def test_it_asks_nobody_far_away() -> None:
    assert await ready("http://192.0.2.1:8000/v1") is False


def test_an_address_that_is_none() -> None:
    with pytest.raises(SettingsError):
        VllmHealth("file:///etc/passwd")
