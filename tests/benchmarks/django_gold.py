"""django 5.2.19's source package, and what is true of it.

`gold/uses_django.jsonl`: 100 random functions and the definitions that the names in their bodies
resolve to. `gold/refs_django.jsonl`: 25 random symbols and all their references. Both were found by
basedpyright.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
SCRATCH = HERE.parent.parent / ".demo" / "benchmark"
DJANGO = SCRATCH / "django-5.2.19"
USES = HERE / "gold" / "uses_django.jsonl"
REFS = HERE / "gold" / "refs_django.jsonl"
LONGEST_BODY = 60
BODY_SHOWN = 0.8


class Definition(NamedTuple):
    """A definition that a function needs; lines count from 1 and are inclusive."""

    path: str
    line: int
    end_line: int
    same_file: bool


class Use(NamedTuple):
    """A function, and what it needs."""

    path: str
    line: int
    needs: tuple[Definition, ...]


class Reference(NamedTuple):
    """A symbol, and the lines that refer to it."""

    path: str
    line: int
    column: int
    sites: frozenset[tuple[str, int]]


class Shown(NamedTuple):
    """A piece that an engine shows."""

    path: str
    first: int
    last: int


def fetch() -> None:
    """django's sources, once."""
    if DJANGO.is_dir():
        return
    SCRATCH.mkdir(parents=True, exist_ok=True)
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:")
    subprocess.run([*pip, "--dest", SCRATCH, "django==5.2.19"], check=True)
    with tarfile.open(next(SCRATCH.glob("django-5.2.19.tar.gz"))) as archive:
        archive.extractall(SCRATCH, filter="data")


def code_files() -> list[Path]:
    """The files of code, which the floor and the peer read."""
    return sorted(p for p in DJANGO.rglob("*") if p.suffix in {".py", ".js"} and p.is_file())


def uses() -> list[Use]:
    """The functions and what they need."""
    return [
        Use(
            one["path"],
            one["line"],
            tuple(
                Definition(g["path"], g["line"], g["end_line"], g["same_file"]) for g in one["gold"]
            ),
        )
        for one in map(json.loads, USES.read_text("utf-8").splitlines())
    ]


def references() -> list[Reference]:
    """The symbols and their references in Python."""
    return [
        Reference(
            one["path"],
            one["line"],
            one["col"],
            frozenset((path, row) for path, row, _ in one["sites"] if path.endswith(".py")),
        )
        for one in map(json.loads, REFS.read_text("utf-8").splitlines())
    ]


def scores(asked: list[Use], lists: list[list[Shown]]) -> dict[str, float]:
    """Recall of signatures and bodies across files, and the share of pieces that are needed."""
    hits = bodies = wanted = 0
    precisions: list[float] = []
    for use, pieces in zip(asked, lists, strict=True):
        lines: dict[str, set[int]] = {}
        for piece in pieces:
            lines.setdefault(piece.path, set()).update(range(piece.first, piece.last + 1))
        needed = {(one.path, one.line) for one in use.needs}
        right = [
            any((p.path, line) in needed for line in range(p.first, p.last + 1)) for p in pieces
        ]
        precisions += [sum(right) / len(right)] if right else []
        for one in use.needs:
            if not one.same_file:
                covered = lines.get(one.path, set())
                body = range(one.line, min(one.end_line, one.line + LONGEST_BODY - 1) + 1)
                wanted += 1
                hits += one.line in covered
                bodies += sum(line in covered for line in body) >= BODY_SHOWN * len(body)
    return {
        "signature recall across files at 1k": hits / wanted,
        "body recall at 1k": bodies / wanted,
        "item precision at 1k": sum(precisions) / len(precisions),
    }
