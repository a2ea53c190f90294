"""One repository's index with all that is asked of it. Use it from one thread at a time.

`live.Live` keeps one up to date for an editor; a command of the command line makes one, asks, and
closes it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from twolane_context.answers import Answers
from twolane_context.disk import LARGEST, stamps
from twolane_context.index import Changed
from twolane_context.question import Selection
from twolane_context.repository_map import MapState
from twolane_context.tokens import counter_for
from twolane_server.errors import FingerprintsUnusable
from twolane_server.impacts import impact_of
from twolane_server.indexing import open_repository, verdicts
from twolane_server.known_code import nda_sources
from twolane_server.lanes.base import LaneName
from twolane_server.maps import Maps
from twolane_server.policy import FILES, is_policy
from twolane_server.quoting import quoted_file
from twolane_server.recognised import Recognised
from twolane_server.surroundings import Seen, Shown, surroundings
from twolane_server.usages import references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from twolane_context.disk import Stamp
    from twolane_context.index import Index
    from twolane_server.actions.base import Surroundings
    from twolane_server.actions.impact import Impact
    from twolane_server.border.fingerprints import Source
    from twolane_server.documents import Document
    from twolane_server.impacts import WantedImpact
    from twolane_server.indexing import Verdict
    from twolane_server.settings.resolved import Folders, NdaRules
    from twolane_server.surroundings import Wanted
    from twolane_server.text import Text
    from twolane_server.usages import References

__all__ = ["A_MOMENT", "Indexed"]

_ATTEMPTS = 3
A_MOMENT = 50
"""Files under NDA that can be read while somebody waits; about 10 ms each."""


class Indexed:
    """The index of one repository. Nothing is looked at before `refresh`.

    Args:
        root: its folder.
        folders: where its cache is.

    Attributes:
        repository: the engine's live index of it.
    """

    def __init__(self, root: Path, folders: Folders) -> None:
        self.repository, self._cache = open_repository(root, folders)
        self._unsaved: dict[str, tuple[Text, tuple[str, ...]]] = {}
        self._speakers: dict[NdaRules, Callable[[str], Verdict]] = {}
        self._answers: dict[NdaRules | None, Answers] = {}
        self._maps = Maps(self.repository.root, folders)
        self._folders = folders
        self._recognised: Recognised | None = None
        self._synced: tuple[Index, Callable[[str], Verdict]] | None = None
        self._whole = False
        self._rules: dict[str, Stamp | None] = {}
        self._held: tuple[Index | None, tuple[str, ...]] = None, ()
        self._shown = Shown()

    @property
    def problem(self) -> str | None:
        """A sentence for the person about the cache, or `None`."""
        return self._cache.problem

    def refresh(self, paths: Iterable[str] | None = None, *, code_only: bool = False) -> None:
        """Look at files again; see `Repository.refresh`. Changed rules about NDA count at once."""
        changed = None if paths is None else list(paths)
        if changed is None or any(map(self._speaks, changed)):
            self._forget_rules()
        self.repository.refresh(changed, code_only=code_only)
        self._whole = self._whole or (changed is None and not code_only)

    def relative(self, path: str) -> str | None:
        """A file's path within the repository, through links; `None` when it lies elsewhere."""
        root = f"{self.repository.root}/"
        real = os.path.realpath(path)
        return real[len(root) :] if path and real.startswith(root) else None

    def sync(self, documents: Sequence[Document]) -> None:
        """Take the editor's documents for the files' text; those no longer open are as on disk."""
        ways: dict[str, list[str]] = {}
        texts: dict[str, Text] = {}
        for document in documents:
            path = self.relative(document.path)
            if path is not None:
                ways.setdefault(path, []).extend((document.path, *document.before))
                texts[path] = document.text
        for path in self._unsaved.keys() - texts.keys():
            self._unsaved.pop(path)
            self.repository.overlay(path, None)
        for path, text in texts.items():
            known = self._unsaved.get(path)
            self._unsaved[path] = text, tuple(dict.fromkeys(ways[path]))
            if known is None or known[0] is not text:
                self._overlay(path, text.source)

    def former(self, path: str) -> tuple[str, ...]:
        """The absolute paths that a file had before, so that a rename does not lose its label."""
        inner = self.relative(path)
        former = self.repository.former(inner) if inner is not None else ()
        return tuple(str(self.repository.root / old) for old in former)

    def ask(self, wanted: Wanted, *, patient: bool = False) -> Surroundings:
        """What the repository says around a selection.

        Args:
            wanted: the question.
            patient: choose the map now where there is none yet, which takes some tenths of a second;
                else `choose_maps` does it later.
        """
        path, repository = self.relative(wanted.path) or "", self.repository
        verdict, answers = self._verdicts(wanted.nda), self._answers_for(wanted)
        selection = Selection(path, wanted.first, wanted.last)
        if wanted.parsed is not None:
            answers.take(path, wanted.parsed)
        count = counter_for(wanted.model)
        seen = Seen(repository.root, path, (), MapState())
        for _ in range(_ATTEMPTS):
            index = repository.index
            pieces = answers.context(
                [selection], wanted.pieces_tokens, count, instruction=wanted.instruction
            )
            state = self._maps.get(wanted, answers, self._allowed(wanted), patient=patient)
            shown = {*(piece.path for piece in pieces), *(entry.path for entry in state.entries)}
            # What was remembered may be on disk no more, and nobody has told yet.
            repository.refresh(sorted(shown & index.files.keys()))
            if repository.index is index:
                seen = seen._replace(pieces=tuple(pieces), map=state)
                break
        nda_code = self._is_nda_code if self._synced else None
        return surroundings(seen, wanted, verdict, nda_code, self._shown)

    def references(self, path: str, at: int) -> References | None:
        """All places that refer to the symbol at a byte of a file; `None` where nothing is known of it.

        Args:
            path: the file, absolute.
            at: a byte offset in its text as it is here, which `sync` may have brought.
        """
        inner = self.relative(path)
        if inner is None or inner not in self.repository.index.files:
            return None
        answers = self._answers.setdefault(None, Answers(self.repository))
        return references(self.repository, answers, inner, at)

    def impact(self, wanted: WantedImpact) -> Impact | None:
        """All that changing a symbol may touch; `None` where nothing is known of it."""
        if not self._whole:
            self.refresh()  # documents count, too
        inner = self.relative(wanted.path)
        if inner is None:
            return None
        answers = self._answers.setdefault(None, Answers(self.repository))
        return impact_of(self.repository, answers, inner, wanted, self._verdicts)

    def choose_maps(self) -> None:
        """Choose the maps that were asked for and not there yet."""
        for wanted in self._maps.waiting:
            self._maps.get(wanted, self._answers_for(wanted), self._allowed(wanted), patient=True)

    def recognised(self) -> Recognised:
        """The fingerprints as they are; `known_code` brings them up to date.

        Raises:
            FingerprintsUnusable: there are none and none can be made.
        """
        if self._recognised is None:
            self._recognised = Recognised(self.repository.root, self._folders)
        return self._recognised

    def nda_sources(self, nda: NdaRules) -> list[Source] | None:
        """The files under NDA; `None` where the fingerprints hold them as they are now."""
        if not self._whole:
            self.refresh()
        self._look_at_rules()
        verdict = self._verdicts(nda)
        if self._synced == (self.repository.index, verdict):
            return None
        return list(nda_sources(self.repository, verdict))

    def known_code(self, nda: NdaRules, *, patient: bool = True) -> Recognised:
        """What recognises code under NDA, up to date with index, disk and rules.

        Args:
            nda: the user's own rules.
            patient: read however much there is; else no more than takes a moment.

        Raises:
            FingerprintsUnusable: it cannot be brought up to date.
        """
        recognised = self.recognised()
        for _ in range(_ATTEMPTS):
            sources = self.nda_sources(nda)
            if sources is None:
                return recognised
            if not patient and recognised.pending(sources) > A_MOMENT:
                raise FingerprintsUnusable(
                    f"The code under NDA in {self.repository.root.name} is not all read yet, so "
                    "nothing is sent to the cloud; try again in a moment."
                )
            now = self.repository.index, self._verdicts(nda)
            try:
                recognised.sync(sources)
                self._synced = now
            except Changed as changed:
                self.refresh([changed.path])
        raise FingerprintsUnusable(
            "Files under NDA change faster than they can be read, so nothing is sent to the cloud; "
            "try again when what writes them has ended."
        )

    def quoted(self, names: tuple[str, ...], nda: NdaRules) -> str | None:
        """Why names that a tool says of a file are under NDA: only code under NDA has them."""
        if not self._whole:
            self.refresh()
        self._look_at_rules()
        file = quoted_file(names, self.repository.index, self._verdicts(nda))
        return None if file is None else f"the problem quotes code of {file}"

    def save(self) -> None:
        """Keep what was found for the next process."""
        self.repository.save()
        self._maps.save()

    def close(self) -> None:
        """Let go of the cache."""
        self._cache.close()
        if self._recognised is not None:
            self._recognised.close()

    def _is_nda_code(self, text: str) -> bool:
        return self.recognised().found(text) is not None

    def _speaks(self, path: str) -> bool:
        """Whether a change there may change rules: a file of rules, or a folder, which may hold one."""
        files = self.repository.index.files
        if is_policy(path) or (self.repository.root / path).is_dir():
            return True
        return path not in files and any(one.startswith(f"{path}/") for one in files)

    def _look_at_rules(self) -> None:
        """Notice changed rules before the watcher tells of them, also where git ignores their file."""
        if self._held[0] is not (index := self.repository.index):
            self._held = index, tuple(filter(is_policy, index.files))
        known = sorted({*FILES, *self._held[1], *self._rules})
        now = dict(zip(known, stamps(self.repository.root, known), strict=True))
        if now != self._rules:
            self._forget_rules()
            self._rules = now

    def _forget_rules(self) -> None:
        self._speakers.clear()
        self._answers = {nda: one for nda, one in self._answers.items() if nda is None}

    def _overlay(self, path: str, source: bytes) -> None:
        before = self.repository.index.files.get(path)
        # As on disk: what is so large is nobody's writing, and takes too long to read.
        self.repository.overlay(path, source if len(source) <= LARGEST else b"")
        after = self.repository.index.files.get(path)
        if before and after and before.facts is not None and before.digest == after.digest:
            after.learn(before.facts)

    def _verdicts(self, nda: NdaRules) -> Callable[[str], Verdict]:
        def unsaved(path: str) -> tuple[str, ...] | None:
            return self._unsaved[path][1] if path in self._unsaved else None

        if nda not in self._speakers:
            self._speakers[nda] = verdicts(self.repository, nda, unsaved)
        return self._speakers[nda]

    def _allowed(self, wanted: Wanted) -> Callable[[str], bool] | None:
        if wanted.audience is not LaneName.CLOUD:
            return None
        verdict = self._verdicts(wanted.nda)
        return lambda path: verdict(path).open

    def _answers_for(self, wanted: Wanted) -> Answers:
        audience = wanted.nda if wanted.audience is LaneName.CLOUD else None
        if audience not in self._answers:
            self._answers[audience] = Answers(self.repository, self._allowed(wanted))
        return self._answers[audience]
