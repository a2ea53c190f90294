"""Known refactorings of real packages, answered by an oracle with the forms and flaws of models.

Each is made as `twolane do refactor` makes it: the impact set from the index of the whole package, the
prompt, the oracle's answer about what the prompt shows, asking again, the checks. The outcome is held
against the tool's, to the byte. The peer, `strict`, is a reader of the same answers that forgives nothing
and never asks again: a path alone in its line, and text that stands exactly so and once in the file.
`noisy` are exact outcomes of which it is said all the same that references may be left.
TWOLANE_SEED makes it other flaws.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

from refactor_oracle import Oracle, pieces
from refactor_truths import Truth, truths

from support_refactor import conversation, impact_in, indexed_in, subject_at
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.edits.syntax import errors
from twolane_server.errors import TwolaneError

if TYPE_CHECKING:
    from twolane_server.actions.base import Subject
    from twolane_server.actions.outcomes import Across

FEWEST = 60
LEAST_EXACT, LEAST_FOUND = 0.98, 0.95
WINDOWS = (65_536, 24_576)
SEED = os.environ.get("TWOLANE_SEED", "0")


@dataclass
class Tally:
    """What came of all."""

    exact: int = 0
    strict: int = 0
    noisy: int = 0
    refused: int = 0
    other: int = 0
    misplaced: int = 0
    corrupted: int = 0
    asked: int = 0
    dropped: int = 0
    found: int = 0
    seconds: float = 0.0


def main() -> int:
    """Run all, print the table; 1 on a miss."""
    given = truths()
    tallies: dict[str, Tally] = {}
    misses: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, truth in enumerate(given):
            tally = tallies.setdefault(truth.language, Tally())
            _try(truth, number, Path(scratch) / str(number), tally, misses)
    total = Tally()
    for tally in tallies.values():
        for name, value in vars(tally).items():
            setattr(total, name, getattr(total, name) + value)
    print(
        f"{'':12}{'tried':>7}{'exact':>8}{'strict':>8}{'noisy':>7}{'refused':>9}{'other':>7}{'misplaced':>11}",
        end="",
    )
    print(f"{'corrupted':>11}{'asked':>7}{'dropped':>9}{'found':>7}{'s each':>8}")
    for name, tally in (*tallies.items(), ("all", total)):
        count = tally.exact + tally.refused + tally.other
        print(f"{name:12}{count:7}{tally.exact / max(count, 1):8.1%}", end="")
        print(f"{tally.strict / max(count, 1):8.1%}{tally.noisy:7}{tally.refused:9}", end="")
        print(f"{tally.other:7}{tally.misplaced:11}{tally.corrupted:11}{tally.asked:7}", end="")
        print(f"{tally.dropped:9}{tally.found / max(tally.dropped, 1):7.1%}", end="")
        print(f"{tally.seconds / max(count, 1):8.2f}")
    for miss in misses:
        print("  ", miss)
    print(dict(Counter(truth.kind for truth in given)))
    print(f"limits: {FEWEST} tried, {LEAST_EXACT:.0%} exact, none misplaced or corrupted, ", end="")
    print(f"{LEAST_FOUND:.0%} of the dropped found")
    count = total.exact + total.refused + total.other
    good = (
        count >= FEWEST
        and total.exact >= LEAST_EXACT * count
        and not total.misplaced
        and not total.corrupted
        and total.found >= LEAST_FOUND * total.dropped
    )
    return 0 if good else 1


def _try(truth: Truth, number: int, top: Path, tally: Tally, misses: list[str]) -> None:
    root = top / truth.root.name
    shutil.copytree(truth.root, root)
    indexed = indexed_in(root, top / "own")
    subject = subject_at(root, truth.path, truth.at, instruction=truth.instruction)
    impact = impact_in(indexed, subject, window=WINDOWS[number % len(WINDOWS)])
    indexed.close()
    subject = replace(subject, impact=impact)
    label = f"{truth.language} {truth.root.name}: {truth.kind} {truth.name}"
    chance = random.Random(f"{SEED} {number}")  # noqa: S311 - flaws, no secret
    started = time.perf_counter()
    oracle = Oracle(truth.before, truth.after, chance, str(root))
    replies: list[str] = []

    def model(question: str) -> str:
        replies.append(oracle(question))
        return replies[-1]

    try:
        across, asked = conversation(subject, model)
    except TwolaneError as error:
        tally.refused += 1
        unseen = sorted(truth.before.keys() - (impact.texts.keys() if impact else set()))
        misses.append(f"{label}: {error} {unseen}")
    else:
        tally.asked += sum("Nothing was changed, since" in question for question in asked)
        again = any("Nothing was changed, since" in question for question in asked)
        tally.strict += not again and strictly(truth.before, replies) == truth.after
        _judge(truth, across, tally, misses, label)
        _drop(truth, subject, number, tally, misses)
    tally.seconds += time.perf_counter() - started
    shutil.rmtree(top)


def strictly(before: dict[str, str], replies: list[str]) -> dict[str, str]:
    """What a reader makes of the answers that forgives nothing."""
    made = dict(before)
    form = r"(?ms)^(\S+)\n<{7} SEARCH\n(.*?)^={7}\n(.*?)^>{7} REPLACE$"
    for path, search, new in re.findall(form, "\n".join(replies)):
        text = made.get(path, "")
        if (not search and path not in made) or text.count(search) == 1:
            made[path] = text.replace(search, new) if search else new
    return made


def _judge(truth: Truth, across: Across, tally: Tally, misses: list[str], label: str) -> None:
    made = {one.place: str(one.after) for one in across.changes if one.after is not None}
    if made == truth.after:
        tally.exact += 1
        tally.noisy += bool(across.notes)
        return
    tally.other += 1
    wrong = sorted(path for path in made | truth.after if made.get(path) != truth.after.get(path))
    misses.append(f"{label}: differs in {wrong[:4]}")
    for path in wrong:
        if path in made:
            before = truth.before.get(path, "")
            tally.misplaced += _strays(before, made[path], truth.after.get(path, before))
            tally.corrupted += _is_worse(path, before, made[path])


def _strays(before: str, made: str, after: str) -> bool:
    """Whether a line was changed that the truth leaves alone."""
    return bool(_touched(before, made) - _touched(before, after))


def _touched(before: str, after: str) -> set[int]:
    steps = SequenceMatcher(
        None, before.splitlines(keepends=True), after.splitlines(keepends=True), autojunk=False
    ).get_opcodes()
    return {row for tag, i, k, _, _ in steps if tag != "equal" for row in range(i, k)}


def _is_worse(path: str, before: str, made: str) -> bool:
    language = language_for(path)
    ends = [("\r\n" in text, text.startswith("\ufeff")) for text in (before, made)]
    if before and ends[0] != ends[1]:
        return True
    if language is None:
        return False
    old, new = (errors(parse(language, text.encode())) for text in (before, made))
    return new > old


def _drop(truth: Truth, subject: Subject, number: int, tally: Tally, misses: list[str]) -> None:
    """Have the oracle forget one reference, and see whether that is told."""
    root = Path(subject.impact.root if subject.impact is not None else "/")
    if not truth.kind.startswith("rename") or truth.kind == "rename parameter":
        return
    chance = random.Random(f"{SEED} drop {number}")  # noqa: S311 - flaws, no secret
    places = [
        (path, n)
        for path, text in truth.before.items()
        for n, piece in enumerate(pieces(text, truth.after[path]))
        if not _defines(truth, path, piece.first, len(piece.search))
    ]
    if not places:
        return
    skip = chance.choice(places)
    try:
        across, _ = conversation(
            subject, Oracle(truth.before, truth.after, chance, str(root), skip=skip)
        )
    except TwolaneError:
        return  # it noticed by the syntax, or was asked too often
    tally.dropped += 1
    if any(f"{skip[0]}:" in note for note in across.notes):
        tally.found += 1
    else:
        misses.append(f"{truth.language} {truth.root.name}: not told: {truth.name} in {skip[0]}")


def _defines(truth: Truth, path: str, first: int, height: int) -> bool:
    row = truth.before[truth.path].encode()[: truth.at].count(b"\n") if path == truth.path else -1
    return first <= row <= first + height


if __name__ == "__main__":
    sys.exit(main())
