"""Make the list of what public code has in common, `border/public.bin`, anew.

    PYTHONPATH=server .venv/bin/python tests/corpus/build_public_prints.py FOLDER

The projects are those of packages.txt, fetched by pip and npm into FOLDER, and the standard library
of the Python that runs this. None of them is part of a benchmark of fingerprints. What is vendored,
generated or minified is left out, and of each project no more than a part is read, so that none
counts twice and none outweighs the rest.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from array import array
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.border.prints import Hasher, Kind, prints
from twolane_server.border.public import FILE, pack, short, word_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGES = Path(__file__).with_name("packages.txt")
SOURCE = re.compile(
    r"\.(py|pyi|pyx|js|mjs|cjs|jsx|ts|tsx|vue|c|h|cc|cpp|hpp|rs|go|java|lua|rb|sh|sql|html|css|md)$"
    r"|(^|/)(LICENSE|COPYING)[^/]*$"
)
LEFT_OUT = re.compile(
    r"(^|/)(_?vendor(ed)?|third_party|extern(al)?s?|node_modules|bundled|site-packages|locale|umd|"
    r"cjs|esm|es|idlelib|test)/|\.min\.|_pb2|\.bundle|-lock"
)
LARGEST_FILE = 200_000  # bytes
LONGEST_LINE = 2_000
LARGEST_PROJECT = 2_500_000  # characters
LEAST = {Kind.GRAM: 3, Kind.SHAPE: 3, Kind.LINE: 2, Kind.NAME: 2}  # projects
EVERYDAY = 0.3  # of the projects have the word
RANGES = 16
WORD = re.compile(r"\w+")


def fetch(folder: Path) -> list[tuple[str, Path]]:
    """Each package's project and archive, downloaded where it is not there yet."""
    found: list[tuple[str, Path]] = []
    for line in PACKAGES.read_text("utf-8").splitlines():
        where, project, package, version = line.split()
        target = folder / where / package.replace("/", "+")
        if not target.is_dir():
            target.mkdir(parents=True)
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            source = ["--no-binary", ":all:"] if where == "source" else []
            command = (
                ["npm", "pack", "--silent", f"{package}@{version}"]
                if where == "npm"
                else [*pip, *source, "--dest", str(target), f"{package}=={version}"]
            )
            if subprocess.run(
                command, cwd=target, stdout=subprocess.DEVNULL, check=False
            ).returncode:
                print(f"{package} {version} cannot be fetched", file=sys.stderr)
        found += [(project, archive) for archive in sorted(target.iterdir())]
    return found


def files(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the source files."""
    if archive.is_dir():
        for path in archive.rglob("*.py"):
            yield str(path.relative_to(archive)), path.read_bytes()
    elif archive.suffix in {".whl", ".zip"}:
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                if SOURCE.search(info.filename) and info.file_size <= LARGEST_FILE:
                    yield info.filename, opened.read(info)
    else:
        with tarfile.open(archive) as opened:
            for member in opened:
                wanted = SOURCE.search(member.name) and member.size <= LARGEST_FILE
                if member.isfile() and wanted and (file := opened.extractfile(member)):
                    yield member.name, file.read()


def texts(archive: Path) -> Iterator[str]:
    """The part of a project's source that is read."""
    chosen = [each for each in files(archive) if not LEFT_OUT.search(each[0])]
    chosen.sort(key=lambda each: sha256(each[0].encode("utf-8", "replace")).digest())
    read = 0
    for _, source in chosen:
        text = source.decode("utf-8", "replace")
        if read > LARGEST_PROJECT:
            break
        if max(map(len, text.split("\n"))) <= LONGEST_LINE:
            read += len(text)
            yield text


def hashes(archive: Path) -> dict[Kind, array[int]]:
    """The short hashes of a project."""
    found: dict[Kind, set[int]] = {kind: set() for kind in Kind}
    hasher = Hasher()
    for text in texts(archive):
        for series in prints(text, hasher):
            found[series.kind].update(map(short, series.hashes))
    return {kind: array("I", sorted(values)) for kind, values in found.items()}


def words(archive: Path) -> set[str]:
    """The words of a project."""
    return {word for text in texts(archive) for word in set(WORD.findall(text))}


def common(projects: Iterable[list[array[int]]], least: int) -> Iterator[int]:
    """What at least so many projects have. In ranges, since all at once would take gigabytes."""
    projects = list(projects)
    for part in range(RANGES):
        counted: Counter[int] = Counter()
        for project in projects:
            counted.update({each for one in project for each in one if each % RANGES == part})
        yield from (each for each, count in counted.items() if count >= least)


def everyday(archives: list[tuple[str, Path]]) -> set[int]:
    """The words that nobody is known by."""
    projects: dict[str, set[str]] = {}
    with ProcessPoolExecutor() as pool:
        made = pool.map(words, [archive for _, archive in archives])
        for (project, _), one in zip(archives, made, strict=True):
            projects.setdefault(project, set()).update(one)
    counted = Counter(word for each in projects.values() for word in each)
    least = EVERYDAY * len(projects)
    return {short(word_hash(word)) for word, count in counted.items() if count >= least}


def main() -> int:
    """Fetch, count, write."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    archives = fetch(Path(sys.argv[1]).absolute())
    archives.append(("python", Path(sysconfig.get_path("stdlib"))))
    chosen = everyday(archives)
    print(f"words in at least {EVERYDAY:.0%} of the projects: {len(chosen):,}")
    projects: dict[str, list[dict[Kind, array[int]]]] = {}
    with ProcessPoolExecutor() as pool:
        made = pool.map(hashes, [archive for _, archive in archives])
        for (project, _), one in zip(archives, made, strict=True):
            projects.setdefault(project, []).append(one)
    for kind, least in LEAST.items():
        found = set(common(([one[kind] for one in each] for each in projects.values()), least))
        print(f"{kind.name.lower():6} in at least {least} projects: {len(found):,}")
        chosen |= found
    packed = pack(chosen)
    FILE.write_bytes(packed)
    print(f"{len(projects)} projects, {len(chosen):,} hashes, {len(packed):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
