"""A review as a model writes it, taken apart: which lines, how bad, what, and what to write instead.

Asked for is a JSON list. Taken, too, are an object around it, single objects, and lines such as
`12-14: warning: …`, since models write these.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from twolane_server.edits.plain import plain
from twolane_server.edits.reply import read
from twolane_server.errors import ReplyRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Remark", "remarks"]

_LONGEST = 600
_FILE = ("file", "path", "filename")
_MOST = 100
_PLAIN_LINE = re.compile(
    r"[ \t]*(?:[-*+]|\d+\.)?[ \t]*\W{0,3}(?:(?P<file>[\w./\\-]*[./][\w./\\-]*)\W?:[ \t]*)?(?:lines?|l\.?)?[ \t]*(?P<first>\d{1,7})"
    r"(?:[ \t]*(?:-|\u2013|to)[ \t]*(?P<last>\d{1,7}))?\W{0,3}:[ \t]*"
    r"(?:\W{0,3}(?P<severity>error|warning|info|note|bug|nit)\W{0,3}:?[ \t]+)?(?P<message>\S.*)",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"(?i)\W*(?:no|none|nothing|looks? good|lgtm)\b[^\n]{0,120}")
_SEVERITIES = {
    **dict.fromkeys(("error", "bug", "critical", "high", "major", "blocker"), "error"),
    **dict.fromkeys(("info", "note", "nit", "hint", "low", "minor", "style"), "info"),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that the model found.

    Attributes:
        first: the first line, as the model counted.
        last: the last line.
        severity: `error`, `warning` or `info`.
        message: one paragraph.
        fix: what to write in the place of these lines; `None` for nothing usable.
        file: which file is meant, as the model names it; empty where it names none.
    """

    first: int
    last: int
    severity: str
    message: str = field(repr=False)
    fix: str | None = field(default=None, repr=False)
    file: str = field(default="", repr=False)


def remarks(reply: str) -> tuple[Remark, ...]:
    """What the reply says, in its order; none where it says that there is nothing.

    Raises:
        ReplyRefused: the reply is no review.
    """
    parts = read(reply)
    for text in (*(fence.text for fence in parts.fences), parts.prose):
        found = _json(text)
        if found is not None:
            return tuple(remark for each in found[:_MOST] if (remark := _remark(each)))
    said = tuple(map(_line, filter(None, map(_PLAIN_LINE.fullmatch, parts.prose.split("\n")))))
    if said or _NOTHING.fullmatch(parts.prose.split("\n")[0]):
        return said[:_MOST]
    raise ReplyRefused("The model's reply is no list of findings; try again.")


def _json(text: str) -> list[object] | None:
    """The first list, or the first objects, that the text holds."""
    try:
        whole: object = json.loads(text)
    except (ValueError, RecursionError):
        found = list(_values(text))
        lists: list[object] = [each for each in found if isinstance(each, list)]
        whole = lists[0] if lists else found or None
    listed = cast("list[object]", whole if isinstance(whole, list) else [whole])
    if not all(isinstance(each, dict) for each in listed):
        return None
    return [one for each in listed for one in _spread(cast("dict[str, object]", each))]


def _spread(table: dict[str, object], file: str = "") -> list[object]:
    """A finding, or the findings in an object around them, which may say of which file they are."""
    named = _text(table, *_FILE) or file
    inner = [
        (key, cast("list[object]", each)) for key, each in table.items() if isinstance(each, list)
    ]
    if not inner or "message" in table:
        return [{"file": named, **table}]
    return [
        found
        for key, each in inner
        for one in each
        if isinstance(one, dict)
        for found in _spread(cast("dict[str, object]", one), named or _path(key))
    ]


def _path(key: str) -> str:
    """A key, where it is a path."""
    return key if "." in key or "/" in key else ""


def _values(text: str) -> Iterator[object]:
    decoder, at = json.JSONDecoder(), 0
    while (found := re.compile(r"[\[{]").search(text, at)) is not None:
        try:
            value, at = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            at = found.start() + 1
            continue
        yield value


def _remark(value: object) -> Remark | None:
    table = {key.lower(): each for key, each in cast("dict[str, object]", value).items()}
    first = _number(table, "line", "start_line", "first_line", "start")
    last = _number(table, "end_line", "last_line", "end")
    message = _text(table, "message", "problem", "description", "comment", "issue")
    message = " ".join(plain(message or "").split())
    if first is None or not message:
        return None
    severity = (_text(table, "severity", "level", "kind") or "").lower()
    fix = _text(table, "fix", "replacement", "suggestion")
    return Remark(
        first,
        first if last is None else last,
        _SEVERITIES.get(severity, "warning"),
        message[:_LONGEST],
        fix,
        (_text(table, *_FILE) or "").strip(),
    )


def _number(table: dict[str, object], *names: str) -> int | None:
    for name in names:
        value = table.get(name)
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:  # noqa: PLR2004
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _text(table: dict[str, object], *names: str) -> str | None:
    return next((value for name in names if isinstance(value := table.get(name), str)), None)


def _line(found: re.Match[str]) -> Remark:
    first = int(found["first"])
    severity = (found["severity"] or "").lower()
    message = " ".join(plain(found["message"]).split())[:_LONGEST]
    last = int(found["last"] or first)
    return Remark(
        first, last, _SEVERITIES.get(severity, "warning"), message, file=found["file"] or ""
    )
