"""The local lane goes to near addresses alone, and looks at each address that it goes to."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING

import httpcore
import pytest

from support_certificate import self_signed
from support_fake_server import MODEL, Answer, FakeServer, answer, chunk
from twolane_server.errors import AnswerIncomplete, LaneNotLocal, LaneRejected, LaneUnreachable
from twolane_server.lanes import connect
from twolane_server.lanes.base import LaneName, Request
from twolane_server.lanes.connect import Sockets, look_up
from twolane_server.lanes.near import only_near
from twolane_server.lanes.openai_chat import OpenAIChat
from twolane_server.lanes.sockets import SocketStream
from twolane_server.nearby import network
from twolane_server.settings.resolved import LaneSettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from twolane_server.lanes.connect import LookUp

BODY = {"messages": [{"role": "user", "content": "the NDA canary"}], "max_tokens": 5}
REQUEST = Request(json.dumps(BODY).encode())


class Names:
    """A name server that gives another answer each time."""

    def __init__(self, *answers: tuple[str, ...] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append((host, port))
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, Exception):
            raise found
        return found


class Wires:
    """Notes where connections would go, and makes none."""

    def __init__(self) -> None:
        self.dead: set[str] = set()
        self.tried: list[str] = []

    async def __call__(self, address: str, port: int, room: memoryview) -> SocketStream:
        self.tried.append(address)
        if address in self.dead:
            raise ConnectionRefusedError
        del port
        return SocketStream(room)


@pytest.fixture
def wires(monkeypatch: pytest.MonkeyPatch) -> Wires:
    made = Wires()
    monkeypatch.setattr(connect, "_open", made)
    return made


def near(find: LookUp, *allowed: str) -> Sockets:
    return Sockets(only_near(tuple(map(network, allowed)), find))


@pytest.fixture
async def server() -> AsyncGenerator[FakeServer]:
    async with FakeServer(answer("hi"), version="0.11.0") as running:
        yield running


def lane(server: FakeServer, names: Names, *allow: str) -> OpenAIChat:
    """A local lane at `box.lan`, which `names` says where to find."""
    url = f"http://box.lan:{server.port}/v1"
    return OpenAIChat(LaneName.LOCAL, LaneSettings(url, MODEL, allow=allow), None, names)


async def said(found: OpenAIChat) -> str:
    return "".join([chunk.text async for chunk in found.stream(REQUEST)])


async def test_a_name_that_leads_to_this_machine_is_used(server: FakeServer) -> None:
    names = Names(("127.0.0.1",))
    found = lane(server, names)
    assert await found.resolve(MODEL) == MODEL
    assert await said(found) == "hi"
    assert await found.beside.version() == "0.11.0"
    assert found.reached == "127.0.0.1"
    assert names.asked == [("box.lan", server.port)], "one look-up for one connection"
    assert server.requests[0].headers["host"] == f"box.lan:{server.port}"
    await found.aclose()


@pytest.mark.parametrize(
    "addresses",
    [
        ("203.0.113.7",),
        ("127.0.0.1", "203.0.113.7"),
        ("203.0.113.7", "127.0.0.1"),
        ("::ffff:203.0.113.7",),
        ("169.254.169.254",),
        ("0.0.0.0",),  # noqa: S104 - that is the test
        ("100.64.1.1",),
        ("::1", "2001:db8::1"),
    ],
    ids=", ".join,
)
async def test_a_name_that_also_leads_elsewhere_gets_nothing(
    server: FakeServer, addresses: tuple[str, ...]
) -> None:
    found = lane(server, Names(addresses))
    for ask in (found.probe, found.beside.version, lambda: said(found)):
        with pytest.raises(LaneNotLocal, match=r"local\.url leads to box\.lan \("):
            await ask()
    assert (server.connections, bytes(server.received)) == (0, b"")
    await found.aclose()


async def test_an_answer_that_changes_between_two_look_ups_leads_nowhere(
    server: FakeServer,
) -> None:
    """Rebinding: near while the models are listed, far when the code is sent."""
    names = Names(("127.0.0.1",), ("203.0.113.7",))
    found = lane(server, names)
    assert await found.resolve(MODEL) == MODEL
    await found.aclose()  # as an idle connection that the server closed
    with pytest.raises(LaneNotLocal):
        await said(found)
    assert len(names.asked) == 2
    assert server.chats == []


async def test_the_connection_goes_to_the_address_that_was_looked_at(wires: Wires) -> None:
    """And not to the name, which would be looked up once more."""
    sockets = near(Names(("10.0.0.7",), ("203.0.113.7",)))
    await sockets.connect_tcp("box.lan", 8000, timeout=1)
    assert wires.tried == ["10.0.0.7"]
    assert sockets.reached == "10.0.0.7"


async def test_each_near_address_is_tried_in_turn(wires: Wires) -> None:
    wires.dead = {"fd00::1", "10.0.0.7"}
    sockets = near(Names(("fd00::1", "10.0.0.7", "10.0.0.8")))
    await sockets.connect_tcp("box.lan", 8000, timeout=1)
    assert wires.tried == ["fd00::1", "10.0.0.7", "10.0.0.8"]
    assert sockets.reached == "10.0.0.8"
    with pytest.raises(httpcore.ConnectError):
        await near(Names(("10.0.0.7",))).connect_tcp("box.lan", 8000)


async def test_a_listed_address_is_used_and_its_neighbour_is_not(wires: Wires) -> None:
    sockets = near(Names(("203.0.113.7",), ("203.0.113.8",)), "203.0.113.7")
    await sockets.connect_tcp("box.example", 443)
    with pytest.raises(LaneNotLocal, match=r"box\.example \(203\.0\.113\.8\)"):
        await sockets.connect_tcp("box.example", 443)
    assert wires.tried == ["203.0.113.7"]


async def test_an_allowed_network_reaches_the_lane_from_its_settings(server: FakeServer) -> None:
    names = Names(("127.0.0.1", "100.64.1.1"))
    found = lane(server, names, "100.64.0.0/10")
    assert await found.resolve(MODEL) == MODEL
    await found.aclose()


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
async def test_a_name_that_is_not_known_is_unreachable(
    server: FakeServer, error: Exception
) -> None:
    with pytest.raises(LaneUnreachable, match="Nothing answers at"):
        await lane(server, Names(error)).probe()


async def test_a_name_without_an_address_is_unreachable(server: FakeServer) -> None:
    with pytest.raises(LaneUnreachable, match="Nothing answers at"):
        await lane(server, Names(())).probe()


async def test_a_look_up_that_never_ends_is_given_up(server: FakeServer) -> None:
    async def never(_host: str, _port: int) -> tuple[str, ...]:
        await asyncio.sleep(3600)
        return ()

    settings = LaneSettings(server.url, MODEL, connect_seconds=0.05)
    with pytest.raises(LaneUnreachable, match=r"no connection within 0\.05 s"):
        await OpenAIChat(LaneName.LOCAL, settings, None, never).probe()


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "LOCALHOST"])
async def test_another_spelling_of_this_machine_is_looked_up_and_looked_at(
    host: str, wires: Wires
) -> None:
    await near(look_up).connect_tcp(host, 8000, timeout=5)
    assert set(wires.tried) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    "host",
    [
        "3405803783",
        "0313.0.0161.7",
        "0xcb.0x0.0x71.0x7",
        "0",
        "169.254.43518",
        "::ffff:203.0.113.7",
    ],
)
async def test_another_spelling_of_a_far_address_is_refused(host: str, wires: Wires) -> None:
    with pytest.raises(
        LaneNotLocal, match=r"203\.0\.113\.7|0\.0\.0\.0|169\.254\.169\.254|cb00:7107"
    ):
        await near(look_up).connect_tcp(host, 8000, timeout=5)
    assert wires.tried == []


async def test_localhost_is_looked_at_as_any_name_is() -> None:
    """A line in the hosts file may say anything."""
    with pytest.raises(LaneNotLocal, match=r"localhost \(203\.0\.113\.7\)"):
        await near(Names(("203.0.113.7",))).connect_tcp("localhost", 8000)


async def test_no_redirect_and_no_proxy(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeServer(answer("I am somebody else.")) as elsewhere:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{elsewhere.host}")
        away = (("location", f"{elsewhere.url}/chat/completions"),)
        server.answers = [Answer(status=307, headers=away)]
        found = lane(server, Names(("127.0.0.1",)))
        with pytest.raises(LaneRejected, match="which twolane never does"):
            await said(found)
        await found.aclose()
        assert elsewhere.connections == 0
    assert len(server.chats) == 1


async def test_tls_asks_for_the_name_and_not_for_the_address(tmp_path: Path) -> None:
    """The certificate is none that is trusted here: what the client asks for comes before that."""
    tls = await self_signed(tmp_path)
    asked: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with FakeServer(tls=tls) as server:
        url = f"https://box.lan:{server.port}/v1"
        found = OpenAIChat(LaneName.LOCAL, LaneSettings(url, MODEL), None, Names(("127.0.0.1",)))
        with pytest.raises(LaneUnreachable, match="not trusted here"):
            await found.probe()
        await found.aclose()
    assert asked == ["box.lan"]


async def test_errors_of_the_wire_are_told_as_on_any_lane(server: FakeServer) -> None:
    server.answers = [Answer((chunk("Hel"),), clean=False)]
    found = lane(server, Names(("127.0.0.1",)))
    with pytest.raises(AnswerIncomplete, match="broke off"):
        await said(found)
    server.answers = [Answer(status=0, clean=False)]
    with pytest.raises(AnswerIncomplete, match="closed the connection"):
        await said(found)
    await found.aclose()


async def test_the_cloud_lane_is_not_held_to_near_addresses(server: FakeServer) -> None:
    """It goes out by design; the border decides what with."""
    names = Names(("127.0.0.1",))
    cloud = OpenAIChat(LaneName.CLOUD, LaneSettings(server.url, MODEL), None, names)
    assert await cloud.resolve(MODEL) == MODEL
    assert names.asked == [("127.0.0.1", server.port)]
    await cloud.aclose()
