from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, cast

from twolane_server.server import create
from twolane_server.settings.resolved import Folders

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.features.protocol import Protocol


async def test_an_answer_that_nobody_waits_for_is_dropped(tmp_path: Path) -> None:
    server = create(Folders(tmp_path, tmp_path, tmp_path), {})
    protocol = cast("Protocol", server.protocol)
    cancelled: Future[object] = Future()
    cancelled.cancel()
    waiting: Future[object] = Future()
    protocol._request_futures.update({"a": cancelled, "b": waiting})  # pyright: ignore[reportPrivateUsage] - pygls has no other way in
    protocol._handle_response("a", "late")  # pyright: ignore[reportPrivateUsage] - as above
    protocol._handle_response("b", "in time")  # pyright: ignore[reportPrivateUsage] - as above
    assert waiting.result() == "in time"
    assert not protocol._request_futures  # pyright: ignore[reportPrivateUsage] - as above
