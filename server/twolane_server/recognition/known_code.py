"""What recognises a repository's code under NDA, kept up to date with its index and its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twolane_context.disk import LARGEST, digest_of, read
from twolane_context.languages import language_for
from twolane_server.border.fingerprints import PART, Source
from twolane_server.recognition.hidden import Hidden, hidden_sources
from twolane_server.rules.globs import original
from twolane_server.rules.policy import FILES, has_policy
from twolane_server.unsaved import Unsaved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from twolane_context.index import File
    from twolane_context.repository import Repository
    from twolane_server.rules.verdicts import Verdicts

__all__ = ["A_MOMENT", "Further", "further", "nda_sources"]

A_MOMENT = 50
"""Files under NDA that can be read while somebody waits; about 10 ms each."""


class Further(NamedTuple):
    """What files under NDA hold beside the text by which the index, or the disk, knows them.

    Attributes:
        texts: unsaved ones, in UTF-8, by path.
        saved: the digests of those on disk that an unsaved one lies over, by path.
    """

    texts: Mapping[str, tuple[bytes, ...]]
    saved: Mapping[str, bytes]


def further(repository: Repository, verdicts: Verdicts, hidden: Hidden, opened: Unsaved) -> Further:
    """What an editor's unsaved texts make of the files under NDA; equal as long as it is the same."""
    index, nda, texts, saved = repository.index, verdicts.nda(), dict[str, tuple[bytes, ...]](), {}
    for path in opened.left.keys() & nda.keys():
        texts[path] = tuple(one.source for one in opened.left[path])
    for path in opened.within.keys() & nda.keys():
        if others := [one.source for one in opened.within[path].texts[:-1]]:
            texts[path] = tuple(others)
        below = repository.saved(path)
        if below is not None and below != index.files[path].digest:
            saved[path] = below
    for one in hidden.look(repository, verdicts) if opened.beside else ():
        if others := [text.source for text in opened.at(one.real).texts]:
            texts[one.path] = tuple(others)
    return Further(texts, saved)


def nda_sources(
    repository: Repository,
    verdicts: Verdicts,
    hidden: Hidden | None = None,
    opened: Unsaved | None = None,
) -> Iterator[Source]:
    """The files of the repository that are under NDA now, as texts to be recognised.

    With them come those that the index does not read, see `hidden`; and each with all that an editor
    has of it, and what that lies over: who cuts a line there and pastes it elsewhere has it from one.

    Policies are not among them, though they are not for the cloud either: their words are looked for
    by themselves, and their form is everybody's. Nor are files over 2 MB, which no index reads: they
    are data. Where no policy says what is under NDA, everything is, and of that only code takes part.
    """
    index, name = repository.index, repository.root.name
    says = has_policy(repository.root)
    hidden = hidden or Hidden(repository.root)
    more = further(repository, verdicts, hidden, opened or Unsaved({}))
    beside = hidden.look(repository, verdicts)
    for one, source in zip(beside, hidden_sources(repository.root, beside), strict=True):
        yield _with(source, more.texts.get(one.path, ()))
    taken = {one.path for one in beside}
    for path, digest in verdicts.nda().items():
        if path in taken or not (says or language_for(path) is not None):
            continue
        if original(path.rpartition("/")[2]).casefold() not in FILES:
            source = Source(f"{name}/{path}", digest, _reader(index.files[path]))
            below = more.saved.get(path)
            if below is not None:
                source = _over(source, below, repository.root, path)
            yield _with(source, more.texts.get(path, ()))


def _reader(file: File) -> Callable[[], str]:
    # Raises `Changed` where the file is another by now: then all is looked at again.
    return lambda: file.source().decode("utf-8", "replace")


def _with(source: Source, texts: tuple[bytes, ...]) -> Source:
    """A file that holds some more texts."""
    if not texts:
        return source
    parts = [text.decode("utf-8", "replace") for text in texts if len(text) <= LARGEST]

    def joined() -> str:
        return PART.join([source.read() or "", *parts])

    return source._replace(digest=digest_of(b"".join([source.digest, *texts])), read=joined)


def _over(source: Source, below: bytes, root: Path, path: str) -> Source:
    """A file that holds another text on disk, of that digest."""

    def joined() -> str:
        found = read(root, path)
        return PART.join(
            [source.read() or "", found[1].decode("utf-8", "replace") if found else ""]
        )

    return source._replace(digest=digest_of(source.digest + below), read=joined)
