"""Known refactorings of real packages, answered by an oracle with the forms and flaws of models.

Each is made as `twolane do refactor` makes it: the impact set from the index of the whole package, the
prompt, the oracle's answer about what the prompt shows, asking again, the checks. The outcome is held
against the tool's, to the byte. The peer, `strict`, is a reader of the same answers that forgives nothing
and never asks again: a path alone in its line, and text that stands exactly so and once in the file.

`dropped` are renamings in which the oracle forgets one place; `found` is how many of these are told. `alarms` are
the places of code that are said to be left in exact outcomes although something is still called so, in so many
outcomes as `noisy` says; `right` are those where nothing is called so any more: there the tool forgot
them. `doubts` are places that are said to be doubtful. `precise` is the share of found and right in all that is
said to be left; it has no limit, since tools do not know all (rope no attribute of a value of unknown type, the
compiler no code that it leaves out). `seen` and `sites` are of renamings: the share of the changed lines that the impact set
shows, and of its sites that change.

TWOLANE_SEED makes it other flaws, TWOLANE_SETS other packages: by default all but `tuned`, which are those that twolane
was made with.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from refactor_tally import Tally, figures, judged, table
from refactor_truths import Truth, copied, truths

from support_oracle import Oracle
from support_pieces import pieces
from support_refactor import conversation, impact_in, indexed_in, subject_at
from twolane_context.facts import Facts, extract
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.actions.impact import Role, role_of
from twolane_server.errors import TwolaneError

if TYPE_CHECKING:
    from twolane_server.actions.base import Subject
    from twolane_server.actions.impact import Impact
    from twolane_server.actions.outcomes import Across
    from twolane_server.repositories.indexed import Indexed

WINDOWS = (65_536, 24_576)
SEED = os.environ.get("TWOLANE_SEED", "0")
SETS = os.environ.get(
    "TWOLANE_SETS", "held other third fourth fifth sixth seventh eighth ninth"
).split()
_LEFT, _DOUBTFUL = re.compile(r"not changed: (.*)"), re.compile(r"may mean it, too: (.*)")
_PLACE = re.compile(r"(\S+):(\d+)")


def main() -> int:
    """Run all, print a table for each set, and the figures of all; 1 where a set misses a limit."""
    sets = [_run(name) for name in SETS]
    whole = Tally()
    for one in sets:
        whole.add(one)
    missed = [name for name, one in zip(SETS, sets, strict=True) if not one.good]
    print(
        f"\nall of {', '.join(SETS)}; the limits hold for each{' but for ' * bool(missed)}", end=""
    )
    print(f"{', '.join(missed)}\n{figures(whole)}")
    return 1 if missed else 0


def _run(name: str) -> Tally:
    by_language: dict[str, Tally] = {}
    by_kind: dict[str, Tally] = {}
    by_flaw: dict[str, Tally] = {}
    misses: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, truth in enumerate(truths(name)):
            tally = Tally()
            top = Path(scratch) / str(number)
            flaws = _try(truth, number, top, tally, misses)
            shutil.rmtree(top)
            by_language.setdefault(truth.language, Tally()).add(tally)
            by_kind.setdefault(truth.kind, Tally()).add(tally)
            for flaw in flaws:
                by_flaw.setdefault(flaw, Tally()).add(tally)
    total = Tally()
    for tally in by_language.values():
        total.add(tally)
    print(table(f"{name} {SEED}", {**by_language, **by_kind, **by_flaw, "all": total}), flush=True)
    for miss in misses:
        print("  ", miss)
    return total


def _try(truth: Truth, number: int, top: Path, tally: Tally, misses: list[str]) -> set[str]:
    """Do one; gives the forms and flaws that the oracle had."""
    root = copied(truth, top)
    indexed = indexed_in(root, top / "own")
    subject = subject_at(root, truth.path, truth.at, instruction=truth.instruction)
    # What authors changed is not about one symbol, so that the model must see the files.
    window = WINDOWS[0 if truth.kind == "release" else number % len(WINDOWS)]
    impact = impact_in(indexed, subject, window=window)
    label = f"{truth.language} {truth.root.name}: {truth.kind} {truth.name}"
    chance = random.Random(f"{SEED} {number}")  # noqa: S311 - flaws, no secret
    with tally.clock():
        if impact is None:
            tally.refused += 1
            misses.append(f"{label}: no symbol at {truth.path}:{truth.at}")
            indexed.close()
            return set()
        if truth.kind.startswith("rename") and truth.kind not in (
            "rename parameter",
            "rename file",
        ):
            _measured(truth, impact, tally)
        subject = replace(subject, impact=impact)
        oracle = Oracle(truth.before, truth.after, chance, str(root))
        replies: list[str] = []

        def model(question: str) -> str:
            replies.append(oracle(question))
            return replies[-1]

        try:
            across, asked = conversation(subject, model)
        except TwolaneError as error:
            tally.refused += 1
            unseen = sorted(truth.before.keys() - impact.texts.keys())
            misses.append(f"{label}: {error} {sorted(oracle.kinds)} {unseen}")
        else:
            again = sum("Nothing was changed, since" in question for question in asked)
            tally.asked += again
            strict = strictly(truth.before, replies)
            tally.strict += not again and not truth.gone and strict == truth.after
            judged(truth, across, tally, misses, f"{label} {sorted(oracle.kinds)}")
            if tally.exact:
                told = {sure: _told(across, sure=sure) for sure in (True, False)}
                alarms = [
                    f"{label}: alarm {p}:{n}" for p, n in told[True] if role_of(p) is not Role.DOC
                ]
                if _is_gone(truth, across, indexed):
                    tally.right += len(alarms)
                else:
                    tally.alarms += len(alarms)
                    tally.noisy += bool(alarms)
                    misses += alarms[:3]
                tally.doubts += len(told[False])
            _drop(truth, subject, number, tally, misses)
    indexed.close()
    return oracle.kinds


def strictly(before: dict[str, str], replies: list[str]) -> dict[str, str]:
    """What a reader makes of the answers that forgives nothing."""
    made = dict(before)
    form = r"(?ms)^(\S+)\n<{7} SEARCH\n(.*?)^={7}\n(.*?)^>{7} REPLACE$"
    for path, search, new in re.findall(form, "\n".join(replies)):
        text = made.get(path, "")
        if (not search and path not in made) or text.count(search) == 1:
            made[path] = text.replace(search, new) if search else new
    return made


def _told(across: Across, *, sure: bool) -> list[tuple[str, int]]:
    """The places that a person is told are left, or may be."""
    form = _LEFT if sure else _DOUBTFUL
    return [
        (path, int(line))
        for note in across.notes
        if (found := form.search(note))
        for path, line in _PLACE.findall(found[1])
    ]


def _is_gone(truth: Truth, across: Across, indexed: Indexed) -> bool:
    """Whether nothing in the repository is called so any more."""
    made = {one.path: one for one in across.changes}
    files = indexed.repository.index.files
    for path in files.keys() | {one.place for one in across.changes}:
        change = made.get(path)
        if change is None and path in files:
            if files[path].named(truth.name):
                return False
        elif change is not None and change.after is not None:
            language = language_for(change.place)
            facts = extract(parse(language, change.after.source)) if language else Facts()
            if any(one.name == truth.name for one in facts.symbols):
                return False
    return True


def _measured(truth: Truth, impact: Impact, tally: Tally) -> None:
    """How much of what changes the impact set shows, and how much of its sites changes."""
    word = re.compile(rf"(?<!\w){re.escape(truth.name)}(?!\w)")
    sources = {one.path: one for one in impact.sources}
    for path, text in truth.before.items():
        lines = text.splitlines()
        rows = {
            row
            for one in pieces(text, truth.after.get(path, text))
            for row in range(one.first, one.last)
            if word.search(lines[row])
        }
        tally.lines += len(rows)
        if (source := sources.get(path)) is not None:
            known = {source.text.row_of(site) for site in (*source.sites, *source.maybe)}
            tally.seen += len(rows & known)
    for source in impact.sources:
        if source.role is Role.DOC:
            continue
        rows = {source.text.row_of(site) for site in source.sites}
        before = truth.before.get(source.path, "")
        changed = {
            row
            for one in pieces(before, truth.after.get(source.path, before))
            for row in range(one.first, one.last)
        }
        tally.sites += len(rows)
        tally.changed += len(rows & changed)


def _drop(truth: Truth, subject: Subject, number: int, tally: Tally, misses: list[str]) -> None:
    """Have the oracle forget one reference, and see whether that is told."""
    root = Path(subject.impact.root if subject.impact is not None else "/")
    if not truth.kind.startswith("rename") or truth.kind in ("rename parameter", "rename file"):
        return
    chance = random.Random(f"{SEED} drop {number}")  # noqa: S311 - flaws, no secret
    places = [
        (path, one.first)
        for path, text in truth.before.items()
        for one in pieces(text, truth.after.get(path, text))
        if not _defines(truth, path, one.first, one.last)
    ]
    if not places:
        return
    skip = chance.choice(places)
    oracle = Oracle(truth.before, truth.after, chance, str(root), skip=skip)
    try:
        across, _ = conversation(subject, oracle)
    except TwolaneError:
        return  # it noticed by the syntax, or was asked too often
    tally.dropped += 1
    told = (place for sure in (True, False) for place in _told(across, sure=sure))
    if any(path == skip[0] for path, _ in told):
        tally.found += 1
    else:
        misses.append(f"{truth.language} {truth.root.name}: not told: {truth.name} in {skip}")


def _defines(truth: Truth, path: str, first: int, last: int) -> bool:
    row = truth.before[truth.path].encode()[: truth.at].count(b"\n") if path == truth.path else -1
    return first <= row < last


if __name__ == "__main__":
    sys.exit(main())
