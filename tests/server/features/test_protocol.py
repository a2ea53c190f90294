"""What an editor is answered when something goes wrong: a sentence, and nothing of the user's."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, cast

import pytest

from support_trust import make_folders
from twolane_server.errors import ActionError
from twolane_server.server import create

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.features.protocol import Protocol

TEXT = "text of the user's file"
ERRORS: dict[str, tuple[Exception, str]] = {
    "unforeseen": (ValueError(TEXT), "twolane failed (ValueError); nothing was changed."),
    "our own": (ActionError("There is nothing to do."), "There is nothing to do."),
}


class Written:
    """Takes what the server sends."""

    def __init__(self) -> None:
        self.data = b""
        self.something = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.data += data
        self.something.set()

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("waits", [True, False], ids=["async", "sync"])
@pytest.mark.parametrize("what", ["command", "request"])
async def test_an_error_is_a_sentence(tmp_path: Path, error: str, waits: bool, what: str) -> None:  # noqa: FBT001 - a parameter
    raised, said = ERRORS[error]
    server = create(make_folders(tmp_path), {})

    async def fail_later(_: Any = None) -> None:  # noqa: ANN401 - as pygls wants it
        await asyncio.sleep(0)
        raise raised

    def fail(_: Any = None) -> None:  # noqa: ANN401 - as pygls wants it
        raise raised

    handler = fail_later if waits else fail
    if what == "command":
        server.command("test.fail")(handler)
        name, params = "workspace/executeCommand", {"command": "test.fail"}
    else:
        server.feature("test/fail")(handler)
        name, params = "test/fail", {}
    written, protocol = Written(), server.protocol
    protocol.set_writer(written, include_headers=False)
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": name, "params": params})
    protocol.handle_message(json.loads(message, object_hook=protocol.structure_message))
    await asyncio.wait_for(written.something.wait(), 5)
    assert json.loads(written.data)["error"] == {"code": -32603, "message": said}
    await server.close()


async def test_an_answer_that_nobody_waits_for_is_dropped(tmp_path: Path) -> None:
    server = create(make_folders(tmp_path), {})
    protocol = cast("Protocol", server.protocol)
    cancelled: Future[object] = Future()
    cancelled.cancel()
    waiting: Future[object] = Future()
    protocol._request_futures.update({"a": cancelled, "b": waiting})  # pyright: ignore[reportPrivateUsage] - pygls has no other way in
    protocol._handle_response("a", "late")  # pyright: ignore[reportPrivateUsage] - as above
    protocol._handle_response("b", "in time")  # pyright: ignore[reportPrivateUsage] - as above
    assert waiting.result() == "in time"
    assert not protocol._request_futures  # pyright: ignore[reportPrivateUsage] - as above
