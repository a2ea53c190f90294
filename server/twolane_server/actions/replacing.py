"""Lines replaced by a model's code: put into their place and proved to parse at least as well."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_context.trees import parse
from twolane_server.actions.outcomes import Edit, Edits
from twolane_server.edits.import_block import addition
from twolane_server.edits.imports import answer, can_import, leading
from twolane_server.edits.lines import (
    eol_near,
    indent_unit,
    line_end,
    line_start,
    next_line,
    skip_blanks,
)
from twolane_server.edits.plain import harmful
from twolane_server.edits.python_syntax import python_reads
from twolane_server.edits.reindent import fitted
from twolane_server.edits.reply import code
from twolane_server.edits.syntax import errors
from twolane_server.errors import NothingChanges, ReplyRefused
from twolane_server.text import decode

if TYPE_CHECKING:
    from twolane_context.trees import Parsed
    from twolane_server.text import Text

__all__ = ["replaced", "replaced_with_imports", "whole_lines", "without"]


_MARK = "\ufeff"


def whole_lines(source: bytes, selection: Span) -> Span:
    """The lines that a selection touches, without the last one's end.

    A selection that ends at the start of a line does not take that line in.
    """
    start, end = line_start(source, selection.start), min(selection.end, len(source))
    if end > start and line_start(source, end) == end:
        end = line_start(source, end - 1)
    return Span(start, max(line_end(source, end), start))


def replaced(text: Text, parsed: Parsed, target: Span, new_code: str) -> Edit:
    """The edit that puts `new_code` in the place of whole lines.

    Args:
        text: the document.
        parsed: its tree.
        target: whole lines, without the last one's end.
        new_code: what takes their place, lines ended in any way.

    Raises:
        ReplyRefused: the code would leave a syntax error, or holds what no model should write.
        NothingChanges: the code is what is there.
    """
    old = decode(target.cut(parsed.source))
    lines = new_code.replace("\r\n", "\n").replace("\r", "\n").removeprefix(_MARK)
    if harmful(lines) - harmful(old.removeprefix(_MARK)):
        raise ReplyRefused("The model's code holds control characters; nothing was changed.")
    # The byte order mark and blank lines at both ends of the selection are not the model's business.
    head = old[: len(old) - len(old.lstrip(f"{_MARK}\r\n"))]
    tail = old[len(old.rstrip("\r\n")) :]
    start = target.start + len(head.encode())
    indent = decode(parsed.source[start : skip_blanks(parsed.source, start)])
    new = fitted(lines, parsed.language, indent, indent_unit(parsed.source))
    if not indent and new == old.strip(f"{_MARK}\r\n").replace("\r\n", "\n"):
        new = lines.rstrip("\n")  # only indented otherwise, so that is what was asked for
    new = head + new.replace("\n", eol_near(parsed.source, target.start)) + tail
    if new == old:
        raise NothingChanges("The model would change nothing.")
    return _proved(text, parsed, Edit(target, new))


def replaced_with_imports(
    text: Text, parsed: Parsed, target: Span, reply: str, *, alone: bool = False
) -> Edit | Edits:
    """The edit that a reply asks for: whole lines, and imports that they need at the file's top.

    Args:
        text: the document.
        parsed: its tree.
        target: whole lines, without the last one's end.
        reply: the model's.
        alone: whether an answer of imports alone leaves the lines as they are.

    Raises:
        ReplyRefused: the reply is no code, would leave a syntax error, or its imports cannot be added
            without touching something else.
        ActionError: nothing would change.
    """
    here = decode(target.cut(parsed.source))
    said = answer(reply, parsed.language, indented=here.lstrip("\r\n")[:1].isspace())
    of_imports = can_import(parsed.language) and leading(here, parsed.language).imports
    if not said.imports or of_imports or not (said.code or alone):
        return replaced(text, parsed, target, code(reply, parsed.language))
    added = addition(text, parsed, said.imports, target)
    if added is None:
        return replaced(text, parsed, target, said.code or here)
    edits = [Edit(added.span, added.text)]
    with suppress(NothingChanges):
        edits.append(replaced(text, parsed, target, said.code or here))
    edits.sort(key=lambda one: one.span)
    _prove(text, parsed, edits)
    return Edits(tuple(edits), (f"Also added to the imports: {added.told}",))


def without(text: Text, parsed: Parsed, target: Span) -> Edit:
    """The edit that takes whole lines away, the last one's end included.

    Raises:
        ReplyRefused: that would leave a syntax error.
    """
    mark = len(_MARK.encode()) if decode(target.cut(parsed.source)).startswith(_MARK) else 0
    span = Span(target.start + mark, next_line(parsed.source, target.end))
    return _proved(text, parsed, Edit(span, ""))


def _proved(text: Text, parsed: Parsed, edit: Edit) -> Edit:
    _prove(text, parsed, [edit])
    return edit


def _prove(text: Text, parsed: Parsed, edits: list[Edit]) -> None:
    after = text.replaced((edit.span, edit.text) for edit in edits)
    worse = errors(parse(parsed.language, after.source)) > errors(parsed)
    if parsed.language.name == "python" and not worse:
        worse = python_reads(text) and not python_reads(after)
    if worse:
        raise ReplyRefused("The reply was refused: it would leave a syntax error.")
