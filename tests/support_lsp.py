"""A test editor on pytest-lsp: keeps its own text, applies edits in UTF-16 by its own arithmetic."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

from lsprotocol import converters, types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.client import register_lsp_features

from support_waiting import PATIENCE
from support_wire import PATIENT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from cattrs import Converter

VSCODE = "visual-studio-code"
_FOR_NOW = "try again in a moment"


def _converter() -> Converter:
    """lsprotocol takes a CodeAction with a command for a bare Command; tell the two apart."""
    converter = converters.get_converter()

    def either(value: Any, _: object) -> types.CodeAction | types.Command:  # noqa: ANN401 - JSON
        kind = types.Command if isinstance(value.get("command"), str) else types.CodeAction
        return converter.structure(value, kind)

    converter.register_structure_hook(types.CodeAction | types.Command, either)
    return converter


def offset(text: str, position: types.Position) -> int:
    """The index in `text` of a position in UTF-16, by counting units; lines end as LSP says."""
    index = 0
    for _ in range(position.line):
        ends = [at for end in "\r\n" if (at := text.find(end, index)) >= 0]
        index = min(ends)
        index += 2 if text.startswith("\r\n", index) else 1
    units = 0
    while units < position.character:
        units += len(text[index].encode("utf-16-le")) // 2
        index += 1
    return index


def path_of(uri: str) -> Path:
    """A file by its URI."""
    return Path(unquote(urlsplit(uri).path))


class Editor(LanguageClient):
    """An editor with documents, edits, previews and messages."""

    def __init__(self) -> None:
        # pytest-lsp leaves its *args untyped
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            converter_factory=_converter
        )
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.edits: list[tuple[str, str]] = []
        self.asked: list[types.ApplyWorkspaceEditParams] = []
        self.stubborn: set[str] = set()  # documents that no edit is applied to
        self.previews: list[dict[str, Any]] = []
        self.expected: list[dict[str, Any]] = []
        self.pages: list[dict[str, Any]] = []
        self.streamed = asyncio.Event()
        self.questions: list[types.ShowMessageRequestParams] = []
        self.answer: str | None = None
        register_lsp_features(self)
        self.feature(types.WORKSPACE_APPLY_EDIT)(self._on_apply())
        self.feature("twolane/preview")(self._on_preview())
        self.feature("twolane/expected")(self._kept_in(self.expected))
        self.feature("twolane/page")(self._kept_in(self.pages))
        self.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(self._on_question())

    async def end(self) -> None:
        """Make sure that the server is gone, also when a test failed before its shutdown."""
        process = self._server
        if process is not None and process.returncode is None:
            try:
                await asyncio.wait_for(process.wait(), PATIENCE)
            except TimeoutError:
                process.kill()
        await self.stop()

    def open(self, uri: str, language: str, text: str) -> None:
        self.texts[uri], self.versions[uri] = text, 1
        item = types.TextDocumentItem(uri, language, 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def replace(self, uri: str, area: types.Range, new: str) -> None:
        """What typing does: change the text and tell the server."""
        text = self.texts[uri]
        start, end = offset(text, area.start), offset(text, area.end)
        self.texts[uri] = text[:start] + new + text[end:]
        self.versions[uri] += 1
        self.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.versions[uri], uri),
                [types.TextDocumentContentChangePartial(area, new)],
            )
        )

    def undo(self) -> None:
        """Take the last edit of the server's back, as one step."""
        uri, before = self.edits.pop()
        self.versions[uri] += 1
        self.texts[uri] = before
        self.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.versions[uri], uri),
                [types.TextDocumentContentChangeWholeDocument(before)],
            )
        )

    async def actions(
        self, uri: str, line: int, diagnostics: Sequence[types.Diagnostic] = ()
    ) -> list[types.CodeAction]:
        place = types.Position(line, 0)
        found = await self.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri),
                types.Range(place, place),
                types.CodeActionContext([*diagnostics]),
            )
        )
        return [cast("types.CodeAction", action) for action in found or []]

    async def labelled(self, uri: str, line: int) -> list[types.CodeAction]:
        """The list once the label has been read in the background."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            actions = await self.actions(uri, line)
            if actions and not any("not read yet" in one.title for one in actions):
                return actions
            await asyncio.sleep(0.05)
        raise AssertionError("the label was never read")

    def run(
        self, action: types.CodeAction, token: str | None = None, **more: object
    ) -> asyncio.Task[dict[str, Any]]:
        """Start an action's command; the task's result is the server's answer.

        With a token, that is the request's id as well.
        """
        assert action.command is not None
        if token is not None:
            self.progress_reports[token] = []
        assert action.command.arguments is not None
        (argument,) = action.command.arguments
        wanted = {**cast("dict[str, Any]", argument), **more}
        return asyncio.ensure_future(self.command(action.command.command, [wanted], token))

    async def decided(self, action: types.CodeAction, **more: object) -> dict[str, Any]:
        """Run an action; and again while what was opened just now is being read, as a person would."""
        until = time.monotonic() + PATIENCE
        while True:
            answer = await self.run(action, None, **more)
            if _FOR_NOW not in str(answer["decision"]) or time.monotonic() > until:
                return answer
            if answer["applied"]:
                self.undo()
            await asyncio.sleep(0.05)

    async def command(
        self, name: str, arguments: Sequence[Any] | None, token: str | None = None
    ) -> dict[str, Any]:
        """Run a command; every one of ours answers an object."""
        params = types.ExecuteCommandParams(name, arguments, token)
        method = types.WORKSPACE_EXECUTE_COMMAND
        answer = self.protocol.send_request_async(method, params, msg_id=token)
        return cast("dict[str, Any]", await answer)

    def cancel_all(self) -> None:
        """Send `$/cancelRequest` for what was asked and not yet answered."""
        for request in self.protocol._request_futures:  # pyright: ignore[reportPrivateUsage] - pygls tells the ids nowhere else
            self.cancel_request(types.CancelParams(request))

    async def begun(self, token: str) -> None:
        """Wait until the server shows progress."""
        until = time.monotonic() + PATIENCE
        while not self.progress_reports[token]:
            assert time.monotonic() < until, "the server never began"
            await asyncio.sleep(0.01)

    def _on_apply(self) -> object:
        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            self.asked.append(params)
            assert params.edit.document_changes is not None
            for change in params.edit.document_changes:
                if not self._carry_out(change):
                    return types.ApplyWorkspaceEditResult(applied=False)
            return types.ApplyWorkspaceEditResult(applied=True)

        return apply

    def _carry_out(
        self,
        change: types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile,
    ) -> bool:
        """As VS Code does: texts in memory, files on disk."""
        if isinstance(change, types.CreateFile):
            path = path_of(change.uri)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(exist_ok=False)
        elif isinstance(change, types.DeleteFile):
            path_of(change.uri).unlink()
        elif isinstance(change, types.RenameFile):
            path_of(change.old_uri).rename(path_of(change.new_uri))
            if (text := self.texts.pop(change.old_uri, None)) is not None:
                closed = types.TextDocumentIdentifier(change.old_uri)
                self.text_document_did_close(types.DidCloseTextDocumentParams(closed))
                self.open(change.new_uri, "python", text)
        else:
            return self._edit(change)
        return True

    def _edit(self, change: types.TextDocumentEdit) -> bool:
        uri = change.text_document.uri
        if uri not in self.texts:
            text = path_of(uri).read_bytes().decode("utf-8-sig")
            self.open(uri, "python", text)
        elif change.text_document.version != self.versions[uri] or uri in self.stubborn:
            return False
        self.edits.append((uri, self.texts[uri]))
        # From the last to the first, since all count in the text as it is now.
        for edit in reversed(change.edits):
            assert not isinstance(edit, types.SnippetTextEdit)
            self.replace(uri, edit.range, edit.new_text)
        return True

    def _kept_in(self, kept: list[dict[str, Any]]) -> object:
        def keep(params: Any) -> None:  # noqa: ANN401 - a notification of our own
            kept.append(cast("dict[str, Any]", params))

        return keep

    def _on_question(self) -> object:
        def question(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
            self.questions.append(params)
            return None if self.answer is None else types.MessageActionItem(self.answer)

        return question

    def _on_preview(self) -> object:
        def preview(params: Any) -> None:  # noqa: ANN401 - a notification of our own
            self.previews.append(cast("dict[str, Any]", params))
            self.streamed.set()

        return preview


def config(environ: dict[str, str]) -> ClientServerConfig:
    """Start the real server with this environment, from the tree that is under test; see `PATIENT`."""
    tree = {
        name: os.environ[name] for name in ("PYTHONPATH", "PYTHONSAFEPATH") if name in os.environ
    }
    return ClientServerConfig(
        server_command=[*PATIENT],
        client_factory=cast("Any", Editor),
        server_env={**tree, **environ},
    )


def initialize_params(
    root: str, options: dict[str, object], client: str = VSCODE
) -> types.InitializeParams:
    """What a real editor sends, with our options; but this one counts in UTF-16 alone."""
    capabilities = client_capabilities(client)
    if capabilities.general is not None:
        capabilities.general.position_encodings = None
    return types.InitializeParams(
        capabilities=capabilities,
        root_uri=f"file://{root}",
        initialization_options=options,
    )


@asynccontextmanager
async def editing(
    environ: dict[str, str],
    root: Path,
    *,
    says: str | None = None,
    client: str = VSCODE,
    **options: object,
) -> AsyncGenerator[Editor]:
    """An editor on a server process of its own.

    Args:
        environ: of the server.
        root: the folder that is opened.
        says: the answer to every question that the server asks.
        client: whose capabilities it has.
        options: `initializationOptions`.
    """
    editor = cast("Editor", await config(environ).start())
    editor.answer = says
    try:
        await editor.initialize_session(initialize_params(str(root), dict(options), client))
        yield editor
        await editor.shutdown_session()
    finally:
        await editor.end()
