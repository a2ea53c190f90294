"""Edits of one document, versioned: checked just before it is sent, and watched as the editor takes it."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import TYPE_CHECKING

from lsprotocol import types

from twolane_context.spans import Span
from twolane_server import convert
from twolane_server.documents import check_fresh
from twolane_server.errors import StaleDocument
from twolane_server.features.sending import sent
from twolane_server.text import encode

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from twolane_server.actions.outcomes import Edit
    from twolane_server.documents import Document
    from twolane_server.session import Session

_SECONDS_UNTIL_TAKEN = 3.0
_NOT_CHANGED = "The editor said that it applied the edit, but the document did not change."
_OTHERWISE = (
    "The document is not as the edit should have left it; look at it, and undo once if it is not "
    "what you want."
)


async def apply(
    server: LanguageServer,
    session: Session,
    then: Document,
    edits: tuple[Edit, ...],
    *,
    target: Span,
    title: str,
) -> str:
    """Have the editor apply edits that were made for the document `then`, in one undo step.

    Args:
        server: the connection.
        session: holds the document as it is now.
        then: the document that the action worked on.
        edits: the replacements, in `then`'s bytes and in their order.
        target: all that the edits were derived from; none of it may have changed.
        title: the undo step's name, where the editor shows one.

    Returns:
        A sentence when the editor's text came out otherwise than sent; else an empty string.

    Raises:
        StaleDocument: the document changed since, or the editor refused the edit.
        ActionError: the editor may count other lines than we do.
    """
    encoding = convert.Encoding(server.workspace.position_encoding)
    convert.check_rows(PurePath(then.path).name or "This document", then.text)
    # Nothing is awaited between this check and the send, so nothing can change between them.
    check_fresh(then, session.document(then.uri), target)
    edit = _workspace_edit(server, then, edits, encoding)
    changed = session.next_version(then.uri)
    if not await sent(server, session, edit, title, [(then.uri, then.text)]):
        changed.cancel()
        raise StaleDocument(
            "The editor did not apply the edit, most likely because the document changed "
            "meanwhile; run the action again."
        )
    return await _difference(session, then.uri, changed, edits)


def _workspace_edit(
    server: LanguageServer, then: Document, edits: tuple[Edit, ...], encoding: convert.Encoding
) -> types.WorkspaceEdit:
    replacements = [
        types.TextEdit(range=convert.area(then.text, edit.span, encoding), new_text=edit.text)
        for edit in edits
    ]
    workspace = server.client_capabilities.workspace
    capability = workspace.workspace_edit if workspace is not None else None
    if capability is None or not capability.document_changes:
        return types.WorkspaceEdit(changes={then.uri: replacements})
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=then.uri, version=then.version)
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(text_document=identifier, edits=[*replacements])]
    )


async def _difference(
    session: Session,
    uri: str,
    changed: asyncio.Future[Document | None],
    edits: tuple[Edit, ...],
) -> str:
    """What to tell when the change that follows is not the edits that were sent.

    Some editors answer `applied` for an edit that they dropped (Neovim with a stale version) or
    applied to a newer text (old VS Code clients), so the answer alone proves nothing. Several edits
    may come as several changes.
    """
    loop = asyncio.get_running_loop()
    end, seen = loop.time() + _SECONDS_UNTIL_TAKEN, False
    while True:
        try:
            now = await asyncio.wait_for(changed, end - loop.time())
        except TimeoutError:
            return _OTHERWISE if seen else _NOT_CHANGED
        if now is None:
            return "The document was closed before the edit could be seen in it."
        if _holds(now, edits):
            return ""
        if len(edits) == 1:
            return _OTHERWISE
        seen, changed, now = True, session.next_version(uri), session.document(uri)
        if now is not None and _holds(now, edits):
            changed.cancel()
            return ""


def _holds(document: Document, edits: tuple[Edit, ...]) -> bool:
    """Whether each new text is where the edits before it have moved it."""
    moved = 0
    for edit in edits:
        new, start = encode(edit.text), edit.span.start + moved
        moved += len(new) - len(edit.span)
        if Span(start, start + len(new)).cut(document.text.source) != new:
            return False
    return True
