"""Repositories for a command: each is looked at when it is asked for, and let go of at the end."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.actions.base import NOTHING
from twolane_server.errors import FingerprintsUnusable
from twolane_server.repository import find_root

if TYPE_CHECKING:
    from twolane_server.actions.base import Surroundings
    from twolane_server.actions.impact import Impact
    from twolane_server.border.standing import Prints
    from twolane_server.impacts import WantedImpact
    from twolane_server.indexed import Indexed
    from twolane_server.settings.resolved import Folders, NdaRules
    from twolane_server.surroundings import Wanted

__all__ = ["Once"]


class Once:
    """The repositories of one command.

    Args:
        folders: where caches are.
    """

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._indexed: dict[Path, Indexed] = {}
        self._lock = threading.Lock()

    async def around(self, wanted: Wanted) -> Surroundings:
        """What a repository says around a selection; nothing where there is none."""
        return await asyncio.to_thread(self._around, wanted)

    async def impact(self, wanted: WantedImpact) -> Impact | None:
        """All that changing a symbol may touch; `None` where nothing is known of it."""
        return await asyncio.to_thread(self._impact, wanted)

    async def before(self, path: str) -> tuple[str, ...]:
        """Nothing: who has not watched knows of no rename."""
        del path
        return ()

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

    def stays(self, path: str) -> str | None:
        """Nothing, as with `pasted`."""
        del path

    async def quoted(self, path: str, names: tuple[str, ...], nda: NdaRules) -> str | None:
        """Why names that a tool says of a file are under NDA: only code under NDA has them."""
        return await asyncio.to_thread(self._quoted, path, names, nda)

    async def aclose(self) -> None:
        """Keep what was found for the next command."""
        for indexed in self._indexed.values():
            await asyncio.to_thread(indexed.save)
            indexed.close()

    def _around(self, wanted: Wanted) -> Surroundings:
        indexed = self._open(wanted.path)
        return NOTHING if indexed is None else indexed.ask(wanted, patient=True)

    def _impact(self, wanted: WantedImpact) -> Impact | None:
        indexed = self._open(wanted.path)
        return None if indexed is None else indexed.impact(wanted)

    def _quoted(self, path: str, names: tuple[str, ...], nda: NdaRules) -> str | None:
        indexed = self._open(path)
        return None if indexed is None else indexed.quoted(names, nda)

    def _open(self, path: str) -> Indexed | None:
        from twolane_server.indexed import Indexed  # noqa: PLC0415 - imports tree-sitter

        root = find_root(Path(os.path.realpath(path)).parent) if path else None
        if root is None:
            return None
        with self._lock:
            if root not in self._indexed:
                self._indexed[root] = Indexed(root, self._folders)
                self._indexed[root].refresh(code_only=True)
            return self._indexed[root]
