"""Refactorings of real packages whose outcome is known, each by a tool that has nothing of twolane's.

Python is refactored by rope, TypeScript by its own language service, Rust under its compiler's eyes, and what
changed from one release to the next is what its authors wrote. All is kept in `.demo/benchmark/refactor`. What
cannot be fetched is left out, and the benchmark says so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from difflib import SequenceMatcher
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from refactor_packages import HERE, SCRATCH, run, unpacked
from refactor_releases import releases
from refactor_sets import SETS

from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.edits.syntax import errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Truth", "truths"]

PER_KIND = {"python": 2, "typescript": 2, "rust": 2}
_CLIENT = {"python": "pip", "typescript": "npm", "rust": "apt"}


class Truth(NamedTuple):
    """One refactoring of one package.

    Attributes:
        language: `python`, `typescript` or `rust`.
        root: the package's folder.
        kind: what is done.
        path: where the symbol is defined.
        at: the byte of its name there.
        name: the symbol.
        instruction: what the person asks for.
        before: the files that change or go, by path; without those that are made.
        after: the files that are changed or made; what goes is not in it.
    """

    language: str
    root: Path
    kind: str
    path: str
    at: int
    name: str
    instruction: str
    before: dict[str, str]
    after: dict[str, str]

    @property
    def gone(self) -> frozenset[str]:
        """The files that are no more."""
        return frozenset(self.before.keys() - self.after.keys())


def truths(name: str) -> list[Truth]:
    """All refactorings of a set of packages, the same in each run."""
    packages = SETS[name]
    found: list[Truth] = []
    for language in ("python", "typescript", "rust"):
        for package in getattr(packages, language):
            try:
                root = unpacked(_CLIENT[language], package)
                found += _as_truths(language, root, _asked(language, root))
            except (OSError, subprocess.SubprocessError) as error:
                print(f"{package} is left out: {type(error).__name__} {error}")
    for language, old, new in packages.releases:
        try:
            client = _CLIENT[language]
            found += _released(language, unpacked(client, old), unpacked(client, new))
        except (OSError, subprocess.SubprocessError) as error:
            print(f"{new} is left out: {type(error).__name__} {error}")
    return found


def _tool(language: str) -> tuple[str, ...]:
    """What refactors a language, ready to be run with a folder."""
    if language == "python":
        python = SCRATCH / "rope" / "bin" / "python"
        if not python.is_file():
            run(sys.executable, "-m", "venv", str(SCRATCH / "rope"))
            run(str(python), "-m", "pip", "install", "--quiet", "rope==1.15.2")
        return str(python), str(HERE / "refactor_rope.py")
    if language == "rust":
        return sys.executable, str(HERE / "refactor_rust.py")
    tool = SCRATCH / "typescript"
    if not (tool / "node_modules").is_dir():
        tool.mkdir(exist_ok=True)
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
        run("npm", "install", *quiet, "--prefix", str(tool), "typescript@5.9.3")
    return "node", str(HERE / "refactor_ts.cjs"), str(tool / "node_modules" / "typescript")


def _asked(language: str, root: Path) -> list[dict[str, Any]]:
    """What a tool says, kept until the program that asks it is another one."""
    tool = _tool(language)
    program = next(word for word in tool if word.startswith(str(HERE)))
    version = sha256(open(program, "rb").read()).hexdigest()[:8]  # noqa: SIM115, PTH123 - one of ours
    kept = SCRATCH / "asked" / f"{root.name} {version} {PER_KIND[language]}.json"
    if not kept.is_file():
        command = [*tool, str(root), str(PER_KIND[language])]
        ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=900)
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(ran.stdout)
    return json.loads(kept.read_bytes())


def _as_truths(language: str, root: Path, given: list[dict[str, Any]]) -> Iterator[Truth]:
    for one in given:
        after: dict[str, str] = one["after"]
        before = {
            path: (root / path).read_bytes().decode()
            for path in (*after, *one["gone"])
            if (root / path).is_file()
        }
        # A tool may think that all lines end with LF, also in what it makes of a file with CRLF.
        for path, text in after.items():
            if "\r\n" in before.get(path, before.get(one["path"], "")):
                after[path] = text.replace("\r\n", "\n").replace("\n", "\r\n")
        if any(
            _broken(path, text) > _broken(path, before.get(path, ""))
            for path, text in after.items()
        ):
            continue  # a tool may break a file
        yield Truth(
            language,
            root,
            one["kind"],
            one["path"],
            one["at"],
            one["name"],
            one["instruction"],
            before,
            after,
        )


def _broken(path: str, text: str) -> int:
    language = language_for(path)
    return 0 if language is None else errors(parse(language, text.encode()))


def _released(language: str, old: Path, new: Path) -> Iterator[Truth]:
    for one in releases(old, new):
        listed = ", ".join(dict.fromkeys((*one.before, *one.after)))
        asked = f"change {one.name} and what belongs to it as in {new.name}, in {listed}"
        # How lines end, blanks before it, and whether the last one does: that an edit has to leave as it is.
        for path in one.before.keys() & one.after.keys():
            one.after[path] = _ended_as(one.before[path], one.after[path])
        if one.before == one.after:
            continue
        yield Truth(
            language, old, "release", one.path, one.at, one.name, asked, one.before, one.after
        )


def _ended_as(before: str, after: str) -> str:
    windows, now = ("\r\n" in text for text in (before, after))
    if windows != now:
        after = after.replace("\r\n", "\n").replace("\n", "\r\n" if windows else "\n")
    ends = before.endswith("\n")
    if after and ends != after.endswith("\n"):
        after = after.rstrip("\r\n") + ("\r\n" if windows else "\n") * ends
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    sides = ([line.rstrip() for line in lines] for lines in (old, new))
    for i, m, count in SequenceMatcher(None, *sides, autojunk=False).get_matching_blocks():
        new[m : m + count] = old[i : i + count]
    return "".join(new)


def copied(truth: Truth, top: Path) -> Path:
    """The package in a folder of its own, to be made a repository."""
    root = top / truth.root.name
    shutil.copytree(truth.root, root)
    return root
