"""What an action reads besides the document's text, or instead of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from twolane_context.languages import language_for
from twolane_server.actions.base import Reads
from twolane_server.actions.material import Material
from twolane_server.fragments import Origin
from twolane_server.materials.formers import for_threads
from twolane_server.recognition.quoting import foreign_names
from twolane_server.rules.knowledge import path_label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twolane_server.documents import Document
    from twolane_server.fragments import Label
    from twolane_server.materials.changed_files import Scope
    from twolane_server.materials.gathering import Gathered
    from twolane_server.repositories.surroundings import Repositories
    from twolane_server.rules.knowledge import Known
    from twolane_server.settings.resolved import Settings

__all__ = ["Materials"]


class _Read(Protocol):
    def __call__(self, path: str, settings: Settings, before: tuple[str, ...] = ()) -> Known: ...


class Materials:
    """Reads for actions.

    Args:
        environ: the environment variables.
        repositories: who knows the names that files had before.
        known: reads what speaks about a file, from disk.
    """

    def __init__(
        self, environ: Mapping[str, str], repositories: Repositories, known: _Read
    ) -> None:
        self._environ = environ
        self._repositories = repositories
        self._known = known

    async def instead(
        self, reads: Reads, document: Document, settings: Settings, scope: Scope | None = None
    ) -> Gathered:
        """What an action works on that does not work on the document.

        Args:
            reads: what it works on.
            document: the document, which says in which repository.
            settings: hold the user's own rules.
            scope: which changes are meant, where many files' are.

        Raises:
            ActionError: there is none.
        """
        before = self._repositories.before

        def read(path: str, former: tuple[str, ...]) -> Known:
            return self._known(path, settings, former)

        await before(document.path)  # so that its repository is being read
        if reads.many_files:
            from twolane_server.materials.changed_files import (  # noqa: PLC0415 - not needed to start
                Scope,
                gather_files,
            )

            wanted = scope or Scope()
            return await gather_files(
                reads, document.path, wanted, self._environ, read=read, before=before
            )
        from twolane_server.materials.gathering import gather  # noqa: PLC0415 - not needed to start

        return await gather(reads, document.path, self._environ, read, before)

    async def beside(
        self, reads: Reads, document: Document, label: Label, settings: Settings
    ) -> Material | None:
        """What an action needs to know besides the document; `None` for nothing.

        Args:
            reads: what it works on.
            document: the document.
            label: its label.
            settings: hold the user's own rules.

        Raises:
            ActionError: it cannot be read.
        """
        if reads not in {Reads.TESTS, Reads.HEAD}:
            return None
        former = for_threads(self._repositories.before)

        def read(path: str) -> Known:
            return self._known(path, settings, former(path))

        if reads is Reads.TESTS:
            return await asyncio.to_thread(self._tests, document, label, read)
        return await asyncio.to_thread(self._head, document, read)

    async def quoted(
        self, document: Document, message: str, settings: Settings
    ) -> tuple[str | None, Material]:
        """Why what another tool says of a document is under NDA, or `None`; and whose code it quotes.

        Args:
            document: the document.
            message: what the tool says.
            settings: hold the user's own rules.
        """
        names = foreign_names(message, document.text.source)
        if not names:
            return None, Material()
        found = await self._repositories.quoted(document.path, names, settings.nda)
        return found.why, Material(quoted=tuple(map(Origin, found.files)))

    def _tests(self, document: Document, label: Label, read: Callable[[str], Known]) -> Material:
        from twolane_server.materials.testing import read_tests  # noqa: PLC0415 - not needed to start

        def label_of(path: str, text: str) -> Label:
            return read(path).label(text).label

        def name_of(path: str) -> Label:
            return path_label(read(path))

        language = language_for(document.path, document.language_id)
        name = language.name if language is not None else ""
        return Material(tests=read_tests(document.path, name, label_of, name_of, at_most=label))

    def _head(self, document: Document, read: Callable[[str], Known]) -> Material:
        from twolane_server.materials.gathering import read_head  # noqa: PLC0415 - not needed to start

        return read_head(document.path, self._environ, read)
