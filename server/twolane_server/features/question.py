"""`window/showMessageRequest`: a question with two answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

__all__ = ["agreed"]


async def agreed(
    server: LanguageServer,
    text: str,
    answers: tuple[str, str],
    kind: types.MessageType = types.MessageType.Info,
) -> bool | None:
    """Whether the person says yes; `None` where the client cannot ask.

    Args:
        server: the connection.
        text: the question.
        answers: yes and no, in words.
        kind: how much it matters.
    """
    asked = types.ShowMessageRequestParams(
        type=kind,
        message=f"twolane: {text}",
        actions=[types.MessageActionItem(answer) for answer in answers],
    )
    try:
        answer = await server.window_show_message_request_async(asked)
    except JsonRpcException:
        return None
    return answer is not None and answer.title == answers[0]
