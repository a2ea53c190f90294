"""One repository's index with all that is asked of it. Use it from one thread at a time.

`live.Live` keeps one up to date for an editor; a command of the command line makes one, asks, and
closes it.
"""

from __future__ import annotations

import os
from functools import cache, partial
from typing import TYPE_CHECKING

from twolane_context.answers import Answers
from twolane_context.disk import LARGEST
from twolane_context.index import Changed
from twolane_context.question import Selection
from twolane_context.repository_map import MapState
from twolane_context.tokens import counter_for
from twolane_server.errors import FingerprintsUnusable
from twolane_server.lanes.base import LaneName
from twolane_server.recognition.hidden import Hidden
from twolane_server.recognition.known_code import A_MOMENT, further, nda_sources
from twolane_server.recognition.quoting import Asked, Quoted
from twolane_server.recognition.recognised import Recognised, not_read
from twolane_server.repositories.impacts import impact_of
from twolane_server.repositories.indexing import open_repository
from twolane_server.repositories.maps import Maps
from twolane_server.repositories.shown import Shown, worth_a_look
from twolane_server.repositories.surroundings import Seen, surroundings
from twolane_server.repositories.unlike import Below, unlike
from twolane_server.repositories.usages import references
from twolane_server.repository import real_path
from twolane_server.rules.policy import has_policy
from twolane_server.rules.rule_files import RuleFiles
from twolane_server.rules.tainted import Tainted
from twolane_server.rules.tainted_here import TaintedHere
from twolane_server.rules.verdicts import Verdicts
from twolane_server.unsaved import Unsaved, unsaved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from twolane_server.actions.base import Surroundings
    from twolane_server.actions.impact import Impact
    from twolane_server.border.fingerprints import Source
    from twolane_server.documents import Document
    from twolane_server.repositories.impacts import WantedImpact
    from twolane_server.repositories.surroundings import Wanted
    from twolane_server.repositories.usages import References
    from twolane_server.rules.tainted_here import Judge
    from twolane_server.rules.taints import Taints
    from twolane_server.settings.resolved import Folders, NdaRules
    from twolane_server.unsaved import OpenFile

__all__ = ["Indexed"]

_ATTEMPTS = 3


class Indexed:
    """The index of one repository. Nothing is looked at before `refresh`.

    Args:
        root: its folder.
        folders: where its cache is.
        tainted: the files that stay NDA, where somebody has read of them already.

    Attributes:
        repository: the engine's live index of it.
        hidden: the files under NDA beside it.
        maps: its maps, and the questions that wait for one.
    """

    def __init__(self, root: Path, folders: Folders, tainted: Tainted | None = None) -> None:
        self.repository, self._cache = open_repository(root, folders)
        self._opened: dict[str, OpenFile] = {}
        self._editor = Unsaved(self._opened)
        self._speakers: dict[NdaRules, Verdicts] = {}
        self._tainted = TaintedHere(self.repository, tainted or Tainted(folders.state))
        self._taints: Taints | None = None
        self._answers: dict[NdaRules | None, Answers] = {}
        self.maps, self._folders = Maps(self.repository.root, folders), folders
        self._recognised: Recognised | None = None
        self._synced: tuple[object, ...] | None = None
        self.hidden, self._shown = Hidden(self.repository.root), Shown()
        self._whole, self._rules, self._below = False, RuleFiles(self.repository), Below()

    @property
    def problem(self) -> str | None:
        """A sentence for the person about the cache, or `None`."""
        return self._cache.problem

    def refresh(self, paths: Iterable[str] | None = None, *, code_only: bool = False) -> None:
        """Look at files again; see `Repository.refresh`. Changed rules about NDA count at once."""
        changed = None if paths is None else list(paths)
        if changed is None or any(map(self._rules.may_change, changed)):
            self._forget_rules()
        self.hidden.heard(changed, self.repository.index.files)
        self.repository.refresh(changed, code_only=code_only)
        self._whole = self._whole or (changed is None and not code_only)

    def relative(self, path: str) -> str | None:
        """A file's path within the repository, through links; `None` when it lies elsewhere."""
        root, real = f"{self.repository.root}/", real_path(path)
        return real[len(root) :] if path and real.startswith(root) else None

    def sync(self, documents: Sequence[Document], left: Sequence[Document] = ()) -> None:
        """Take the editor's documents for the files' text; those no longer open are as on disk.

        With them go those `left`: what was in documents since `known_code` was asked last.
        """
        editor = unsaved(documents, str(self.repository.root), left)
        within, self._editor = editor.within, editor._replace(within=self._opened)
        for path in self._opened.keys() - within.keys():
            del self._opened[path]
            self.repository.overlay(path, None)
        for path, one in within.items():
            last, text = self._opened.get(path), one.texts[-1]
            self._opened[path] = one
            if last is None or last.texts[-1] is not text:
                self._overlay(path, text.source)

    def former(self, path: str) -> tuple[str, ...]:
        """The absolute paths that a file had before, so that a rename does not lose its label."""
        if (inner := self.relative(path)) is None:
            return ()
        if self.repository.saved(inner) is None and os.path.lexists(path):
            self.repository.refresh([inner])  # it may be there since a moment ago
        return tuple(str(self.repository.root / old) for old in self.repository.former(inner))

    def ask(self, wanted: Wanted, *, patient: bool = False) -> Surroundings:
        """What the repository says around a selection.

        Args:
            wanted: the question.
            patient: choose the map now where there is none yet, which takes some tenths of a second;
                else `choose_maps` does it later.
        """
        path, repository = self.relative(wanted.path) or "", self.repository
        verdict, answers = self._told(wanted.nda), self._answers_for(wanted)
        selection, count = Selection(path, wanted.first, wanted.last), counter_for(wanted.model)
        if wanted.parsed is not None:
            answers.take(path, wanted.parsed)
        seen = Seen(repository.root, path, (), MapState())
        for _ in range(_ATTEMPTS):
            index = repository.index
            pieces = answers.context(
                [selection], wanted.pieces_tokens, count, instruction=wanted.instruction
            )
            state = self.maps.get(wanted, answers, self._allowed(wanted), patient=patient)
            # What was remembered may be on disk no more, and nobody has told yet.
            shown = worth_a_look(pieces, state, wanted.audience, heard=self.hidden.watched)
            if other := unlike(repository, shown & index.files.keys(), self._below):
                repository.refresh(other)
            if repository.index is index:
                seen = seen._replace(pieces=tuple(pieces), map=state)
                break
        more = self.recognised().holding if self._synced else None, self._shown
        return surroundings(seen, wanted, cache(verdict), *more, told=verdict.told())

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
        return impact_of(self.repository, answers, inner, wanted, self._told)

    def choose_maps(self) -> None:
        """Choose the maps that were asked for and not there yet."""
        for wanted in self.maps.waiting:
            self.maps.get(wanted, self._answers_for(wanted), self._allowed(wanted), patient=True)

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
        self._catch_up()
        if self._synced is not None and self._synced == self._under_nda(nda):
            return None
        return list(nda_sources(self.repository, self._verdicts(nda), self.hidden, self._editor))

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
            if not patient and recognised.pending(sources, A_MOMENT + 1) > A_MOMENT:
                raise not_read(self.repository.root.name)
            now = self._under_nda(nda)  # before, so that what another process does meanwhile shows
            try:
                recognised.sync(sources)
                self._synced = now
            except Changed as changed:
                self.refresh([changed.path])
        raise FingerprintsUnusable(
            "Files under NDA change faster than they can be read, so nothing is sent to the cloud; "
            "try again when what writes them has ended."
        )

    def quoted(self, names: tuple[str, ...], nda: NdaRules) -> Quoted:
        """Whose names these are that a tool says of a file, and whether they are under NDA."""
        self._catch_up()
        root, index = self.repository.root, self.repository.index
        known = partial(self.known_code, nda, patient=False)
        beside = partial(self.hidden.holding, self.repository, self._verdicts(nda))
        return Asked(root, index, self._told(nda), known, beside).quoted(names)

    def save(self) -> None:
        """Keep what was found for the next process."""
        self.repository.save()
        self.maps.save()

    def close(self) -> None:
        """Let go of the cache."""
        self._cache.close()
        if self._recognised is not None:
            self._recognised.close()

    def _catch_up(self) -> None:
        """Look at all files once; notice changed rules before the watcher tells of them."""
        if not self._whole:
            self.refresh()
        if self._rules.changed():
            self._forget_rules()

    def _forget_rules(self) -> None:
        self._speakers.clear()
        self._answers = {nda: one for nda, one in self._answers.items() if nda is None}

    def _overlay(self, path: str, source: bytes) -> None:
        before = self.repository.index.files.get(path)
        # As on disk: what is so large is nobody's writing, and takes too long to read.
        self.repository.overlay(path, source if len(source) <= LARGEST else b"")
        after = self.repository.index.files.get(path)
        if before and after and before.facts is not None and before.digest == after.digest:
            after.facts = before.facts

    def _under_nda(self, nda: NdaRules) -> tuple[object, ...]:
        """What is the same as long as the same code is under NDA, and the fingerprints hold the same."""
        verdicts, says = self._verdicts(nda), has_policy(self.repository.root)
        hidden = self.hidden.look(self.repository, verdicts)
        more = further(self.repository, verdicts, self.hidden, self._editor)
        return verdicts, verdicts.changes(), says, hidden, more, self.recognised().lost()

    def _verdicts(self, nda: NdaRules) -> Verdicts:
        if nda not in self._speakers:
            self._speakers[nda] = Verdicts(self.repository, nda, self._opened)
        return self._speakers[nda]

    def _told(self, nda: NdaRules) -> Judge:
        """What holds for each file, with code pasted into it, which is no code to be recognised by."""
        return self._tainted.over(self._verdicts(nda))

    def _allowed(self, wanted: Wanted) -> Callable[[str], bool] | None:
        return self._told(wanted.nda).open if wanted.audience is LaneName.CLOUD else None

    def _answers_for(self, wanted: Wanted) -> Answers:
        audience = wanted.nda if wanted.audience is LaneName.CLOUD else None
        if self._taints is not (taints := self._tainted.read()):
            self._taints = taints
            self._answers = {nda: one for nda, one in self._answers.items() if nda is None}
        if audience not in self._answers:
            visible = self._told(wanted.nda).visible
            self._answers[audience] = Answers(self.repository, self._allowed(wanted), visible)
        return self._answers[audience]
