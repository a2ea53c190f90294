"""Opening the engine for a repository: where its cache is, and which of its files are open."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from twolane_context.cache import Cache
from twolane_context.fragments import Label
from twolane_context.languages import fingerprint
from twolane_context.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twolane_server.settings.resolved import Folders, NdaRules


def open_repository(root: Path, folders: Folders) -> tuple[Repository, Cache]:
    """The live index of a repository, with what an earlier process found. Nothing is looked at yet.

    Args:
        root: the repository's folder.
        folders: where the cache is.
    """
    real = root.resolve()
    name = blake2b(str(real).encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()
    kept = Cache.open(folders.cache / "index" / f"{name}.sqlite", fingerprint())
    return Repository(real, kept), kept


def open_files(repository: Repository, user: NdaRules) -> Callable[[str], bool]:
    """Which files the cloud may know of. Each is labelled once for each content that it has.

    A file counts by every path that it has had: a rename makes nothing open. Rules are read once, so
    ask for another function when a file of rules has changed; the border reads them all again
    before anything is sent.

    Args:
        repository: whose files.
        user: the user's own rules.
    """
    from twolane_server.labels import label_with, rules_for  # noqa: PLC0415 - imports pydantic
    from twolane_server.policy import read_policies  # noqa: PLC0415 - the same

    read = cache(read_policies)
    known: dict[tuple[str, bytes], bool] = {}

    def is_open(path: str) -> bool:
        file = repository.index.files.get(path)
        if file is None:
            return False
        key = (path, file.digest)
        if key not in known:
            before = [str(repository.root / old) for old in repository.former(path)]
            rules = rules_for(repository.root / path, user, read, before=before)
            known[key] = label_with(rules, None).label is Label.OPEN
        return known[key]

    return is_open
