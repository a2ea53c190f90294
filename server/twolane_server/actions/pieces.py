"""Labelled fragments for prompts: pieces of the subject, and our own wording."""

from __future__ import annotations

import re
import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING

from twolane_context.facts import extract
from twolane_context.trees import once
from twolane_server.actions.base import tree_of
from twolane_server.actions.excerpt import Excerpt, excerpt
from twolane_server.fragments import Fragment, Label, Origin
from twolane_server.prompts import Message, Role
from twolane_server.text import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_context.spans import Span
    from twolane_context.trees import Parsed
    from twolane_server.actions.base import Subject

_TICKS = re.compile(r"`{3,}")
_FEWEST_TICKS = 3
_KEPT = 128  # of what most questions say
_ENDS = "\r\n"
_MOST_CONTEXT = 3_000
# Characters; about twice what the longest examples have.
_WORTH_SHARING = 1_500


@lru_cache(_KEPT)  # whose tokens are counted once then
def ours(text: str) -> Fragment:
    """Our own wording: open, from no file."""
    return Fragment(text, Label.OPEN)


def said(role: Role, text: str) -> Message:
    """A message of our own wording."""
    return Message(role, (ours(text),))


def excerpt_of(subject: Subject, span: Span, *, dedent: bool = False) -> Fragment:
    """A piece of the subject's text, lines ended by LF, with the subject's label and its lines.

    Args:
        subject: whose text.
        span: which part.
        dedent: take away the indentation that all its lines have.
    """
    return Fragment(shown(subject, span, dedent=dedent), subject.label, origin_of(subject, span))


def shown(subject: Subject, span: Span, *, dedent: bool = False) -> str:
    """The text of a piece as a model reads it; always ends with LF."""
    text = decode(span.cut(subject.text.source)).replace("\r\n", "\n").replace("\r", "\n")
    if dedent:
        row = subject.text.row_of(span.start)
        lead = decode(subject.text.source[subject.text.row_start(row) : span.start])
        text = textwrap.dedent(text if lead.strip() else lead + text)
    return text.rstrip("\n") + "\n"


def numbered(subject: Subject, span: Span) -> Fragment:
    """Whole lines of the subject, each behind its number and ended by LF; numbers count from 1."""
    first, last = subject.text.row_of(span.start), subject.text.row_of(span.end)
    rows = range(first, last + 1)
    lines = (f"{row + 1}| {subject.text.lines[row].rstrip(_ENDS)}\n" for row in rows)
    return Fragment("".join(lines), subject.label, origin_of(subject, span))


def origin_of(subject: Subject, span: Span) -> Origin:
    """Where a piece of the subject comes from, in lines as people count them."""
    if not subject.path:
        return Origin()
    last = max(span.start, span.end - 1)
    return Origin(subject.path, subject.text.row_of(span.start) + 1, subject.text.row_of(last) + 1)


def opening(
    subject: Subject, text: str, shown: tuple[Span, ...] | None = None
) -> tuple[Fragment, ...]:
    """The system message's start: what is the same for most requests, then our wording.

    First the map, which all actions of a repository share; then what the selection needs of the
    repository, where that is so much that it outweighs the wording and examples behind it, since all
    actions at a place share it, and servers read what prompts begin with alike only once.

    Args:
        subject: the selection.
        text: our wording.
        shown: see `needed`; `None` where the question takes nothing of the repository.
    """
    early = () if shown is None or not _early(subject) else _for_reference(subject, shown)
    return (*subject.around.map, *early, ours(text))


def needed(subject: Subject, shown: tuple[Span, ...] = ()) -> tuple[Fragment, ...]:
    """What the repository holds of what the selection needs, to stand before the selection's own part.

    Empty where `opening` has it.

    Args:
        subject: the selection.
        shown: what of the file the model sees anyway.
    """
    return () if _early(subject) else _for_reference(subject, shown)


def _early(subject: Subject) -> bool:
    return sum(piece.characters for piece in subject.around.pieces) >= _WORTH_SHARING


def _for_reference(subject: Subject, shown: tuple[Span, ...]) -> tuple[Fragment, ...]:
    """Other files' pieces first: which of its own file an action shows anyway is its own affair."""
    seen = [origin_of(subject, span) for span in shown]
    kept = [
        piece
        for piece in subject.around.pieces
        if not any(_within(piece.origin, origin) for origin in seen)
    ]
    kept.sort(key=lambda piece: piece.origin.path == subject.path)
    return (ours("From the repository, for reference:\n"), *kept, ours("\n")) if kept else ()


def _within(one: Origin, other: Origin) -> bool:
    lines = other.start_line <= one.start_line <= one.end_line <= other.end_line
    return one.path == other.path and lines


def context_of(
    parsed: Parsed, target: Span, shown: tuple[Span, ...] = (), *, signatures: bool = True
) -> list[Span]:
    """Imports and signatures of its file that a piece needs, as many as there is room for.

    Args:
        parsed: the file.
        target: the piece.
        shown: what the model sees anyway.
        signatures: whether signatures are wanted; where the repository's pieces are shown, these
            hold them.
    """
    found = once(parsed, (Excerpt, target), lambda one: excerpt(one, extract(one), target))
    chosen: list[Span] = []
    room = _MOST_CONTEXT
    for span in sorted({*found.imports, *(found.signatures if signatures else ())}):
        room -= len(span)
        if room >= 0 and not any(part.touches(span) for part in (target, *shown)):
            chosen.append(span)
    return chosen


def also_holds(
    subject: Subject, target: Span, shown: tuple[Span, ...] = (), file: str = "file"
) -> list[Fragment]:
    """What its file holds of what a piece needs, as a section of the question; empty for nothing.

    Args:
        subject: the document.
        target: the piece.
        shown: what the model sees anyway.
        file: what the file is called.
    """
    parsed = tree_of(subject)
    if parsed is None:
        return []
    around = context_of(parsed, target, shown, signatures=not subject.around.pieces)
    if not around:
        return []
    held = fenced(subject, parsed.language.name, around, dedent=True)
    return [ours(f"The {file} also holds:\n"), *held]


def fence(*texts: str) -> str:
    """Backticks that no line of these texts can close."""
    longest = [len(run) + 1 for text in texts for run in _TICKS.findall(text)]
    return "`" * max([_FEWEST_TICKS, *longest])


def fenced(subject: Subject, name: str, spans: Sequence[Span], *, dedent: bool) -> list[Fragment]:
    """Pieces within one fence that no line of theirs can close."""
    pieces = [excerpt_of(subject, span, dedent=dedent) for span in spans]
    ticks = fence(*(shown(subject, span) for span in spans))
    return [ours(f"{ticks}{name}\n"), *pieces, ours(f"{ticks}\n")]
