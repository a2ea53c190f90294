"""What of a repository's files may be told to whom, judged anew only where something changed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.index import Index
from twolane_server.fragments import Label
from twolane_server.rules.differing import differing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_context.repository import Repository
    from twolane_server.rules.ways import Ways
    from twolane_server.settings.resolved import NdaRules
    from twolane_server.unsaved import OpenFile

    Opened = Mapping[str, OpenFile]
    Beside = Mapping[str, object]

__all__ = ["UNKNOWN", "Verdict", "Verdicts"]


class Verdict(NamedTuple):
    """What holds for one file of a repository at one content.

    Attributes:
        label: how far its text, its name and its path may travel.
        words: the names that must not leave together with its text.
        own: whether no other repository has a say in it, as it has for a submodule's files: that
            one's grant is not this one's.
    """

    label: Label
    words: tuple[str, ...] = ()
    own: bool = True

    @property
    def open(self) -> bool:
        """Whether the cloud may know of it, where its repository has a grant."""
        return self.label is Label.OPEN and self.own


UNKNOWN = Verdict(Label.NDA)


class _Open(NamedTuple):
    """A file that an editor has open: how, and what is on disk below it."""

    file: OpenFile
    saved: bytes | None


class _Told(NamedTuple):
    """A verdict, and what it is of beside the rules."""

    digest: bytes
    open: _Open | None
    former: tuple[str, ...]
    verdict: Verdict


class Verdicts:
    """What holds for each file. Each is looked at once for each content that it has.

    A file counts by every path that it has had: a rename makes nothing open. Rules are read once, so
    make another one when a file of rules has changed; the border reads them all again before anything
    is sent. Not for several threads at once.

    Args:
        repository: whose files.
        user: the user's own rules.
        opened: the files that an editor has open; it may change. Then markers of all the editor's texts
            count as well as those on disk.

    Attributes:
        user: the user's own rules.
    """

    def __init__(
        self, repository: Repository, user: NdaRules, opened: Opened | None = None
    ) -> None:
        from twolane_server.rules.policy import read_policies  # noqa: PLC0415 - imports pydantic

        self._repository, self.user = repository, user
        self._opened: Opened = {} if opened is None else opened
        self._read = cache(read_policies)
        self._told: dict[str, _Told] = {}
        # All files as they were when they were judged together, and what of them is not open.
        self._index = Index({})
        self._beside: tuple[Beside, Beside] = {}, {}
        self._nda: dict[str, bytes] = {}
        self._hidden: set[str] = set()
        self._changes = self._judgements = 0

    def __call__(self, path: str) -> Verdict:
        """What holds for a file now."""
        return self._judged(path, None)

    def open(self, path: str) -> bool:
        """Whether the cloud may know of a file, where its repository has a grant."""
        if (
            self._index is self._repository.index
            and path not in self._opened
            and path not in self._repository.formers
            and path not in self._beside[0]
            and path not in self._beside[1]
        ):  # nothing speaks for it but its file, which is as it was
            return path in self._index.files and path not in self._hidden
        return self(path).open

    def nda(self) -> Mapping[str, bytes]:
        """All files under NDA, each with the digest of its content. It is as at the last call."""
        self._follow()
        return self._nda

    def changes(self) -> int:
        """A number that is the same as long as `nda` holds the same."""
        self._follow()
        return self._changes

    def told(self) -> object:
        """What is equal as long as the same holds for each file, whatever else it holds by now."""
        self._follow()
        return self, self._judgements

    def visible(self) -> int:
        """How many files the cloud may know of."""
        self._follow()
        return len(self._index.files) - len(self._hidden)

    def _judged(self, path: str, look: Ways | None) -> Verdict:
        file = self._repository.index.files.get(path)
        if file is None:
            return UNKNOWN
        shown, former = self._opened.get(path), self._repository.former(path)
        opened = None if shown is None else _Open(shown, self._repository.saved(path))
        # A question asks for many files, so no more is compared than what may differ.
        told = self._told.get(path)
        if (
            told is not None
            and told.digest == file.digest
            and told.open == opened
            and told.former == former
        ):
            return told.verdict
        from twolane_server.rules.labels import (  # noqa: PLC0415 - imports pydantic
            label_with,
            rules_for,
            rules_with,
        )
        from twolane_server.rules.markers import head_of  # noqa: PLC0415 - the same
        from twolane_server.rules.ways import Ways  # noqa: PLC0415 - the same

        root = self._repository.root
        ways, others = (shown.ways, shown.texts[:-1]) if shown else ((), ())
        before = [*(str(root / old) for old in former), *ways]
        rules = rules_for(root / path, self.user, look or Ways(self._read), before=before)
        head = None if shown is None else file.source().decode("utf-8", "replace")
        labelled = label_with(rules_with(rules, map(head_of, others)), head)
        own = all(each == root for each in rules.roots)
        now = Verdict(labelled.label, rules.words, own)
        self._judgements += told is None or told.verdict != now
        self._told[path] = _Told(file.digest, opened, former, now)
        return now

    def _follow(self) -> None:
        """Judge what is another than when all were judged last."""
        from twolane_server.rules.ways import Ways  # noqa: PLC0415 - imports pydantic

        index, files = self._repository.index, self._repository.index.files
        saved = self._repository.saved
        opened = {path: _Open(one, saved(path)) for path, one in self._opened.items()}
        beside: tuple[Beside, Beside] = opened, dict(self._repository.formers)
        changed = set(differing(index, self._index))
        for now, last in zip(beside, self._beside, strict=True):
            if now != last:
                both = now.keys() | last.keys()
                changed.update(path for path in both if now.get(path) != last.get(path))
        look = Ways(self._read)
        found = {path: self._judged(path, look) for path in changed if path in files}
        # Nothing fails from here on, so that all of it counts or nothing.
        for path in changed:
            verdict = found.get(path)
            digest = files[path].digest if verdict and verdict.label is not Label.OPEN else None
            if self._nda.get(path) != digest:
                self._changes += 1
                self._nda.pop(path, None)
                if digest is not None:
                    self._nda[path] = digest
            if verdict is None or verdict.open:
                self._hidden.discard(path)
            else:
                self._hidden.add(path)
        self._index, self._beside = index, beside
