"""How an editor reaches the language server: by standard input and output, or a port of this machine."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, BinaryIO, cast

from pygls.io_ import StdoutWriter, run_async

from twolane_server.errors import SettingsError
from twolane_server.input import read_input
from twolane_server.output import Output
from twolane_server.server import create

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pygls.io_ import AsyncWriter

    from twolane_server.features.protocol import Protocol
    from twolane_server.server import TwolaneServer
    from twolane_server.settings.resolved import Folders

__all__ = ["serve"]

_LOOPBACK = "127.0.0.1"


def serve(folders: Folders, environ: Mapping[str, str], *, port: int | None = None) -> int:
    """Run until the editor says `exit` or goes away; returns the exit status, as LSP has it.

    Args:
        folders: where settings, state and caches are.
        environ: the environment variables.
        port: a TCP port of this machine's loopback; standard input and output without one.
    """
    _quiet()
    server = create(folders, environ)
    server.take_process()
    if port is None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C simply ends the process
        try:
            with suppress(SystemExit):  # as pygls ends the loop
                asyncio.run(_serve_streams(server))
        finally:
            server.shutdown()
    else:
        asyncio.run(_serve_one(server, port))
    return cast("Protocol", server.protocol).status


async def _serve_streams(server: TwolaneServer) -> None:
    """Serve who holds the other ends of standard input and output."""
    # pygls only writes to it, flushes and closes it.
    output = cast("BinaryIO", Output(sys.stdout.fileno()))
    server.protocol.set_writer(StdoutWriter(output))
    await _follow(server, read_input(sys.stdin.fileno()))


async def _follow(server: TwolaneServer, reader: asyncio.StreamReader) -> None:
    """Handle one message after the other until the editor goes away."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        await run_async(
            stop_event=Event(),
            reader=reader,
            protocol=server.protocol,
            error_handler=server.report_server_error,
        )


async def _serve_one(server: TwolaneServer, port: int) -> None:
    """Serve the first client that connects, and no other: a session is one editor's."""
    first: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    first = asyncio.get_running_loop().create_future()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first.done():
            writer.close()
        else:
            first.set_result((reader, writer))

    try:
        listening = await asyncio.start_server(connected, _LOOPBACK, port)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "no reason given"
        raise SettingsError(
            f"Port {port} of this machine cannot be used ({why}); choose another one."
        ) from error
    reader, writer = await first
    listening.close()
    server.protocol.set_writer(cast("AsyncWriter", writer))
    await _follow(server, reader)
    await server.close()
    writer.close()


def _quiet() -> None:
    """Keep messages of the connection, which hold the user's text, out of every log."""
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)
    logging.basicConfig(format="twolane: %(message)s", level=logging.WARNING)
