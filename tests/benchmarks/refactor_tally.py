"""What came of refactorings: the verdict on each outcome, and tables of many."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from support_pieces import slid
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.edits.syntax import errors

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from refactor_truths import Truth

    from twolane_server.actions.outcomes import Across

__all__ = ["Tally", "figures", "judged", "table"]

FEWEST = 60
LEAST_EXACT, LEAST_FOUND = 0.98, 0.95


@dataclass
class Tally:
    """What came of some."""

    exact: int = 0
    strict: int = 0
    noisy: int = 0
    alarms: int = 0
    right: int = 0
    doubts: int = 0
    refused: int = 0
    other: int = 0
    misplaced: int = 0
    corrupted: int = 0
    asked: int = 0
    dropped: int = 0
    found: int = 0
    lines: int = 0
    seen: int = 0
    sites: int = 0
    changed: int = 0
    seconds: float = 0.0

    @property
    def tried(self) -> int:
        """How many."""
        return self.exact + self.refused + self.other

    @property
    def precise(self) -> float:
        """The share of what is said to be left that is."""
        good = self.found + self.right
        return good / max(good + self.alarms, 1)

    @property
    def good(self) -> bool:
        """Whether all limits hold."""
        return (
            self.tried >= FEWEST
            and self.exact >= LEAST_EXACT * self.tried
            and not self.misplaced
            and not self.corrupted
            and self.found >= LEAST_FOUND * self.dropped
        )

    def add(self, more: Tally) -> None:
        """Count another one's."""
        for name, value in vars(more).items():
            setattr(self, name, getattr(self, name) + value)

    @contextmanager
    def clock(self) -> Generator[None]:
        """Count the processor's seconds of what is done meanwhile."""
        started = time.process_time()
        try:
            yield
        finally:
            self.seconds += time.process_time() - started


def figures(one: Tally) -> str:
    """The figures that have limits, a line for each with its limit."""
    rows = (
        ("refactorings tried", str(one.tried), f"at least {FEWEST}"),
        (
            "reproduced exactly",
            f"{one.exact} = {_share(one.exact, one.tried)}",
            f"at least {LEAST_EXACT:.0%}",
        ),
        ("edits misplaced", str(one.misplaced), "0"),
        ("files corrupted", str(one.corrupted), "0"),
        (
            "forgotten references found",
            f"{one.found} of {one.dropped} = {_share(one.found, one.dropped)}",
            f"at least {LEAST_FOUND:.0%}",
        ),
    )
    return "\n".join(f"{name:28}{value:24}{limit}" for name, value, limit in rows)


def table(title: str, tallies: Mapping[str, Tally]) -> str:
    """A line for each."""
    heads = ("tried", "exact", "strict", "refused", "other", "misplaced", "corrupted", "asked")
    more = ("dropped", "found", "alarms", "right", "noisy", "doubts", "precise", "seen", "sites")
    rows = [f"{title:20}" + "".join(f"{head:>10}" for head in (*heads, *more, "s each"))]
    for name, one in tallies.items():
        counts = (one.refused, one.other, one.misplaced, one.corrupted, one.asked, one.dropped)
        shares = (_share(one.exact, one.tried), _share(one.strict, one.tried))
        rest = (
            _share(one.found, one.dropped),
            *map(str, (one.alarms, one.right, one.noisy, one.doubts)),
            f"{one.precise:.1%}" if one.found + one.right + one.alarms else "-",
            _share(one.seen, one.lines),
            _share(one.changed, one.sites),
            f"{one.seconds / max(one.tried, 1):.2f}",
        )
        cells = (str(one.tried), *shares, *map(str, counts), *rest)
        rows.append(f"{name:20}" + "".join(f"{cell:>10}" for cell in cells))
    return "\n".join(rows)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def judged(truth: Truth, across: Across, tally: Tally, misses: list[str], label: str) -> None:
    """Hold an outcome against the truth, to the byte."""
    made = {one.place: str(one.after) for one in across.changes if one.after is not None}
    gone = frozenset(one.path for one in across.changes if one.after is None or one.to)
    if made == truth.after and gone == truth.gone:
        tally.exact += 1
        return
    tally.other += 1
    wrong = sorted(path for path in made | truth.after if made.get(path) != truth.after.get(path))
    misses.append(f"{label}: differs in {wrong[:4]} {sorted(gone ^ truth.gone)[:4]}")
    for path in wrong:
        if path in made:
            before = truth.before.get(path, "")
            tally.misplaced += strays(before, made[path], truth.after.get(path, before))
            tally.corrupted += _is_worse(path, before, made[path])


def strays(before: str, made: str, after: str) -> bool:
    """Whether a line was changed that the truth leaves alone; blanks alone are in no wrong place."""
    return made.split() != after.split() and bool(_touched(before, made) - _touched(before, after))


def _touched(before: str, after: str) -> set[int]:
    old = before.splitlines(keepends=True)
    steps = SequenceMatcher(
        None, old, after.splitlines(keepends=True), autojunk=False
    ).get_opcodes()
    # Of lines that end alike, either may be said to go: the same ones each time.
    groups = slid(old, [(i, k, m, n) for tag, i, k, m, n in steps if tag != "equal"])
    return {row for i, k, _, _ in groups for row in range(i, k)}


def _is_worse(path: str, before: str, made: str) -> bool:
    language = language_for(path)
    ends = [("\r\n" in text, text.startswith("\ufeff")) for text in (before, made)]
    if before and ends[0] != ends[1]:
        return True
    if language is None:
        return False
    old, new = (errors(parse(language, text.encode())) for text in (before, made))
    return new > old
