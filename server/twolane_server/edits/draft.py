"""One file while the blocks of a reply are carried out on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twolane_context.languages import language_for
from twolane_server.edits.changes import FileChange
from twolane_server.edits.compose import MARK, bare, composed, hunks, rows, unmarked, written
from twolane_server.edits.differences import differences
from twolane_server.edits.lines import indent_unit
from twolane_server.edits.matching import Match, Miss, match
from twolane_server.edits.shift import in_unit
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from twolane_server.edits.blocks import Block
    from twolane_server.edits.compose import Hunk

__all__ = ["Draft"]


@dataclass(slots=True)
class Draft:
    """A file and what shall become of it. Make one with `of` or `new`.

    A block is looked for in the text as it was, since that is what the model was shown; so a
    definition that one block puts elsewhere is still found once by the block that takes it away.
    Only what is not there is looked for in what earlier blocks have made.

    Attributes:
        path: the file.
        before: what it holds; `None` for a new one.
        deleted: whether it goes.
        to: its new path; empty for none.
        earlier: what it held before other answers were carried out, where there were any.
    """

    path: str
    before: Text | None
    deleted: bool = False
    to: str = ""
    earlier: Text | None = field(default=None, repr=False)
    _base: Text = field(kw_only=True, repr=False)
    _like: Text | None = field(kw_only=True, default=None, repr=False)
    _hunks: list[Hunk] = field(default_factory=list["Hunk"], repr=False)
    _seen: set[tuple[tuple[str, ...], tuple[str, ...]]] = field(
        default_factory=set[tuple[tuple[str, ...], tuple[str, ...]]], repr=False
    )

    @classmethod
    def of(cls, path: str, text: Text, others: Mapping[str, Text] | None = None) -> Draft:
        """A file that is there; where it indents nothing, others of its sort tell how that is done."""
        like = text
        if not _indents(text):
            ending = path.rpartition(".")[2]
            same = (o for p, o in sorted((others or {}).items()) if p.endswith(f".{ending}"))
            like = next((one for one in same if _indents(one)), text)
        return cls(path, text, _base=text, _like=like)

    @classmethod
    def new(cls, path: str, lines: tuple[str, ...], others: Iterable[Text]) -> Draft:
        """A file that is made, with the line ending that the others have."""
        windows = [text.lines[0].endswith("\r\n") for text in others if len(text.lines) > 1]
        end = "\r\n" if windows and all(windows) else "\n"
        return cls(path, None, _base=written(lines, end))

    @property
    def blank(self) -> bool:
        """Whether nothing stands in it."""
        return not any(line.strip() for line in rows(self._base)) and not self._hunks

    def change(self) -> FileChange:
        """What becomes of the file."""
        after = None if self.deleted else composed(self._base, self._hunks)
        return FileChange(self.path, self.before, after, self.to)

    def fill(self, lines: tuple[str, ...]) -> str:
        """Give a blank file its text."""
        if self.before is None or not self.blank:
            return "is empty, although the file has been written"
        old = str(self.before)
        text = written(lines, "\r\n" if "\r\n" in old else "\n")
        self._base = Text.of(("\ufeff" if old.startswith("\ufeff") else "") + str(text))
        return ""

    def put(self, found: Match) -> bool:
        """Put in what was found in the text as it was; whether nothing else was there."""
        fresh = hunks(rows(self._base), found)
        if any(new.collides(old) for new in fresh for old in self._hunks):
            return False
        self._hunks += fresh
        return True

    def replace(self, block: Block) -> str:
        """Carry a block out; returns why that cannot be, as the end of a sentence."""
        key = (block.search, block.replace)
        if key in self._seen or (self.earlier is not None and self._is_done(block, self.earlier)):
            return ""  # models repeat themselves, also when they are asked about another part
        self._seen.add(key)
        found = self._match(block)
        if isinstance(found, Match) and self.put(found):
            return ""
        close = self._match(block, tight=True)
        if isinstance(close, Match) and self.put(close):
            return ""  # another block changes what is beside its blank lines
        if isinstance(found, Miss) and (found.several or not self._hunks):
            return found.reason
        self._base, self._hunks = composed(self._base, self._hunks), []
        again = self._match(block)
        if isinstance(again, Match) and self.put(again):
            return ""
        return found.reason if isinstance(found, Miss) else "overlaps what another block changes"

    def _is_done(self, block: Block, earlier: Text) -> bool:
        """Whether an earlier answer has done all that a block wants of the text as that was shown."""
        found = self._match(block, base=earlier)
        wanted = hunks(rows(earlier), found) if isinstance(found, Match) else []
        if not wanted or self.before is None:
            return False
        old, new = ([bare(line) for line in rows(text)] for text in (earlier, self.before))
        made = differences(old, new)
        return all(
            any(
                one.first <= hunk.start <= hunk.stop <= one.last
                and _holds(new[one.start : one.end], hunk.lines)
                for one in made
            )
            for hunk in wanted
        )

    def _match(
        self, block: Block, *, tight: bool = False, base: Text | None = None
    ) -> Match | Miss:
        lines = [bare(line) for line in rows(base or self._base)]
        like = self._base if self._like in (None, self.before) else self._like
        unit = indent_unit(like.source)
        found = match(lines, block.search, block.replace, unit, tight=tight)
        if isinstance(found, Miss) and block.search[0].startswith(MARK):
            found = match(lines, unmarked(block.search), block.replace, unit, tight=tight)
        if isinstance(found, Miss) or language_for(self.path) is None:
            return found
        new = in_unit(found.replace, [bare(line) for line in rows(like)], unit)
        return found if new == found.replace else found._replace(replace=new, exact=False)


def _holds(lines: Sequence[str], part: Sequence[str]) -> bool:
    """Whether some lines are among others, one after the other."""
    starts = range(len(lines) - len(part) + 1)
    return any([*lines[at : at + len(part)]] == [*part] for at in starts)


def _indents(text: Text) -> bool:
    return any(line[:1] in (" ", "\t") and line.strip() for line in text.lines)
