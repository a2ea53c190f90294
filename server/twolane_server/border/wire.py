"""The bytes of a request, and the texts in them.

The body is an OpenAI chat completion (https://platform.openai.com/docs/api-reference/chat) with
just what an answer needs: no `user`, no `metadata`, nothing that tells who asks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["encode", "texts"]


def encode(
    model: str,
    messages: Iterable[tuple[str, str]],
    *,
    max_tokens: int,
    temperature: float,
    stop: Sequence[str] = (),
    cache_salt: str | None = None,
) -> bytes:
    """The request's body: compact JSON in UTF-8, the same bytes for the same values.

    Characters stand for themselves and are not escaped, so that people can read the ledger. A lone
    surrogate, which an editor may send but UTF-8 cannot hold, becomes U+FFFD as on a screen.

    Args:
        model: the model's id on the server.
        messages: role and text of each turn.
        max_tokens: how long the answer may be.
        temperature: 0 for the most likely answer.
        stop: texts at which the model stops; left out when there are none.
        cache_salt: vLLM shares cached prefixes only among requests with the same one.

    Raises:
        ValueError: `temperature` is not a finite number.
    """
    body: dict[str, object] = {
        "model": _well_formed(model),
        "messages": [{"role": role, "content": _well_formed(text)} for role, text in messages],
        "max_tokens": max_tokens,
        "temperature": temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if stop:
        body["stop"] = [_well_formed(text) for text in stop]
    if cache_salt:
        body["cache_salt"] = cache_salt
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def texts(body: bytes) -> tuple[str, str]:
    """Every string that a body of `encode` holds, decoded, one behind the other.

    This is what the checks read: in the raw bytes a line end is a backslash and an `n`. The model's
    name is a text of its own, so that the same prompt is the same text by whichever name the model is
    called, and need not be searched again.

    Returns:
        What names the model, and all else.

    Raises:
        ValueError: `body` is not JSON in UTF-8.
    """
    value: object = json.loads(body.decode("utf-8"))
    if not isinstance(value, dict):
        return "", "\n".join(_strings(value))
    rest = cast("dict[str, object]", value)
    model = rest.pop("model", "")
    return "\n".join(_strings(model)), "\n".join(_strings(rest))


def _well_formed(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _strings(inner)
