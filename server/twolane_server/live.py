"""The repositories around an editor's documents, each indexed in the background and kept fresh.

Nothing here waits on the event loop: each repository has a thread of its own, in which it is asked
one question after the other (`home`); files are examined in other processes; a watcher tells what
changed.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from twolane_context.names import words
from twolane_server.actions.base import NOTHING, Surroundings
from twolane_server.errors import FingerprintsUnusable
from twolane_server.lanes.base import LaneName
from twolane_server.pasted import Watched
from twolane_server.repository import find_root
from twolane_server.text import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from twolane_server.actions.impact import Impact
    from twolane_server.border.standing import Prints
    from twolane_server.documents import Document
    from twolane_server.home import Home
    from twolane_server.impacts import WantedImpact
    from twolane_server.indexed import Indexed
    from twolane_server.settings.resolved import Folders, NdaRules
    from twolane_server.surroundings import Wanted
    from twolane_server.usages import References

__all__ = ["Live", "Progress", "Reporter"]

_PATIENCE_SECONDS = 2.0


class Reporter(Protocol):
    """Shows how far something is."""

    def report(self, message: str, share: float | None = None) -> None:
        """Replace the message; `share` is from 0 to 1."""
        ...


class Progress(Protocol):
    """Begins to show that something goes on, until the block ends."""

    def __call__(self, title: str) -> AbstractAsyncContextManager[Reporter]:
        """The block to do it in."""
        ...


class Live:
    """All repositories of one editor's connection.

    Args:
        folders: where caches are.
        documents: the documents that are open now; asked on the event loop.
        rules: the user's own rules as they are now.
        progress: shows the first indexing of a repository.
        tell: shows a sentence to the person.
    """

    def __init__(
        self,
        folders: Folders,
        documents: Callable[[], Sequence[Document]],
        rules: Callable[[], NdaRules],
        progress: Progress,
        tell: Callable[[str], None],
    ) -> None:
        self._folders, self._documents, self._rules = folders, documents, rules
        self._progress, self._tell = progress, tell
        self._homes: dict[Path | None, Home] = {}
        self._watched: dict[str, Watched] = {}

    async def around(self, wanted: Wanted) -> Surroundings:
        """What a repository says around a selection; nothing while it cannot answer in time."""
        home = self._home(wanted.path)
        if home is None:
            return NOTHING
        documents = self._documents()

        def ask(indexed: Indexed) -> Surroundings:
            indexed.sync(documents)
            return indexed.ask(wanted)

        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                found = await home.run(ask)
                home.choose_maps_soon()
                return found if wanted.audience is LaneName.LOCAL else self._open(found)
        return NOTHING

    async def before(self, path: str) -> tuple[str, ...]:
        """The absolute paths that a file had before it got this one, as far as is known.

        The first to ask about a file has its repository indexed in the background.
        """
        home = self._home(path)
        if home is None or not home.ready:  # only what watches can know of a rename
            return ()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await home.run(lambda indexed: indexed.former(path))
        return ()

    async def references(self, path: str, at: int) -> tuple[Path, References] | None:
        """All places that refer to the symbol at a byte of a document, and their repository's root.

        `None` where nothing is known of the place.
        """
        home = self._home(path)
        found = await home.references(path, at, self._documents()) if home else None
        return (home.root, found) if home and found else None

    async def impact(self, wanted: WantedImpact) -> Impact | None:
        """All that changing a symbol may touch; `None` where nothing is known of it."""
        home = self._home(wanted.path)
        documents = self._documents()

        def ask(indexed: Indexed) -> Impact | None:
            indexed.sync(documents)
            return indexed.impact(wanted)

        return None if home is None else await home.run(ask)

    def known_code(self, path: str, nda: NdaRules) -> Prints:
        """What recognises code under NDA, brought up to date for a file's repository.

        Raises:
            FingerprintsUnusable: it cannot be, or not in time.
        """
        home = self._homes.get(_root(path)) if path else None
        if home is None:
            raise FingerprintsUnusable("A file outside of a repository is taken as NDA.")
        try:
            return home.submit(lambda one: one.known_code(nda, patient=False)).result(
                _PATIENCE_SECONDS
            )
        except TimeoutError as error:
            raise FingerprintsUnusable(
                f"The code under NDA in {home.name} is not all read yet, so nothing is sent to the "
                "cloud; try again in a moment."
            ) from error

    async def pasted(self, path: str, text: str) -> str | None:
        """Why a document's text is under NDA though its file is open: code that it holds or held."""
        home = self._home(path)
        recognised = None if home is None else home.recognised
        if recognised is None:
            return None
        watched = self._watched.setdefault(path, Watched())
        return await asyncio.to_thread(watched.look, text, recognised)

    def stays(self, path: str) -> str | None:
        """Why a file is under NDA for other documents: code under NDA was pasted into it."""
        held = self._held()
        return held.get(os.path.realpath(path)) if held else None

    async def quoted(self, path: str, names: tuple[str, ...], nda: NdaRules) -> str | None:
        """Why names that a tool says of a file are under NDA: only code under NDA has them."""
        home = self._home(path)
        if home is None:
            return None
        documents = self._documents()
        for one in documents:
            if one.path != path and self.stays(one.path):
                there = set(decode(words(one.text.source)).split("\n"))
                if there.intersection(names):
                    return f"the problem quotes code of {Path(one.path).name}"

        def ask(indexed: Indexed) -> str | None:
            indexed.sync(documents)
            return indexed.quoted(names, nda)

        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await home.run(ask)
        return f"whose code the problem quotes is not known before {home.name} is read"

    def _open(self, found: Surroundings) -> Surroundings:
        """For the cloud, a document into which code under NDA was pasted does not exist."""
        held = self._held()
        files = {part.origin.path for part in (*found.map, *found.pieces)} if held else ()
        hidden = {file for file in files if file and os.path.realpath(file) in held}
        if not hidden:
            return found
        shown = [part for part in found.map if part.origin.path not in hidden]
        pieces = tuple(part for part in found.pieces if part.origin.path not in hidden)
        return Surroundings(tuple(shown) if any(part.origin.path for part in shown) else (), pieces)

    def _held(self) -> dict[str, str]:
        """The files into which code under NDA was pasted, by their real paths, and why they stay NDA."""
        reasons = ((path, watched.reason) for path, watched in list(self._watched.items()))
        return {os.path.realpath(path): why for path, why in reasons if why is not None}

    async def aclose(self) -> None:
        """Stop watching and indexing, and keep what was found."""
        homes = list(self._homes.values())
        self._homes.clear()
        for home in homes:
            await home.aclose()

    def _home(self, path: str) -> Home | None:
        from twolane_server.home import Home  # noqa: PLC0415 - not needed to start

        root = _root(path) if path else None
        if root is None:
            return None
        if root not in self._homes:
            self._homes[root] = Home(root, self._folders, self._rules, self._progress, self._tell)
        return self._homes[root]


def _root(path: str) -> Path | None:
    return find_root(Path(os.path.realpath(path)).parent)
