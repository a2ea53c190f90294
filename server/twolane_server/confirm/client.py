"""A small client of the Language Server Protocol: requests and answers over a program's pipes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from typing import TYPE_CHECKING, cast

from twolane_server.process_groups import end, in_a_group

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LARGEST = 64 * 1024 * 1024  # bytes of one message
_GOODBYE = 1.0  # seconds
_BLOCK = 65_536
_LENGTH = b"content-length:"


class Broken(Exception):
    """The program ended, or does not keep to the protocol."""


class Client:
    """Talks to one program. One request at a time; what it is asked itself it answers with nothing.

    Args:
        process: the program, with pipes, in a group of its own.
        environment: the program's.
    """

    def __init__(self, process: asyncio.subprocess.Process, environment: Mapping[str, str]) -> None:
        if process.stdin is None or process.stdout is None:
            raise Broken("no pipes")
        self._process, self._to, self._from = process, process.stdin, process.stdout
        self._environment = environment
        self._last = 0

    @classmethod
    async def start(
        cls, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> Client:
        """Start a program: no shell, nothing inherited but what is given here.

        Raises:
            Broken: it cannot be started.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=environment,
                **in_a_group(),
            )
        except OSError as error:
            raise Broken(error.strerror or "it cannot be started") from error
        return cls(process, environment)

    async def request(self, method: str, params: object) -> object:
        """Ask, and wait for the answer.

        Raises:
            Broken: there is none.
        """
        self._last += 1
        await self._send({"id": self._last, "method": method, "params": params})
        while True:
            message = await self._receive()
            if "method" in message and "id" in message:
                await self._send({"id": message["id"], "result": _nothing(message)})
            elif message.get("id") == self._last:
                if "error" in message:
                    raise Broken("it refused the question")
                return message.get("result")

    async def notify(self, method: str, params: object) -> None:
        """Tell, without an answer."""
        await self._send({"method": method, "params": params})

    async def close(self) -> None:
        """End the program and what it has started, by force where they do not go by themselves."""
        with contextlib.suppress(Broken, TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                await self.request("shutdown", None)
                await self.notify("exit", None)
                await self._from.read()
        await self.kill()

    async def kill(self) -> None:
        """End the program and what it has started, now."""
        self._to.close()
        # A program that only starts another one leaves that behind when it is killed alone.
        await end(self._process, self._environment)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                while await self._from.read(_BLOCK):  # a pipe is only closed when it was emptied
                    pass
                await self._process.wait()

    async def _send(self, message: Mapping[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        try:
            self._to.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            await self._to.drain()
        except OSError as error:
            raise Broken("it ended") from error

    async def _receive(self) -> dict[str, object]:
        length = -1
        try:
            while line := (await self._from.readuntil(b"\r\n")).strip():
                if line.lower().startswith(_LENGTH):
                    length = int(line[len(_LENGTH) :])
            if not 0 <= length <= _LARGEST:
                raise Broken("it does not keep to the protocol")
            message: object = json.loads(await self._from.readexactly(length))
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Broken("it ended") from error
        except (asyncio.LimitOverrunError, ValueError) as error:
            raise Broken("it does not keep to the protocol") from error
        if not isinstance(message, dict):
            raise Broken("it does not keep to the protocol")
        return cast("dict[str, object]", message)


def _nothing(message: Mapping[str, object]) -> object:
    """The answer to what a server asks: for each setting, that there is none."""
    params = message.get("params")
    items: object = (
        cast("dict[str, object]", params).get("items") if isinstance(params, dict) else None
    )
    return [None for _ in cast("list[object]", items)] if isinstance(items, list) else None
