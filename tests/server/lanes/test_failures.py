"""The sentences for what goes wrong on the wire."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from typing import TYPE_CHECKING

import httpx
import pytest

from support_certificate import self_signed
from support_fake_server import FakeServer
from twolane_server.errors import LaneUnreachable, OutOfFiles
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.failures import Peer, rejected, unreachable
from twolane_server.lanes.openai_chat import OpenAIChat
from twolane_server.settings.resolved import LaneSettings

if TYPE_CHECKING:
    from pathlib import Path

PEER = Peer(LaneName.CLOUD, "relay:443", "SOME_KEY")


def wrapped(cause: BaseException) -> httpx.ConnectError:
    """As httpx hands it on: behind another error, perhaps in a group."""
    error = httpx.ConnectError("All connection attempts failed")
    middle = OSError("attempts failed")
    middle.__cause__ = ExceptionGroup("all", [cause]) if isinstance(cause, Exception) else cause
    error.__context__ = middle
    return error


def certificate_error() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "certificate has expired"
    return error


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (ConnectionRefusedError(), "connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "no such name"),
        (certificate_error(), r"not trusted here \(certificate has expired\)"),
        (ssl.SSLError(1, "wrong version number"), "write http://"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "no connection"),
        (TimeoutError(), "within 5 s"),
    ],
)
def test_each_cause_has_its_sentence(cause: Exception, words: str) -> None:
    for error in (cause, wrapped(cause)):
        assert unreachable(PEER, error, 5.0).args
        with pytest.raises(LaneUnreachable, match=words) as caught:
            raise unreachable(PEER, error, 5.0)
        assert "relay:443" in str(caught.value).partition(". ")[0]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_too_many_open_files_are_not_the_servers_fault(number: int) -> None:
    """So that nothing stands in for it and no breaker opens."""
    cause = OSError(number, "Too many open files")
    for error in (cause, wrapped(cause)):
        found = unreachable(PEER, error, 5.0)
        assert isinstance(found, OutOfFiles)
        assert "relay:443" in str(found)
        assert "too many open files" in str(found)


def test_a_connection_that_takes_too_long() -> None:
    assert "within 5 s" in str(unreachable(PEER, httpx.ConnectTimeout("x"), 5.0))


def test_a_redirect_names_the_other_host_at_most() -> None:
    location = "https://user:password@evil.example:8443/steal?prompt=private"
    sentence = str(rejected(PEER, 302, headers={"location": location}))
    assert "evil.example" in sentence
    for part in ("password", "steal", "private"):
        assert part not in sentence
    for odd in ("", "/other/path", "http://[", "http://\u0430/"):
        assert "None" not in str(rejected(PEER, 302, headers={"location": odd}))


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        (b"maximum context length is 8192 tokens, you requested 9000 tokens", ["8,192", "9,000"]),
        (b"maximum context length is 131,072 tokens. It contains 140,001", ["131,072"]),
        (b"Maximum model length of 4096 exceeded", ["4,096"]),
        (b"\xff\xfe private", []),
        (b"", []),
    ],
)
def test_numbers_and_nothing_else_come_from_a_body(body: bytes, numbers: list[str]) -> None:
    sentence = str(rejected(PEER, 400, body=body + b" private"))
    assert all(number in sentence for number in numbers)
    assert "private" not in sentence


def test_without_a_key_the_advice_differs() -> None:
    sentence = str(rejected(Peer(LaneName.LOCAL, "h:80"), 401))
    assert "local.key_environment or local.key_file" in sentence


async def test_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    tls = await self_signed(tmp_path)
    async with FakeServer(tls=tls) as server:
        chat = OpenAIChat(LaneName.CLOUD, LaneSettings(url=server.url, model="m"), None)
        with pytest.raises(LaneUnreachable, match=r"certificate .* not trusted here \(self.signed"):
            await chat.resolve("m")
        await chat.aclose()
        assert not server.requests


async def test_tls_to_a_server_without_it() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with listening:
        url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        chat = OpenAIChat(LaneName.CLOUD, LaneSettings(url=url, model="m"), None)
        with pytest.raises(LaneUnreachable, match=r"write http:// in cloud\.url"):
            await chat.resolve("m")
        await chat.aclose()


async def test_a_name_that_nobody_knows() -> None:
    settings = LaneSettings(url="http://no-such-host.invalid/v1", model="m")
    chat = OpenAIChat(LaneName.CLOUD, settings, None)
    with pytest.raises(LaneUnreachable, match=r"at no-such-host\.invalid:80"):
        await chat.resolve("m")
    await chat.aclose()
