"""Documents that got the whole text of another one: saved under another name, or copied.

Some editors open the new file with that text, others fill it in when it is open.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.documents import Document

__all__ = ["Copies", "key_of"]

_MOST_CLOSED = 16


class Copies:
    """What came from where, in one editor. Waits for nothing."""

    def __init__(self) -> None:
        self._closed: deque[Document] = deque(maxlen=_MOST_CLOSED)
        self._from: dict[str, tuple[str, ...]] = {}
        self._text: dict[str, str] = {}

    def filled(self, document: Document, others: Iterable[Document]) -> None:
        """See whose text a document has that was opened just now, or into which much came at once.

        Args:
            document: the document.
            others: those that are open, which may hold it, too.
        """
        source = document.text.source
        same = (one for one in (*others, *self._closed) if one.text.source == source)
        found = dict.fromkeys(map(key_of, same)) if source.strip() else {}
        found.pop(key_of(document), None)
        if found:
            self._from[key_of(document)] = tuple(found)
            self._text[key_of(document)] = str(document.text)

    def closed(self, document: Document) -> None:
        """Remember a document for a while: editors close what they save under another name."""
        self._closed.append(document)

    def origins(self, key: str) -> tuple[str, ...]:
        """The documents whose text one had when it got it, until that was `settled`."""
        return self._from.get(key, ())

    def text(self, key: str) -> str:
        """That text."""
        return self._text.get(key, "")

    def settled(self, key: str) -> None:
        """Forget where a document came from."""
        self._from.pop(key, None)
        self._text.pop(key, None)


def key_of(document: Document) -> str:
    """What a document is known by: its file, or for one without a file the editor's name for it."""
    return document.path or document.uri
