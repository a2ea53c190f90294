"""What `context`, `refs` and `index` have in common: a repository, and places in it."""

from __future__ import annotations

import gc
import os
import re
import sys
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_context.index import Changed
from twolane_context.question import Selection
from twolane_server.cli.plain import one_line, plain
from twolane_server.errors import WrongUse
from twolane_server.folders import folders
from twolane_server.repositories.indexing import cache_file, open_repository
from twolane_server.repository import find_root
from twolane_server.rules.verdicts import Verdicts
from twolane_server.settings.basics import NdaRules

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from twolane_context.cache import Cache
    from twolane_context.repository import Repository
    from twolane_server.border.fingerprints import Source
    from twolane_server.recognition.recognised import Recognised
    from twolane_server.rules.tainted_here import Judge

__all__ = ["SETTINGS", "Opened", "configure", "open_for", "plain", "read_text"]

SETTINGS = "settings.toml"
"""`load.FILE`: rules of the user's own are nowhere else, and loading takes as long as an answer."""

_READING = ".reading"  # locked by who reads much code under NDA
_PLACE = re.compile(r"(.+?):(\d{1,9})(?:-(\d{1,9}))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository that was looked at, and the cache behind it."""

    repository: Repository
    cache: Cache

    def path(self, file: str) -> str:
        """A file's path within the repository; relative ones are looked for there first.

        Raises:
            WrongUse: the repository has no such file.
        """
        root, files = self.repository.root, self.repository.index.files
        for start in (root, Path.cwd()):
            real = Path(os.path.realpath((start / file).parent)) / Path(file).name
            if real.is_relative_to(root) and (path := real.relative_to(root).as_posix()) in files:
                return path
        raise WrongUse(f"{one_line(file)} is no source file of {one_line(str(root))}.")

    def selection(self, place: str) -> Selection:
        """The rows that `FILE:LINE` or `FILE:LINE-LINE` names.

        Raises:
            WrongUse: it is written otherwise, or there is no such file.
        """
        match = _PLACE.fullmatch(place)
        if match is None or int(match[2]) < 1 or int(match[3] or match[2]) < int(match[2]):
            raise WrongUse(f"{one_line(place)} is no place: write FILE:LINE or FILE:LINE-LINE.")
        first = int(match[2]) - 1
        return Selection(self.path(match[1]), first, int(match[3] or match[2]) - 1)

    def verdicts(self) -> Judge:
        """What holds for each file, with code pasted into it."""
        from twolane_server.rules.tainted import Tainted  # noqa: PLC0415 - not for all of these commands
        from twolane_server.rules.tainted_here import TaintedHere  # noqa: PLC0415 - the same

        tainted = Tainted(folders(os.environ).state)
        return TaintedHere(self.repository, tainted).over(self.rules())

    def rules(self) -> Verdicts:
        """What the rules alone say of each file."""
        found, user = folders(os.environ), NdaRules()
        if os.path.lexists(found.config / SETTINGS):
            from twolane_server.settings.load import load  # noqa: PLC0415 - imports pydantic

            settings, problems = load(found, None, os.environ)
            user = settings.nda
            for problem in problems:
                print(f"twolane: {plain(str(problem))}", file=sys.stderr)
        return Verdicts(self.repository, user)

    def fingerprint(self, *, patient: bool) -> bool:
        """Read the code under NDA, so that it is known again elsewhere.

        Args:
            patient: read however much there is, or wait for another process that is at it; else no more
                than takes a moment.

        Returns:
            Whether it was read.

        Raises:
            FingerprintsUnusable: they cannot be kept.
        """
        from twolane_server.lanes.file_lock import locked  # noqa: PLC0415 - only for some commands
        from twolane_server.recognition.known_code import A_MOMENT  # noqa: PLC0415 - the same
        from twolane_server.recognition.recognised import Recognised  # noqa: PLC0415 - the same

        with closing(Recognised(self.repository.root, folders(os.environ))) as recognised:
            if not patient and recognised.pending(self._nda_sources(), A_MOMENT + 1) > A_MOMENT:
                return False
            with locked(cache_file(self.repository.root, folders(os.environ), _READING)):
                self._sync(recognised)
            return True

    def holding(self, texts: Sequence[str]) -> set[str]:
        """Those of some texts that hold code under NDA, all of which is read first.

        Raises:
            FingerprintsUnusable: that cannot be told.
        """
        from twolane_server.recognition.recognised import Recognised  # noqa: PLC0415 - as above

        with closing(Recognised(self.repository.root, folders(os.environ))) as recognised:
            self._sync(recognised)
            return recognised.holding(texts)

    def _sync(self, recognised: Recognised) -> None:
        with suppress(Changed):  # whoever sends something looks again
            recognised.sync(self._nda_sources())

    def _nda_sources(self) -> Iterator[Source]:
        from twolane_server.recognition.known_code import nda_sources  # noqa: PLC0415 - as above

        return nda_sources(self.repository, self.rules())

    def close(self) -> None:
        """Keep what was found for the next time."""
        self.repository.save()
        self.cache.close()


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name a repository."""
    parser.add_argument("--repo", metavar="ROOT", help="the repository; else that around here")
    parser.add_argument("--json", action="store_true", help="for programs")


def open_for(arguments: argparse.Namespace, *, look: bool = True) -> Opened:
    """The repository that the arguments name.

    Args:
        arguments: of the command.
        look: see which of its code has changed.

    Raises:
        WrongUse: there is no such folder.
    """
    root = Path(arguments.repo) if arguments.repo else find_root(Path.cwd()) or Path.cwd()
    if not root.is_dir():
        raise WrongUse(f"{one_line(str(root))} is no folder.")
    gc.disable()  # all of this stays, and to look for garbage in it takes as long as an answer
    repository, cache = open_repository(root, folders(os.environ))
    if cache.problem:
        print(f"twolane: {plain(cache.problem)}", file=sys.stderr)
    if look:
        repository.refresh(code_only=True)
    gc.freeze()
    gc.enable()
    return Opened(repository, cache)


def read_text(name: str) -> str:
    """The text of a file, or of standard input for `-`.

    Raises:
        WrongUse: it cannot be read.
    """
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text("utf-8", "replace")
    except OSError as error:
        raise WrongUse(f"{one_line(name)} cannot be read: {error.strerror}.") from error
