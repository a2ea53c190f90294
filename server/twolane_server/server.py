"""The language server: which method goes to which feature. Nothing is decided here."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from twolane_server import __version__, convert
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
from twolane_server.pauses import Pauses, collect_in_pauses_alone
from twolane_server.repositories.ahead import Ahead
from twolane_server.repositories.live import Live
from twolane_server.service import Service
from twolane_server.session import Session
from twolane_server.threads import take_short_turns
from twolane_server.warming import Warming, kept_warm

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from contextlib import AbstractAsyncContextManager

    from twolane_server.features.progress import WorkDone
    from twolane_server.orders import Ready
    from twolane_server.settings.resolved import Folders

_PAUSE_SECONDS, _REST_SECONDS = 0.05, 0.25


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
        session = self.session = Session(folders, environ)
        self.live = Live(
            folders,
            lambda: session.documents,
            lambda: session.settings.nda,
            self._progress,
            self._tell,
            changed=partial(findings.disk_changed, self, session, self.background),
        )
        self.service = Service(folders, environ, self.live)
        self.warming = Warming(lambda: kept_warm(session, self.service), self.background)
        look = self.service.offers, self.live.around, self.service.prepare
        self.ahead = Ahead(session, *look, self.background)
        self.pauses: Pauses | None = None
        self.options: object = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._parsing: dict[str, asyncio.Task[None]] = {}

    def take_process(self) -> None:
        """The process is this server's alone: threads take short turns, garbage is left to pauses."""
        take_short_turns()
        collect_in_pauses_alone()
        self.pauses = Pauses(self.background, lambda: self.busy)

    def active(self) -> None:
        """The editor is in use."""
        self.warming.active()
        if self.pauses is not None:
            self.pauses.active()

    def _progress(self, title: str) -> AbstractAsyncContextManager[WorkDone]:
        return work_done(self, None, title)

    def _tell(self, sentence: str) -> None:
        message = types.ShowMessageParams(types.MessageType.Info, f"twolane: {sentence}")
        self.window_show_message(message)

    @property
    def busy(self) -> bool:
        """Whether a request is being carried out."""
        return bool(cast("Protocol", self.protocol).running)

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
        """Parse a document when its user pauses, and then take it in; keys only put it off."""
        self.forget(uri)
        self._parsing[uri] = self.background(self._parse_after_pause(uri))

    def hold_parsing(self, uri: str) -> Callable[[], None]:
        """A request is about to parse a document by itself, and nobody is to do so beside it.

        Returns:
            Sets going again what was held, the first time that it is called.
        """
        waiting = self._parsing.get(uri)
        held = [uri] if waiting is not None and not waiting.done() else []
        self.forget(uri)

        def go_on() -> None:
            while held:
                self.parse_soon(held.pop())

        return go_on

    def forget(self, uri: str) -> None:
        """Stop what was to be done for a document that was closed."""
        waiting = self._parsing.pop(uri, None)
        if waiting is not None:
            waiting.cancel()

    async def _parse_after_pause(self, uri: str) -> None:
        await asyncio.sleep(_PAUSE_SECONDS)
        await self.session.parse(uri)
        document = self.session.document(uri)
        if document is None:
            return
        await self.live.take_in(document.path)
        await asyncio.sleep(_REST_SECONDS)
        await self.ahead.chosen()  # as to read code under NDA takes a tenth of a second
        if await self.live.catch_up(document.path):
            await labels.look_again(self)

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
        labels.opened(server, params.text_document.uri)
        findings.opened(server, session, params.text_document.uri)
        server.active()
        server.parse_soon(params.text_document.uri)
        server.background(labels.refresh(server, session, service, params.text_document.uri))

    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        before = session.document(uri)
        if before is not None and before.path and text_sync.cuts(params):
            server.live.leave(before)
        if text_sync.did_change(session, params, server.encoding):
            findings.publish(server, session, uri)
        if text_sync.pastes(params):
            labels.look(server, uri)
        server.active()
        server.parse_soon(uri)

    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.background(labels.refresh(server, session, service, uri, fresh_seconds=0.0))

    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        document = session.document(params.text_document.uri)
        text_sync.did_close(session, params)
        if document is not None:
            server.live.pastes.copies.closed(document)
            server.live.leave(document)
            server.background(findings.closed(server, session, document))
        server.forget(params.text_document.uri)

    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(did_save)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)


def _register_actions(server: TwolaneServer) -> None:
    session, service = server.session, server.service

    def list_actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        server.active()
        server.background(labels.refresh(server, session, service, params.text_document.uri))
        code_action.look_ahead(server, params)
        return code_action.code_action(session, service, params, server.encoding)

    # pygls passes no argument at all when the client sends none, and converts by annotation: hence
    # the defaults, and `Any`.
    async def run(argument: Any = None) -> dict[str, object]:  # noqa: ANN401 - as said
        connection = cast("Protocol", server.protocol)
        connection.track()
        server.active()
        server.ahead.stop()
        token = connection.work_done_token
        go_on = server.hold_parsing(execute_command.document_of(argument))

        def ready(found: Ready) -> None:  # with the document's tree, which the session has by now
            go_on()
            server.background(ask_once(server, session.folders, found))

        try:
            return await execute_command.run(
                server, session, service, argument, token, on_ready=ready
            )
        finally:
            go_on()

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
