"""The language server: which method goes to which feature. Nothing is decided here."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from lsprotocol import types
from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer

from twolane_server import __version__, convert
from twolane_server.errors import SettingsError
from twolane_server.features import (
    code_action,
    configuration,
    execute_command,
    findings,
    labels,
    references,
    text_sync,
)
from twolane_server.features.across import recovered
from twolane_server.features.grant import ask_once
from twolane_server.features.progress import work_done
from twolane_server.features.protocol import Protocol
from twolane_server.live import Live
from twolane_server.output import Output
from twolane_server.service import Service
from twolane_server.session import Session
from twolane_server.warming import Warming, kept_warm

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from contextlib import AbstractAsyncContextManager

    from pygls.io_ import AsyncWriter

    from twolane_server.features.progress import WorkDone
    from twolane_server.settings.resolved import Folders

_PAUSE_SECONDS = 0.05
_LOOPBACK = "127.0.0.1"


class TwolaneServer(LanguageServer):
    """A connection with its session and its service.

    Args:
        folders: where settings, state and caches are.
        environ: the environment variables.
    """

    def __init__(self, folders: Folders, environ: Mapping[str, str]) -> None:
        # pygls leaves its *args untyped
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            "twolane", __version__, protocol_cls=Protocol
        )
        self.session = Session(folders, environ)
        session = self.session
        self.live = Live(
            folders,
            lambda: session.documents,
            lambda: session.settings.nda,
            self._progress,
            self._tell,
        )
        self.service = Service(folders, environ, self.live)
        self.warming = Warming(lambda: kept_warm(session, self.service), self.background)
        self.options: object = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._parsing: dict[str, asyncio.Task[None]] = {}

    def _progress(self, title: str) -> AbstractAsyncContextManager[WorkDone]:
        return work_done(self, None, title)

    def _tell(self, sentence: str) -> None:
        message = types.ShowMessageParams(types.MessageType.Info, f"twolane: {sentence}")
        self.window_show_message(message)

    @property
    def encoding(self) -> convert.Encoding:
        """How the client counts columns."""
        return convert.Encoding(self.workspace.position_encoding)

    def background(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run something that nobody waits for; it ends with the server at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):  # asked for, so that asyncio does not print it
            self.report_server_error(error, None)

    def parse_soon(self, uri: str) -> None:
        """Parse a document when its user pauses; keys in between only put it off."""
        self.forget(uri)
        self._parsing[uri] = self.background(self._parse_after_pause(uri))

    def forget(self, uri: str) -> None:
        """Stop what was to be done for a document that was closed."""
        waiting = self._parsing.pop(uri, None)
        if waiting is not None:
            waiting.cancel()

    async def _parse_after_pause(self, uri: str) -> None:
        await asyncio.sleep(_PAUSE_SECONDS)
        await self.session.parse(uri)

    async def close(self) -> None:
        """Stop what runs and close lanes and ledger."""
        running = [*self._tasks, *cast("Protocol", self.protocol).running.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self.service.aclose()
        await asyncio.to_thread(self.session.pages.remove)

    def report_server_error(self, error: Exception, source: object) -> None:
        """Say of what sort a failure was, and no more: an error may quote the user's text."""
        del source
        logging.getLogger("twolane").error("failed: %s", type(error).__name__)


def create(folders: Folders, environ: Mapping[str, str]) -> TwolaneServer:
    """A server with all features registered, not yet started."""
    server = TwolaneServer(folders, environ)
    _register_lifecycle(server)
    _register_documents(server)
    _register_actions(server)
    return server


def _register_lifecycle(server: TwolaneServer) -> None:
    def initialize(params: types.InitializeParams) -> None:
        server.options = params.initialization_options

    async def initialized(_: types.InitializedParams) -> None:
        await configuration.read(server, server.session, server.options)
        await recovered(server, server.session.folders)

    async def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        await configuration.did_change(server, server.session, params)
        for uri in server.session.uris:
            work = labels.refresh(server, server.session, server.service, uri, fresh_seconds=0.0)
            server.background(work)

    async def shutdown(_: None) -> None:
        await server.close()

    server.feature(types.INITIALIZE)(initialize)
    server.feature(types.INITIALIZED)(initialized)
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change_configuration)
    server.feature(types.SHUTDOWN)(shutdown)


def _register_documents(server: TwolaneServer) -> None:
    session, service = server.session, server.service

    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        text_sync.did_open(session, params)
        findings.opened(server, session, params.text_document.uri)
        server.warming.active()
        server.parse_soon(params.text_document.uri)
        server.background(labels.refresh(server, session, service, params.text_document.uri))

    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        if text_sync.did_change(session, params, server.encoding):
            findings.publish(server, session, uri)
        server.warming.active()
        server.parse_soon(uri)

    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.background(labels.refresh(server, session, service, uri, fresh_seconds=0.0))

    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        document = session.document(params.text_document.uri)
        text_sync.did_close(session, params)
        if document is not None:
            server.background(findings.closed(server, session, document))
        server.forget(params.text_document.uri)

    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(did_save)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)


def _register_actions(server: TwolaneServer) -> None:
    session, service = server.session, server.service

    def list_actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        server.warming.active()
        server.background(labels.refresh(server, session, service, params.text_document.uri))
        return code_action.code_action(session, service, params, server.encoding)

    # pygls passes no argument at all when the client sends none, and converts by annotation: hence
    # the defaults, and `Any`.
    async def run(argument: Any = None) -> dict[str, object]:  # noqa: ANN401 - as said
        connection = cast("Protocol", server.protocol)
        connection.track()
        token = connection.work_done_token
        return await execute_command.run(
            server,
            session,
            service,
            argument,
            token,
            on_ready=lambda ready: server.background(ask_once(server, session.folders, ready)),
        )

    async def refer(argument: Any = None) -> list[dict[str, object]]:  # noqa: ANN401 - as said
        return await references.references(session, server.live, argument, server.encoding)

    async def apply(argument: Any = None) -> dict[str, object]:  # noqa: ANN401 - as said
        return await findings.apply_fix(server, session, argument)

    def clear(argument: Any = None) -> None:  # noqa: ANN401 - as said
        findings.clear(server, session, argument)

    def mode(argument: Any = None) -> dict[str, str]:  # noqa: ANN401 - as said
        return configuration.set_mode(session, argument)

    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, code_action.OPTIONS)(list_actions)
    server.command(code_action.RUN)(run)
    server.command(findings.APPLY)(apply)
    server.command(findings.CLEAR)(clear)
    server.command(configuration.MODE)(mode)
    server.command(references.REFERENCES)(refer)


def serve(folders: Folders, environ: Mapping[str, str], *, port: int | None = None) -> int:
    """Run until the editor says `exit` or goes away; returns the exit status.

    Args:
        folders: where settings, state and caches are.
        environ: the environment variables.
        port: a TCP port of this machine's loopback; standard input and output without one.
    """
    _quiet()
    server = create(folders, environ)
    if port is None:
        # Nothing could wake the thread that waits for input, so Ctrl-C simply ends the process.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        # pygls only writes to it, flushes and closes it.
        server.start_io(stdout=cast("BinaryIO", Output(sys.stdout.fileno())))
    else:
        asyncio.run(_serve_one(server, port))
    return 0


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
    with suppress(ConnectionError, asyncio.IncompleteReadError):  # the editor went away
        await run_async(
            stop_event=Event(),
            reader=reader,
            protocol=server.protocol,
            error_handler=server.report_server_error,
        )
    await server.close()
    writer.close()


def _quiet() -> None:
    """Keep messages of the connection, which hold the user's text, out of every log."""
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)
    logging.basicConfig(format="twolane: %(message)s", level=logging.WARNING)
