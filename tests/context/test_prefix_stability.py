"""The prefix of prompts over a session on a real disk: the same bytes, from any process.

What the map shows and when it is chosen anew is tested with `repository_map`; here are the files,
the live index, questions in between, the cache and other processes.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

from support_repository import put
from twolane_context.answers import Answers
from twolane_context.cache import Cache
from twolane_context.question import Selection
from twolane_context.repository import Repository
from twolane_context.repository_map import MapState, dump, load, repository_map
from twolane_context.tokens import counter_for, estimate
from twolane_context.work import examine_all

EDITS = 50
BUDGET = 2_048
MODULES = 40


def make_town(root: Path) -> None:
    """Modules that import one another, some much more than others."""
    dice = random.Random(7)  # noqa: S311 - no secret
    for number in range(MODULES):
        others = sorted({int(dice.random() ** 3 * MODULES) for _ in range(5)} - {number})
        lines = [f"from town.m{one} import House{one}, visit_{one}" for one in others]
        lines += ["", "", f"class House{number}:", f'    """House {number}."""', ""]
        lines += [f"    def door_{number}(self, guest):", f"        return guest, {number}", "", ""]
        lines += [f"def visit_{number}(house, guest):", "    house.door(guest)"]
        lines += [f"    visit_{one}(House{one}(), guest)" for one in others]
        put(root / "town" / f"m{number}.py", "\n".join([*lines, ""]))


class Session:
    """A person who edits and asks."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root, self.dice = root, random.Random(seed)  # noqa: S311 - no secret
        self.repository = Repository(root)
        self.repository.refresh()
        self.answers = Answers(self.repository)
        self.state = self.map(MapState())

    def map(self, previous: MapState) -> MapState:
        index = self.answers.resolver().index
        return repository_map(
            index, self.answers.lines, BUDGET, estimate, previous, allowed=lambda _: True
        )

    def shown(self) -> list[tuple[str, str]]:
        """Path and line of each signature that stands in the map, where a later one does not hold."""
        last = {one.path: one.text.splitlines()[1:] for one in self.state.entries}
        return [(path, line.strip()) for path, lines in last.items() for line in lines]

    def edit(self, number: int) -> None:
        """Some edit of some file, saved and heard of."""
        path = self.dice.choice(sorted(self.repository.index.files))
        lines = (self.root / path).read_text().split("\n")
        heads = [row for row, line in enumerate(lines) if line.lstrip().startswith("def ")]
        row, changed = self.dice.choice(heads), [path]
        kind = self.dice.choice(["body", "body", "comment", "function", "new", "head", "move"])
        if kind == "body":
            indent = " " * (len(lines[row]) - len(lines[row].lstrip()) + 4)
            lines.insert(row + 1, f"{indent}x{number} = {number}")
        elif kind == "comment":
            lines.insert(0, f"# {number}")
        elif kind == "function":
            lines += [f"def fresh_{number}(a):", "    return a", ""]
        elif kind == "head":
            lines[row] = lines[row].replace("(", f"(n{number}, ", 1)
        else:
            changed.append(f"town/n{number}.py")
        if kind == "move":
            (self.root / path).rename(self.root / changed[1])
        elif kind == "new":
            put(self.root / changed[1], f"def new_{number}():\n    return {number}\n")
        else:
            put(self.root / path, "\n".join(lines))
        self.repository.refresh(changed)

    def ask(self) -> None:
        path = self.dice.choice(sorted(self.repository.index.files))
        row = self.dice.randrange(12)
        pieces = self.answers.context([Selection(path, row, row)], BUDGET, estimate)
        assert sum(piece.tokens for piece in pieces) <= BUDGET


def survived(before: str, after: str) -> float:
    """The part of the old prefix that a server's cache still hits."""
    same = (one == other for one, other in zip(before, after, strict=False))
    return sum(takewhile(bool, same)) / len(before)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_over_50_edits_and_questions_the_prefix_lasts(tmp_path: Path, seed: int) -> None:
    make_town(tmp_path)
    session = Session(tmp_path, seed)
    changes: list[float] = []
    for number in range(EDITS):
        before, shown = session.state.text, session.shown()
        session.edit(number)
        session.ask()
        session.state = session.map(session.state)
        files = {
            path: " ".join((tmp_path / path).read_text().split())
            for path in session.repository.index.files
        }
        if all(text in files.get(path, "") for path, text in shown):
            assert session.state.text == before, number
        elif session.state.text != before:
            changes.append(survived(before, session.state.text))
        assert session.map(session.state) == session.state
        assert estimate(session.state.text) <= BUDGET
    assert changes  # or nothing was tested
    assert min(changes) >= 0.95


_PROMPT = """
import sys
from itertools import takewhile
from pathlib import Path
from test_prefix_stability import prompt
sys.stdout.buffer.write(prompt(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
"""


def prompt(root: Path, folder: Path, how: str) -> bytes:
    """What a process would send first: the map, and pieces for several places."""
    cache = Cache(folder / "index.sqlite", "1") if how != "without a cache" else None
    repository = Repository(root, cache)
    if how == "with workers":
        repository.adopt(examine_all(root, repository.unexamined(), 2))
    repository.refresh()
    answers, count = Answers(repository), counter_for("deepseek-v3.2")
    previous = load((folder / "map").read_bytes() if (folder / "map").exists() else b"")
    index = answers.resolver().index
    for path in sorted(index.files, reverse=how == "without a cache"):  # in whatever order
        index.files[path].examined()
    state = repository_map(index, answers.lines, BUDGET, count, previous, allowed=lambda _: True)
    paths = [f"town/m{number}.py" for number in range(0, MODULES, 3)]
    lasts = [(path, len(answers.lines(path)) - 2) for path in paths]
    selections = [Selection(path, last, last) for path, last in lasts]
    pieces = [answers.context([one], BUDGET, count, instruction="House7") for one in selections]
    repository.save()
    if cache is not None:
        cache.close()
    places = [(one.path, one.start_line, one.text) for some in pieces for one in some]
    assert len(places) > MODULES
    return state.text.encode() + json.dumps(places).encode() + dump(state)


def test_processes_give_the_same_bytes_however_they_came_by_the_facts(tmp_path: Path) -> None:
    make_town(tmp_path / "r")
    (tmp_path / "kept").mkdir()
    here = str(Path(__file__).parent)

    def elsewhere(how: str, seed: str) -> bytes:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, here])}
        return subprocess.run(
            [sys.executable, "-c", _PROMPT, tmp_path / "r", tmp_path / "kept", how],
            env={**environment, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout

    cold = elsewhere("without a cache", "1")
    assert cold.startswith(b"Signatures by file.")
    assert elsewhere("with workers", "2") == cold
    assert elsewhere("warm", "3") == cold
    first, _, _ = cold.partition(b"[[")
    (tmp_path / "kept" / "map").write_bytes(cold[cold.rindex(b"[[[") :])
    put(tmp_path / "r" / "town" / "m1.py", "def visit_1(other):\n    return other\n")
    after = elsewhere("warm", "4")
    assert after == elsewhere("without a cache", "5") != cold
    assert survived(first.decode(), after.partition(b"[[")[0].decode()) >= 0.95
