"""The labels of what a diff holds: of each file the highest that its names and its texts give it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from twolane_server.fragments import Label
from twolane_server.labels import HEAD_BYTES, Labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from twolane_server.diffs import FileDiff
    from twolane_server.git import Git
    from twolane_server.knowledge import Known

__all__ = ["Desk", "reasons_of"]

_MOST_REASONS = 3


class Desk:
    """One gathering: labels of paths are read once.

    Args:
        git: the repository.
        read: what speaks about a file, from disk, also by the names that it had before.
        former: the names that files had before, by their paths from the root.
    """

    def __init__(
        self,
        git: Git,
        read: Callable[[str, tuple[str, ...]], Known],
        former: dict[str, tuple[str, ...]],
    ) -> None:
        self.git = git
        self._read = read
        self._former = former
        self._known: dict[str, Known] = {}

    def known(self, path: str) -> Known:
        """What speaks about a path, relative to the root, now."""
        if path not in self._known:
            full = str(self.git.root / path)
            self._known[path] = self._read(full, self._former.get(path, ()))
        return self._known[path]

    def label(self, paths: Iterable[str], heads: Iterable[str | None]) -> Labelled:
        """The highest label that these paths give these texts."""
        heads = (*heads, "")
        found = [(path, self.known(path).label(head or "")) for path in paths for head in heads]
        reasons = [
            f"{one.reasons[0]}, {path}" for path, one in found if one.label is not Label.OPEN
        ]
        label = Label.highest(one.label for _, one in found)
        return Labelled(label, tuple(dict.fromkeys(reasons)))

    def file(self, file: FileDiff, blobs: Mapping[str, bytes | None]) -> Labelled:
        """The highest label of a file's paths, its texts and, since a link's text is a path, of those.

        Args:
            file: the file.
            blobs: the content of both sides, by the objects' ids.
        """
        found = self.label(file.paths, _heads(file, blobs))
        # As text, since `..` of a link leads elsewhere once a path has taken it away.
        pairs = (
            (path, os.fsdecode(blobs.get(each) or b""))
            for path in file.paths
            for each in file.links
        )
        targets = [
            os.path.normpath(os.path.join(os.path.dirname(path), to))  # noqa: PTH118, PTH120
            for path, to in pairs
        ]
        if found.label is not Label.OPEN or not targets:
            return found
        return self.label(targets, ())


def reasons_of(found: Iterable[Labelled]) -> tuple[str, ...]:
    """The first few reasons, and how many more there are."""
    reasons = tuple(dict.fromkeys(reason for each in found for reason in each.reasons))
    more = len(reasons) - _MOST_REASONS
    return reasons if more <= 0 else (*reasons[:_MOST_REASONS], f"and {more} more")


def _heads(file: FileDiff, blobs: Mapping[str, bytes | None]) -> tuple[str, ...]:
    """The starts of a file's text on both sides, which may hold markers."""
    texts = [blobs.get(each) for each in (file.old_id, file.new_id) if each]
    return tuple((text or b"")[:HEAD_BYTES].decode("utf-8", "replace") for text in texts)
