"""The answer was cut at its token limit; allow it more?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from twolane_server.features.question import agreed
from twolane_server.longer import question_for

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from twolane_server.errors import AnswerTruncated

YES, NO = "Try again", "Leave it"


async def may_go_on(server: LanguageServer, cut: AnswerTruncated) -> bool:
    """Whether the person wants the action run again with the larger budget that `cut` offers."""
    if not cut.more:
        return False
    kind = types.MessageType.Warning
    return bool(await agreed(server, question_for(cut), (YES, NO), kind))
