"""The one mutable thing: what is open, what is set, what was last read about each document.

Notifications change the session, in order, on the event loop. A request takes a `Snapshot` before
its first `await` and works on that.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twolane_context.facts import extract
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.findings import Board
from twolane_server.pace import Lengths
from twolane_server.pages import Pages
from twolane_server.renewed import renew
from twolane_server.reparse import parse_in_slices
from twolane_server.settings.resolved import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twolane_context.languages import Language
    from twolane_context.trees import Parsed
    from twolane_server.documents import Document
    from twolane_server.problems import Problem
    from twolane_server.rules.knowledge import Known
    from twolane_server.settings.load import Latest
    from twolane_server.settings.resolved import Folders, Mode
    from twolane_server.text import Text

_SLICE_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a request works on; later changes do not touch it.

    Attributes:
        document: the document at one version.
        settings: the settings at that time.
        known: what was last read about the document's label and its repository's trust; `None`
            before the first reading, and then the document is NDA.
        earlier: the document's tree of some keys ago, where there is one.
    """

    document: Document
    settings: Settings
    known: Known | None
    earlier: Parsed | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """A text and its syntax tree."""

    text: Text
    parsed: Parsed


class Session:
    """The state of one editor's connection.

    Args:
        folders: where settings, state and caches are.
        environ: the environment variables.

    Attributes:
        settings: the latest.
        settings_read: set once they have been read at all.
        latest: what they were made of last; `None` before the first time.
        initial: the client's `initializationOptions`, as they came.
        options: what the client has said of settings up to now.
        mode: the mode that the user chose while the server ran; comes before the settings'.
        preview: whether the client shows answers as they come.
        page: whether the client shows pages (`twolane/page`).
        expected: whether the client looks at what files hold just before it applies an edit.
        pages: pages as files, for a client that does not.
        board: what reviews found.
        reading: held while files are read for what is on the board: what was read first counts first.
        lengths: how long answers were, for the time that others may still take.
    """

    def __init__(self, folders: Folders, environ: Mapping[str, str]) -> None:
        self.folders = folders
        self.environ = environ
        self.settings = Settings()
        self.latest: Latest | None = None
        self.initial: object = None
        self.options: object = None
        self.mode: Mode | None = None
        self.settings_read = asyncio.Event()
        self.preview = False
        self.page = False
        self.expected = False
        self.pages = Pages(folders.cache)
        self.board = Board()
        self.reading = asyncio.Lock()
        self.lengths = Lengths()
        self._documents: dict[str, Document] = {}
        self._known: dict[str, Known] = {}
        self._read_at: dict[str, float] = {}
        self._told: set[Problem] = set()
        self._trees: dict[str, Tree] = {}
        self._waiting: dict[str, list[asyncio.Future[Document | None]]] = {}

    def put(self, document: Document) -> None:
        """Open a document, or take its next version."""
        self._documents[document.uri] = document
        self._tell(document.uri, document)

    def change(self, uri: str, version: int, edit: Callable[[Text], Text]) -> bool:
        """Apply a change to an open document; a document that is not open is left alone.

        Returns:
            Whether findings of reviews are gone by it.
        """
        document = self._documents.get(uri)
        if document is None:
            return False
        now = document.changed(version, edit(document.text))
        self.put(now)
        return self.board.follow(uri, document.text, now.text)

    def close(self, uri: str) -> None:
        """Forget a document; what reviews found in its file stays."""
        document = self._documents.pop(uri, None)
        self._known.pop(uri, None)
        self._read_at.pop(uri, None)
        self._trees.pop(uri, None)
        if document is not None and document.path:
            self.board.rest(uri, document.path, document.text)
        else:
            self.board.clear(uri)
        self._tell(uri, None)

    def claim_reading(self, uri: str, now: float, fresh_seconds: float) -> bool:
        """Whether it is time to read a document's label again; if so, it counts as read now."""
        last = self._read_at.get(uri)
        if uri not in self._documents or (last is not None and now - last < fresh_seconds):
            return False
        self._read_at[uri] = now
        return True

    def learn(self, uri: str, known: Known) -> None:
        """Keep what was read about a document, if it is still open."""
        document = self._documents.get(uri)
        if document is None:
            return
        self._known[uri] = known
        if known.rules is not None:
            ways = tuple(str(way.path) for way in known.rules.ways)
            self._documents[uri] = replace(document, before=ways)

    def untold(self, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        """Those that the person has not been told of; from now on they count as told."""
        fresh = tuple(problem for problem in problems if problem not in self._told)
        self._told.update(fresh)
        return fresh

    @property
    def uris(self) -> tuple[str, ...]:
        """The open documents."""
        return tuple(self._documents)

    @property
    def documents(self) -> tuple[Document, ...]:
        """The open documents as they are now."""
        return tuple(self._documents.values())

    def document(self, uri: str) -> Document | None:
        """The document as it is now, or `None` when it is not open."""
        return self._documents.get(uri)

    def snapshot(self, uri: str) -> Snapshot | None:
        """What a request about `uri` works on, or `None` when it is not open."""
        document = self._documents.get(uri)
        if document is None:
            return None
        tree = self._trees.get(uri)
        return Snapshot(document, self.settings, self._known.get(uri), tree and tree.parsed)

    def tree(self, document: Document, language: Language) -> Tree:
        """The last tree of a document, which may be of a text some keys ago; one is made if none."""
        tree = self._trees.get(document.uri)
        if tree is None or tree.parsed.language != language:
            tree = Tree(document.text, parse(language, document.text.source))
            self._trees[document.uri] = tree
        return tree

    def take_tree(self, document: Document, parsed: Parsed | None) -> None:
        """Take the tree that somebody has made of a document, if that is still as it was then."""
        now = self._documents.get(document.uri)
        if now is not None and now.text is document.text and parsed is not None:
            self._trees[document.uri] = Tree(document.text, parsed)

    async def parse(self, uri: str) -> None:
        """Bring a document's tree up to date, in slices, so that requests are answered meanwhile.

        And what every request asks of it: in a thread, which who types is not held up by.
        """
        document = self._documents.get(uri)
        language = document and language_for(document.path, document.language_id)
        if document is None or language is None:
            return
        last = self._trees.get(uri)
        previous = last.parsed if last else None
        work = parse_in_slices(language, document.text.source, previous, _SLICE_SECONDS)
        while True:
            try:
                next(work)
            except StopIteration as done:
                parsed: Parsed = done.value
                break
            await asyncio.sleep(0)
        if uri in self._documents:
            self._trees[uri] = Tree(document.text, parsed)
            await asyncio.to_thread(_look_into, parsed, previous)

    def next_version(self, uri: str) -> asyncio.Future[Document | None]:
        """Resolves with the document at its next change, or with `None` when it is closed."""
        future: asyncio.Future[Document | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(uri, []).append(future)
        return future

    def _tell(self, uri: str, document: Document | None) -> None:
        for future in self._waiting.pop(uri, ()):
            if not future.done():
                future.set_result(document)


def _look_into(parsed: Parsed, earlier: Parsed | None) -> None:
    renew(parsed, earlier)
    extract(parsed)
