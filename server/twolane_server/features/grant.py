"""May this repository's open files use the cloud lane?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from twolane_server.errors import TwolaneError
from twolane_server.features.question import agreed
from twolane_server.proposal import accept, needs_grant, proposal

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from twolane_server.orders import Ready
    from twolane_server.settings.resolved import Folders

YES, NO = "Allow it for this repository", "Keep it local"


async def ask_once(server: LanguageServer, folders: Folders, ready: Ready) -> None:
    """Ask where only a grant is missing and nobody has asked yet; nothing waits for the answer."""
    offered = await asyncio.to_thread(proposal, ready, folders) if needs_grant(ready) else None
    if offered is None:
        return
    if not await agreed(server, offered.sentence, (YES, NO)):
        return
    try:
        await asyncio.to_thread(accept, offered, folders)
        told = f"open code of {offered.root.name} may use the cloud lane from now on"
    except TwolaneError as error:
        told = str(error)
    message = types.ShowMessageParams(types.MessageType.Info, f"twolane: {told}")
    server.window_show_message(message)
