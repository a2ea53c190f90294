"""A model that knows the outcome: it answers with the true patch, in the forms and with the flaws of models.

Flaws that must be forgiven: prose, fences, decorated or prefixed paths, other markers, CRLF, blocks that
are indented otherwise, tabs for spaces, blanks at line ends, blocks that come twice, whole
definitions. Flaws that must be noticed, after which it answers right: text that is not in the file or
in several places, code left out, an answer that breaks off, a file that is not there.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

__all__ = ["Oracle", "Piece", "pieces"]

_WRONG_SHARE = 0.3
_OPEN, _MIDDLE, _CLOSE = "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"
_MARKS = (
    (_OPEN, _MIDDLE, _CLOSE),
    ("<<<<<<<<< SEARCH", "=========", ">>>>>>>>> REPLACE"),
    ("<<<<<<< ORIGINAL", "=======", ">>>>>>> UPDATED"),
    ("------- SEARCH", "=======", "+++++++ REPLACE"),
)
_LIKE_MARKS = re.compile(r"^[ \t]*(?:<{5,}|>{5,}|={5,12}[ \t]*$|-{5,}|\+{5,})")


class Piece:
    """One change: the lines that a block searches, and what takes their place.

    Args:
        first: the row of the first line that changes, in the file as it was.
        search: lines without their ends.
        replace: the same.
    """

    def __init__(self, first: int, search: list[str], replace: list[str]) -> None:
        self.first, self.search, self.replace = first, search, replace


def pieces(before: str, after: str) -> list[Piece]:
    """The changes of one file, each with so many lines around that it stands only once in it."""
    old, new = before.splitlines(), after.splitlines()
    steps = [
        step
        for step in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if step[0] != "equal"
    ]
    groups = [(i, k, m, n) for _, i, k, m, n in steps]
    found: list[Piece] = []
    done = 0
    while groups:
        i, k, m, n = groups.pop(0)
        above = below = 0
        limit = groups[0][0] if groups else len(old)
        while not _once(old, old[i - above : k + below]):
            if i - above <= done and k + below >= limit:
                break
            above += i - above > done
            below += k + below < limit
        if not _once(old, old[i - above : k + below]) and groups:
            groups[0] = (i, groups[0][1], m, groups[0][3])
            continue
        search = old[i - above : k + below]
        found.append(Piece(i, search, old[i - above : i] + new[m:n] + old[k : k + below]))
        done = k + below
    return found


def _once(lines: list[str], part: list[str]) -> bool:
    if not any(line.strip() for line in part):
        return False
    bare = [line.strip() for line in part]
    count = sum(
        [line.strip() for line in lines[n : n + len(part)]] == bare
        for n in range(len(lines) - len(part) + 1)
    )
    return count == 1


class Oracle:
    """The model.

    Args:
        before: the files that change.
        after: the same, as they should become, and new ones.
        chance: which flaws it has.
        root: the repository's folder, as it may write it.
        skip: which piece of which file it forgets, by path and place in the list.
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
        self._wrong = (
            2 if chance.random() < _WRONG_SHARE / 3 else int(chance.random() < _WRONG_SHARE)
        )
        self._marks, self._prefix, self._form, self._told = _MARKS[0], "", "{}", False

    def __call__(self, question: str) -> str:
        """Answer for the files that the question shows."""
        if question.startswith("[system] You plan"):
            return "- the symbol gets its new name in all places\n- nothing else changes"
        first = question.partition("\nNothing was changed, since")[0]
        part = first.rpartition("The files of this part:")[2]
        shown = [path for path in self._after if f"{path}\n```" in part or f"{path} (lines" in part]
        made = [path for path in self._after if path not in self._before]
        # New files come with the first part.
        wanted = shown if self._told and "The files of this part:" in first else [*shown, *made]
        self._told = True
        # Within one answer, a model is true to its form.
        self._marks = self._chance.choice(_MARKS)
        self._prefix = self._chance.choice(("", "", "./", "a/", f"{self._root}/"))
        self._form = self._chance.choice(
            ("{}", "{}", "`{}`", "**{}**", "### {}", "File: {}", "# {}")
        )
        blocks = [block for path in dict.fromkeys(wanted) for block in self._blocks(path)]
        if not blocks:
            return "NO CHANGES"
        if self._wrong and blocks:
            self._wrong -= 1
            blocks = self._spoilt(blocks)
        reply = self._framed(blocks)
        if self._chance.random() < 0.1:
            reply = reply.replace("\n", "\r\n")
        return reply

    def _blocks(self, path: str) -> list[str]:
        before = self._before.get(path)
        if before is None:
            lines = self._after[path].splitlines()
            if self._chance.random() < 0.5:
                return [f"{path}\n```\n" + "\n".join(lines) + "\n```\n"]
            return [self._block(path, [], lines)]
        found = pieces(before, self._after[path])
        kept = [one for n, one in enumerate(found) if (path, n) != self._skip]
        blocks = [self._block(path, *self._bent(one)) for one in kept]
        if blocks and self._chance.random() < 0.15:
            blocks.append(blocks[0])
        return blocks

    def _bent(self, piece: Piece) -> tuple[list[str], list[str]]:
        """The lines with one of the flaws that do not matter."""
        flaw: Callable[[list[str]], list[str]] = self._chance.choice(
            (_as_is, _as_is, _stripped, _blank_ended, _deeper, self._flatter(piece), _tabbed(piece))
        )
        return flaw(piece.search), flaw(piece.replace)

    @staticmethod
    def _flatter(piece: Piece) -> Callable[[list[str]], list[str]]:
        lines = [line for line in (*piece.search, *piece.replace) if line.strip()]
        lead = min((len(line) - len(line.lstrip(" ")) for line in lines), default=0)
        return lambda given: [line[lead:] for line in given]

    def _block(self, path: str, search: list[str], replace: list[str]) -> str:
        marks = self._marks
        if any(_LIKE_MARKS.match(line) for line in (*search, *replace)):
            marks = _MARKS[1]
        lines = [self._named(path), marks[0], *search, marks[1], *replace, marks[2]]
        return "\n".join(lines) + "\n"

    def _named(self, path: str) -> str:
        prefix = self._prefix if path in self._before else ""
        return self._form.format(f"{prefix}{path}")

    def _framed(self, blocks: list[str]) -> str:
        frame = self._chance.randrange(4)
        if frame == 0:
            return "\n".join(blocks)
        if frame == 1:
            return "Here are the edits.\n\n" + "\n".join(blocks) + "\nThat is all of it."
        if frame == 2:
            fenced = [block if "\n```\n" in block else f"```\n{block}```\n" for block in blocks]
            return "<think>\nEasy.\n</think>\n" + "\n".join(fenced)
        return "\nAnd then:\n\n".join(blocks)

    def _spoilt(self, blocks: list[str]) -> list[str]:
        at = self._chance.randrange(len(blocks))
        spoilt = list(blocks)
        block = spoilt[at]
        wrong = self._chance.randrange(4)
        made = not any(path in block.partition("\n")[0] for path in self._before)
        if made:
            wrong = 0
        middle = re.search(r"(?m)^={7,9}$", block)
        if wrong == 0:
            spoilt[at] = block.rstrip("\n").rpartition("\n")[0] + "\n"  # it breaks off
            return spoilt[: at + 1]
        if wrong == 1 or middle is None:
            head, _, rest = block.partition("\n")
            spoilt[at] = f"no/such/{head.strip('`*# ').rpartition('/')[2]}\n{rest}"
        elif wrong == 2:
            spoilt[at] = (
                block[: middle.start()] + "a line that is nowhere\n" + block[middle.start() :]
            )
        else:
            end = block.rstrip("\n").rpartition("\n")
            spoilt[at] = f"{end[0]}\n# ... rest of the code\n{end[2]}\n"
        return spoilt


def _as_is(lines: list[str]) -> list[str]:
    return list(lines)


def _stripped(lines: list[str]) -> list[str]:
    return [line.rstrip() for line in lines]


def _blank_ended(lines: list[str]) -> list[str]:
    return [f"{line}  " if line.strip() else line for line in lines]


def _deeper(lines: list[str]) -> list[str]:
    return [f"    {line}" if line.strip() else line for line in lines]


def _tabbed(piece: Piece) -> Callable[[list[str]], list[str]]:
    """Tabs for all leading spaces, where these are whole levels of four."""
    leads = [len(line) - len(line.lstrip(" ")) for line in (*piece.search, *piece.replace)]
    if any(lead % 4 for lead in leads):
        return _as_is

    def tabbed(lines: list[str]) -> list[str]:
        return [
            "\t" * ((len(line) - len(line.lstrip(" "))) // 4) + line.lstrip(" ") for line in lines
        ]

    return tabbed
