"""The owner's word on code that was under NDA: what the rules of now call open is open for good.

Only a person's command comes here. Rules are the team's word: what is under NDA by one stays so,
until the rule is changed and the repository is trusted anew.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.fragments import Label
from twolane_server.recognition.recognised import SUFFIX
from twolane_server.repositories.indexed import Indexed
from twolane_server.repositories.indexing import cache_file
from twolane_server.rules.labels import label_with, rules_for
from twolane_server.rules.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from twolane_server.recognition.recognised import Held, Recognised
    from twolane_server.rules.labels import Labelled
    from twolane_server.settings.resolved import Folders, NdaRules

__all__ = ["Origin", "Owned", "origin", "owned", "release_open"]


class Origin(NamedTuple):
    """Where code under NDA in a text is from, and what that means now.

    Attributes:
        held: the code.
        refused: why the owner's word does not open it: a rule; or `None`.
        now: what became of its file, fit to stand behind `which`.
    """

    held: Held
    refused: str | None
    now: str


class Owned:
    """One repository, for its owner's questions and word.

    Args:
        indexed: its index, up to date.
        nda: the user's own rules.

    Attributes:
        recognised: its fingerprints, up to date.

    Raises:
        FingerprintsUnusable: they cannot be brought up to date.
    """

    def __init__(self, indexed: Indexed, nda: NdaRules) -> None:
        self._indexed, self._nda = indexed, nda
        self.recognised: Recognised = indexed.known_code(nda)

    def files(self, folder: Path) -> list[Path]:
        """The files of the repository in a folder that no rule calls NDA, in order."""
        root, files = self._indexed.repository.root, self._indexed.repository.index.files
        inside = [root / path for path in sorted(files) if (root / path).is_relative_to(folder)]
        return [each for each in inside if _label(each, self._nda)[0] is Label.OPEN]

    def origins(self, text: str) -> tuple[Origin, ...]:
        """All code under NDA in a text.

        Raises:
            FingerprintsUnusable: the fingerprints cannot be read.
        """
        return tuple(origin(held, self._nda) for held in self.recognised.held(text))

    def label(self, file: Path) -> Labelled:
        """The label that the rules give a file, by the paths that it had before as well."""
        return label_with(rules_for(file, self._nda, before=self.former(file)), None)

    def former(self, file: Path) -> tuple[str, ...]:
        """The absolute paths that a file had before, as far as is known."""
        return self._indexed.former(str(file))

    def open(self, file: Path, text: str, origins: tuple[Origin, ...]) -> bool:
        """Forget the code in a file's text, and that the file had another path; whether it had one.

        Raises:
            FingerprintsUnusable: the fingerprints cannot be written.
        """
        assert not any(each.refused for each in origins)
        self.recognised.release_code(text, (each.held for each in origins))
        path = self._indexed.relative(str(file)) or ""
        moved = bool(self._indexed.repository.former(path))
        self._indexed.repository.forget_former(path)
        return moved


def origin(held: Held, nda: NdaRules) -> Origin:
    """What the rules of now say about code's file."""
    name = held.match.path
    if held.file is None:
        return Origin(held, f"{name} is of a repository that is not known here any more", "")
    if not held.file.exists():
        return Origin(held, None, "is gone")
    label, reasons = _label(held.file, nda)
    if label is Label.OPEN:
        return Origin(held, None, "is open now")
    why = "; ".join(reasons)
    refused = f"{name} is under NDA ({why}); change that rule and run `twolane trust`"
    return Origin(held, refused, "is NDA")


@contextmanager
def owned(root: Path, folders: Folders, nda: NdaRules) -> Generator[Owned]:
    """The repository at a root, looked at now; what was found is kept at the end.

    Raises:
        FingerprintsUnusable: its fingerprints cannot be brought up to date.
    """
    indexed = Indexed(root, folders)
    try:
        indexed.refresh()
        yield Owned(indexed, nda)
        indexed.save()
    finally:
        indexed.close()


def release_open(root: Path, folders: Folders, nda: NdaRules) -> None:
    """Forget what a repository's files, open now, were recognised by when they were under NDA.

    Raises:
        FingerprintsUnusable: the fingerprints cannot be brought up to date.
    """
    if not cache_file(root.resolve(), folders, SUFFIX).exists():
        return  # nothing was ever recognised by them
    indexed = Indexed(root, folders)
    try:
        indexed.refresh()
        recognised = indexed.known_code(nda)
        allowed = Verdicts(indexed.repository, nda).open
        recognised.release(filter(allowed, indexed.repository.index.files))
        indexed.save()
    finally:
        indexed.close()


def _label(file: Path, nda: NdaRules) -> tuple[Label, tuple[str, ...]]:
    labelled = label_with(rules_for(file, nda), None)
    return labelled.label, labelled.reasons
