"""The labels of what a diff holds: of each file the highest that its names and its texts give it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from twolane_server.fragments import Label, Origin
from twolane_server.reading import decoded, is_text
from twolane_server.rules.labels import HEAD_BYTES, Labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from twolane_server.materials.departed import Departed
    from twolane_server.materials.diffs import FileDiff
    from twolane_server.materials.git import Git
    from twolane_server.rules.knowledge import Known

__all__ = ["Desk", "reasons_of"]

_MOST_REASONS = 3


class Desk:
    """One gathering: labels of paths are read once.

    Args:
        git: the repository.
        read: what speaks about a file, from disk, also by the names that it had before.
        former: the paths that a file had before, all absolute.
        departed: what the diff's old side holds.
        gone: the paths that the diff takes away.
        apart: commits of other branches that a side is of, or was taken over from: what they hold of a
            file, and their rules, count, too.
    """

    def __init__(
        self,
        git: Git,
        read: Callable[[str, tuple[str, ...]], Known],
        former: Callable[[str], tuple[str, ...]],
        departed: Departed,
        gone: frozenset[str],
        *,
        apart: Iterable[Departed] = (),
    ) -> None:
        self.git = git
        self._read = read
        self._former = former
        self._departed = departed
        self._gone = gone
        self._apart = tuple(apart)
        self._known: dict[str, Known] = {}
        self._taken: dict[str, dict[str, bytes | None]] = {}

    def known(self, path: str) -> Known:
        """What speaks about a path, relative to the root, now."""
        if path not in self._known:
            full = str(self.git.root / path)
            known = self._read(full, self._former(full))
            if (rules := known.rules) is not None:
                if path in self._gone:
                    rules = self._departed.rules(path, rules)
                for one in self._apart:
                    rules = one.rules_also(rules)
                known = replace(known, rules=rules)
            self._known[path] = known
        return self._known[path]

    def origin(self, path: str, start: int, end: int) -> Origin:
        """Lines of a file, which a commit holds where the diff takes the file away."""
        commit = self._departed.commit if path in self._gone else ""
        return Origin(str(self.git.root / path), start, end, commit)

    def take_over(self, files: Iterable[FileDiff]) -> None:
        """Read what the other branches hold of files, so that these are judged by it, too."""
        paths = dict.fromkeys(path for file in files for path in file.paths) if self._apart else ()
        ids = {path: [each for one in self._apart if (each := one.blob(path))] for path in paths}
        starts = self.git.heads((each for held in ids.values() for each in held), HEAD_BYTES)
        self._taken = {path: {each: starts[each] for each in held} for path, held in ids.items()}

    def sources(self, file: FileDiff, blobs: Mapping[str, bytes | None]) -> tuple[Origin, ...]:
        """All that gives a file its label, for who asks again by the rules of later; see `file`."""
        texts = tuple(each for each in (file.old_id, file.new_id) if blobs.get(each) is not None)
        texts += tuple(self._taken_over(file))
        own = (replace(self.origin(path, 0, 0), texts=texts) for path in file.paths)
        return (*own, *(self.origin(path, 0, 0) for path in _targets(file, blobs)))

    def texts_gone(self, files: Iterable[FileDiff]) -> tuple[str, ...]:
        """What files held that are deleted."""
        texts = (self._departed.text(file.old) for file in files if file.status == "D")
        return tuple(text for text in texts if text)

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
        taken = self._taken_over(file).values()
        heads = (*_heads(file, blobs), *(None if each is None else _head(each) for each in taken))
        found = self.label(file.paths, heads)
        if (why := _unread(file, heads, blobs)) is not None:
            return Labelled(Label.NDA, (*found.reasons, f"{why}, {file.new}"))
        targets = _targets(file, blobs)
        if found.label is not Label.OPEN or not targets:
            return found
        return self.label(targets, ())

    def _taken_over(self, file: FileDiff) -> dict[str, bytes | None]:
        return {key: text for path in file.paths for key, text in self._taken.get(path, {}).items()}


def reasons_of(found: Iterable[Labelled]) -> tuple[str, ...]:
    """The first few reasons, and how many more there are."""
    reasons = tuple(dict.fromkeys(reason for each in found for reason in each.reasons))
    more = len(reasons) - _MOST_REASONS
    return reasons if more <= 0 else (*reasons[:_MOST_REASONS], f"and {more} more")


def _heads(file: FileDiff, blobs: Mapping[str, bytes | None]) -> tuple[str | None, ...]:
    """The starts of a file's text on both sides, which may hold markers; `None` for unknown letters."""
    return tuple(_head(blobs.get(each)) for each in (file.old_id, file.new_id) if each)


def _head(text: bytes | None) -> str | None:
    return decoded((text or b"")[:HEAD_BYTES], HEAD_BYTES)


def _unread(
    file: FileDiff, heads: tuple[str | None, ...], blobs: Mapping[str, bytes | None]
) -> str | None:
    """Why markers, or words in the lines that are shown, could be there and not be found."""
    texts = [blobs.get(each) for each in (file.old_id, file.new_id) if each and file.hunks]
    if None in texts:
        return "its text is too large to be looked at"
    if None in heads or not all(is_text(text or b"") for text in texts):
        return "its text was not UTF-8"
    return None


def _targets(file: FileDiff, blobs: Mapping[str, bytes | None]) -> list[str]:
    """Where a file leads that is or was a symbolic link."""
    pairs = (
        (path, os.fsdecode(blobs.get(each) or b"")) for path in file.paths for each in file.links
    )
    # As text, since `..` of a link leads elsewhere once a path has taken it away.
    return [
        os.path.normpath(os.path.join(os.path.dirname(path), to))  # noqa: PTH118, PTH120
        for path, to in pairs
    ]
