"""`textDocument/codeAction`: the list, from memory alone, each title with the lane and its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from twolane_server import convert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_server.convert import Encoding
    from twolane_server.service import Service
    from twolane_server.session import Session

RUN = "twolane.run"
KIND = types.CodeActionKind.RefactorRewrite
OPTIONS = types.CodeActionOptions(code_action_kinds=[KIND])


def code_action(
    session: Session, service: Service, params: types.CodeActionParams, encoding: Encoding
) -> list[types.CodeAction]:
    """The actions at a selection. Each is a command: nothing is computed until one is chosen."""
    snapshot = session.snapshot(params.text_document.uri)
    if snapshot is None or not _wanted(params.context.only):
        return []
    selection = convert.span(snapshot.document.text, params.range, encoding)
    return [
        types.CodeAction(
            title=f"{offer.action.title}  {offer.short}",
            kind=KIND,
            command=types.Command(
                title=offer.action.title,
                command=RUN,
                arguments=[
                    {
                        "action": offer.action.name,
                        "uri": snapshot.document.uri,
                        "range": {
                            "start": _plain(params.range.start),
                            "end": _plain(params.range.end),
                        },
                    }
                ],
            ),
        )
        for offer in service.offers(session, snapshot, selection)
    ]


def _wanted(only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Whether the client asked for our kind; `refactor` includes `refactor.rewrite`."""
    if only is None:
        return True
    kinds = (kind.value if isinstance(kind, types.CodeActionKind) else kind for kind in only)
    return any(not kind or f"{KIND.value}.".startswith(f"{kind}.") for kind in kinds)


def _plain(position: types.Position) -> dict[str, int]:
    return {"line": position.line, "character": position.character}
