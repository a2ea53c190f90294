"""`twolane context`: the pieces of the repository that a place needs, within a budget of tokens."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

from twolane_context.question import Selection
from twolane_server.cli import repository as repositories
from twolane_server.cli.numbers import positive
from twolane_server.cli.plain import one_line, plain
from twolane_server.errors import WrongUse

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from twolane_context.pack import Piece
    from twolane_server.rules.tainted_here import Judge

_BUDGET = 2_048
_FILE_OR_HUNK = re.compile(r"(?m)^(?:\+\+\+ (?:b/)?([^\t\r\n]+)|@@ -\S+ \+(\d+)(?:,(\d+))? @@)")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    repositories.configure(parser)
    parser.add_argument("place", nargs="?", metavar="FILE:LINE[-LINE]", help="lines count from 1")
    parser.add_argument(
        "--budget", type=positive, default=_BUDGET, metavar="N", help="tokens in all"
    )
    parser.add_argument("--instruction", default="", metavar="TEXT", help="what is to be done")
    parser.add_argument(
        "--diff", metavar="FILE", help="a unified diff, for its places; - for stdin"
    )
    parser.add_argument("--batch", metavar="FILE", help="JSON lines of file, line and budget")
    parser.add_argument("--model", default="deepseek-v3.2", help="whose tokens are counted")
    parser.add_argument(
        "--audience",
        choices=("local", "cloud"),
        default="local",
        help="for the cloud, files and code under NDA do not exist",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the pieces; returns the exit status."""
    from twolane_context.answers import Answers  # noqa: PLC0415 - imports tree-sitter
    from twolane_context.tokens import counter_for  # noqa: PLC0415 - the same

    opened = repositories.open_for(arguments)
    verdict = opened.verdicts()
    hide = arguments.audience == "cloud"
    answers = Answers(opened.repository, verdict.open if hide else None)
    count = counter_for(arguments.model)
    for selections, budget in _questions(arguments, opened):
        pieces = answers.context(selections, budget, count, instruction=arguments.instruction)
        if hide:
            pieces = _allowed(pieces, opened, verdict)
        labelled = [(piece, verdict(piece.path).label.name) for piece in pieces]
        print(json.dumps(_object(labelled)) if arguments.json else _text(labelled))
    sys.stdout.flush()
    opened.close()
    return 0


def _allowed(pieces: Sequence[Piece], opened: repositories.Opened, verdict: Judge) -> list[Piece]:
    """Those that hold neither code under NDA nor a word that must not leave."""
    from twolane_server.border.words import find_word  # noqa: PLC0415 - only for the cloud

    words = tuple(dict.fromkeys(word for one in pieces for word in verdict(one.path).words))
    opened.repository.refresh()  # data under NDA counts, too
    held = opened.holding([one.text for one in pieces])
    return [
        one
        for one in pieces
        if one.text not in held and not find_word(f"{one.path}\n{one.text}", words)
    ]


def _questions(
    arguments: argparse.Namespace, opened: repositories.Opened
) -> Iterator[tuple[list[Selection], int]]:
    if arguments.batch:
        for line in repositories.read_text(arguments.batch).splitlines():
            yield _question(opened, line, arguments.budget)
    elif arguments.diff:
        yield changed_rows(repositories.read_text(arguments.diff)), arguments.budget
    elif arguments.place:
        yield [opened.selection(arguments.place)], arguments.budget
    elif arguments.instruction:
        yield [], arguments.budget
    else:
        raise WrongUse("Say where: FILE:LINE, --diff, --batch or --instruction.")


def changed_rows(diff: str) -> list[Selection]:
    """The rows that a unified diff changes, in the files as they are after it."""
    path, found = "", list[Selection]()
    for file, start, rows in _FILE_OR_HUNK.findall(diff):
        path = file or path
        first, count = int(start or 1) - 1, int(rows or 1)
        if start and path and count:
            found.append(Selection(path, first, first + count - 1))
    return found


def _question(opened: repositories.Opened, line: str, budget: int) -> tuple[list[Selection], int]:
    try:
        asked = json.loads(line)
        place = f"{asked['file']}:{int(asked['line'])}"
        return [opened.selection(place)], int(asked.get("budget", budget))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WrongUse('--batch takes lines such as {"file": "a.py", "line": 3}.') from error


def _object(pieces: list[tuple[Piece, str]]) -> list[dict[str, object]]:
    return [
        {
            "path": piece.path,
            "start_line": piece.start_line,
            "end_line": piece.end_line,
            "label": label,
            "tokens": piece.tokens,
            "text": piece.text,
        }
        for piece, label in pieces
    ]


def _text(pieces: list[tuple[Piece, str]]) -> str:
    total = sum(piece.tokens for piece, _ in pieces)
    shown = [
        f"{one_line(piece.path)}:{piece.start_line}-{piece.end_line}"
        f"  {label}  {piece.tokens} tokens\n{plain(piece.text)}"
        for piece, label in pieces
    ]
    count = "1 piece" if len(pieces) == 1 else f"{len(pieces)} pieces"
    return "\n".join([*shown, f"{count}, {total} tokens"])
