"""Open documents as values: a change makes a new document and leaves the old one as it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from twolane_server.errors import StaleDocument

if TYPE_CHECKING:
    from twolane_context.spans import Span
    from twolane_server.text import Text


@dataclass(frozen=True)
class Document:
    """A document as the editor has it, saved or not.

    Attributes:
        uri: the editor's name for it.
        path: its file, absolute; empty when it has none (`untitled:`, `git:` and others).
        language_id: the editor's word for its language.
        version: grows with each change; the editor's own count.
        text: the text at that version.
        before: every path by which its file was reached since it was opened; a link may lead
            elsewhere by now.
    """

    uri: str
    path: str
    language_id: str
    version: int
    text: Text
    before: tuple[str, ...] = ()

    def changed(self, version: int, text: Text) -> Document:
        """The document after an edit."""
        return replace(self, version=version, text=text)


def fingerprint(document: Document, span: Span) -> str:
    """The hash of a range, to be compared again before an edit is sent."""
    return sha256(span.cut(document.text.source)).hexdigest()


def check_fresh(then: Document, now: Document | None, span: Span) -> None:
    """Raise unless `now` still holds what an edit of `span` in `then` was made for.

    The version is not enough: an editor may count anew after a reload. The hash is not enough
    either: the same bytes may have moved elsewhere.

    Raises:
        StaleDocument: the document was closed or changed.
    """
    if now is None:
        raise StaleDocument("The document was closed while the model was writing; nothing changed.")
    if now.version != then.version or fingerprint(now, span) != fingerprint(then, span):
        raise StaleDocument(
            "The document changed while the model was writing, so its answer was dropped; "
            "run the action again."
        )
