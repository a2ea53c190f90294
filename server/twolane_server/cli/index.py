"""`twolane index`: index a repository now, in all processors, and tell what is in it.

Its code under NDA is read, too, so that copies of it are known again wherever they turn up. That takes ten
times as long as the index: where there is much of it, another process does it, and nobody waits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, cast

from twolane_server.cli import repository as repositories
from twolane_server.folders import folders
from twolane_server.repositories.standing_back import standing_back

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from twolane_context.disk import Row

_ROWS_AT_ONCE = 64
_NICE = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    repositories.configure(parser)
    parser.add_argument("--stats", action="store_true", help="print what is in the index")
    parser.add_argument("--wait", action="store_true", help="until all code under NDA is read, too")
    parser.add_argument("--stand-back", action="store_true", help="the same, behind other programs")


def run(arguments: argparse.Namespace) -> int:
    """Index what is new; returns the exit status."""
    from twolane_context.work import examine_all  # noqa: PLC0415 - not needed to start

    began = time.monotonic()
    if arguments.stand_back:
        os.nice(_NICE)
    opened = repositories.open_for(arguments, look=False)
    repository = opened.repository
    missing = repository.unexamined()
    rows = examine_all(repository.root, missing, os.cpu_count() or 1)
    for some in _batches(_with_bar(rows, len(missing))):
        repository.adopt(some)
    repository.refresh()
    read = opened.fingerprint(patient=arguments.wait or arguments.stand_back)
    opened.close()
    if not read and not _left_to_another(repository.root):
        opened.fingerprint(patient=True)
    if arguments.stats or arguments.json:
        facts = _stats(opened, examined=len(missing), seconds=time.monotonic() - began)
        print(json.dumps(facts) if arguments.json else _text(facts))
    return 0


def _left_to_another(root: Path) -> bool:
    """Have another process read the code under NDA, which goes on when this has ended; whether it can."""
    from twolane_server.process_groups import in_a_group  # noqa: PLC0415 - only where there is much

    command, environ = standing_back(root, folders(os.environ))
    quiet = subprocess.DEVNULL
    try:
        subprocess.Popen(  # noqa: S603 - our own program, which nobody waits for
            command, env=environ, stdin=quiet, stdout=quiet, stderr=quiet, **in_a_group()
        )
    except OSError:
        return False
    print(
        "twolane: the code under NDA is being read in the background; until that is done, nothing of this "
        "repository leaves, and copies of its code elsewhere are not recognised (--wait waits for it)",
        file=sys.stderr,
    )
    return True


def _with_bar(rows: Iterator[Row], total: int) -> Iterator[Row]:
    """The rows, with a bar on a terminal."""
    if not sys.stderr.isatty() or not total:
        yield from rows
        return
    from rich.progress import track  # noqa: PLC0415 - the same

    from twolane_server.cli.terminal import Terminal  # noqa: PLC0415 - only for a person

    console = Terminal(stderr=True)
    yield from track(rows, "Indexing", total=total, console=console, transient=True)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    for row in rows:
        some.append(row)
        if len(some) == _ROWS_AT_ONCE:
            yield some
            some = []
    yield some


def _stats(opened: repositories.Opened, *, examined: int, seconds: float) -> dict[str, object]:
    from twolane_context.languages import language_for  # noqa: PLC0415 - imports tree-sitter

    files = opened.repository.index.files.values()
    kinds: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for file in files:
        language = language_for(file.path)
        languages[language.name if language else "other"] += 1
        kinds.update(symbol.kind.value for symbol in file.outline.symbols)
    return {
        "root": str(opened.repository.root),
        "files": len(files),
        "languages": dict(languages.most_common()),
        "symbols": dict(kinds.most_common()),
        "examined": examined,
        "seconds": round(seconds, 3),
    }


def _text(facts: dict[str, object]) -> str:
    lines = [f"{facts['root']}: {facts['files']} files, {facts['examined']} read anew"]
    for name in ("languages", "symbols"):
        counted = cast("dict[str, int]", facts[name])
        lines.append(f"  {name}: {', '.join(f'{n} {kind}' for kind, n in counted.items())}")
    lines.append(f"  {facts['seconds']} s")
    return repositories.plain("\n".join(lines))
