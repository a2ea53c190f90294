"""What models get wrong: flaws that must be forgiven, and such that must be noticed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from support_pieces import Piece

__all__ = ["MARKS", "WRONG", "bent", "diff", "spoilt", "wants_wide_marks"]

MARKS = (
    ("<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"),
    ("<<<<<<<<< SEARCH", "=========", ">>>>>>>>> REPLACE"),
    ("<<<<<<< ORIGINAL", "=======", ">>>>>>> UPDATED"),
    ("------- SEARCH", "=======", "+++++++ REPLACE"),
)
WRONG = (
    "broken off",
    "no such path",
    "nowhere",
    "left out",
    "stale",
    "ambiguous",
    "left out above",
)
_LIKE_MARKS = re.compile(r"^[ \t]*(?:<{5,}|>{5,}|={5,12}[ \t]*$|-{5,}|\+{5,})")

Lines = tuple[str, ...]


def wants_wide_marks(piece: Piece) -> bool:
    """Whether its lines look like markers themselves."""
    return any(_LIKE_MARKS.match(line) for line in (*piece.search, *piece.replace))


def bent(piece: Piece, chance: random.Random, unit: str) -> Piece:
    """A piece with one of the flaws that do not matter: its blanks are not the file's.

    Args:
        piece: the right one.
        chance: which flaw it is.
        unit: what one level of indentation is in the file.
    """

    def tabbed(piece: Piece) -> Piece:
        return _tabbed(piece, unit)

    flaw = chance.choice((_as_is, _as_is, _stripped, _ended, _deeper, _flatter, tabbed, _padded))
    return flaw(piece)


def _each(piece: Piece, act: Callable[[str], str]) -> Piece:
    return replace(
        piece, search=tuple(map(act, piece.search)), replace=tuple(map(act, piece.replace))
    )


def _as_is(piece: Piece) -> Piece:
    return piece


def _stripped(piece: Piece) -> Piece:
    return _each(piece, str.rstrip)


def _ended(piece: Piece) -> Piece:
    return _each(piece, lambda line: f"{line}  " if line.strip() else line)


def _deeper(piece: Piece) -> Piece:
    return _each(piece, lambda line: f"    {line}" if line.strip() else line)


def _flatter(piece: Piece) -> Piece:
    leads = _leads(piece)
    return _each(piece, lambda line: line[min(leads, default=0) :] if line.strip() else line)


def _tabbed(piece: Piece, unit: str) -> Piece:
    """A tab for each of the file's levels, where all leading spaces are whole ones."""
    width = len(unit)
    if unit == "\t" or any(lead % width for lead in _leads(piece)):
        return piece

    def tabbed(line: str) -> str:
        lead = len(line) - len(line.lstrip(" "))
        return "\t" * (lead // width) + line[lead:]

    return _each(piece, tabbed)


def _padded(piece: Piece) -> Piece:
    """A blank line more at both ends of both halves."""
    return replace(piece, search=("", *piece.search, ""), replace=("", *piece.replace, ""))


def _leads(piece: Piece) -> list[int]:
    lines = [line for line in (*piece.search, *piece.replace) if line.strip()]
    return [len(line) - len(line.lstrip(" ")) for line in lines]


def spoilt(piece: Piece, lines: list[str], wrong: str) -> Piece | None:
    """A piece with a flaw that must be noticed; `None` where it has no room for it.

    Args:
        piece: the right one.
        lines: of its file.
        wrong: one of `WRONG`.
    """
    filled = [n for n, line in enumerate(piece.search) if line.strip()]
    if wrong == "nowhere":
        return replace(piece, search=(*piece.search, "a line that is nowhere"))
    if wrong == "left out":
        mark = "#" if not any(line.rstrip().endswith((";", "{")) for line in lines) else "//"
        return replace(piece, replace=(*piece.replace, f"{mark} ... rest of the code"))
    if wrong == "left out above" and len(filled) > 2:
        kept = (*piece.search[: filled[0] + 1], "# ... existing code ...", piece.search[filled[-1]])
        return replace(piece, search=kept)
    if wrong == "stale":
        at = filled[-1]
        old = re.sub(r"\w+(?=\W*$)", "formerly", piece.search[at])
        search = (*piece.search[:at], old, *piece.search[at + 1 :])
        return replace(piece, search=search) if old != piece.search[at] else None
    if wrong == "ambiguous":
        for n in range(len(piece.search)):
            line = piece.search[n : n + 1]
            fits = bool(line[0].strip()) and lines.count(line[0]) > 1
            if fits and n < len(piece.replace) and piece.replace[n : n + 1] != line:
                return replace(piece, search=line, replace=piece.replace[n : n + 1])
    return None


def diff(path: str, found: list[Piece]) -> str:
    """The pieces as a unified diff with made-up line numbers, as models write them."""
    rows = [f"--- a/{path}", f"+++ b/{path}"]
    for piece in found:
        count, more = len(piece.search), len(piece.replace)
        rows.append(f"@@ -{piece.first + 1},{count} +{piece.first + 3},{more} @@")
        rows += [f"-{line}" for line in piece.search] + [f"+{line}" for line in piece.replace]
    return "```diff\n" + "\n".join(rows) + "\n```\n"
