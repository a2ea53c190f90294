"""*Review all changes*: findings in all files that a diff changes, in as many questions as it takes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from twolane_context.languages import language_for
from twolane_context.spans import Span
from twolane_server.actions.base import Reads, Task
from twolane_server.actions.changes import HOW, lines_of
from twolane_server.actions.commit import is_message
from twolane_server.actions.outcomes import FindingsAcross, Reviewed
from twolane_server.actions.pieces import also_holds, ours
from twolane_server.actions.review import left_out, placed, reviewing
from twolane_server.edits.findings import remarks
from twolane_server.edits.hunks import changes, cut
from twolane_server.edits.paths import Paths
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Fragment, Origin
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from twolane_server.actions.base import Subject
    from twolane_server.actions.material import ChangedFile, Material
    from twolane_server.edits.findings import Remark
    from twolane_server.edits.hunks import Change
    from twolane_server.prompts import Prompt

__all__ = ["ReviewAcross"]

_PART = 48_000
"""How many characters of a diff are asked about at once."""

_PIECE = _PART // 2
_MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is shown of one file at once.

    Attributes:
        subject: the file.
        path: from the root.
        spans: the lines that are shown of it as it is now; none of one that is gone.
        shown: as parts of the prompt.
    """

    subject: Subject
    path: str
    spans: tuple[Span, ...]
    shown: tuple[Fragment, ...] = field(repr=False)

    @property
    def size(self) -> int:
        return sum(one.characters for one in self.shown)


_Part = tuple[_Piece, ...]


@dataclass(frozen=True, slots=True)
class _SoFar:
    """What is kept from one answer to the next.

    Attributes:
        parts: what each question shows.
        said: what the model said to each that was answered; `None` where that was no review.
        notes: what the person should know.
    """

    parts: tuple[_Part, ...]
    said: tuple[tuple[Remark, ...] | None, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewAcross:
    """The action; see `base.Action`."""

    name: str = "changes-all"
    title: str = "Review all changes since the last commit"
    home: LaneName = LaneName.CLOUD
    reads: Reads = Reads.TREE

    def offered(self, subject: Subject) -> bool:
        """In code for the working tree, in git's own buffer for what is staged."""
        if self.reads is Reads.STAGED:
            return is_message(subject.path)
        return self.reads is Reads.TREE and bool(subject.path) and subject.language is not None

    def prepare(self, subject: Subject) -> Task:
        """What to ask.

        Raises:
            ActionError: nothing can be reviewed, or it is too much.
        """
        material = subject.material
        files = material.files if material is not None else ()
        pieces, large = _pieces(subject, files)
        if not any(piece.spans for piece in pieces):
            raise ActionError(
                "No line that is there now has changed, so there is nothing to review."
            )
        parts = tuple(_packed(pieces))
        if len(parts) > _MOST_PARTS:
            raise ActionError(
                f"That is too much to review at once: {len(files):,} files in {len(parts):,} questions; "
                "name a file or a folder."
            )
        notes = material.notes if material is not None else ()
        state = _SoFar(parts, notes=(*notes, *large))
        prompts = tuple(self._prompt(subject, part) for part in parts)
        whole = Span(0, len(subject.text.source))
        asked = subject.instruction.strip()
        note = f"part 1 of {len(parts)}" if len(parts) > 1 else ""
        share = 0.0 if len(parts) > 1 else None
        return Task(subject, prompts[0], whole, asked, note, share, state, prompts[1:])

    def finish(self, task: Task, reply: str) -> FindingsAcross | Task:
        """The findings of all files, or the next question.

        What of an answer is about lines that were not shown, or about no file that was, is left out
        and counted.

        Raises:
            ReplyRefused: no reply is a review.
        """
        state = task.so_far
        if not isinstance(state, _SoFar):
            raise ReplyRefused("The answer is to no question that was asked.")
        try:
            said = remarks(reply)
        except ReplyRefused:
            if len(state.parts) == 1:
                raise
            said = None
        state = replace(state, said=(*state.said, said))
        at, count = len(state.said), len(state.parts)
        if task.later:
            prompt = replace(task.later[0], max_tokens=task.prompt.max_tokens)
            note = f"part {at + 1} of {count}"
            return Task(
                task.subject,
                prompt,
                task.target,
                task.instruction,
                note,
                at / count,
                state,
                task.later[1:],
            )
        if all(one is None for one in state.said):
            raise ReplyRefused("None of the model's replies is a list of findings; try again.")
        return _found(task.subject.material, state)

    def _prompt(self, subject: Subject, part: _Part) -> Prompt:
        question = [ours(HOW), *(one for piece in part for one in piece.shown)]
        return reviewing(subject, question, self.name, files=True)


def _pieces(subject: Subject, files: Sequence[ChangedFile]) -> tuple[list[_Piece], list[str]]:
    """What is shown, and notes on what is not: data in such amounts tells a reviewer nothing."""
    found: list[_Piece] = []
    notes: list[str] = []
    for file in files:
        here = _subject(subject, file)
        pieces = list(_of(here, file))
        if len(pieces) > 1 and here.language is None:
            notes.append(f"Left out, since its changes are too large: {file.path}.")
        else:
            found += pieces
    return found, notes


def _subject(subject: Subject, file: ChangedFile) -> Subject:
    return replace(
        subject,
        text=file.old if file.new is None else file.new,
        language=language_for(file.path),
        path=file.file,
        label=file.label,
        selection=Span(0, 0),
        parsed=None,
    )


def _of(subject: Subject, file: ChangedFile) -> Iterator[_Piece]:
    if file.new is None:
        yield _Piece(subject, file.path, (), (_title(file, " (deleted)"),))
        return
    title = _title(file, f" (it was {file.was})" if file.was else "")
    group: list[Change] = []
    for change in (one for whole in changes(file.old, file.new) for one in cut(whole, _PIECE)):
        if group and sum(len(one.shown) for one in (*group, change)) > _PIECE:
            yield _shown(subject, file, title, group)
            group = []
        group.append(change)
    if group or file.was:
        yield _shown(subject, file, title, group)


def _title(file: ChangedFile, what: str) -> Fragment:
    told = f"{file.path}{what}"
    shown = told if told.isprintable() else ascii(told)
    return Fragment(f"File {shown}\n", file.label, file.named)


def _shown(subject: Subject, file: ChangedFile, title: Fragment, group: list[Change]) -> _Piece:
    spans = tuple(lines_of(subject.text, one) for one in group)
    shown = [title, *(also_holds(subject, spans[0], spans) if spans else ())]
    for one, span in zip(group, spans, strict=True):
        first, last = subject.text.row_of(span.start) + 1, subject.text.row_of(span.end) + 1
        origin = Origin(file.file, first, last, also=file.named.also)
        shown += [Fragment(one.shown, file.label, origin), ours("\n")]
    return _Piece(subject, file.path, spans, tuple(shown))


def _packed(pieces: Sequence[_Piece]) -> Iterator[_Part]:
    """The pieces in as few questions as hold them, in their order."""
    part: list[_Piece] = []
    for piece in pieces:
        if part and sum(one.size for one in (*part, piece)) > _PART:
            yield tuple(part)
            part = []
        part.append(piece)
    if part:
        yield tuple(part)


def _found(material: Material | None, state: _SoFar) -> FindingsAcross:
    root = material.root if material is not None else ""
    files: dict[str, Reviewed] = {}
    told = placed_there = failed = 0
    for part, said in zip(state.parts, state.said, strict=True):
        failed += said is None
        told += len(said or ())
        paths = Paths.of((piece.path for piece in part), roots=[root])
        only = next(iter(paths.shown)) if len(paths.shown) == 1 else ""
        for piece in part:
            mine = [one for one in said or () if (paths.resolved(one.file) or only) == piece.path]
            found = placed(piece.subject, mine, piece.spans)
            placed_there += len(found)
            whole = files.get(piece.path) or Reviewed(
                piece.subject.path, piece.path, piece.subject.text
            )
            files[piece.path] = replace(
                whole,
                found=tuple(sorted((*whole.found, *found), key=lambda one: one.span)),
                spans=(*whole.spans, *piece.spans),
            )
    notes = [*left_out(told - placed_there), *state.notes]
    if failed:
        notes.append(f"{failed} of {len(state.parts)} answers were no reviews; try again.")
    return FindingsAcross(root, tuple(one for one in files.values() if one.spans), tuple(notes))
