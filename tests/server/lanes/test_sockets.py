"""One connection: reads within a limit that moves, writes that wait, and ends of every kind."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from typing import TYPE_CHECKING, cast

import httpcore
import pytest

from support_certificate import self_signed
from twolane_server.lanes.sockets import ROOM, SocketStream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path

BIG = 50_000_000


@contextlib.asynccontextmanager
async def talking(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    tls: ssl.SSLContext | None = None,
) -> AsyncGenerator[SocketStream]:
    """A connection to a server that does this with it."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    _, stream = await loop.create_connection(
        lambda: SocketStream(memoryview(bytearray(ROOM))), "127.0.0.1", port
    )
    try:
        yield stream
    finally:
        await stream.aclose()
        server.close()
        await server.wait_closed()


def now() -> float:
    return asyncio.get_running_loop().time()


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def later(stream: SocketStream) -> None:
    await asyncio.sleep(0.3)
    await stream.write(b"x")


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1_000):
        writer.write(data)


async def test_what_is_sent_comes_back_and_then_the_end() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(5) + b"!")
        await writer.drain()
        writer.close()

    async with talking(once) as stream:
        await stream.write(b"hello")
        assert await stream.read(3) == b"hel"
        assert await stream.read(100) == b"lo!"
        assert await stream.read(100) == b""
        assert stream.get_extra_info("is_readable")


async def test_a_limit_that_moves_on_holds_where_it_is_now() -> None:
    async with talking(echo) as stream:
        began = now()
        for number in range(12):
            stream.until = now() + 3.0
            writing = asyncio.create_task(later(stream))
            assert await stream.read(10) == b"x", number
            await writing
        assert now() - began > 3.3, "the first limit was over long ago"
        stream.until = now() + 0.1
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(10)


async def test_a_limit_that_moves_back_holds_too() -> None:
    async with talking(echo) as stream:
        stream.until = now() + 30
        await stream.write(b"x")
        assert await stream.read(10) == b"x"
        began = now()
        stream.until = began + 0.05
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(10)
        assert now() - began < 10
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(10, timeout=5)
        stream.until = None
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(10, timeout=0.01)
        await stream.write(b"y")
        assert await stream.read(10) == b"y", "a limit that struck leaves the connection whole"


async def test_a_limit_that_is_over_strikes_although_bytes_are_there() -> None:
    async with talking(echo) as stream:
        await stream.write(b"xy")
        assert await stream.read(1) == b"x"
        stream.until = now()
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1)


async def test_a_cancelled_read_leaves_no_reader() -> None:
    async with talking(echo) as stream:
        stream.until = now() + 0.05
        reading = asyncio.create_task(stream.read(10))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await asyncio.sleep(0.1)
        stream.until = None
        await stream.write(b"x")
        assert await stream.read(10) == b"x"


async def test_what_nobody_reads_does_not_pile_up() -> None:
    sent = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while sent < BIG:
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent += 100_000

    async with talking(flood) as stream:
        assert await stream.read(1) == b"x"
        await asyncio.sleep(0.2)
        assert 0 < sent < BIG, "the rest waits on the other side"
        came = 1
        while data := await stream.read(65_536):
            came += len(data)
        assert came == BIG


async def test_a_connection_that_is_reset_says_so_after_what_came() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"half")
        await reader.read(1)
        linger = struct.pack("ii", 1, 0)  # no goodbye: the close is a reset
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    async with talking(reset) as stream:
        assert await stream.read(10) == b"half"
        await stream.write(b"x")
        with pytest.raises(httpcore.ReadError):
            await stream.read(10)
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"more")


async def test_a_write_that_nobody_takes_has_an_end() -> None:
    async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cast("asyncio.Transport", writer.transport).pause_reading()
        await asyncio.sleep(30)

    async with talking(deaf) as stream:
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(b"x" * BIG, timeout=0.1)
        began = now()
        writing = asyncio.create_task(stream.write(b"x"))
        await asyncio.sleep(0)
        stream.abort()
        with pytest.raises(httpcore.WriteError):
            await writing
        assert now() - began < 10


async def test_tls_with_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    tls = await self_signed(tmp_path)
    trust = ssl.create_default_context(cafile=str(tmp_path / "certificate"))
    async with talking(echo, tls) as stream:
        secure = await stream.start_tls(trust, "127.0.0.1", 60)
        await secure.write(b"hello" * 100_000)
        came = b""
        while len(came) < 500_000:
            came += await secure.read(65_536)
        assert came == b"hello" * 100_000
        assert secure.get_extra_info("ssl_object") is not None
        stream.until = now() + 0.05
        with pytest.raises(httpcore.ReadTimeout):
            await secure.read(10)


async def test_tls_that_is_not_trusted_or_none_at_all(tmp_path: Path) -> None:
    tls = await self_signed(tmp_path)
    async with talking(echo, tls) as stream:
        with pytest.raises(httpcore.ConnectError) as caught:
            await stream.start_tls(ssl.create_default_context(), "127.0.0.1", 60)
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
    async with talking(silent) as stream:
        with pytest.raises(httpcore.ConnectTimeout):
            await stream.start_tls(ssl.create_default_context(), "127.0.0.1", 0.1)
    async with talking(echo) as stream:
        with pytest.raises(httpcore.ConnectError):
            await stream.start_tls(ssl.create_default_context(), "127.0.0.1", 60)
