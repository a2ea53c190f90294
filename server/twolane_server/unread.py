"""A server that read only a part of the prompt, and did not say so.

Ollama cuts what its context does not hold, and answers. Nothing but its count of tokens tells. The
answer has passed every check of its action; so the person is told, and nothing is refused: some
servers count only what was not in their cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.lanes.base import LaneName
from twolane_server.lanes.model_file import model_name

if TYPE_CHECKING:
    from twolane_server.orders import Ready, Result

__all__ = ["unread"]

_TELLING = 500
_LEAST_READ = 0.6


def unread(ready: Ready, result: Result) -> str | None:
    """What to tell of an answer of the local lane's to a part of the question; `None` for nothing."""
    usage, sent = result.usage, ready.question.prompt_tokens(LaneName.LOCAL)
    if usage is None or result.decision.lane is not LaneName.LOCAL or usage.cached:
        return None
    if result.model == model_name(ready.settings.embedded):
        return None  # it is asked without what the repository says
    if usage.prompt < _TELLING or usage.prompt >= _LEAST_READ * sent:
        return None
    return (
        f"The local lane's server counted {usage.prompt:,} tokens of about {sent:,}, so the model may"
        " have read only a part of this; look at the result. Give the server a larger context (with"
        " Ollama OLLAMA_CONTEXT_LENGTH), or set local.window to what it holds."
    )
