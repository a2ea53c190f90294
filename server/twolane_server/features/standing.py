"""What the files of a set of changes hold now: in the editor where they are open, else on disk."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.edits.changes import Sort
from twolane_server.errors import StaleDocument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.actions.outcomes import Across
    from twolane_server.documents import Document
    from twolane_server.edits.changes import FileChange
    from twolane_server.session import Session
    from twolane_server.text import Text

__all__ = ["Standing"]


class Standing:
    """The changes, and how the files are at any moment.

    Args:
        session: holds what is open.
        across: the changes.

    Attributes:
        changes: the changes.
    """

    def __init__(self, session: Session, across: Across) -> None:
        self._session, self._root = session, Path(across.root)
        self.changes = across.changes
        self._seen: set[str] = set()

    def file(self, path: str) -> str:
        """A path's file, absolute."""
        return str(self._root / path)

    def uri(self, path: str) -> str:
        """The editor's name for a file: its own, where it has it open."""
        document = self.document(path)
        return (self._root / path).as_uri() if document is None else document.uri

    def document(self, path: str) -> Document | None:
        """The document of a file, as it is now, if it is open."""
        file = self.file(path)
        real = os.path.realpath(file)
        for document in self._session.documents:
            if document.path and (document.path == file or os.path.realpath(document.path) == real):
                return document
        return None

    def versions(self) -> dict[str, int]:
        """The versions of the open documents, by path."""
        found = {one.path: self.document(one.path) for one in self.changes}
        return {path: one.version for path, one in found.items() if one is not None}

    def expected(self) -> list[tuple[str, Text | None]]:
        """What the changes were made for, by the editor's names; `None` where no file may be."""
        found = [(self.uri(one.path), one.before) for one in self.changes]
        return found + [(self.uri(one.to), None) for one in self.changes if one.to]

    def now(self, paths: Iterable[str]) -> list[tuple[str, Text | None]]:
        """What the open documents of these paths hold."""
        found = [self.document(path) for path in paths]
        return [(one.uri, one.text) for one in found if one is not None]

    def check(self) -> None:
        """Raise unless all files are what the changes were made for.

        Raises:
            StaleDocument: one is not.
        """
        for one in self.changes:
            fresh = one.before is None or self._holds(one.path, one.before)
            free = one.sort in (Sort.EDIT, Sort.DELETE) or not self._there(one.place)
            if not fresh or not free:
                raise StaleDocument(
                    f"{one.path if not fresh else one.place} changed while the model was writing, so "
                    "its answer was dropped and nothing was applied; run the action again."
                )

    async def watch(self, one: FileChange) -> None:
        """Notice when a document becomes what it should, although the person may type right after."""
        uri = self.uri(one.place)
        while one.after is not None and one.place not in self._seen:
            document = await self._session.next_version(uri)
            if document is not None and _is(document.text, one.after):
                self._seen.add(one.place)

    def missing(self) -> set[str]:
        """The places that are not, or not yet, as they should be, and never were."""
        return {
            one.place
            for one in self.changes
            if one.place not in self._seen and not self._is_done(one)
        }

    def untouched(self, places: Iterable[str]) -> bool:
        """Whether the files of these places are as the changes left them."""
        wanted = set(places)
        return all(self._is_done(one) for one in self.changes if one.place in wanted)

    def as_before(self, places: Iterable[str]) -> bool:
        """Whether the files of these places are as they were."""
        wanted = set(places)
        return all(
            one.before is not None and self._holds(one.path, one.before)
            for one in self.changes
            if one.place in wanted
        )

    def _is_done(self, one: FileChange) -> bool:
        if one.after is None:
            return not self._there(one.path)
        return self._holds(one.place, one.after) and (
            not one.to or one.to == one.path or not self._there(one.path)
        )

    def _there(self, path: str) -> bool:
        return self.document(path) is not None or os.path.lexists(self.file(path))

    def _holds(self, path: str, text: Text) -> bool:
        document = self.document(path)
        if document is not None:
            return _is(document.text, text)
        try:
            content = Path(self.file(path)).read_bytes()
        except OSError:
            return False
        return sha256(content).digest() == sha256(text.source).digest()


def _is(shown: Text, text: Text) -> bool:
    """Whether an editor's text is a file's; editors keep a byte order mark to themselves."""
    return shown == text or str(shown) == str(text).removeprefix("\ufeff")
