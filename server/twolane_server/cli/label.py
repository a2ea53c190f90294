"""`twolane label`: whether files are under NDA or open, and why; and the owner's word that opens code."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.cli.plain import one_line
from twolane_server.errors import FingerprintsUnusable, Refused
from twolane_server.folders import folders
from twolane_server.fragments import Label
from twolane_server.repository import find_root
from twolane_server.rules.labels import Labelled, label_with, rules_for
from twolane_server.rules.tainted import Tainted
from twolane_server.settings.load import load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from twolane_server.recognition.opened import Origin, Owned
    from twolane_server.rules.taints import Taint
    from twolane_server.settings.resolved import Folders, NdaRules

_COLOURS = {Label.NDA: "\x1b[31m", Label.OPEN: "\x1b[32m"}
_PLAIN = "\x1b[0m"
_HINT = "`twolane label --open` opens code for good, if the rules allow it"

_MOVED = "; an editor that was open when it was moved must be closed first, else open it once more"


class _Shown(NamedTuple):
    """What is told about one file."""

    file: str
    labelled: Labelled
    origins: tuple[Origin, ...] = ()


class _Code(NamedTuple):
    """Code under NDA in an open file."""

    file: Path
    text: str
    origins: tuple[Origin, ...]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="files to label")
    parser.add_argument("--json", action="store_true", help="one object a line, for programs")
    parser.add_argument(
        "--open",
        action="store_true",
        help="say that code in open files, or in a folder's, which was under NDA is open for good",
    )
    parser.add_argument("--yes", action="store_true", help="with --open: without asking")


def run(arguments: argparse.Namespace) -> int:
    """Print a label for each file, or open code; returns the exit status.

    Raises:
        Refused: code cannot be opened; the sentence says why.
        FingerprintsUnusable: nobody can tell what code is under NDA.
    """
    kept = folders(os.environ)
    settings, problems = load(kept, None, os.environ)
    told = dict.fromkeys(problems)
    if arguments.open:
        _tell(map(str, told))
        return _open(arguments.files, kept, settings.nda, yes=arguments.yes)
    tainted = Tainted(kept.state)
    with ExitStack() as stack:

        @cache
        def known(root: Path) -> Owned | str:
            return _known(stack, root, kept, settings.nda)

        for file in arguments.files:
            rules = rules_for(Path(file), settings.nda)
            told |= dict.fromkeys(rules.problems)
            shown = _Shown(file, label_with(rules, None))
            if shown.labelled.label is Label.OPEN:
                shown = _with_code(shown, known)
            if why := tainted.why(file, (str(way.path) for way in rules.ways)):
                shown = _with_reason(shown, why)
            print(_as_json(shown) if arguments.json else _as_text(shown, colour=_wants_colour()))
    _tell(map(str, told))
    return 0


def _known(stack: ExitStack, root: Path, kept: Folders, nda: NdaRules) -> Owned | str:
    """The repository, or why its code under NDA is not known."""
    from twolane_server.recognition.opened import owned  # noqa: PLC0415 - imports tree-sitter

    try:
        return stack.enter_context(owned(root, kept, nda))
    except FingerprintsUnusable as error:
        return str(error).rstrip(".")


def _with_code(shown: _Shown, known: Callable[[Path], Owned | str]) -> _Shown:
    """What an open file holds of code under NDA, which keeps it local as well."""
    file = Path(os.path.realpath(shown.file))
    root = find_root(file.parent)
    if root is None:
        return shown
    one = known(root)
    if isinstance(one, str):
        return shown._replace(labelled=Labelled(Label.NDA, (one,)))
    try:
        origins = one.origins(_text(file))
    except FingerprintsUnusable as error:
        return shown._replace(labelled=Labelled(Label.NDA, (str(error).rstrip("."),)))
    if not origins:
        labelled = one.label(file)  # which may have been moved
        moved = labelled.label is Label.NDA
        return shown._replace(
            labelled=replace(labelled, reasons=(*labelled.reasons, _HINT)) if moved else labelled
        )
    reasons = (str(origins[0].held.match), _HINT)
    return shown._replace(labelled=Labelled(Label.NDA, reasons), origins=origins)


def _with_reason(shown: _Shown, why: str) -> _Shown:
    """The same, NDA for one reason more."""
    known = shown.labelled.reasons if shown.labelled.label is Label.NDA else ()
    return shown._replace(labelled=Labelled(Label.NDA, (*known, why)))


def _open(files: list[str], kept: Folders, nda: NdaRules, *, yes: bool) -> int:
    from twolane_server.recognition.opened import owned  # noqa: PLC0415 - imports tree-sitter

    root, places = _places(files)
    tainted = Tainted(kept.state)
    with owned(root, kept, nda) as one:
        chosen = dict.fromkeys(file for place in places for file in _files(place, one, nda))
        codes = [_Code(file, text := _text(file), one.origins(text)) for file in chosen]
        codes = [code for code in codes if code.origins or one.label(code.file).label is Label.NDA]
        if refused := dict.fromkeys(line for code in codes for line in _refusals(code)):
            raise Refused(f"Nothing was opened: {'; '.join(refused)}.")
        stained = _stained(places, chosen, one, tainted, nda)
        if not codes and not stained:
            print("No code under NDA was found there; nothing was changed.")
            return 0
        print("\n".join([*map(_explained, codes), *map(_told, stained)]))
        if not yes and not _agreed():
            print("Nothing was opened.", file=sys.stderr)
            return 1
        if stained:
            before = [old for file in stained for old in one.former(Path(file.path))]
            tainted.clear([*(file.path for file in stained), *before])
        moved = {str(code.file): one.open(*code) for code in codes}
        for file in dict.fromkeys((*moved, *(each.path for each in stained))):
            print(f"{one_line(file)} is open now{_MOVED if moved.get(file) else ''}.")
    return 0


def _stained(
    places: list[Path], chosen: Iterable[Path], one: Owned, tainted: Tainted, nda: NdaRules
) -> list[Taint]:
    """Of the files at some places those that stay NDA, in order; in a folder also those that are gone.

    Raises:
        Refused: nobody can tell.
    """
    for file in chosen:  # one that was moved gets its own row
        tainted.why(str(file), one.former(file))
    known = tainted.read()
    if known.fault:
        raise Refused(f"Nothing was opened: {known.fault}.")
    here = set(map(str, chosen))

    def meant(path: Path) -> bool:
        if str(path) in here:
            return True
        if not any(place in path.parents for place in places):
            return False
        rules = rules_for(path, nda)  # of what the index leaves out, or is gone
        return rules.gone or label_with(rules, None).label is Label.OPEN

    return [row for row in known.rows if meant(Path(row.path))]


def _places(files: Iterable[str]) -> tuple[Path, list[Path]]:
    """The one repository that all the places lie in, and their real paths.

    Raises:
        Refused: there is none, or more than one.
    """
    found: dict[Path, list[Path]] = {}
    for file in files:
        place = Path(os.path.realpath(file))
        root = find_root(place if place.is_dir() else place.parent)
        if root is None or not place.exists():
            what = "is not there" if root is not None else "is not in a git repository"
            raise Refused(f"{one_line(file)} {what}; nothing was opened.")
        found.setdefault(root, []).append(place)
    if len(found) > 1:
        raise Refused("These are files of several repositories; name one's at a time.")
    return next(iter(found.items()))


def _files(place: Path, one: Owned, nda: NdaRules) -> list[Path]:
    """The open files at a place.

    Raises:
        Refused: it is one file, and that is under NDA.
    """
    if place.is_dir():
        return one.files(place)
    labelled = label_with(rules_for(place, nda), None)
    if labelled.label is not Label.OPEN:
        why = one_line("; ".join(labelled.reasons))
        raise Refused(
            f"{one_line(str(place))} is NDA itself ({why}); change that rule and run `twolane trust`."
        )
    return [place]


def _text(file: Path) -> str:
    from twolane_server.recognition.hidden import text_of  # noqa: PLC0415 - imports tree-sitter

    raw = file.read_bytes()
    return text_of(raw) or raw.decode("utf-8", "replace")


def _refusals(code: _Code) -> list[str]:
    return [
        one_line(f"{code.file} holds code of a file that the rules keep: {each.refused}")
        for each in code.origins
        if each.refused
    ]


def _explained(code: _Code) -> str:
    lines = [f"{code.file}:", *(f"  {each.held.match}, and {each.now}" for each in code.origins)]
    lines += [] if code.origins else ["  it was moved out of a place that is under NDA"]
    return "\n".join(map(one_line, lines))


def _told(stained: Taint) -> str:
    return f"{one_line(stained.path)}:\n  {one_line(f'on {stained.day}: {stained.found}')}"


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise Refused(
            "Nobody can be asked here; `twolane label --open --yes` opens without asking."
        )
    print(
        "May this code go to the cloud lane from now on? [y/N] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _tell(problems: Iterable[str]) -> None:
    for problem in problems:
        print(f"twolane: {one_line(problem)}", file=sys.stderr)


def _as_json(shown: _Shown) -> str:
    file, labelled, origins = shown
    holds = [
        {
            "kind": each.held.match.kind.name.lower(),
            "file": each.held.match.path,
            "first_line": each.held.match.first_line,
            "last_line": each.held.match.last_line,
            "now": each.now,
        }
        for each in origins
    ]
    told = {"path": file, "label": labelled.label.name, "reasons": list(labelled.reasons)}
    return json.dumps({**told, "holds": holds})


def _as_text(shown: _Shown, *, colour: bool) -> str:
    label = shown.labelled.label
    name = f"{label.name:<4}"
    if colour:
        name = f"{_COLOURS[label]}{name}{_PLAIN}"
    return f"{name}  {one_line(shown.file)}: {one_line('; '.join(shown.labelled.reasons))}"


def _wants_colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
