"""Findings of reviews as diagnostics of the source `twolane`, with their fixes as quick fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lsprotocol import types

from twolane_server import convert
from twolane_server.actions.outcomes import Severity
from twolane_server.errors import ActionError, StaleDocument
from twolane_server.features.apply import apply
from twolane_server.findings import moved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pygls.lsp.server import LanguageServer

    from twolane_context.spans import Span
    from twolane_server.actions.outcomes import Findings
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
    lost = len(outcome.found) - len(found)
    count = "One finding is" if lost == 1 else f"{lost} findings are"
    gone = f"{count} left out, since the lines changed meanwhile." if lost else ""
    nothing = "" if outcome.found or outcome.notes else "The review found nothing."
    return " ".join(filter(None, (nothing, gone, *outcome.notes)))


def publish(server: LanguageServer, session: Session, uri: str) -> None:
    """Send a document's findings, all of them, as they are now."""
    document = session.document(uri)
    encoding = convert.Encoding(server.workspace.position_encoding)
    shown = [_diagnostic(one, document, encoding) for one in session.board.of(uri) if document]
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
            diagnostics=[_diagnostic(one, document, encoding)],
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


def _diagnostic(one: Kept, document: Document, encoding: Encoding) -> types.Diagnostic:
    return types.Diagnostic(
        range=convert.area(document.text, one.finding.span, encoding),
        message=one.finding.message,
        severity=_LEVELS[one.finding.severity],
        source=SOURCE,
    )


def _short(message: str) -> str:
    return message if len(message) <= _TITLE else f"{message[: _TITLE - 1].rstrip()}…"
