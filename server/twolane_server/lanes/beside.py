"""What some servers have beside the API: vLLM's count of tokens, its version, its load.

Nobody depends on it: a server that has none of it says so with a status, and nothing is told.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING

from twolane_server.errors import LaneRejected
from twolane_server.lanes.body import Body
from twolane_server.lanes.metrics import MOST_BYTES, load_of
from twolane_server.lanes.shapes import as_object, parsed

if TYPE_CHECKING:
    from twolane_server.lanes.base import Request
    from twolane_server.lanes.metrics import Load
    from twolane_server.lanes.wire import Wire

__all__ = ["Beside"]

_NO_SUCH_THING = {404, 405, 501}
_SECONDS = 5.0
_LOAD_SECONDS = 2.0
_COUNT_BYTES = 8_388_608
_VERSION_BYTES = 4_096
_VERSION = re.compile(r"[0-9A-Za-z.+_-]{1,40}")


class Beside:
    """What one server has there.

    Args:
        wire: leads to it.
        base: the API's base URL; what is beside it is found by taking `/v1` off.
        host: the server, for the sentences.
        connect: how many seconds a connection may take.

    Attributes:
        counts: whether the server may have a `/tokenize`; false once it said that it has none.
    """

    def __init__(self, wire: Wire, base: str, host: str, connect: float) -> None:
        self._wire = wire
        self._root = base.removesuffix("/v1")
        self._host = host
        self._connect = connect
        self._tells_load = True
        self.counts = True

    async def count(self, request: Request) -> int | None:
        """How many tokens a request's messages are, by the server's own `/tokenize`, or `None`.

        vLLM has it, with the chat template applied; most other servers do not, and one that says so
        is not asked again.

        Raises:
            LaneError: nothing answers, or with something else.
        """
        asked = as_object(parsed(request.body)) or {}
        wanted = {name: asked.get(name) for name in ("model", "messages")}
        body = json.dumps(wanted, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            raw = await self._read("/tokenize", body, _COUNT_BYTES, _SECONDS)
        except LaneRejected as error:
            self.counts = error.status not in _NO_SUCH_THING
            return None
        counted = (as_object(parsed(raw)) or {}).get("count")
        found = counted if type(counted) is int and counted > 0 else None
        # LM Studio answers 200 to every address; llama.cpp's has another one's name.
        self.counts = found is not None or not raw
        return found

    async def version(self) -> str | None:
        """What vLLM's `/version` says, as `0.11.0`; `None` from a server that has none.

        Raises:
            LaneError: nothing answers, or not in time.
        """
        try:
            raw = await self._read("/version", None, _VERSION_BYTES, _SECONDS)
        except LaneRejected:
            return None
        said = (as_object(parsed(raw)) or {}).get("version")
        return said if isinstance(said, str) and _VERSION.fullmatch(said) else None

    async def load(self) -> Load | None:
        """How busy the server is, by its `/metrics`; `None` from one that does not tell.

        One that said so is not asked again.

        Raises:
            LaneError: nothing answers, or not in time.
        """
        if not self._tells_load:
            return None
        try:
            raw = await self._read("/metrics", None, MOST_BYTES, _LOAD_SECONDS)
        except LaneRejected:
            self._tells_load = False
            return None
        told = load_of(raw)
        self._tells_load = told is not None or not raw
        return told

    async def _read(self, path: str, body: bytes | None, most: int, seconds: float) -> bytes:
        """The start of what is at a path; empty where it does not come in time."""
        deadline, url = asyncio.get_running_loop().time() + seconds, f"{self._root}{path}"
        response = (
            await self._wire.get(url, deadline=deadline, connect=self._connect)
            if body is None
            else await self._wire.post(url, body, deadline=deadline, connect=self._connect)
        )
        try:
            return await Body(response, self._host).start(most, deadline)
        except TimeoutError:
            return b""
        finally:
            await response.aclose()
