"""One answer of the OpenAI chat format, event by event, until it is known to be whole.

A pure state machine: no clock, no socket. What is not a whole answer raises `AnswerIncomplete`,
and none of its sentences repeats what the server wrote.
"""

from __future__ import annotations

from typing import Any

from twolane_server.errors import AnswerIncomplete, LaneError, LaneRejected
from twolane_server.lanes.base import Chunk, Usage
from twolane_server.lanes.failures import overflow
from twolane_server.lanes.order import Order
from twolane_server.lanes.shapes import as_list, as_object, parsed

DONE = "[DONE]"
_LONGEST = 4_194_304
_MOST_TOKENS = 1_000_000_000


class Answer:
    """Takes events and hands out text.

    Args:
        host: who answers, for the sentences.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._finish: str | None = None
        self._usage: Usage | None = None
        self._characters = 0
        self._order = Order()
        self._half = ""
        self.model: str | None = None
        self.done = False

    def take(self, data: str) -> str | None:
        """Read one event's data.

        Returns:
            Text for the reader; empty where the model only moved on (reasoning, a finish), and None
            where it did not: comments, empty chunks.

        Raises:
            AnswerIncomplete: the event is no chunk of an answer, or reports an error.
            LaneRejected: it says that the prompt is too long.
        """
        if not data.startswith("{") and data.strip() == DONE:
            self.done = True
            return None
        chunk = as_object(parsed(data))
        if chunk is None:
            raise self._broken("sent an event that cannot be read")
        if chunk.get("error") or chunk.get("object") == "error":
            raise self._reported(data)
        choices = as_list(chunk.get("choices"))
        if choices is None:
            raise self._broken("sent an event that is no chunk of an answer")
        if isinstance(model := chunk.get("model"), str) and model:
            self.model = model
        usage = usage_of(chunk.get("usage"))
        if usage is not None:
            self._usage = usage
        if not choices:
            return None
        choice = as_object(choices[0])
        if choice is None or len(choices) > 1 or choice.get("index"):
            raise self._broken("sent a chunk that cannot be read")
        text = self._choice(choice)
        if self._order.lost(chunk, text or "", usage):
            raise self._broken("mixed up the pieces of its answer")
        return text

    def last(self) -> Chunk:
        """The chunk with `finish`, once the stream has ended cleanly.

        Raises:
            AnswerIncomplete: the server never said that the answer is finished.
        """
        if self._finish is None:
            raise self._broken("stopped before its answer was finished")
        if self._half:
            raise self._broken("sent half a character")
        if self._order.repeated:
            raise self._broken("sent a piece of its answer twice")
        return Chunk(finish=self._finish, usage=self._usage, model=self.model)

    def _choice(self, choice: dict[str, Any]) -> str | None:
        delta = as_object(choice.get("delta") or {})
        if delta is None:
            raise self._broken("sent a chunk that cannot be read")
        text, finish = delta.get("content") or "", choice.get("finish_reason") or None
        if not isinstance(text, str) or not isinstance(finish, str | None):
            raise self._broken("sent a chunk that cannot be read")
        if self._finish is not None and (text or finish not in {None, self._finish}):
            raise self._broken("went on after the end of its answer")
        self._finish = self._finish or finish
        text = self._joined(text)
        self._characters += len(text)
        if self._characters > _LONGEST:
            raise self._broken(f"sent more than {_LONGEST:,} characters")
        if text or finish or delta.get("reasoning_content") or delta.get("reasoning"):
            return text
        return None

    def _joined(self, text: str) -> str:
        """The text without half a character at its end, which waits for its other half.

        Servers that count in UTF-16 cut there. What is no text may not get into anybody's code.
        """
        if text.isascii() and not self._half:
            return text
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1:] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            raise self._broken("sent half a character") from None

    def _reported(self, data: str) -> LaneError:
        """An error for which the status came too late."""
        if (told := overflow(self._host, data)) is not None:
            return LaneRejected(told, status=400)
        return self._broken("reported an error in the middle of its answer")

    def _broken(self, what: str) -> AnswerIncomplete:
        return AnswerIncomplete(f"{self._host} {what}; nothing was applied. Try again.")


def usage_of(value: object) -> Usage | None:
    """The token counts in any of three dialects, or None where there are none to read.

    Cached tokens are `prompt_cache_hit_tokens` (DeepSeek; relays may hand on only
    `prompt_cache_miss_tokens`), `prompt_tokens_details.cached_tokens` (OpenAI, vLLM) or not told.
    """
    usage = as_object(value)
    if usage is None:
        return None
    hit, miss = (_count(usage.get(f"prompt_cache_{what}_tokens")) for what in ("hit", "miss"))
    prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    if prompt is None and hit is not None and miss is not None:
        prompt = hit + miss
    if prompt is None or completion is None:
        return None
    details = as_object(usage.get("prompt_tokens_details"))
    if hit is None and details is not None:
        hit = _count(details.get("cached_tokens"))
    if hit is None and miss is not None:
        hit = max(prompt - miss, 0)
    return Usage(prompt, completion, None if hit is None else min(hit, prompt))


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else None
