"""Findings of reviews as diagnostics of the source `twolane`, with their fixes as quick fixes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lsprotocol import types

from twolane_context.spans import Span
from twolane_server import convert
from twolane_server.actions.outcomes import Severity
from twolane_server.errors import ActionError, StaleDocument
from twolane_server.features.apply import apply
from twolane_server.findings import carried, moved, unmarked
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence

    from pygls.lsp.server import LanguageServer

    from twolane_server.actions.outcomes import Findings, FindingsAcross, Reviewed
    from twolane_server.convert import Encoding
    from twolane_server.documents import Document
    from twolane_server.findings import Kept
    from twolane_server.session import Session

SOURCE = "twolane"
APPLY, CLEAR = "twolane.apply", "twolane.clear"
_LEVELS = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_TITLE = 60


def show(
    server: LanguageServer, session: Session, then: Document, outcome: Findings, reviewed: Span
) -> str:
    """Show what a review of `then` found, in the document as it is by now.

    Returns:
        A sentence about what is not shown; else an empty string.
    """
    now = session.document(then.uri)
    if now is None:
        raise StaleDocument("The document was closed while the model was reading it.")
    if now.text == then.text:
        found, whole = outcome.found, reviewed
    else:
        old, new = then.text.source, now.text.source
        placed = (moved(one, old, new) for one in outcome.found)
        found = tuple(one for one in placed if one is not None)
        whole = found[0].span if found else reviewed
    session.board.put(then.uri, found, whole)
    publish(server, session, then.uri)
    gone = _gone(len(outcome.found) - len(found))
    nothing = "" if outcome.found or outcome.notes else "The review found nothing."
    return " ".join(filter(None, (nothing, gone, *outcome.notes)))


def show_across(server: LanguageServer, session: Session, outcome: FindingsAcross) -> str:
    """Show what a review of many files found, in each file as it is by now, open or not.

    Returns:
        A sentence about how many there are, and what is not shown.
    """
    documents = {os.path.realpath(one.path): one for one in session.documents if one.path}
    shown = [_put(session, one, documents.get(os.path.realpath(one.file))) for one in outcome.files]
    for uri, _ in shown:
        publish(server, session, uri)
    count, files = sum(found for _, found in shown), sum(found > 0 for _, found in shown)
    told = f"{_number(count, 'finding')} in {_number(files, 'file')}." if count else ""
    nothing = "" if outcome.count or outcome.notes else "The review found nothing."
    return " ".join(filter(None, (told, nothing, _gone(outcome.count - count), *outcome.notes)))


def _put(session: Session, one: Reviewed, document: Document | None) -> tuple[str, int]:
    """Take a file's findings to the board; its URI, and how many are still of its text."""
    board, one = session.board, unmarked(one)
    resting = None if document is not None else board.resting(one.file)
    uri = document.uri if document is not None else resting[0] if resting else ""
    uri = uri or Path(one.file).as_uri()
    text = document.text if document is not None else _on_disk(one.file)
    if text is None:
        board.clear(uri)
        return uri, 0
    if resting is not None:
        board.carry(uri, resting[1], text)
    same = text == one.text
    placed = one.found if same else carried(one.found, one.text, text)
    found = tuple(each for each in placed if each is not None)
    board.put(uri, found, *(one.spans if same else (Span(0, len(text.source)),)))
    if document is None:
        board.rest(uri, one.file, text)
    return uri, len(found)


def opened(server: LanguageServer, session: Session, uri: str) -> None:
    """Show the findings of a file in the document that was opened, where the text is the same."""
    document = session.document(uri)
    before = document and session.board.wake(uri, document.path, document.text)
    for each in dict.fromkeys((before, uri)) if before else ():
        publish(server, session, each)


async def closed(server: LanguageServer, session: Session, document: Document) -> None:
    """Bring the findings of a file to where they are on disk, once an editor has let go of it."""
    if not session.board.of(document.uri):
        return
    async with session.reading:
        text = await asyncio.to_thread(_on_disk, document.path) if document.path else None
        if session.document(document.uri) is None:  # else it is open again
            _bring(server, session, document.uri, document.path, text)


def disk_changed(
    server: LanguageServer,
    session: Session,
    background: Callable[[Coroutine[object, object, None]], object],
    root: Path,
    paths: Sequence[str] | None,
) -> None:
    """Bring the findings of files that are not open to where these are on disk by now.

    Args:
        server: the connection.
        session: holds the findings.
        background: runs what nobody waits for.
        root: the repository in which something changed.
        paths: what changed there, files or folders; anything for `None`.
    """
    if session.board.at_rest:
        background(_follow(server, session, root, paths))


async def _follow(
    server: LanguageServer, session: Session, root: Path, paths: Sequence[str] | None
) -> None:
    async with session.reading:
        for uri, path in await asyncio.to_thread(_touched, session.board.at_rest, root, paths):
            text = await asyncio.to_thread(_on_disk, path)
            known = session.board.text_of(uri)
            if known is not None and known != text:  # else it was opened meanwhile, or is the same
                _bring(server, session, uri, path, text)


def _bring(
    server: LanguageServer, session: Session, uri: str, path: str, text: Text | None
) -> None:
    """Show the findings of a file that is not open where they are in its text; none where it is gone."""
    spoken_of = session.board.text_of(uri)
    if text is None or spoken_of is None:
        session.board.clear(uri)
    else:
        session.board.carry(uri, spoken_of, text)
        session.board.rest(uri, path, text)
    publish(server, session, uri)


def _touched(
    resting: Iterable[tuple[str, str]], root: Path, paths: Sequence[str] | None
) -> list[tuple[str, str]]:
    """Which of the files that have findings may have changed."""
    changed = None if paths is None else frozenset(paths)
    found: list[tuple[str, str]] = []
    for uri, path in resting:
        real = Path(os.path.realpath(path))
        if real.is_relative_to(root):
            inner = real.relative_to(root)
            here = (inner, *inner.parents)
            if changed is None or any(one.as_posix() in changed for one in here):
                found.append((uri, path))
    return found


def publish(server: LanguageServer, session: Session, uri: str) -> None:
    """Send a document's findings, all of them, as they are now."""
    document, encoding = session.document(uri), convert.Encoding(server.workspace.position_encoding)
    text = document.text if document is not None else session.board.text_of(uri)
    kept = session.board.of(uri) if text is not None else ()
    shown = [_diagnostic(one, text, encoding) for one in kept if text is not None]
    server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(uri, shown, document.version if document else None)
    )


def quick_fixes(
    session: Session, document: Document, selection: Span, encoding: Encoding
) -> Iterator[types.CodeAction]:
    """The fixes of the findings at a selection."""
    for one in session.board.of(document.uri):
        if one.finding.fix is None or not one.finding.span.touches(selection):
            continue
        yield types.CodeAction(
            title=f"Apply: {_short(one.finding.message)}",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[_diagnostic(one, document.text, encoding)],
            command=types.Command(
                title="Apply",
                command=APPLY,
                arguments=[{"uri": document.uri, "finding": one.number}],
            ),
        )


async def apply_fix(
    server: LanguageServer, session: Session, argument: object
) -> dict[str, object]:
    """The command `twolane.apply`: apply the fix of one finding. `{"applied", "message"}`.

    Raises:
        ActionError: the argument names no finding that is still there.
        StaleDocument: the editor refused the edit.
    """
    given = cast("dict[str, object]", argument) if isinstance(argument, dict) else {}
    uri, number = given.get("uri"), given.get("finding")
    document = session.document(uri) if isinstance(uri, str) else None
    kept = session.board.of(document.uri) if document else ()
    fix = next((one.finding.fix for one in kept if one.number == number), None)
    if document is None or fix is None:
        raise ActionError("This finding is gone, since its lines changed; review them again.")
    told = await apply(server, session, document, (fix,), target=fix.span, title="Apply the fix")
    return {"applied": not told, "message": told}


def clear(server: LanguageServer, session: Session, argument: object) -> None:
    """The command `twolane.clear`: take away the findings of one document (`uri`), or of all."""
    given = cast("dict[str, object]", argument) if isinstance(argument, dict) else {}
    uri = given.get("uri")
    for each in (uri,) if isinstance(uri, str) else session.board.uris:
        session.board.clear(each)
        publish(server, session, each)


def _on_disk(path: str) -> Text | None:
    """A file's text as an editor would have it; `None` where there is none."""
    try:
        return Text.of(Path(path).read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return None


def _gone(lost: int) -> str:
    """What to say of findings whose lines are not the same any more; empty for none."""
    count = "One finding is" if lost == 1 else f"{lost} findings are"
    return f"{count} left out, since the lines changed meanwhile." if lost else ""


def _number(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _diagnostic(one: Kept, text: Text, encoding: Encoding) -> types.Diagnostic:
    return types.Diagnostic(
        range=convert.area(text, one.finding.span, encoding),
        message=one.finding.message,
        severity=_LEVELS[one.finding.severity],
        source=SOURCE,
    )


def _short(message: str) -> str:
    return message if len(message) <= _TITLE else f"{message[: _TITLE - 1].rstrip()}…"
