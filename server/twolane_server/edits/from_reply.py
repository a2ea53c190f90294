"""The one way from a model's reply to changes of many files, or to the reasons why not.

    outcome = changes_from(reply, {"src/a.py": text})

All of a reply can be carried out, or none of it is. Nothing is guessed: what fits in two places,
names no file, leaves code out or would break a file is a `Problem`, whose reason the model can be
sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from twolane_server.edits.blocks import read_blocks
from twolane_server.edits.changes import Changes, Problem
from twolane_server.edits.compose import unmarked
from twolane_server.edits.draft import Draft
from twolane_server.edits.parts import Block, Delete, Rename, Whole
from twolane_server.edits.paths import Paths, fault
from twolane_server.edits.sound import elided, objection
from twolane_server.edits.whole import whole_definitions
from twolane_server.edits.whole_file import whole_file
from twolane_server.errors import ReplyRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_server.edits.changes import FileChange
    from twolane_server.edits.parts import Part
    from twolane_server.text import Text

__all__ = ["Outcome", "changes_from"]

Outcome: TypeAlias = "Changes | tuple[Problem, ...]"


def changes_from(
    reply: str,
    texts: Mapping[str, Text],
    paths: Paths | None = None,
    earlier: Mapping[str, Text] | None = None,
) -> Outcome:
    """What a reply makes of files.

    Args:
        reply: whatever the model wrote.
        texts: the files that it was shown, by their paths.
        paths: the same files with what else is there; by default there is nothing else.
        earlier: what files held that other answers have changed since; what these did need not be done again.

    Returns:
        The changes, each checked; or at least one problem.
    """
    parts, problems = read_blocks(reply, paths or Paths.of(texts))
    if not parts and not problems:
        problems = [Problem("", "The answer holds no SEARCH and REPLACE block.")]
    if problems:
        return tuple(problems)
    desk = _Desk(texts, paths or Paths.of(texts), earlier or {})
    # A block may name a file as it will be called, before or after the line that renames it.
    ordered = sorted(parts, key=lambda part: not isinstance(part, Rename))
    for part in ordered:
        desk.take(part)
    return tuple(desk.problems) if desk.problems else desk.changes()


class _Desk:
    """The files of one reply while its parts are carried out."""

    def __init__(
        self, texts: Mapping[str, Text], paths: Paths, earlier: Mapping[str, Text]
    ) -> None:
        self._texts, self._paths, self._earlier = texts, paths, earlier
        self._drafts: dict[str, Draft] = {}
        self._renamed: dict[str, str] = {}
        self.problems: list[Problem] = []

    def take(self, part: Part) -> None:
        path = self._renamed.get(part.path, part.path)
        reason = ""
        match part:
            case Rename():
                reason = self._rename(path, part.to)
            case Delete():
                reason = self._delete(path)
            case Whole():
                reason = self._whole(path, part)
            case Block():
                if not path and len(self._texts) == 1:
                    path = next(iter(self._texts))
                try:
                    reason = self._block(path, part)
                except ReplyRefused as error:
                    reason = str(error)
        if reason:
            self.problems.append(Problem(path, reason))

    def changes(self) -> Changes | tuple[Problem, ...]:
        """All drafts as one value, or what speaks against them."""
        made: list[FileChange] = []
        for path, draft in sorted(self._drafts.items()):
            try:
                made.append(draft.change())
            except ReplyRefused as error:
                return (Problem(path, str(error)),)
        problems = [
            Problem(one.path, f"The file {reason}.") for one in made if (reason := objection(one))
        ]
        if not problems and (path := elided(made)):
            reason = "The new code leaves code out with a line such as `...`; write it all."
            problems = [Problem(path, reason)]
        if problems:
            return tuple(problems)
        changes = Changes.of(made)
        if len(changes) or self._earlier.keys() & self._drafts.keys():
            return changes
        return (Problem("", "The answer would change nothing."),)

    def _rename(self, path: str, to: str) -> str:
        if path not in self._texts:
            return self._unknown(path)
        if reason := fault(to):
            return reason
        if self._paths.taken(to, by=path) or to in self._renamed or path in self._drafts:
            return f"It cannot be renamed to {to}: there is a file, or it is renamed twice."
        self._renamed[to] = path
        self._draft(path).to = to
        return ""

    def _delete(self, path: str) -> str:
        if path not in self._texts:
            return self._unknown(path)
        if path in self._drafts and not self._drafts[path].deleted:
            return "It cannot be both changed and deleted."
        self._draft(path).deleted = True
        return ""

    def _whole(self, path: str, part: Whole) -> str:
        if path not in self._texts and path not in self._drafts:
            return self._create(path, part.lines)
        draft = self._draft(path)
        if draft.deleted or draft.before is None:
            return "It is written twice."
        lines = unmarked(part.lines)
        found = whole_definitions(path, draft.before, lines)
        if isinstance(found, str):
            whole = whole_file(path, draft.before, lines)
            if whole is None:
                return f"The file {found}."
            found = [whole]
        for match in found:
            if not draft.put(match):
                return "A definition is written twice, or changed in two ways."
        return ""

    def _block(self, path: str, part: Block) -> str:
        name = f"Block {part.number}"
        if not path:
            return f"{name} names no file; write its path in the line above."
        empty = not any(line.strip() for line in part.search)
        known = path in self._texts or path in self._drafts
        if not known:
            return self._create(path, part.replace) if empty else self._unknown(path)
        draft = self._draft(path)
        if draft.deleted:
            return "It cannot be both changed and deleted."
        if empty and not draft.blank:
            return f"{name} has nothing to search for, although the file is there and not empty."
        reason = draft.fill(part.replace) if empty else draft.replace(part)
        return reason and f"The SEARCH text of block {part.number} {reason}."

    def _create(self, path: str, lines: tuple[str, ...]) -> str:
        if reason := fault(path):
            return reason
        if taken := self._paths.taken(path):
            return f"{taken} is there already, and was not shown, so it cannot be changed."
        self._drafts[path] = Draft.new(path, lines, self._texts.values())
        return ""

    def _unknown(self, path: str) -> str:
        if path in self._paths.others:
            return "It was not shown, so it cannot be changed."
        return "There is no such file; use a path as it was shown."

    def _draft(self, path: str) -> Draft:
        if path not in self._drafts:
            self._drafts[path] = Draft.of(path, self._texts[path], self._texts)
            self._drafts[path].earlier = self._earlier.get(path)
        return self._drafts[path]
