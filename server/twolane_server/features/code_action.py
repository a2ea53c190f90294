"""`textDocument/codeAction`: the list, from memory alone, each title with the lane, its reason and about the size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from twolane_server import convert
from twolane_server.features.findings import SOURCE, quick_fixes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_server.convert import Encoding
    from twolane_server.orders import Offer
    from twolane_server.server import TwolaneServer
    from twolane_server.service import Service
    from twolane_server.session import Session

RUN = "twolane.run"
KIND = types.CodeActionKind.RefactorRewrite
FIX = types.CodeActionKind.QuickFix
OPTIONS = types.CodeActionOptions(code_action_kinds=[KIND, FIX])
_MOST_DIAGNOSTICS = 5
_TITLE = 60


def code_action(
    session: Session, service: Service, params: types.CodeActionParams, encoding: Encoding
) -> list[types.CodeAction]:
    """The actions at a selection. Each is a command, and the list waits for nothing."""
    snapshot = session.snapshot(params.text_document.uri)
    if snapshot is None:
        return []
    document, only = snapshot.document, params.context.only
    selection = convert.span(document.text, params.range, encoding)
    found: list[types.CodeAction] = []
    if _wanted(KIND, only):
        found += [
            _action(offer, offer.action.title, KIND, document.uri, params.range)
            for offer in service.offers(session, snapshot, selection)
        ]
    if _wanted(FIX, only):
        found += quick_fixes(session, document, selection, encoding)
        for one in _others(params.context.diagnostics):
            where = convert.span(document.text, one.range, encoding)
            said = _said(one)
            for offer in service.offers(session, snapshot, where, said):
                title = f"{offer.action.title}: {_short(one.message)}"
                action = _action(offer, title, FIX, document.uri, one.range, instruction=said)
                action.diagnostics = [one]
                found.append(action)
    return found


def look_ahead(server: TwolaneServer, params: types.CodeActionParams) -> None:
    """A menu is shown at a place: look at what its actions will ask for."""
    snapshot = server.session.snapshot(params.text_document.uri)
    if snapshot is not None and not server.busy:
        area = convert.span(snapshot.document.text, params.range, server.encoding)
        by_itself = params.context.trigger_kind is types.CodeActionTriggerKind.Automatic
        server.ahead.menu(snapshot, area, opened=not by_itself)


def _action(
    offer: Offer,
    title: str,
    kind: types.CodeActionKind,
    uri: str,
    area: types.Range,
    *,
    instruction: str = "",
) -> types.CodeAction:
    argument: dict[str, object] = {
        "action": offer.action.name,
        "uri": uri,
        "range": {"start": _plain(area.start), "end": _plain(area.end)},
    }
    if instruction:
        argument["instruction"] = instruction
    return types.CodeAction(
        title=f"{title}  {offer.short}",
        kind=kind,
        command=types.Command(title=title, command=RUN, arguments=[argument]),
    )


def _others(diagnostics: Sequence[types.Diagnostic]) -> list[types.Diagnostic]:
    """What other servers found; ours come with fixes of their own."""
    return [one for one in diagnostics if one.source != SOURCE and one.message][:_MOST_DIAGNOSTICS]


def _said(one: types.Diagnostic) -> str:
    """A diagnostic in one line, with who found it and its code: `ruff F401: …`."""
    code = "" if one.code is None else str(one.code)
    who = " ".join(filter(None, (one.source, code)))
    return f"{who}: {one.message}" if who else one.message


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _TITLE else f"{line[: _TITLE - 1].rstrip()}…"


def _wanted(kind: types.CodeActionKind, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Whether the client asked for a kind; `refactor` includes `refactor.rewrite`."""
    if only is None:
        return True
    kinds = (each.value if isinstance(each, types.CodeActionKind) else each for each in only)
    return any(not each or f"{kind.value}.".startswith(f"{each}.") for each in kinds)


def _plain(position: types.Position) -> dict[str, int]:
    return {"line": position.line, "character": position.character}
