"""A model that knows the outcome: it answers with the true patch, in the forms and with the flaws of models.

Forms: blocks in several layouts, whole definitions, whole files, diffs. Flaws that must be forgiven: prose,
fences, also around all of it, decorated or prefixed paths, one path for many blocks, other markers, CRLF,
no line ending at the end, other indentation, blanks at line ends, more lines around than need be, blocks that
come twice. Flaws that must be noticed, after which it answers right: text that is not in the file or
in several places, code left out, an answer that breaks off, a file that is not there. It changes only
lines that the question shows.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from support_flaws import MARKS, WRONG, bent, diff, spoilt, wants_wide_marks
from support_pieces import Piece, pieces
from twolane_context.facts import extract
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.edits.lines import indent_unit

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

__all__ = ["Oracle"]

_AGAIN = "Nothing was changed, since this cannot"
_PART = "The files of this part:"
_WRONG_SHARE = 0.35
_FORMS = ("blocks", "blocks", "blocks", "blocks", "definitions", "files", "diff")
_LAYOUTS = ("above", "above", "above", "once", "opener", "inside", "info")


class Oracle:
    """The model.

    Args:
        before: the files that change.
        after: the same, as they should become, and new ones; those that go are not in it.
        chance: which forms and flaws it has.
        root: the repository's folder, as it may write it.
        skip: which piece of which file it forgets, by path and the first row that it changes.

    Attributes:
        kinds: the forms and the flaws to be noticed that it had.
    """

    def __init__(
        self,
        before: Mapping[str, str],
        after: Mapping[str, str],
        chance: random.Random,
        root: str,
        skip: tuple[str, int] | None = None,
    ) -> None:
        self._before, self._after, self._chance = before, after, chance
        self._root, self._skip = root, skip
        self._wrong = sum(chance.random() < share for share in (_WRONG_SHARE, _WRONG_SHARE / 3))
        self._form = chance.choice(_FORMS)
        self._told = False
        self._come: dict[tuple[str, int], set[int]] = {}
        self._renamed = {
            old: new
            for old in before.keys() - after.keys()
            for new in after.keys() - before.keys()
            if SequenceMatcher(None, before[old], after[new], autojunk=False).quick_ratio() > 0.8
        }
        self.kinds: set[str] = set()

    def __call__(self, question: str) -> str:
        """Answer for the files that the question shows."""
        if question.startswith("[system] You plan"):
            return "- the symbol gets its new name in all places\n- nothing else changes"
        again = _AGAIN in question
        first = question.partition(_AGAIN)[0]
        part = first.rpartition(_PART)[2]
        # New files come with the first part, and again when that is asked about again.
        new = not self._told or (_PART not in first)
        self._told = self._told or not again
        form = "blocks" if again else self._form
        self.kinds.add(form)
        reply = self._reply(part, form, new=new)
        if not reply:
            return "NO CHANGES"
        if self._chance.random() < 0.1:
            reply = reply.replace("\n", "\r\n")
        return reply.rstrip() if self._chance.random() < 0.3 else reply

    def _reply(self, part: str, form: str, *, new: bool) -> str:
        layout = self._chance.choice(_LAYOUTS)
        marks = self._chance.choice(MARKS)
        prefix = self._chance.choice(("", "", "./", "a/", f"{self._root}/"))
        name = self._chance.choice(
            ("{}", "{}", "`{}`", "**{}**", "### {}", "File: {}", "# {}", "1. `{}`:")
        )
        groups: list[list[str]] = []
        for path, text in self._before.items():
            rows = _rows(part, path, len(text.splitlines()))
            if rows is None:
                continue
            shown = f"{prefix}{path}"
            head = name.format(shown)
            if path not in self._after:
                to = self._renamed.get(path)
                groups.append([f"RENAME {path} -> {to}\n" if to else f"DELETE {path}\n"])
                if to is None or self._after[to] == text:
                    continue
            found, seen = self._found(path, rows)
            if not found:
                continue
            wholes = self._wholes(path, form) if seen else []
            if form == "diff":
                groups.append([diff(path, found)])
            elif wholes:
                groups.append([f"{head}\n```\n{one}\n```\n" for one in wholes])
            else:
                groups.append(self._blocks(head, shown, found, (layout, marks), path))
        made = self._after.keys() - self._before.keys() - {*self._renamed.values()} if new else ()
        for path in sorted(made):
            lines = "\n".join(self._after[path].splitlines())
            ticks = "````" if "```" in lines else "```"
            wide = _block("", (), tuple(lines.split("\n")), MARKS[1])
            fenced = f"{ticks}\n{lines}\n{ticks}\n"
            groups.append([f"{path}\n{self._chance.choice((fenced, wide))}"])
        return self._framed([one for group in groups for one in group])

    def _found(self, path: str, rows: set[int]) -> tuple[list[Piece], bool]:
        """The pieces of a file that can be seen, and are not forgotten; whether all can be seen."""
        after = self._after[self._renamed.get(path, path)]
        more = self._chance.choice((0, 0, 0, 1, 3, 8))
        every = pieces(self._before[path], after, more)
        seen = [one for one in every if self._is_shown(one, path, rows)]
        return [one for one in seen if (path, one.first) != self._skip], len(seen) == len(every)

    def _is_shown(self, one: Piece, path: str, rows: set[int]) -> bool:
        """Whether a part shows what a piece changes; of what only comes, the first that shows where."""
        if one.first < one.last:
            return {*range(one.first, one.last)} <= rows
        beside = bool({one.first - 1, one.first} & rows)
        return beside and self._come.setdefault((path, one.first), rows) == rows

    def _wholes(self, path: str, form: str) -> list[str]:
        """The file, or its definitions that change, where that is the form and all of the change is in it."""
        if form not in ("definitions", "files") or path in self._renamed or self._skip is not None:
            return []
        # A model ends all lines alike, however the file does.
        before, after = (
            "\n".join(text[path].split("\r\n")) for text in (self._before, self._after)
        )
        if form == "files":
            return [after.rstrip("\n")] if "```" not in after else []
        language = language_for(path)
        if language is None:
            return []
        found: list[str] = []
        sides = [parse(language, text.encode()) for text in (before, after)]
        old, new = (
            {
                one.name: (one, side.source)
                for one in extract(side).definitions
                if one.parent is None
            }
            for side in sides
        )
        rest = [side.source for side in sides]
        for name in old.keys() & new.keys():
            texts = [source[one.start : one.end] for one, source in (old[name], new[name])]
            if texts[0] != texts[1] and all(
                source.count(t) == 1 for source, t in zip(rest, texts, strict=True)
            ):
                rest = [source.replace(t, b"") for source, t in zip(rest, texts, strict=True)]
                found.append(texts[1].decode())
        return found if rest[0] == rest[1] and "```" not in after else []

    def _blocks(
        self,
        head: str,
        shown: str,
        found: list[Piece],
        how: tuple[str, tuple[str, str, str]],
        path: str,
    ) -> list[str]:
        layout, marks = how
        blocks: list[str] = []
        bad = f"no/such/{path.rpartition('/')[2]}"
        lost = False  # whether the block above names another file
        for n, right in enumerate(found):
            piece, wrong = self._maybe_spoilt(right, path, last=n == len(found) - 1)
            wide = MARKS[1] if wants_wide_marks(piece) else marks
            astray = wrong == "no such path"
            named = bad if astray else head
            if not astray and (layout == "opener" or (layout == "once" and n and not lost)):
                named = ""
            lost = astray
            opens = f"{wide[0]} {shown}" if layout == "opener" and not astray else wide[0]
            block = _block("", piece.search, piece.replace, (opens, *wide[1:]))
            if wrong == "broken off":
                block = block.rstrip("\n").rpartition("\n")[0] + "\n"
            above = f"{named}\n" if named else ""
            ticks = "````" if "```" in block else "```"
            if layout == "inside":
                blocks.append(f"{ticks}\n{above}{block}{ticks}\n")
            elif layout == "info" and not astray:
                blocks.append(f"{ticks}python {shown}\n{block}{ticks}\n")
            else:
                blocks.append(above + block)
            if wrong == "broken off":
                return blocks
        if blocks and self._chance.random() < 0.15:
            blocks.append(f"{head}\n{blocks[0]}" if layout == "once" else blocks[0])
        return blocks

    def _maybe_spoilt(self, right: Piece, path: str, *, last: bool) -> tuple[Piece, str]:
        """A piece with flaws that do not matter, or with one that does, and which that is."""
        unit = indent_unit(self._before[path].encode())
        if self._wrong and (last or self._chance.random() < 0.5):
            wrong = self._chance.choice(WRONG)
            made = spoilt(right, self._before[path].splitlines(), wrong)
            if made or wrong in ("broken off", "no such path"):
                self._wrong -= 1
                self.kinds.add(wrong)
                return made or bent(right, self._chance, unit), wrong
        return bent(right, self._chance, unit), ""

    def _framed(self, blocks: list[str]) -> str:
        if not blocks:
            return ""
        frame = self._chance.randrange(6)
        if frame == 0:
            return "Here are the edits.\n\n" + "\n".join(blocks) + "\nThat is all of it."
        if frame == 1 and not any(_ticked(one) for one in blocks):
            fenced = [f"```\n{block}```\n" for block in blocks]
            return "<think>\nEasy.\n</think>\n" + "\n".join(fenced)
        if frame == 2:
            return "\nAnd then:\n\n".join(blocks)
        if frame == 3 and not any("````" in one for one in blocks):
            return "Sure!\n\n`````markdown\n" + "\n".join(blocks) + "`````\n\nLet me know."
        return "\n".join(blocks)


def _ticked(block: str) -> bool:
    return bool(re.search(r"(?m)^\s*```", block))


def _block(head: str, search: tuple[str, ...], new: tuple[str, ...], marks: tuple[str, ...]) -> str:
    lines = [*([head] if head else []), marks[0], *search, marks[1], *new, marks[2]]
    return "\n".join(lines) + "\n"


def _rows(part: str, path: str, count: int) -> set[int] | None:
    """The rows of a file that a question shows; `None` where it shows nothing of it."""
    if any(f"{lead}{path}\n```" in part for lead in ("\n", "[user] ")):
        return {*range(count + 1)}
    found = re.findall(rf"(?m)^(?:\[user\] )?{re.escape(path)} \(lines (\d+) to (\d+)\)$", part)
    return {row for a, b in found for row in range(int(a) - 1, int(b))} if found else None
