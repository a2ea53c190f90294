"""`workspace/applyEdit`: an edit sent to the client, whatever the client does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

__all__ = ["sent"]


async def sent(server: LanguageServer, edit: types.WorkspaceEdit, title: str) -> bool:
    """Have the client apply an edit.

    Args:
        server: the connection.
        edit: what to apply.
        title: the undo step's name, where the editor shows one.

    Returns:
        Whether it says that it did. One that fails at it, say at a file that is gone by now, answers
        with an error, and may have applied a part.
    """
    params = types.ApplyWorkspaceEditParams(edit=edit, label=title)
    try:
        return (await server.workspace_apply_edit_async(params)).applied
    except JsonRpcException:
        return False
