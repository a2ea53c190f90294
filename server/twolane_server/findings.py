"""What reviews found in open documents, kept at its lines while the text changes.

A finding whose lines are touched is gone: it spoke of other text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import count
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_context.trees import changed
from twolane_server.actions.outcomes import Edit
from twolane_server.edits.hunks import equal_ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from twolane_server.actions.outcomes import Finding, Reviewed
    from twolane_server.text import Text

__all__ = ["Board", "Kept", "carried", "moved", "unmarked"]

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding on the board.

    Attributes:
        number: its name while it is there; never given twice.
        finding: what it says, in the bytes of the document as it is now.
    """

    number: int
    finding: Finding


class Board:
    """The findings of all documents."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Kept, ...]] = {}
        self._resting: dict[str, tuple[str, Text]] = {}
        self._numbers = count(1)

    def of(self, uri: str) -> tuple[Kept, ...]:
        """The findings of a document."""
        return self._kept.get(uri, ())

    @property
    def uris(self) -> tuple[str, ...]:
        """The documents that have any."""
        return tuple(self._kept)

    def put(self, uri: str, found: tuple[Finding, ...], *reviewed: Span) -> None:
        """Take what a review of `reviewed` found; older findings about these bytes go."""
        older = [
            one
            for one in self.of(uri)
            if not any(one.finding.span.touches(span) for span in reviewed)
        ]
        newer = [Kept(next(self._numbers), finding) for finding in found]
        self._keep(uri, (*older, *newer))

    def follow(self, uri: str, old: Text, new: Text) -> bool:
        """Keep up with a change of a document; whether any finding is gone by it."""
        before = self.of(uri)
        if not before:
            return False
        kept = (
            replace(one, finding=now)
            for one in before
            if (now := moved(one.finding, old.source, new.source)) is not None
        )
        self._keep(uri, tuple(kept))
        return len(self.of(uri)) < len(before)

    def rest(self, uri: str, path: str, text: Text) -> None:
        """Keep the findings of a file that is not open.

        Args:
            uri: the document that it would be.
            path: the file.
            text: what the findings speak of.
        """
        if self.of(uri):
            self._resting[uri] = (path, text)

    @property
    def at_rest(self) -> tuple[tuple[str, str], ...]:
        """The files that are not open and have findings: the URI of each, and its path."""
        return tuple((uri, path) for uri, (path, _) in self._resting.items())

    def resting(self, path: str) -> tuple[str, Text] | None:
        """By which URI a file that is not open has findings, and of which text they speak."""
        found = ((uri, text) for uri, (file, text) in self._resting.items() if file == path)
        return next(found, None)

    def text_of(self, uri: str) -> Text | None:
        """What the findings of a file that is not open speak of."""
        known = self._resting.get(uri)
        return known and known[1]

    def wake(self, uri: str, path: str, text: Text) -> str | None:
        """Take a file's findings along when it is opened.

        Returns:
            The URI by which the file had findings until now; `None` where it had none.
        """
        known = self.resting(path)
        if known is None:
            return None
        before, spoken_of = known
        kept = self.of(before)
        self.clear(before)
        self._kept[uri] = kept
        self.carry(uri, spoken_of, text)
        return before

    def carry(self, uri: str, old: Text, new: Text) -> None:
        """Keep up with a text that is another by now, in whatever places."""
        kept = self.of(uri)
        found = carried((one.finding for one in kept), old, new)
        self._keep(
            uri,
            tuple(replace(one, finding=now) for one, now in zip(kept, found, strict=True) if now),
        )

    def clear(self, uri: str) -> None:
        """Forget a document's findings."""
        self._kept.pop(uri, None)
        self._resting.pop(uri, None)

    def _keep(self, uri: str, kept: tuple[Kept, ...]) -> None:
        if kept:
            self._kept[uri] = tuple(sorted(kept, key=lambda one: one.finding.span))
        else:
            self.clear(uri)


def unmarked(one: Reviewed) -> Reviewed:
    """A file's findings in its text without the byte order mark, which editors keep to themselves."""
    text = str(one.text)
    if not text.startswith(_MARK):
        return one
    found = tuple(
        replace(
            each,
            span=_back(each.span),
            fix=each.fix and Edit(_back(each.fix.span), each.fix.text.removeprefix(_MARK)),
        )
        for each in one.found
    )
    spans = tuple(map(_back, one.spans))
    return replace(one, text=type(one.text).of(text[1:]), found=found, spans=spans)


def _back(span: Span) -> Span:
    width = len(_MARK.encode())
    return Span(max(0, span.start - width), max(0, span.end - width))


def moved(finding: Finding, old: bytes, new: bytes) -> Finding | None:
    """A finding of one text where it is in another; `None` where its lines are not the same any more."""
    before, after = changed(old, new)
    span = finding.span
    if finding.fix is not None:
        span = Span(span.start, max(span.end, finding.fix.span.end))
    if span.end <= before.start:
        by = 0
    elif before.end <= span.start:
        by = after.end - before.end
    else:
        return None
    if not _whole_lines(new, _shifted(span, by)):
        return None  # something was typed right before or behind them
    fix = finding.fix and Edit(_shifted(finding.fix.span, by), finding.fix.text)
    return replace(finding, span=_shifted(finding.span, by), fix=fix)


def carried(found: Iterable[Finding], old: Text, new: Text) -> Iterator[Finding | None]:
    """Findings of one text where their lines are in another; `None` for one whose lines changed.

    `moved` takes two texts between which somebody typed; these may differ in many places.
    """
    start, behind = equal_ends(old.lines, new.lines)
    steps = SequenceMatcher(
        None, old.lines[start : len(old.lines) - behind], new.lines[start : len(new.lines) - behind]
    )
    blocks = [
        (0, 0, start),
        *((start + one.a, start + one.b, one.size) for one in steps.get_matching_blocks()),
        (len(old.lines) - behind, len(new.lines) - behind, behind),
    ]
    for one in found:
        first, last = old.row_of(one.span.start), old.row_of(one.span.end)
        for there, here, size in blocks:
            if there <= first and last < there + size:
                by = new.row_start(here + first - there) - old.row_start(first)
                fix = one.fix and Edit(_shifted(one.fix.span, by), one.fix.text)
                yield replace(one, span=_shifted(one.span, by), fix=fix)
                break
        else:
            yield None


def _whole_lines(source: bytes, span: Span) -> bool:
    starts = span.start == 0 or source[span.start - 1] in b"\r\n"
    ends = span.end == len(source) or source[span.end] in b"\r\n" or source[span.end - 1] in b"\r\n"
    return starts and ends


def _shifted(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)
