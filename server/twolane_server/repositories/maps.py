"""A repository's maps, one for each audience, kept from one process to the next.

A map's bytes must last, since servers bill the unchanged start of a prompt at a tenth. So what one
process has chosen the next goes on with.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING

from twolane_context.index import Changed
from twolane_context.repository_map import MapState, dump, load, repository_map
from twolane_context.tokens import counter_for, estimate
from twolane_server.lanes.base import LaneName
from twolane_server.repositories.indexing import cache_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twolane_context.answers import Answers
    from twolane_context.index import Index
    from twolane_server.repositories.surroundings import Wanted
    from twolane_server.settings.resolved import Folders

__all__ = ["Maps"]


class Maps:
    """The maps of one repository.

    Args:
        root: its real folder.
        folders: where they are kept.
    """

    def __init__(self, root: Path, folders: Folders) -> None:
        self._root, self._folders = root, folders
        self._known: dict[str, tuple[Index | None, MapState]] = {}
        self._waiting: dict[str, Wanted] = {}

    @property
    def waiting(self) -> tuple[Wanted, ...]:
        """The questions whose map was not there yet, one for each map."""
        return tuple(self._waiting.values())

    def get(
        self,
        wanted: Wanted,
        answers: Answers,
        allowed: Callable[[str], bool] | None,
        *,
        patient: bool,
    ) -> MapState:
        """The map for a question.

        Args:
            wanted: the question: its audience, model and budget make the map.
            answers: of that audience.
            allowed: which paths that audience may know of; all when it is `None`.
            patient: choose it now where there is none, which takes some tenths of a second; else
                it is empty, and the question waits.
        """
        name = _name(wanted)
        index, state = self._known.get(name) or (None, load(_read(self._file(name))))
        if not state.files and not patient and index is not answers.resolver().index:
            self._waiting[name] = wanted
            return MapState()
        self._waiting.pop(name, None)
        if index is not answers.resolver().index:
            count = counter_for(wanted.model)

            def make() -> MapState:
                seen = answers.resolver().index
                everyone = allowed or _everything
                return repository_map(
                    seen, answers.lines, wanted.map_tokens, count, state, allowed=everyone
                )

            with suppress(Changed):  # the next question tries again
                state = answers.steady(make)
                self._known[name] = answers.resolver().index, state
        return state

    def save(self) -> None:
        """Keep them for the next process."""
        for name, (_, state) in self._known.items():
            if state.files:
                _write(self._file(name), dump(state))

    def _file(self, name: str) -> Path:
        return cache_file(self._root, self._folders, f"-{name}.map")


def _name(wanted: Wanted) -> str:
    """One for each audience, way of counting and budget: a map for another of these is another."""
    audience = repr(wanted.nda) if wanted.audience is LaneName.CLOUD else ""
    exact = counter_for(wanted.model) is not estimate
    told = repr((audience, exact, wanted.map_tokens))
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _everything(_path: str) -> bool:
    return True


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _write(file: Path, content: bytes) -> None:
    """Only its owner may read it. One that cannot be written is chosen anew by the next process."""
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 - a descriptor
            out.write(content)
        part.replace(file)
