"""The repositories around an editor's documents, each indexed in the background and kept fresh.

Nothing here waits on the event loop: each repository has a thread of its own, in which it is asked
one question after the other (`home`); files are examined in other processes; a watcher tells what
changed.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from twolane_context.names import words
from twolane_server.actions.base import NOTHING, Surroundings
from twolane_server.errors import FingerprintsUnusable
from twolane_server.recognition.pastes import Pastes
from twolane_server.recognition.quoting import Quoted
from twolane_server.recognition.recognised import not_read
from twolane_server.repository import find_root, real_path
from twolane_server.rules.tainted import Tainted
from twolane_server.text import decode
from twolane_server.unsaved import same_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from twolane_server.actions.impact import Impact
    from twolane_server.border.standing import Prints
    from twolane_server.documents import Document
    from twolane_server.repositories.home import Home
    from twolane_server.repositories.impacts import WantedImpact
    from twolane_server.repositories.indexed import Indexed
    from twolane_server.repositories.surroundings import Wanted
    from twolane_server.repositories.usages import References
    from twolane_server.settings.resolved import Folders, NdaRules
    from twolane_server.text import Text

__all__ = ["Changed", "Live", "Progress", "Reporter"]

_PATIENCE_SECONDS = 2.0
_MOST_LEFT = 32


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


class Changed(Protocol):
    """Hears of what changed on disk; called on the event loop."""

    def __call__(self, root: Path, paths: Sequence[str] | None) -> None:
        """Files or folders of a repository changed, came or went; `None` means that any may have.

        Args:
            root: the repository's real folder.
            paths: relative to it.
        """
        ...


class Live:
    """All repositories of one editor's connection.

    Args:
        folders: where caches are.
        documents: the documents that are open now; any thread may ask.
        rules: the user's own rules as they are now.
        progress: shows the first indexing of a repository.
        tell: shows a sentence to the person.
        changed: told of what changed on disk.

    Attributes:
        tainted: the files that stay NDA, also those that other processes have noted.
        pastes: what came into the documents from elsewhere.
    """

    def __init__(
        self,
        folders: Folders,
        documents: Callable[[], Sequence[Document]],
        rules: Callable[[], NdaRules],
        progress: Progress,
        tell: Callable[[str], None],
        *,
        changed: Changed,
    ) -> None:
        self._folders, self._documents, self._rules = folders, documents, rules
        self._progress, self._tell, self._changed = progress, tell, changed
        self._homes: dict[Path | None, Home] = {}
        self._left: deque[Document] = deque(maxlen=_MOST_LEFT)
        self.tainted = Tainted(folders.state)
        self.pastes = Pastes(documents, rules, self.tainted, tell)

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
                return found
        return NOTHING

    async def before(self, path: str) -> tuple[str, ...]:
        """The absolute paths that a file had before it got this one, as far as is known.

        The first to ask about a file has its repository indexed in the background.
        """
        home = self._home(path)
        if home is None or not (home.ready or home.seen_before):  # nobody can know of a rename
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
        """What recognises code under NDA, brought up to date for a file's repository and all others here.

        Raises:
            FingerprintsUnusable: it cannot be, or not in time.
        """
        home = self._homes.get(_root(path)) if path else None
        if home is None:
            raise FingerprintsUnusable("A file outside of a repository is taken as NDA.")
        every = (home, *(each for each in tuple(self._homes.values()) if each is not home))
        for each in every[1:]:  # whose files somebody has opened, and may have copied from
            if each.recognised is None:
                raise each.unread
        documents, left = self._documents(), tuple(self._left)

        def known(indexed: Indexed) -> Prints:
            indexed.sync(documents, left)
            return indexed.known_code(nda, patient=False)

        asked = [each.submit(known) for each in every]
        for each, future in zip(every, asked, strict=True):
            try:
                future.result(_PATIENCE_SECONDS)
            except TimeoutError as error:
                raise not_read(each.name) from error
            self._looked_at(each, left)
        return asked[0].result()

    def leave(self, document: Document) -> None:
        """Much is about to be taken out of a document, and may be pasted elsewhere: keep it for a while.

        What is cut from code under NDA is known where it is pasted, also where nobody had read it yet.
        """
        self._left.append(document)

    def _looked_at(self, home: Home, left: Iterable[Document]) -> None:
        """The code under NDA of these is known by now, where they are of that repository."""
        for one in left:
            if _root(one.path) == home.root:
                with suppress(ValueError):
                    self._left.remove(one)

    async def take_in(self, path: str) -> None:
        """Have the index hold what was typed, so that no question waits for its words."""
        home = self._homes.get(_root(path)) if path else None
        if home is not None and home.ready:
            documents = self._documents()
            await home.run(lambda indexed: indexed.sync(documents))

    async def catch_up(self, path: str) -> bool:
        """Take in what was typed, so that no question waits until new code under NDA is read.

        Returns:
            Whether more is recognised than before.
        """
        home = self._homes.get(_root(path)) if path else None
        if home is None or home.recognised is None:
            return False
        documents, left, rules = self._documents(), tuple(self._left), self._rules()

        def read(indexed: Indexed) -> bool:
            indexed.sync(documents, left)
            with suppress(FingerprintsUnusable):  # which whoever asks is told
                before = indexed.recognised().newest()
                after = indexed.known_code(rules, patient=False).newest()
                self._looked_at(home, left)
                return before != after
            return False

        return await home.run(read)

    async def pasted(self, path: str, text: str) -> str | None:
        """Why a document's text is under NDA though its file is open: code that it holds or held."""
        home = self._home(path)
        if home is None:
            return None
        return await self.pastes.why(path, text, home.recognised)

    def opened(self, paths: Sequence[str]) -> list[tuple[Text, ...]]:
        """All that the editor has of each file now, under whatever names. Any thread may ask."""
        found = same_files(self._documents(), paths)
        return [tuple(one.text for one in each) for each in found]

    def code_bytes(self, roots: Iterable[Path]) -> int | None:
        """How large the code of the repository at one of these folders is; `None` while it is not read."""
        homes = (self._homes[root] for root in roots if root in self._homes)
        return next((home.code_bytes for home in homes), None)

    async def quoted(self, path: str, names: tuple[str, ...], nda: NdaRules) -> Quoted:
        """Whose names these are that a tool says of a file, and whether they are under NDA."""
        home = self._home(path)
        if home is None:
            return Quoted()
        documents = self._documents()

        def ask(indexed: Indexed) -> Quoted:
            for one in documents:  # also those that the index leaves out
                if one.path != path and one.path and self.tainted.why(one.path):
                    there = set(decode(words(one.text.source)).split("\n"))
                    if there.intersection(names):
                        return Quoted(f"the problem quotes code of {Path(one.path).name}")
            indexed.sync(documents)
            return indexed.quoted(names, nda)

        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await home.run(ask)
        return Quoted(f"whose code the problem quotes is not known before {home.name} is read")

    async def aclose(self) -> None:
        """Stop watching and indexing, and keep what was found."""
        homes = list(self._homes.values())
        self._homes.clear()
        for home in homes:
            await home.aclose()

    def _home(self, path: str) -> Home | None:
        from twolane_server.repositories.home import Home  # noqa: PLC0415 - not needed to start

        root = _root(path) if path else None
        if root is None:
            return None
        if root not in self._homes:
            told, known = (self._progress, self._tell), self.tainted
            home = Home(
                root, self._folders, self._rules, *told, changed=self._changed, tainted=known
            )
            self._homes[root] = home
        return self._homes[root]


def _root(path: str) -> Path | None:
    return find_root(os.path.dirname(real_path(path)))  # noqa: PTH120 - asked for with each request
