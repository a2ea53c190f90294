"""JSON that others wrote: the shapes that are there, or nothing."""

from __future__ import annotations

import json
from typing import Any, cast


def parsed(text: str | bytes) -> object:
    """The document, or None when it is not JSON (a JSON `null` is of no more use)."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def as_object(value: object) -> dict[str, Any] | None:
    """The value if it is a JSON object, else None."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[Any] | None:
    """The value if it is a JSON array, else None."""
    return cast("list[Any]", value) if isinstance(value, list) else None
