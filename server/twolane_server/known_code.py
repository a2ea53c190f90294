"""What recognises a repository's code under NDA, kept up to date with its index and its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_context.languages import language_for
from twolane_server.border.fingerprints import Source
from twolane_server.fragments import Label
from twolane_server.globs import original
from twolane_server.policy import FILES, POLICY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from twolane_context.index import File
    from twolane_context.repository import Repository
    from twolane_server.indexing import Verdict

__all__ = ["nda_sources"]


def nda_sources(repository: Repository, verdict: Callable[[str], Verdict]) -> Iterator[Source]:
    """The files of the repository that are under NDA now, as texts to be recognised.

    Policies are not among them, though they are not for the cloud either: their words are looked for
    by themselves, and their form is everybody's. Nor are files over 2 MB, which no index reads: they
    are data. Where no policy says what is under NDA, everything is, and of that only code takes part.
    """
    index, name = repository.index, repository.root.name
    says = POLICY_FILE in index.files
    for path, file in index.files.items():
        if verdict(path).label is Label.OPEN or not (says or language_for(path) is not None):
            continue
        if original(path.rpartition("/")[2]).casefold() not in FILES:
            yield Source(f"{name}/{path}", file.digest, _reader(file))


def _reader(file: File) -> Callable[[], str]:
    # Raises `Changed` where the file is another by now: then all is looked at again.
    return lambda: file.source().decode("utf-8", "replace")
