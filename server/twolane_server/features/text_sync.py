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

_PASTE = _CUT = 16
"""Characters; code that is recognised has more."""


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


def pastes(params: types.DidChangeTextDocumentParams) -> bool:
    """Whether so much came at once that it may be code under NDA; typing brings less."""
    return any(len(change.text) >= _PASTE for change in params.content_changes)


def cuts(params: types.DidChangeTextDocumentParams) -> bool:
    """Whether so much may be gone at once that it may be code under NDA, to be pasted elsewhere."""
    return any(map(_cuts, params.content_changes))


def _cuts(change: types.TextDocumentContentChangeEvent) -> bool:
    area: types.Range | None = getattr(change, "range", None)
    if area is None:  # the whole document
        return True
    start, end = area.start, area.end
    return start.line != end.line or end.character - start.character >= _CUT


def did_close(session: Session, params: types.DidCloseTextDocumentParams) -> None:
    """Forget a document that the editor closed."""
    session.close(params.text_document.uri)
