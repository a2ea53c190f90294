"""The doctor on past answers: what the ledger tells of lanes that cut or fail."""

from __future__ import annotations

import json
from collections import Counter, deque
from typing import TYPE_CHECKING, cast

from twolane_server.border.ledger import read_rows
from twolane_server.doctor.finding import fine, unset
from twolane_server.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_server.border.records import Row
    from twolane_server.doctor.finding import Finding
    from twolane_server.settings.resolved import Folders

__all__ = ["findings"]

_CHECK = "past answers"
_LATEST = 200
_TELLING = 3
# What of `Outcome.result` a person has done, or a server that works.
_ANSWERED = {"stop", "length", "cancelled", "finished", "unknown"}


def findings(folders: Folders) -> Iterator[Finding]:
    """What the latest requests say; nothing where there were none."""
    try:
        rows = deque(read_rows(folders.state / "ledger"), maxlen=_LATEST)
    except LedgerError:
        return  # which the check of the ledger tells
    if not rows:
        return
    told = [*_cut(rows), *_failed(rows)]
    yield from told
    if not told:
        yield fine(_CHECK, f"nothing unusual about the latest {len(rows)}")


def _cut(rows: deque[Row]) -> Iterator[Finding]:
    """Answers that ended before the limit that was asked for: their server has one of its own."""
    cut: Counter[tuple[str, str, int]] = Counter()
    for row in rows:
        asked, out = _asked(row), row.tokens["out"]
        ended = (row.ended or {}).get("result") == "length"
        if ended and isinstance(out, int) and asked is not None and 1 < out < asked:
            cut[str(row.sent.get("lane")), str(row.sent.get("host")), out] += 1
    for (lane, host, tokens), times in cut.items():
        yield unset(
            _CHECK,
            f"{host} cut {times} answer{'s' * (times > 1)} at {tokens:,} tokens, although more was"
            f" asked for: the server has a limit of its own.",
            f"raise it there, choose another server for {lane}.url, or select less",
        )


def _failed(rows: deque[Row]) -> Iterator[Finding]:
    failed: Counter[tuple[str, str]] = Counter()
    asked: Counter[str] = Counter()
    for row in rows:
        lane, result = str(row.sent.get("lane")), str((row.ended or {}).get("result", "unknown"))
        asked[lane] += 1
        if result not in _ANSWERED:
            failed[lane, result] += 1
    for (lane, result), times in failed.items():
        if times >= _TELLING and times * 5 > asked[lane]:
            fix = "`twolane doctor --cloud` asks it" if lane == "cloud" else "see `local lane`"
            said = f"Of the latest {asked[lane]} requests to the {lane} lane, {times} failed"
            yield unset(_CHECK, f"{said} ({result}).", fix)


def _asked(row: Row) -> int | None:
    """How many tokens the answer was allowed."""
    asked = row.sent.get("max_tokens")
    if asked is None and row.text is not None:  # as older rows are
        try:
            body: object = json.loads(row.text)
        except ValueError:
            return None
        asked = (
            cast("dict[str, object]", body).get("max_tokens") if isinstance(body, dict) else None
        )
    return asked if type(asked) is int else None
