"""Opening the engine for a repository: where its cache is, and what of its files may be told to whom."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.cache import Cache
from twolane_context.languages import fingerprint
from twolane_context.repository import Repository
from twolane_server.fragments import Label

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twolane_server.settings.resolved import Folders, NdaRules

__all__ = [
    "UNKNOWN",
    "Verdict",
    "cache_file",
    "cache_files",
    "open_files",
    "open_repository",
    "verdicts",
]


class Verdict(NamedTuple):
    """What holds for one file of a repository at one content.

    Attributes:
        label: how far its text, its name and its path may travel.
        words: the names that must not leave together with its text.
        own: whether no other repository has a say in it, as it has for a submodule's files: that
            one's grant is not this one's.
    """

    label: Label
    words: tuple[str, ...] = ()
    own: bool = True

    @property
    def open(self) -> bool:
        """Whether the cloud may know of it, where its repository has a grant."""
        return self.label is Label.OPEN and self.own


UNKNOWN = Verdict(Label.NDA)


def cache_file(root: Path, folders: Folders, suffix: str) -> Path:
    """Where something about a repository is kept from one process to the next."""
    name = blake2b(str(root).encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()
    return folders.cache / "index" / f"{name}{suffix}"


def cache_files(folders: Folders, suffix: str) -> list[Path]:
    """The files of one sort of all repositories that were ever asked about on this machine."""
    return sorted((folders.cache / "index").glob(f"*{suffix}"))


def open_repository(root: Path, folders: Folders) -> tuple[Repository, Cache]:
    """The live index of a repository, with what an earlier process found. Nothing is looked at yet.

    Args:
        root: the repository's folder.
        folders: where the cache is.
    """
    real = root.resolve()
    kept = Cache.open(cache_file(real, folders, ".sqlite"), fingerprint())
    return Repository(real, kept), kept


def verdicts(
    repository: Repository,
    user: NdaRules,
    unsaved: Callable[[str], tuple[str, ...] | None] = lambda _: None,
) -> Callable[[str], Verdict]:
    """What holds for each file. Each is looked at once for each content that it has.

    A file counts by every path that it has had: a rename makes nothing open. Rules are read once, so
    ask for another function when a file of rules has changed; the border reads them all again
    before anything is sent.

    Args:
        repository: whose files.
        user: the user's own rules.
        unsaved: for a file that an editor has open, the other paths by which it is open there;
            else `None`. Then markers of the editor's text count as well as those on disk.
    """
    from twolane_server.labels import label_with, rules_for  # noqa: PLC0415 - imports pydantic
    from twolane_server.policy import read_policies  # noqa: PLC0415 - the same

    read = cache(read_policies)
    # By path: content and names of which the verdict is. A question asks for all files, so no more
    # than that is compared.
    known: dict[str, tuple[bytes, object, object, Verdict]] = {}

    def verdict(path: str) -> Verdict:
        file = repository.index.files.get(path)
        if file is None:
            return UNKNOWN
        digest, ways, former = file.digest, unsaved(path), repository.former(path)
        told = known.get(path)
        if told is not None and told[0] == digest and told[1] == ways and told[2] == former:
            return told[3]
        before = [*(str(repository.root / old) for old in former), *(ways or ())]
        rules = rules_for(repository.root / path, user, read, before=before)
        head = None if ways is None else file.source().decode("utf-8", "replace")
        labelled = label_with(rules, head)
        own = all(root == repository.root for root in rules.roots)
        now = Verdict(labelled.label, rules.words, own)
        known[path] = digest, ways, former, now
        return now

    return verdict


def open_files(repository: Repository, user: NdaRules) -> Callable[[str], bool]:
    """Which files the cloud may know of; see `verdicts`."""
    verdict = verdicts(repository, user)
    return lambda path: verdict(path).open
