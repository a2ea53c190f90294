"""`window/showMessageRequest`: the answer was cut at its token limit; allow it more?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from twolane_server.longer import question_for

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from twolane_server.errors import AnswerTruncated

YES, NO = "Try again", "Leave it"


async def may_go_on(server: LanguageServer, cut: AnswerTruncated) -> bool:
    """Whether the person wants the action run again with the larger budget that `cut` offers."""
    if not cut.more:
        return False
    asked = types.ShowMessageRequestParams(
        type=types.MessageType.Warning,
        message=f"twolane: {question_for(cut)}",
        actions=[types.MessageActionItem(YES), types.MessageActionItem(NO)],
    )
    try:
        answer = await server.window_show_message_request_async(asked)
    except JsonRpcException:
        return False  # the client cannot ask
    return answer is not None and answer.title == YES
