"""pygls' protocol with some things done our way.

- Documents are kept by the session alone: pygls' own copies split lines otherwise and are not
  needed.
- `$/cancelRequest` also stops a command: pygls cancels only the answer to it.
- A command that is cancelled by its progress token is answered.
- A command can see the progress token that came with its request.
- A request that cannot be read is answered.
- An answer that nobody waits for any more is dropped.
- The status of the process says whether `exit` came after `shutdown`, also on standard output, where
  pygls drops it.
- What was handled is forgotten: pygls keeps a future for every notification it ever got.
- An error is answered with a sentence of ours: a traceback, or the words of an error that nobody
  foresaw, may quote the user's text, and editors write what they are answered into their logs.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcInternalError
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.language_server import lsp_method

from twolane_server.errors import TwolaneError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from concurrent.futures import Future

    from cattrs import Converter
    from lsprotocol.types import ProgressToken
    from pygls.lsp.server import LanguageServer
    from pygls.protocol.json_rpc import MsgId


class Protocol(LanguageServerProtocol):
    """One connection to an editor.

    Attributes:
        running: the commands that `$/cancelRequest` stops.
        status: the exit status of the process: 1 after an `exit` that no `shutdown` came before.
    """

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        self.running: dict[MsgId, asyncio.Task[object]] = {}
        self.status = 0
        self._ending = False
        self._token: ContextVar[ProgressToken | None] = ContextVar("token", default=None)
        # It reads every attribute, in search of handlers: all must be there.
        super().__init__(server, converter)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(
        self, params: types.DidOpenTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Hand the notification to the feature, without a copy for pygls."""
        yield self._feature(types.TEXT_DOCUMENT_DID_OPEN), (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: types.DidChangeTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Hand the notification to the feature, without a copy for pygls."""
        yield self._feature(types.TEXT_DOCUMENT_DID_CHANGE), (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(
        self, params: types.DidCloseTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Hand the notification to the feature, without a copy for pygls."""
        yield self._feature(types.TEXT_DOCUMENT_DID_CLOSE), (params,), None

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(
        self, params: types.ExecuteCommandParams
    ) -> Generator[Any, Any, Any]:
        """Run a command, with its progress token in `work_done_token`."""
        self._token.set(params.work_done_token)
        return (yield from super().lsp_workspace__execute_command(params))

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: object) -> Generator[Any, Any, None]:
        """Stop what runs, then take nothing but `exit`."""
        self._ending = True
        yield self._feature(types.SHUTDOWN), args, None
        # A copy, since each one that is cancelled is forgotten.
        for message, future in tuple(self._request_futures.items()):
            if message != self.msg_id:
                future.cancel()
        self._shutdown = True

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: object) -> Generator[Any, Any, None]:
        """End; whoever sends it too early learns that by the status alone."""
        self.status = 0 if self._ending else 1
        yield from super().lsp_exit(*args)  # pyright: ignore[reportUnknownMemberType] - untyped there

    @property
    def work_done_token(self) -> ProgressToken | None:
        """The client's progress token for the command being handled, if it sent one."""
        return self._token.get()

    def track(self) -> None:
        """Let `$/cancelRequest` for the request being handled cancel the current task."""
        task, message = asyncio.current_task(), self.msg_id
        if task is not None and message is not None:
            self.running[message] = task
            task.add_done_callback(lambda _: self.running.pop(message, None))

    def structure_message(self, data: dict[str, Any]) -> Any:  # noqa: ANN401 - as pygls has it
        """Read a message; a request that is not of its method's form is answered and dropped.

        Raises:
            JsonRpcException: the message cannot be read.
        """
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=_answer_to(error))
            raise

    def _execute_handler(
        self,
        msg_id: MsgId,
        handler: Callable[..., Any],
        callback: Callable[[Future[Any]], None],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        def done(future: Future[Any]) -> None:
            self._request_futures.pop(msg_id, None)
            callback(future)

        super()._execute_handler(msg_id, handler, done, args, kwargs)

    def _send_handler_result(self, future: Future[Any], *, msg_id: MsgId) -> None:
        error = None if future.cancelled() else future.exception()
        if isinstance(error, Exception):
            self._request_futures.pop(msg_id, None)
            self._send_response(msg_id, error=_answer_to(error))
            self._server.report_server_error(error, FeatureRequestError)
        else:
            super()._send_handler_result(future, msg_id=msg_id)

    def _handle_cancel_notification(self, msg_id: MsgId) -> None:
        super()._handle_cancel_notification(msg_id)
        task = self.running.get(msg_id)
        if task is not None:
            task.cancel()

    def _handle_response(
        self,
        msg_id: MsgId,
        result: object = None,
        error: types.ResponseError | None = None,
    ) -> None:
        """Take the client's answer, unless the command that asked was cancelled meanwhile."""
        future = self._request_futures.get(msg_id)
        if future is not None and future.cancelled():
            self._request_futures.pop(msg_id, None)
        else:
            super()._handle_response(msg_id, result, error)

    def _run_generator(
        self,
        future: Future[Any] | None,
        *,
        gen: Generator[Any, Any, Any],
        result_future: Future[Any],
    ) -> None:
        """Answer a command that its progress token cancelled; pygls never would."""
        if future is not None and future.cancelled():
            gen.close()
            result_future.cancel()
        else:
            super()._run_generator(future, gen=gen, result_future=result_future)

    def _feature(self, method: str) -> object:
        return cast("dict[str, object]", self.fm.features)[method]


def _answer_to(error: Exception) -> types.ResponseError:
    if isinstance(error, TwolaneError):
        return types.ResponseError(JsonRpcInternalError.CODE, str(error))
    if isinstance(error, JsonRpcException):
        return types.ResponseError(error.code, f"{error.MESSAGE or 'The request failed'}.")
    sort = type(error).__name__
    return types.ResponseError(
        JsonRpcInternalError.CODE, f"twolane failed ({sort}); nothing was changed."
    )
