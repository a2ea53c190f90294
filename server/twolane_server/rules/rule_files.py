"""The files of rules in one repository: which they are, and whether they are what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_context.disk import stamps
from twolane_context.index import Index
from twolane_server.rules.differing import differing
from twolane_server.rules.policy import FILES, is_policy

if TYPE_CHECKING:
    from twolane_context.disk import Stamp
    from twolane_context.repository import Repository

__all__ = ["RuleFiles"]


class RuleFiles:
    """Those of one repository. Use it from one thread at a time.

    Args:
        repository: whose files.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._known: dict[str, Stamp | None] = {}
        self._held: tuple[Index, frozenset[str]] = Index({}), frozenset()

    def may_change(self, path: str) -> bool:
        """Whether a change there may change rules: a file of rules, or a folder, which may hold one."""
        files = self._repository.index.files
        if is_policy(path) or (self._repository.root / path).is_dir():
            return True
        return path not in files and any(one.startswith(f"{path}/") for one in files)

    def changed(self) -> bool:
        """Whether they are others than the last time, also where git ignores a file of rules."""
        # Each key that is typed makes another index, and hardly one of them has other paths.
        last, held = self._held
        if last is not (index := self._repository.index):
            others = set(filter(is_policy, differing(index, last)))
            self._held = index, held - others | (others & index.files.keys())
        known = sorted({*FILES, *self._held[1], *self._known})
        now = dict(zip(known, stamps(self._repository.root, known), strict=True))
        known_before, self._known = self._known, now
        return now != known_before
