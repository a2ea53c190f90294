"""Repositories for a command: each is looked at when it is asked for, and let go of at the end."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.actions.base import NOTHING
from twolane_server.errors import FingerprintsUnusable
from twolane_server.lanes.base import LaneName
from twolane_server.recognition.quoting import Quoted
from twolane_server.repository import find_root
from twolane_server.rules.tainted import Tainted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twolane_server.actions.base import Surroundings
    from twolane_server.actions.impact import Impact
    from twolane_server.border.standing import Prints
    from twolane_server.repositories.impacts import WantedImpact
    from twolane_server.repositories.indexed import Indexed
    from twolane_server.repositories.surroundings import Wanted
    from twolane_server.settings.resolved import Folders, NdaRules
    from twolane_server.text import Text

__all__ = ["Once"]


class Once:
    """The repositories of one command.

    Args:
        folders: where caches are.

    Attributes:
        tainted: the files that stay NDA, as an editor has noted.
    """

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self.tainted = Tainted(folders.state)
        self._indexed: dict[Path, Indexed] = {}
        self._lock = threading.Lock()

    async def around(self, wanted: Wanted) -> Surroundings:
        """What a repository says around a selection; nothing where there is none."""
        return await asyncio.to_thread(self._around, wanted)

    async def impact(self, wanted: WantedImpact) -> Impact | None:
        """All that changing a symbol may touch; `None` where nothing is known of it."""
        return await asyncio.to_thread(self._impact, wanted)

    async def before(self, path: str) -> tuple[str, ...]:
        """The absolute paths that a file had before, where an earlier process has seen the repository."""
        return await asyncio.to_thread(self._before, path)

    def known_code(self, path: str, nda: NdaRules) -> Prints:
        """What recognises code under NDA, brought up to date.

        Raises:
            FingerprintsUnusable: it cannot be.
        """
        indexed = self._open(path)
        if indexed is None:
            raise FingerprintsUnusable("A file outside of a repository is taken as NDA.")
        return indexed.known_code(nda)

    async def pasted(self, path: str, text: str) -> str | None:
        """Nothing: the border looks at what is sent, and a command has no document that goes on."""
        del path, text

    def opened(self, paths: Sequence[str]) -> list[tuple[Text, ...]]:
        """Nothing: a command has only what is on disk."""
        return [() for _ in paths]

    def code_bytes(self, roots: Iterable[Path]) -> int | None:
        """Nothing: a command has no menu."""
        del roots

    async def quoted(self, path: str, names: tuple[str, ...], nda: NdaRules) -> Quoted:
        """Whose names these are that a tool says of a file, and whether they are under NDA."""
        return await asyncio.to_thread(self._quoted, path, names, nda)

    async def aclose(self) -> None:
        """Keep what was found for the next command."""
        for indexed in self._indexed.values():
            await asyncio.to_thread(indexed.save)
            indexed.close()

    def _before(self, path: str) -> tuple[str, ...]:
        from twolane_server.repositories.indexing import is_known  # noqa: PLC0415 - imports tree-sitter

        root = _root(path)
        if root is None or not is_known(root, self._folders):
            return ()
        indexed = self._open(path)
        return () if indexed is None else indexed.former(path)

    def _around(self, wanted: Wanted) -> Surroundings:
        indexed = self._open(wanted.path)
        if indexed is None:
            return NOTHING
        if wanted.audience is LaneName.CLOUD:
            with suppress(FingerprintsUnusable):  # which the border tells
                indexed.known_code(wanted.nda)  # so that what holds such code is left out
        return indexed.ask(wanted, patient=True)

    def _impact(self, wanted: WantedImpact) -> Impact | None:
        indexed = self._open(wanted.path)
        return None if indexed is None else indexed.impact(wanted)

    def _quoted(self, path: str, names: tuple[str, ...], nda: NdaRules) -> Quoted:
        indexed = self._open(path)
        return Quoted() if indexed is None else indexed.quoted(names, nda)

    def _open(self, path: str) -> Indexed | None:
        from twolane_server.repositories.indexed import Indexed  # noqa: PLC0415 - imports tree-sitter

        root = _root(path)
        if root is None:
            return None
        with self._lock:
            if root not in self._indexed:
                self._indexed[root] = Indexed(root, self._folders, self.tainted)
                self._indexed[root].refresh(code_only=True)
            return self._indexed[root]


def _root(path: str) -> Path | None:
    return find_root(Path(os.path.realpath(path)).parent) if path else None
