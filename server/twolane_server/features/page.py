"""A text beside the code: `twolane/page` where the client opted in, else `window/showDocument`.

A client opts in with `initializationOptions.page: true` and gets `{uri, title, language, text}`. For
others the text is a file in a folder of their user's alone, which goes with the server.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from twolane_server.actions.outcomes import Page
    from twolane_server.session import Session

METHOD = "twolane/page"


async def show(server: LanguageServer, session: Session, uri: str, page: Page) -> str:
    """Show a page.

    Args:
        server: the connection.
        session: knows what the client can show.
        uri: the document that the page speaks of.
        page: what to show.

    Returns:
        A sentence for the person where the client could not show it; else an empty string.

    Raises:
        ActionError: the page cannot be written.
    """
    if session.page:
        said = {"title": page.title, "language": page.language, "text": page.text}
        server.protocol.notify(METHOD, {"uri": uri, **said})
        return ""
    file = await asyncio.to_thread(session.pages.write, page)
    if await show_file(server, file.as_uri()):
        return ""
    return f"The answer is in {file} until the editor closes; this editor cannot show it by itself."


async def show_file(server: LanguageServer, uri: str) -> bool:
    """Have the client show a file beside the code; whether it did."""
    window = server.client_capabilities.window
    if window is None or window.show_document is None or not window.show_document.support:
        return False
    wanted = types.ShowDocumentParams(uri=uri, take_focus=False)
    try:
        return (await server.window_show_document_async(wanted)).success
    except JsonRpcException:
        return False  # the client says that it can and then will not
