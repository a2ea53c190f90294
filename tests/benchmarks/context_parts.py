"""The parts of the context benchmark; each runs in a process of its own and prints a JSON object."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import django_gold as gold
import tree_sitter
from django_gold import DJANGO, SCRATCH, Shown

from twolane_context.answers import Answers
from twolane_context.languages import grammar, language_for
from twolane_context.question import Selection
from twolane_context.repository import Repository
from twolane_context.tokens import counter_for
from twolane_context.work import examine_all
from twolane_server.pauses import collect, collect_in_pauses_alone

TWOLANE = (sys.executable, "-m", "twolane_server.cli")
BUDGET = 1_024
WORD = re.compile(rb"[A-Za-z_]\w*")
FACTS = {
    ".py": "(function_definition name: (_) @name body: (_) @body) @d"
    " (class_definition name: (_) @name body: (_) @body) @d"
    " (import_statement name: (_) @name) @i"
    " (import_from_statement module_name: (_) @from name: (_) @name) @i",
    ".js": "(function_declaration name: (_) @name body: (_) @body) @d"
    " (class_declaration name: (_) @name body: (_) @body) @d"
    " (method_definition name: (_) @name body: (_) @body) @d"
    " (import_statement source: (_) @from) @i",
}


SAVES = (("5 KB", 5_000), ("160 KB", 162_000))
SAVED = "{} saved, until a question sees it, ms"


def floor() -> dict[str, float]:
    """What no engine can do without, or does at the least, by the names of the rows.

    Reading and names; parsing, definitions and imports; a search for a name.
    """
    files = gold.code_files()
    began = time.process_time()
    sources = [(path.suffix, path.read_bytes()) for path in files]
    names = [set(WORD.findall(source)) for _, source in sources]
    first = time.process_time() - began
    assert sum(map(len, names)) > 100_000
    languages = {suffix: language_for(f"a{suffix}") for suffix in FACTS}
    grammars = {suffix: grammar(one) for suffix, one in languages.items() if one is not None}
    queries = {s: tree_sitter.Query(grammars[s], text) for s, text in FACTS.items()}

    def definitions(suffix: str, source: bytes) -> int:
        tree = tree_sitter.Parser(grammars[suffix]).parse(source)
        return len(tree_sitter.QueryCursor(queries[suffix]).matches(tree.root_node))

    began = time.process_time()
    assert sum(definitions(*one) for one in sources) > 50_000
    found = {
        "cold, first useful answer, CPU s": first,
        "cold, all facts, CPU s": time.process_time() - began,
        **_name_match([path for path in files if path.suffix == ".py"]),
    }
    sizes = {str(path): path.stat().st_size for path in files if path.suffix == ".py"}
    for name, size in SAVES:
        path = Path(_nearest(sizes, size))
        taken: list[float] = []
        for _ in range(9):
            began = time.perf_counter()
            definitions(".py", path.read_bytes())
            taken.append(1000 * (time.perf_counter() - began))
        found[SAVED.format(name)] = sorted(taken)[len(taken) // 2]
    return found


def _name_match(files: list[Path]) -> dict[str, float]:
    """All lines with the symbol's name, as an editor's search finds them."""
    lines: dict[bytes, set[tuple[str, int]]] = {}
    wanted = {one: _name_at(one) for one in gold.references()}
    sought = {name: re.compile(rb"\b" + re.escape(name) + rb"\b") for name in wanted.values()}
    for path in files:
        text, short = path.read_bytes(), path.relative_to(DJANGO).as_posix()
        for name, pattern in sought.items():
            if name in text:
                rows = enumerate(text.split(b"\n"), 1)
                here = {(short, row) for row, line in rows if pattern.search(line)}
                lines.setdefault(name, set()).update(here)
    right = sum(len(one.sites & lines[name]) for one, name in wanted.items())
    return {
        "references: recall": right / sum(len(one.sites) for one in wanted),
        "references: precision": right / sum(len(lines[name]) for name in wanted.values()),
    }


def _name_at(one: gold.Reference) -> bytes:
    line = (DJANGO / one.path).read_bytes().split(b"\n")[one.line - 1]
    name = WORD.match(line, one.column)
    assert name is not None
    return name[0]


def _nearest(sizes: dict[str, int], size: int) -> str:
    return min(sizes, key=lambda one: abs(sizes[one] - size))


def facts() -> dict[str, float]:
    """All facts of all code, from nothing, in all processors; then their memory and answers."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.process_time()
    repository = Repository(DJANGO)
    repository.adopt(examine_all(DJANGO, repository.unexamined(), os.cpu_count() or 1))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    children = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    spent = time.process_time() - began + children
    repository.refresh()
    return {"cold, all facts, CPU s": spent, **_running(repository)}


def _running(repository: Repository) -> dict[str, float]:
    """As in a server after its first minute, which collects garbage in pauses: see `pauses`."""
    collect_in_pauses_alone()
    answers, count = Answers(repository), counter_for("deepseek-v3.2")
    dice = random.Random(3)  # noqa: S311 - a benchmark's dice
    for path in dice.sample(sorted(repository.index.files), 40):  # a server has had others before
        answers.context([Selection(path, 30, 30)], BUDGET, count)
    collect(0)
    taken: list[float] = []
    lists: list[list[Shown]] = []
    asked = gold.uses()
    for use in asked:
        began = time.perf_counter()
        pieces = answers.context([Selection(use.path, use.line - 1, use.line - 1)], BUDGET, count)
        taken.append(1000 * (time.perf_counter() - began))
        assert sum(piece.tokens for piece in pieces) <= BUDGET
        lists.append([Shown(piece.path, piece.start_line, piece.end_line) for piece in pieces])
    taken.sort()
    return {
        "question, running, median ms": taken[len(taken) // 2],
        "question, running, p95 ms": taken[len(taken) * 95 // 100],
        "memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **gold.scores(asked, lists),
        **_saves(repository, answers),
    }


def _saves(repository: Repository, answers: Answers) -> dict[str, float]:
    """From the event to the answer of a question that sees the new text."""
    count = counter_for("deepseek-v3.2")
    sizes = {p: (DJANGO / p).stat().st_size for p in repository.index.files if p.endswith(".py")}
    found: dict[str, float] = {}
    for name, size in SAVES:
        path = _nearest(sizes, size)
        file, before = DJANGO / path, (DJANGO / path).read_bytes()
        taken: list[float] = []
        try:
            for turn in range(9):
                new = f"\n\ndef saved_{turn}():\n    return unique_{turn}()\n\n\ndef unique_{turn}(): 0\n"
                file.write_bytes(before + new.encode())
                row = before.count(b"\n") + 3
                began = time.perf_counter()
                repository.refresh([path])
                pieces = answers.context([Selection(path, row, row)], BUDGET, count)
                taken.append(1000 * (time.perf_counter() - began))
                assert any(f"def unique_{turn}" in piece.text for piece in pieces)
        finally:
            file.write_bytes(before)
            repository.refresh([path])
        found[SAVED.format(name)] = sorted(taken)[len(taken) // 2]
    return found


def processes() -> dict[str, float]:
    """The command line, as a user runs it."""
    dice = random.Random(5)  # noqa: S311 - a benchmark's dice
    asked = gold.uses()

    def ask() -> tuple[float, float]:
        use = dice.choice(asked)
        words = ("context", "--json", "--repo", str(DJANGO), "--budget", str(BUDGET))
        return _timed(*words, f"{use.path}:{use.line}")

    cold: list[float] = []
    for _ in range(3):
        shutil.rmtree(SCRATCH / "cache", ignore_errors=True)
        cold.append(ask()[1])
    whole = _timed("index", "--wait", "--repo", str(DJANGO))[1]
    warm = sorted(ask()[0] for _ in range(9))
    return {
        "cold, first useful answer, CPU s": sorted(cold)[1],
        "all texts, and all code as under NDA, CPU s": whole,
        "new process, warm cache, wall s": warm[len(warm) // 2],
    }


def references() -> dict[str, float]:
    """All reference sites of 25 symbols, by tree-sitter alone and confirmed."""
    found: dict[str, float] = {}
    for name, more in (("references", ["--no-confirm"]), ("references, confirmed", [])):
        right = given = wanted = 0
        for one in gold.references():
            place = f"{one.path}:{one.line}:{one.column}"
            command = [*TWOLANE, "refs", "--json", *more, "--repo", str(DJANGO), place]
            answer = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, env=_environment()
            ).stdout
            got = {(site["path"], site["line"]) for site in json.loads(answer)}
            right, given = right + len(got & one.sites), given + len(got)
            wanted += len(one.sites)
        found |= {f"{name}: recall": right / wanted, f"{name}: precision": right / given}
    return found


def _timed(*words: str) -> tuple[float, float]:
    """Wall and CPU seconds of a command."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*TWOLANE, *words], check=True, stdout=subprocess.DEVNULL, env=_environment())
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _environment() -> dict[str, str]:
    """The user's own settings and caches stay out of it, and the program is as installed: compiled."""
    scripts = str(Path(sys.executable).parent)  # basedpyright is there
    own = {f"TWOLANE_{k}_DIR": str(SCRATCH / k.lower()) for k in ("CONFIG", "STATE", "CACHE")}
    own |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(SCRATCH / "compiled")}
    return {**os.environ, **own, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}


PARTS = {part.__name__: part for part in (floor, facts, processes, references)}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]]()))
