"""One repository in a running server: the thread that it is asked in, and what keeps it fresh."""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from twolane_context.index import Changed as ChangedFile
from twolane_context.work import examine_all
from twolane_server.confirm.python import SUFFIXES, Confirmer, Unconfirmed, command
from twolane_server.errors import FingerprintsUnusable
from twolane_server.recognition.known_code import A_MOMENT
from twolane_server.recognition.recognised import not_read
from twolane_server.repositories.indexed import Indexed
from twolane_server.repositories.indexing import is_known
from twolane_server.repositories.standing_back import standing_back
from twolane_server.repositories.watching import watch
from twolane_server.threads import from_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from twolane_context.disk import Row
    from twolane_server.documents import Document
    from twolane_server.recognition.recognised import Recognised
    from twolane_server.repositories.live import Changed, Progress, Reporter
    from twolane_server.repositories.usages import References
    from twolane_server.rules.tainted import Tainted
    from twolane_server.settings.resolved import Folders, NdaRules

__all__ = ["Home"]

_T = TypeVar("_T")
_LOOK_AGAIN_SECONDS = 5.0
_CONFIRM_SECONDS = 10.0
_LONG_SECONDS = 300.0  # in which the code under NDA of the largest repositories is read
_WORTH_TELLING = 100  # files; fewer are examined before anybody has read the title


class Home:
    """A repository's thread, its index, and the tasks that fill it and keep it fresh.

    Args:
        root: its folder.
        folders: where its cache is.
        rules: the user's own rules as they are now.
        progress: shows the first indexing.
        tell: shows a sentence to the person.
        changed: told of what changed on disk.
        tainted: the files that stay NDA.

    Attributes:
        ready: whether it can be asked without waiting for the first look at all files.
        seen_before: whether an earlier process has looked at them, which makes that quick.
        recognised: what recognises code under NDA; `None` until all of that was read once.
        trouble: why that will not be, fit to stand in brackets; `None` where nothing is known against it.
    """

    def __init__(
        self,
        root: Path,
        folders: Folders,
        rules: Callable[[], NdaRules],
        progress: Progress,
        tell: Callable[[str], None],
        *,
        changed: Changed,
        tainted: Tainted,
    ) -> None:
        self._tainted = tainted
        self._root, self._folders, self._rules = root, folders, rules
        self._progress, self._tell, self._changed = progress, tell, changed
        self._thread = ThreadPoolExecutor(1, "repository")
        self._indexed: Indexed | None = None
        self._choosing: asyncio.Task[None] | None = None
        self._confirmer: Confirmer | None = None
        self._watching = False
        self.ready, self.seen_before = False, is_known(root, folders)
        self.recognised: Recognised | None = None
        self.trouble: str | None = None
        self._begun = time.monotonic()
        self._tasks = [asyncio.ensure_future(work) for work in (self._watch(), self._fill())]
        self._tasks[-1].add_done_callback(self._filled)

    @property
    def root(self) -> Path:
        """Its real folder."""
        return self._root

    @property
    def unread(self) -> FingerprintsUnusable:
        """The error that its code under NDA is not read yet, or will not be. It is for its user's eyes."""
        if self.trouble is None and time.monotonic() - self._begun < _LONG_SECONDS:
            return not_read(self.name)
        why = self.trouble or f"for {_LONG_SECONDS / 60:.0f} minutes by now"
        return FingerprintsUnusable(
            f"The code under NDA in {self._root} cannot be read ({why}), so nothing is sent to the cloud "
            "from any repository; mend that, or start the editor again without files from there."
        )

    @property
    def name(self) -> str:
        """Its folder's name."""
        return self._root.name

    @property
    def code_bytes(self) -> int | None:
        """How large its code is, from memory; `None` before the first look at all files."""
        return self._indexed.repository.code_bytes if self._indexed and self.ready else None

    async def run(self, function: Callable[[Indexed], _T]) -> _T:
        """Call the function with the index, in the repository's thread, after all that came before."""
        return await asyncio.wrap_future(self.submit(function))

    def submit(self, function: Callable[[Indexed], _T]) -> Future[_T]:
        """`run` for other threads."""

        def call() -> _T:
            if self._indexed is None:
                self._indexed = Indexed(self._root, self._folders, self._tainted)
                self._indexed.refresh(code_only=True)
                self.ready = True
            self._indexed.hidden.watched = self._watching
            return function(self._indexed)

        return self._thread.submit(call)

    async def references(
        self, path: str, at: int, documents: Sequence[Document]
    ) -> References | None:
        """All places that refer to the symbol at a byte of a file, confirmed where that can be."""

        def ask(indexed: Indexed) -> References | None:
            indexed.sync(documents)
            return indexed.references(path, at)

        found = await self.run(ask)
        if found is None or not found.sites or not found.place.path.endswith(SUFFIXES):
            return found
        if self._confirmer is None:
            started = command()
            if started is None:
                return found
            self._confirmer = Confirmer(self._root, started, found.texts)
        with suppress(Unconfirmed):  # then as they are
            sites = await self._confirmer.confirm(
                found.place, found.sites, found.texts.__getitem__, _CONFIRM_SECONDS
            )
            return found._replace(sites=[site for site in sites if site.path in found.texts])
        return found

    def choose_maps_soon(self) -> None:
        """Choose the maps that a question missed, when nothing else is asked."""
        if self._indexed is None or not self._indexed.maps.waiting:
            return
        if self._choosing is None or self._choosing.done():
            self._choosing = asyncio.ensure_future(self.run(Indexed.choose_maps))

    async def aclose(self) -> None:
        """Stop watching and indexing, and keep what was found."""
        tasks = [*self._tasks, *([self._choosing] if self._choosing else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._confirmer is not None:
            await self._confirmer.close()

        def close() -> None:
            if self._indexed is not None:
                self._indexed.save()
                self._indexed.close()

        await asyncio.get_running_loop().run_in_executor(self._thread, close)
        self._thread.shutdown(wait=False)

    async def _fill(self) -> None:
        """Examine what no earlier process has, then read the words of all other texts."""
        problem = await self.run(lambda indexed: indexed.problem)
        if problem:
            self._tell(problem)
        missing = await self.run(lambda indexed: indexed.repository.unexamined())
        if len(missing) > _WORTH_TELLING:
            async with self._progress(f"Indexing {self._root.name}") as progress:
                await self._examine(missing, progress)
        elif missing:
            await self._examine(missing, None)
        await self.run(Indexed.refresh)
        await self.run(Indexed.save)
        await self._recognise()

    def _filled(self, task: asyncio.Task[None]) -> None:
        """Note why the code under NDA will not be read."""
        error = None if task.cancelled() else task.exception()
        if error is not None and self.recognised is None:
            self.trouble = getattr(error, "strerror", None) or type(error).__name__

    async def _recognise(self) -> None:
        """Read the code under NDA for the first time, beside the thread that answers."""
        try:
            recognised = await self.run(Indexed.recognised)
            sources = await self.run(lambda indexed: indexed.nda_sources(self._rules()))
            if sources is not None:  # else a question has had them read already
                if await asyncio.to_thread(recognised.pending, sources, A_MOMENT + 1) > A_MOMENT:
                    await self._index_beside()
                with suppress(ChangedFile):  # then what follows reads the rest
                    await asyncio.to_thread(recognised.sync, sources)
            self.recognised = await self.run(lambda indexed: indexed.known_code(self._rules()))
            await asyncio.to_thread(recognised.expect_many)
            if recognised.problem:
                self._tell(recognised.problem)
        except FingerprintsUnusable as error:
            self.trouble = str(error).partition(", so nothing")[0]
            self._tell(str(error))

    async def _index_beside(self) -> None:
        """Have another process read the code under NDA: here it would hold up every keystroke."""
        command, environ = standing_back(self._root, self._folders)
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *command, env=environ, stdin=quiet, stdout=quiet, stderr=quiet
        )
        try:
            await process.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            raise

    async def _examine(self, missing: Sequence[str], progress: Reporter | None) -> None:
        done = 0
        processes = os.cpu_count() or 1
        async with from_thread(lambda _: examine_all(self._root, missing, processes)) as found:
            async for rows in found:
                await self._adopt(rows)
                done += len(rows)
                if progress is not None:
                    progress.report(f"{done} of {len(missing)} files", done / len(missing))

    async def _adopt(self, rows: list[Row]) -> None:
        await self.run(lambda indexed: indexed.repository.adopt(rows))

    def _hears(self) -> None:
        self._watching = True

    async def _watch(self) -> None:
        """Follow what changes on disk, as the system tells, else by looking now and then."""
        try:
            async with from_thread(lambda stop: watch(self._root, stop, self._hears)) as changes:
                async for batch in changes:
                    paths = (
                        None if None in batch else sorted({p for one in batch for p in one or ()})
                    )
                    self._changed(self._root, paths)
                    await self.run(lambda indexed, paths=paths: indexed.refresh(paths))
                    if self.recognised is not None:  # read ahead, so that no answer waits for it
                        await self.run(lambda indexed: indexed.nda_sources(self._rules()))
        except OSError:
            self._watching = False
            while True:
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
                self._changed(self._root, None)
                await self.run(Indexed.refresh)
