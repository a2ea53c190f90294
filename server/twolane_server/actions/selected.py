"""What the user means by a selection, for actions that read it and replace nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twolane_context.spans import Span
from twolane_server.actions.base import tree_of
from twolane_server.actions.docs.definitions import definition_at, outermost
from twolane_server.actions.replacing import whole_lines
from twolane_server.edits.lines import line_end, line_start
from twolane_server.errors import ActionError

if TYPE_CHECKING:
    import tree_sitter

    from twolane_server.actions.base import Subject

__all__ = ["Selected", "selected", "worth_asking"]

_MOST_BYTES = 96_000


class Selected(NamedTuple):
    """What is meant.

    Attributes:
        span: whole lines, without the last one's end.
        node: the definition, where a cursor stands in one.
        whole: whether it is the whole text.
    """

    span: Span
    node: tree_sitter.Node | None = None
    whole: bool = False


def selected(subject: Subject) -> Selected:
    """The selected lines; for a cursor the definition that it stands in, else the whole text."""
    source, selection = subject.text.source, subject.selection
    if selection.cut(source).strip():
        return Selected(whole_lines(source, selection))
    parsed = tree_of(subject)
    node = definition_at(parsed, selection) if parsed is not None else None
    if parsed is None or node is None:
        return Selected(Span(0, len(source)), whole=True)
    outer = outermost(parsed, node)
    start = line_start(source, outer.start_byte)
    return Selected(Span(start, line_end(source, outer.end_byte)), node)


def worth_asking(subject: Subject, verb: str, most_bytes: int = _MOST_BYTES) -> Span:
    """The selected lines, where they hold something and not too much.

    Args:
        subject: the document.
        verb: what is to be done with them, in a word.
        most_bytes: how much is not too much.

    Raises:
        ActionError: nothing is there, or too much.
    """
    target = selected(subject).span
    if not target.cut(subject.text.source).strip():
        raise ActionError(f"There is nothing here to {verb}; select some code.")
    if len(target) > most_bytes:
        raise ActionError(f"That is too much to {verb} at once; select a part of it.")
    return target
