"""What was pasted into an editor's documents, or came into them from others: which are NDA for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.border.distinctive import tells
from twolane_server.fragments import Label
from twolane_server.recognition.copies import Copies, key_of
from twolane_server.recognition.pasted import FOR_NOW, Watched
from twolane_server.unsaved import same_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twolane_server.documents import Document
    from twolane_server.recognition.pasted import Recognises
    from twolane_server.rules.tainted import Tainted
    from twolane_server.settings.resolved import NdaRules

__all__ = ["Pastes"]

_WHOSE = "whose text this was is not known before its repository is read; try again in a moment"


class Pastes:
    """All documents of one editor's connection.

    Args:
        documents: those that are open now; any thread may ask.
        rules: the user's own rules as they are now.
        tainted: the files that stay NDA.
        tell: shows a sentence to the person; called on the event loop.

    Attributes:
        copies: which documents came from which others.
    """

    def __init__(
        self,
        documents: Callable[[], Sequence[Document]],
        rules: Callable[[], NdaRules],
        tainted: Tainted,
        tell: Callable[[str], None],
    ) -> None:
        self._documents, self._rules = documents, rules
        self._tainted, self._tell = tainted, tell
        self._watched: dict[str, Watched] = {}
        self._told: set[str] = set()
        self.copies = Copies()

    def notice(self, document: Document) -> None:
        """Keep what a document holds for a moment, so that `why` knows of it. Waits for nothing."""
        self._watched.setdefault(key_of(document), Watched()).notice(document.text)

    async def remember(self, document: Document) -> None:
        """Keep what a document without a file held: it may be saved as one."""
        if not document.path:
            watched = self._watched.setdefault(key_of(document), Watched())
            await asyncio.to_thread(watched.wait, str(document.text))

    async def why(self, path: str, text: str, recognised: Recognises | None) -> str | None:
        """Why a document's text is under NDA though its file is open: code that it holds or held.

        Args:
            path: its file.
            text: its text.
            recognised: what recognises such code; `None` while that is not read.
        """
        if recognised is None:
            if self.copies.origins(path):
                return _WHOSE
            watched = self._watched.setdefault(path, Watched())
            return await asyncio.to_thread(watched.wait, text)
        reason = await asyncio.to_thread(self._look_at_all, path, text, recognised)
        problem = self._tainted.problem
        if problem is not None and problem not in self._told:
            self._told.add(problem)
            self._tell(problem)
        return reason

    def _look_at_all(self, path: str, text: str, recognised: Recognises) -> str | None:
        """Why a document, or another one of the same file, is under NDA."""
        others = (one for one in same_file(self._documents(), path) if one.path != path)
        every = [(path, text), *((one.path, str(one.text)) for one in others)]
        found = [self._look(*one, recognised) for one in every]
        return next(filter(None, found), None)

    def _look(self, path: str, text: str, recognised: Recognises) -> str | None:
        watched = self._watched.setdefault(path, Watched())
        if watched.noted and self._tainted.why(path) is None:
            watched.noted = False
            if self._tainted.there:  # else all was lost, which is not the owner's word
                watched.forget()
        reason = watched.look(text, recognised) or self._inherited(path, recognised)
        found = watched.reason or reason
        if found is not None and found not in FOR_NOW and not watched.noted:
            watched.noted = self._tainted.add(path, found)
            self.copies.settled(path)
        # Another thread may have noted and settled it since its label was read.
        return reason or (self._tainted.why(path) if watched.noted else None)

    def _inherited(self, path: str, recognised: Recognises) -> str | None:
        """Why what a document came from is under NDA: another document's text, saved as this."""
        for origin in self.copies.origins(path):
            held = self._watched.get(origin)
            why = held.check(recognised) if held is not None else None
            if why in FOR_NOW:
                return why
            file = Path(origin)
            if why is not None or (file.is_absolute() and self._tainted.why(origin)):
                return f"it came from {file.name}, into which code under NDA was pasted"
            if file.is_absolute() and tells(self.copies.text(path)) and self._is_nda(origin):
                return f"it came from {file.name}, which is NDA"
        self.copies.settled(path)
        return None

    def _is_nda(self, path: str) -> bool:
        """Whether the rules of its repository keep a file, which may be gone by now."""
        from twolane_server.rules.labels import label_with, rules_for  # noqa: PLC0415 - imports pydantic

        rules = rules_for(path, self._rules())
        rules = replace(rules, unreadable=None) if rules.gone else rules
        return bool(rules.roots) and label_with(rules, None).label is not Label.OPEN
