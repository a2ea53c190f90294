"""The ledger as a whole, for somebody else to read: JSON lines, or one HTML page.

It holds code, so the file is its owner's alone. It goes as far as the chain is whole: what comes
after a place where somebody changed something is not vouched for, and the page says so.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twolane_server.border.ledger import read_rows, verify
from twolane_server.cli.ledger_page import page
from twolane_server.errors import TwolaneError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from twolane_server.border.chain import Verdict

__all__ = ["FORMATS", "export"]

FORMATS = ("jsonl", "html")


def export(folder: Path, kind: str, output: Path | None) -> int:
    """Write it; 1 when the ledger is not whole.

    Args:
        folder: where the ledger is.
        kind: one of `FORMATS`.
        output: the file; standard output if `None`.

    Raises:
        TwolaneError: the ledger cannot be read or the file cannot be written.
    """
    verdict = verify(folder)
    pieces = _page(folder, verdict) if kind == "html" else _lines(folder, verdict)
    if output is None:
        _write(pieces, sys.stdout)
    else:
        _write_file(pieces, output)
        print(f"Written to {output}.", file=sys.stderr)
    if not verdict.whole:
        print(
            f"The ledger is not whole, at entry {verdict.bad}: {verdict.why}. "
            "What is written ends before it.",
            file=sys.stderr,
        )
    return 0 if verdict.whole else 1


def _lines(folder: Path, verdict: Verdict) -> Iterator[str]:
    for row in read_rows(folder, last=verdict.entries):
        yield json.dumps(row.whole()) + "\n"


def _page(folder: Path, verdict: Verdict) -> Iterator[str]:
    # Read twice and never held as a whole: each row has its text.
    return page(lambda: read_rows(folder, last=verdict.entries), verdict, datetime.now(UTC))


def _write(pieces: Iterator[str], file: TextIO) -> None:
    file.writelines(pieces)


def _write_file(pieces: Iterator[str], output: Path) -> None:
    fresh = output.with_name(f"{output.name}.new")
    try:
        # A file that is there already may be open to others: it is replaced, not written into.
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii", newline="\n") as file:
            _write(pieces, file)
        fresh.replace(output)
    except OSError as error:
        raise TwolaneError(f"{output} cannot be written ({error.strerror}).") from error
    finally:
        if fresh.is_file():
            fresh.unlink()
