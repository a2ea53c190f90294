"""Standard input: all of it arrives in order, and nothing waits for more than there is."""

from __future__ import annotations

import asyncio
import os
import threading

from twolane_server.input import read_input


async def test_lines_and_bodies_arrive_however_they_come() -> None:
    reading, writing = os.pipe()
    body = os.urandom(300_000)
    sent = b"Content-Length: 300000\r\n\r\n" + body

    def write() -> None:
        os.write(writing, sent[:10])
        with open(writing, "wb") as rest:  # noqa: PTH123 - a descriptor
            rest.write(sent[10:])

    writer = threading.Thread(target=write)
    writer.start()
    reader = read_input(reading)
    assert await reader.readline() == b"Content-Length: 300000\r\n"
    assert await reader.readline() == b"\r\n"
    assert await reader.readexactly(len(body)) == body
    assert await reader.readline() == b"", "the end"
    writer.join()
    os.close(reading)


async def test_what_a_line_began_starts_before_the_next_one_is_read() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"one\ntwo\n")
    os.close(writing)
    reader = read_input(reading)
    assert await reader.readline() == b"one\n"
    begun: list[int] = []

    async def begin() -> None:
        begun.append(1)

    task = asyncio.ensure_future(begin())
    assert await reader.readline() == b"two\n"
    assert begun
    await task
    assert await reader.readline() == b""
    os.close(reading)


async def test_an_input_that_is_gone_is_at_its_end() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    os.close(reading)
    assert await read_input(reading).readline() == b""
