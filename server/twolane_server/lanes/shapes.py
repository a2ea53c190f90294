"""JSON that others wrote: the shapes that are there, or nothing."""

from __future__ import annotations

import json
from typing import Any

_decode = json.JSONDecoder().raw_decode


def parsed(text: str | bytes) -> object:
    """The document, or None when it is not JSON (a JSON `null` is of no more use)."""
    try:
        if isinstance(text, str) and text.startswith("{"):
            value, end = _decode(text)
            if end == len(text):
                return value
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def as_object(value: object) -> dict[str, Any] | None:
    """The value if it is a JSON object, else None."""
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType] - JSON has no other keys


def as_list(value: object) -> list[Any] | None:
    """The value if it is a JSON array, else None."""
    return value if isinstance(value, list) else None  # pyright: ignore[reportUnknownVariableType] - JSON is anything
