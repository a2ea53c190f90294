"""How a block's lines are indented against the file's: by a constant more or less, or by tabs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_server.edits.lines import indent_unit
from twolane_server.text import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Shift", "in_unit", "shift_between"]

_LEAD = re.compile(r"[ \t]*")
_SPACES = re.compile(r" *")


@dataclass(frozen=True, slots=True)
class Shift:
    """What makes the block's indentation the file's.

    Attributes:
        convert: the blanks that one level is in the block, when the file has others; else empty.
        unit: what one level is in the file.
        more: what stands before each line in the file besides.
        less: what stands before each line in the block besides.
    """

    convert: str = ""
    unit: str = ""
    more: str = ""
    less: str = ""

    def apply(self, line: str) -> str | None:
        """The line as the file has it; `None` for one that is less deep than can be told."""
        if not line.strip():
            return ""
        lead = _lead(line)
        deep = _converted(lead, self.convert, self.unit)
        if not deep.startswith(self.less):
            return None
        return self.more + deep[len(self.less) :] + line[len(lead) :]


def shift_between(
    block: Sequence[str], place: Sequence[str], new: Sequence[str], unit: str
) -> Shift | None:
    """The one shift that makes `block` out of `place`, blank lines aside; `None` if there is none.

    Args:
        block: the lines as the model wrote them.
        place: as many lines of the file, equal but for the blanks at their ends.
        new: the model's other lines, which tell what it indents with.
        unit: what one level is in the file.
    """
    pairs = [(_lead(a), _lead(b)) for a, b in zip(block, place, strict=True) if a.strip()]
    own = indent_unit(encode("\n".join([*block, *new])))
    converts = [""] + ([own] if (own == "\t") != (unit == "\t") else [])
    for convert in converts:
        found = {_difference(_converted(a, convert, unit), b) for a, b in pairs}
        if len(found) == 1 and (only := next(iter(found))) is not None:
            more, less = only
            return Shift(convert, unit, more, less)
    return None


def in_unit(new: Sequence[str], lines: Sequence[str], unit: str) -> tuple[str, ...]:
    """New code without tabs before it, where the file has none and indents with blanks.

    Args:
        new: lines that take a place in the file.
        lines: all of the file.
        unit: what one level is in the file.
    """
    indented = [line for line in lines if line.strip() and line[:1] in (" ", "\t")]
    if unit == "\t" or not indented or any("\t" in _lead(line) for line in indented):
        return tuple(new)
    return tuple(_lead(line).replace("\t", unit) + line[len(_lead(line)) :] for line in new)


def _difference(one: str, other: str) -> tuple[str, str] | None:
    """What to put before, and what to take away, to get from one lead to the other."""
    if other.endswith(one):
        return other[: len(other) - len(one)], ""
    if one.endswith(other):
        return "", one[: len(one) - len(other)]
    return None


def _converted(lead: str, convert: str, unit: str) -> str:
    if not convert:
        return lead
    if convert == "\t":
        return lead.replace("\t", unit)
    spaces = _SPACES.match(lead)
    deep = len(spaces.group()) if spaces else 0
    return "\t" * (deep // len(convert)) + " " * (deep % len(convert)) + lead[deep:]


def _lead(line: str) -> str:
    found = _LEAD.match(line)
    return found.group() if found else ""
