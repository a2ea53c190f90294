"""`textDocument/didOpen`, `didChange`, `didClose`: the session's documents follow the editor's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server import convert
from twolane_server.documents import Document
from twolane_server.text import Text

if TYPE_CHECKING:
    from lsprotocol import types

    from twolane_server.convert import Encoding
    from twolane_server.session import Session


def did_open(session: Session, params: types.DidOpenTextDocumentParams) -> None:
    """Keep a document that the editor opened."""
    item = params.text_document
    session.put(
        Document(
            uri=item.uri,
            path=convert.path_of(item.uri),
            language_id=str(item.language_id),
            version=item.version,
            text=Text.of(item.text),
        )
    )


def did_change(
    session: Session, params: types.DidChangeTextDocumentParams, encoding: Encoding
) -> bool:
    """Apply the changes in their order; each counts in the text that the one before it left.

    Returns:
        Whether findings of reviews are gone by them.
    """

    def edit(text: Text) -> Text:
        for change in params.content_changes:
            text = convert.changed(text, change, encoding)
        return text

    return session.change(params.text_document.uri, params.text_document.version, edit)


def did_close(session: Session, params: types.DidCloseTextDocumentParams) -> None:
    """Forget a document that the editor closed."""
    session.close(params.text_document.uri)
