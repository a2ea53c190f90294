"""What the menu knows of labels and trust: read in the background, so that it answers from memory.

A label is read when a document is opened and saved, and again after a listing when the last reading
is some seconds old: `twolane trust` in a terminal, or an edit of `twolane.toml`, then shows at the
next listing. Running an action always reads afresh and does not rely on any of this.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from twolane_server.server import TwolaneServer
    from twolane_server.service import Service
    from twolane_server.session import Session

_FRESH_SECONDS = 2.0


async def refresh(
    server: LanguageServer,
    session: Session,
    service: Service,
    uri: str,
    *,
    fresh_seconds: float = _FRESH_SECONDS,
) -> None:
    """Read a document's label and trust, unless that was done less than `fresh_seconds` ago.

    What is wrong with a policy on the way is shown, once.
    """
    await session.settings_read.wait()
    now = asyncio.get_running_loop().time()
    snapshot = session.snapshot(uri)
    if snapshot is None or not session.claim_reading(uri, now, fresh_seconds):
        return
    document = snapshot.document
    known = await service.knowledge_for_menu(document, snapshot.settings)
    session.learn(uri, known)
    for problem in session.untold(known.problems):
        server.window_show_message(
            types.ShowMessageParams(type=types.MessageType.Warning, message=f"twolane: {problem}")
        )
    await asyncio.to_thread(service.warm, known)


async def look_again(server: TwolaneServer) -> None:
    """More code is under NDA than a moment ago: hold open documents against it before somebody asks.

    A request does so by itself, and only with its own document: it is not held up by the others.
    """
    for uri in server.session.uris:
        if not server.busy:
            await refresh(server, server.session, server.service, uri, fresh_seconds=0.0)


def opened(server: TwolaneServer, uri: str) -> None:
    """See where a document came from that was opened; one without a file may become one."""
    document = server.session.document(uri)
    if document is None:
        return
    if document.path:
        server.live.pastes.copies.filled(document, server.session.documents)
        server.live.pastes.notice(document)
    else:
        look(server, uri)


def look(server: TwolaneServer, uri: str) -> None:
    """See what was pasted into a document, even if it is taken out again at once."""
    session, document = server.session, server.session.document(uri)
    if document is None:
        return

    async def see() -> None:
        await session.settings_read.wait()
        await server.live.pastes.remember(document)
        await server.service.knowledge(document, session.settings)

    server.live.pastes.copies.filled(document, session.documents)
    server.live.pastes.notice(document)
    server.background(see())
