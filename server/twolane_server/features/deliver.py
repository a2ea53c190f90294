"""What an action came to, brought to the editor: edits applied, pages and findings shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.outcomes import (
    Across,
    Edit,
    Edits,
    Findings,
    FindingsAcross,
    Page,
    edits_of,
)
from twolane_server.features import findings, page
from twolane_server.features.across import apply_across
from twolane_server.features.apply import apply

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from twolane_server.documents import Document
    from twolane_server.orders import Ready, Result
    from twolane_server.session import Session


async def deliver(
    server: LanguageServer, session: Session, then: Document, ready: Ready, result: Result
) -> tuple[bool, str]:
    """Bring a result to the editor.

    Args:
        server: the connection.
        session: holds the document as it is now.
        then: the document that the action worked on.
        ready: what the result came from.
        result: what to bring.

    Returns:
        Whether the editor has it as it was meant, and what the person should be told.

    Raises:
        StaleDocument: the document changed since, or the editor refused the edit.
        ActionError: a page cannot be shown.
    """
    outcome = result.outcome
    match outcome:
        case Edit() | Edits():
            target, title = ready.task.target, ready.title
            edits = edits_of(outcome)
            # Imports are added outside of what was selected, and that must not have changed either.
            target = Span(
                min(target.start, *(edit.span.start for edit in edits)),
                max(target.end, *(edit.span.end for edit in edits)),
            )
            told = await apply(server, session, then, edits, target=target, title=title)
            notes = outcome.notes if isinstance(outcome, Edits) else ()
            return not told, " ".join(filter(None, (told, *notes)))
        case Across():
            told = await apply_across(server, session, outcome, title=ready.title)
            places = [one.place for one in outcome.changes if one.after is not None]
            if not told and len(places) == 1:
                # One that is not in sight would be forgotten unsaved.
                await page.show_file(server, (Path(outcome.root) / places[0]).as_uri())
            return not told, " ".join(filter(None, (told, *outcome.notes)))
        case Page():
            return True, await page.show(server, session, then.uri, outcome)
        case Findings():
            return True, findings.show(server, session, then, outcome, ready.task.target)
        case FindingsAcross():
            return True, findings.show_across(server, session, outcome)
