"""Cancellable work-done progress. Its messages name lane, reasons and counts, never text."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast
from uuid import uuid4

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from concurrent.futures import Future

    from pygls.lsp.server import LanguageServer


class WorkDone:
    """The progress of one command, shown where the client can show it."""

    def __init__(self, server: LanguageServer, token: types.ProgressToken | None) -> None:
        self._server = server
        self._token = token

    def report(self, message: str, share: float | None = None) -> None:
        """Replace the message beside the title; `share`, 0 to 1, is added in percent."""
        if self._token is not None:
            shown = message if share is None else f"{message} {share:.0%}"
            self._server.work_done_progress.report(
                self._token, types.WorkDoneProgressReport(message=shown, cancellable=True)
            )


@asynccontextmanager
async def work_done(
    server: LanguageServer, token: types.ProgressToken | None, title: str
) -> AsyncGenerator[WorkDone]:
    """Show progress while the block runs; the client's Cancel cancels the block's task.

    Args:
        server: the connection.
        token: the client's own token, if it sent one with the request.
        title: what is being done.
    """
    if token is None:
        token = await _created(server)
    if token is None:
        yield WorkDone(server, None)
        return
    progress = server.work_done_progress
    progress.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=True))
    tokens = cast("dict[types.ProgressToken, Future[object]]", progress.tokens)
    cancelled = tokens[token]
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def stop(done: Future[object]) -> None:
        if done.cancelled() and task is not None:
            loop.call_soon_threadsafe(task.cancel)

    cancelled.add_done_callback(stop)
    outcome = "stopped"
    try:
        yield WorkDone(server, token)
        outcome = "done"
    finally:
        # pygls keeps every token for good unless it is taken out here.
        tokens.pop(token, None)
        progress.end(token, types.WorkDoneProgressEnd(message=outcome))


async def _created(server: LanguageServer) -> types.ProgressToken | None:
    """A token of our own, where the client shows progress that the server starts."""
    window = server.client_capabilities.window
    if window is None or not window.work_done_progress:
        return None
    token = str(uuid4())
    created = types.WorkDoneProgressCreateParams(token=token)
    try:
        await server.window_work_done_progress_create_async(created)
    except JsonRpcException:
        return None  # the client says that it can and then will not: work without
    return token
