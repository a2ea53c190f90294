"""`workspace/applyEdit`: an edit sent to the client, with what the files must hold for it.

Between our last look and the editor's work a person may type and other programs may write. A version
tells of neither a file that is not open, nor one that is to be deleted or made, nor a document that was
read anew. So a client that can look for itself (`initializationOptions.expected: true`) is told first
what each file must hold (`twolane/expected`), and refuses the edit where one does not.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from hashlib import sha256
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pygls.lsp.server import LanguageServer

    from twolane_server.session import Session
    from twolane_server.text import Text

__all__ = ["METHOD", "fingerprint", "sent"]

METHOD = "twolane/expected"


async def sent(
    server: LanguageServer,
    session: Session,
    edit: types.WorkspaceEdit,
    title: str,
    expected: Iterable[tuple[str, Text | None]],
) -> bool:
    """Have the client apply an edit.

    Args:
        server: the connection.
        session: knows whether the client looks at what files hold.
        edit: what to apply.
        title: the undo step's name, where the editor shows one.
        expected: what the file of a URI must hold; `None` where there must be none.

    Returns:
        Whether it says that it did. One that fails at it, say at a file that is gone by now, answers
        with an error, and may have applied a part.
    """
    if session.expected:
        files = [
            {"uri": uri, "sha256": None if text is None else fingerprint(text)}
            for uri, text in expected
        ]
        server.protocol.notify(METHOD, {"files": files})
    params = types.ApplyWorkspaceEditParams(edit=edit, label=title)
    try:
        return (await server.workspace_apply_edit_async(params)).applied
    except JsonRpcException:
        return False


def fingerprint(text: Text) -> str:
    """The SHA-256, as hex, of a text as an editor has it.

    That is in UTF-8 without a byte order mark, each line ending a line feed, none behind the last
    line, and a line feed for NUL, which is how Neovim keeps that.
    """
    plain = text.source.removeprefix(BOM_UTF8).replace(b"\r\n", b"\n").removesuffix(b"\n")
    return sha256(plain.replace(b"\0", b"\n")).hexdigest()
