"""The ledger as one HTML page: no script, no link, nothing from elsewhere, everything escaped.

Even a text that got past the escaping could not run or load anything: the page forbids it to itself
(Content Security Policy). All of it is ASCII, so that no encoding can garble it.
"""

from __future__ import annotations

import html
import json
from datetime import UTC
from typing import TYPE_CHECKING, cast

from twolane_server.border.sums import sums
from twolane_server.cli.lines import lines_by_file
from twolane_server.cli.plain import one_line, plain
from twolane_server.prices import money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from twolane_server.border.chain import Verdict
    from twolane_server.border.records import Row
    from twolane_server.border.sums import Sum

__all__ = ["page"]

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.muted { color: #6b7280; } .bad { color: #b91c1c; font-weight: 600; } .good { color: #15803d; font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; margin: 0; }
dt { color: #6b7280; } dd { margin: 0; overflow-wrap: anywhere; }
article { border: 1px solid #9ca3af66; border-radius: 8px; padding: .8rem 1.1rem; margin: .8rem 0; }
article h3 { font-size: 1rem; margin: 0 0 .5rem; }
h4 { font-size: .85rem; margin: .6rem 0 .1rem; color: #6b7280; }
.lane { border-radius: 4px; padding: .05rem .45rem; margin-right: .4rem; font-size: .85rem; }
.cloud { background: #f59e0b33; } .local { background: #10b98133; }
code, pre { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; background: #9ca3af1f; border-radius: 6px; padding: .7rem; margin: .3rem 0 .8rem; }
summary { cursor: pointer; margin-top: .5rem; }
@media print { article { break-inside: avoid-page; } details:not([open]) > * { display: none; } }
"""
_HEAD = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    '<meta name="referrer" content="no-referrer">\n'
    '<meta name="viewport" content="width=device-width">\n'
    f"<title>twolane: what was sent</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
)
_PRICES = {"input": "in", "cached": "cached", "output": "out"}
_ABOUT = (
    "Each request has an entry that was on disk before its first byte went out, and one for how it "
    "ended. Each entry holds the SHA-256 of the one before it, so that an entry which was changed, "
    "removed or moved shows, and the last hash stands for all of them. This is evidence against "
    "accidents and edits by hand; it is not a signature: who may write to the ledger and to its "
    "head could write both anew. Of a request to the cloud the text is kept as it was sent; of one "
    "to the local lane only its size and its SHA-256. The SHA-256 of a request is that of its "
    "bytes, which the export as JSON lines has exactly; here, signs that cannot be seen are shown "
    "by their numbers."
)


def page(read: Callable[[], Iterable[Row]], verdict: Verdict, now: datetime) -> Iterator[str]:
    """The page, piece by piece.

    Args:
        read: the rows, oldest first; read twice.
        verdict: whether the chain is whole; the rows go as far as it is.
        now: when the page is made, with a time zone.
    """
    yield _HEAD
    yield "<h1>What twolane sent</h1>\n"
    yield f'<p class="muted">Made {_time(now.astimezone(UTC).isoformat())}.</p>\n'
    yield _summary(read(), verdict)
    yield f'<p class="muted">{_text(_ABOUT)}</p>\n<h2>Requests, oldest first</h2>\n'
    for row in read():
        yield _article(row)
    yield "</body>\n</html>\n"


def _summary(rows: Iterable[Row], verdict: Verdict) -> str:
    times: list[str] = []
    values: dict[str, set[str]] = {"host": set(), "model": set(), "label": set()}

    def noted() -> Iterator[Row]:
        for row in rows:
            times[1 if times else 0 :] = [str(row.sent.get("time"))]
            if row.sent.get("lane") == "cloud":
                for name, found in values.items():
                    found.add(str(row.sent.get(name)))
            yield row

    by_lane = {each.key[0]: each for each in sums(noted(), ("lane",))}
    cloud, local = by_lane.get("cloud"), by_lane.get("local")
    said: list[tuple[str, str]] = [
        ("Period", f"{_time(times[0])} to {_time(times[-1])}" if times else "nothing was sent"),
        (
            "Requests to the cloud",
            f"{cloud.requests:,}, {cloud.bytes:,} bytes" if cloud else "none",
        ),
        ("Cost of these", _text(_total(cloud)) if cloud else "none"),
        ("Hosts in the cloud", _listed(values["host"])),
        ("Models in the cloud", _listed(values["model"])),
        ("Labels of what went there", _listed(values["label"])),
        ("Requests that stayed local", f"{local.requests:,}" if local else "none"),
        ("The chain", _chain(verdict)),
        ("Hash of the last entry", f"<code>{_text(verdict.hash)}</code>"),
    ]
    return _terms(said)


def _total(cloud: Sum) -> str:
    if cloud.cost_usd is None:
        return "not known"
    more = f"; of {cloud.unpriced:,} more it is not known" if cloud.unpriced else ""
    return f"{money(cloud.cost_usd)}{more}"


def _chain(verdict: Verdict) -> str:
    if verdict.whole:
        return f'<span class="good">whole</span>, {verdict.entries:,} entries'
    return (
        f'<span class="bad">not whole</span> at entry {verdict.bad}: {_text(verdict.why)}. '
        "This page ends before it."
    )


def _article(row: Row) -> str:
    sent, tokens = row.public(), row.tokens
    lane = "cloud" if sent["lane"] == "cloud" else "local"
    counts = [str(tokens[name]) for name in ("in", "cached", "out")]
    files = [
        f"<code>{_text(path)}</code>, lines {_text(lines)}"
        for path, lines in lines_by_file(row.files).items()
    ]
    told = "not counted" if tokens["in"] is None else "{} in ({} cached), {} out".format(*counts)
    told = told.replace("None cached", "cached not told")
    said = [
        ("To", f"{_text(sent['model'])} at {_text(sent['host'])}"),
        ("Why this lane", _text("; ".join(row.reasons) or "not recorded")),
        ("Label", _text(row.sent.get("label"))),
        ("Files", "<br>".join(files) or "none"),
        ("Size", f"{_text(sent['bytes'])} bytes"),
        ("SHA-256", f"<code>{_text(sent['sha256'])}</code>"),
        ("Tokens", _text(told)),
        ("Cost", _cost(row)),
        ("Outcome", _text(sent["outcome"])),
        ("Policy", f"<code>{_text(row.sent.get('policy_hash') or 'none')}</code>"),
        ("Hash of the entry", f"<code>{_text(row.hash)}</code>"),
    ]
    return (
        f'<article id="entry-{row.seq}">\n<h3><span class="lane {lane}">{_text(sent["lane"])}'
        f"</span>{row.seq}: {_text(sent['action'])}, {_time(sent['time'])}</h3>\n"
        f"{_terms(said)}{_body(row.text)}</article>\n"
    )


def _cost(row: Row) -> str:
    """What it cost, and by which price; that of the day, whatever the settings say now."""
    price = (row.ended or {}).get("price")
    if row.cost_usd is None or not isinstance(price, dict):
        return "not known"
    by = cast("dict[str, object]", price)
    figures = (f"${by.get(name)} {what}" for name, what in _PRICES.items())
    return _text(
        f"{money(row.cost_usd)}, by {', '.join(figures)} for a million tokens, as of {by.get('as_of')}"
    )


def _body(text: str | None) -> str:
    if text is None:
        return '<p class="muted">Its text was not kept.</p>\n'
    messages, rest = _messages(text)
    shown = "".join(
        f"<h4>{_text(role)}</h4>\n<pre>{_lines(said)}</pre>\n" for role, said in messages
    )
    return (
        f"<details><summary>The text that was sent</summary>\n{shown}"
        f"<h4>all else in the request</h4>\n<pre>{_lines(rest)}</pre>\n</details>\n"
    )


def _messages(text: str) -> tuple[list[tuple[str, str]], str]:
    """Role and text of each message, and what is left of the body; all of it where it is no chat."""
    try:
        body: object = json.loads(text)
    except ValueError:
        return [], text
    listed = cast("dict[str, object]", body).get("messages") if isinstance(body, dict) else None
    messages = cast("list[object]", listed) if isinstance(listed, list) else []
    found: list[tuple[str, str]] = []
    for message in messages:
        if not isinstance(message, dict) or set(cast("dict[str, object]", message)) != {
            "role",
            "content",
        }:
            return [], text
        turn = cast("dict[str, object]", message)
        found.append((str(turn["role"]), str(turn["content"])))
    if not found:
        return [], text
    rest = {
        name: value for name, value in cast("dict[str, object]", body).items() if name != "messages"
    }
    return found, json.dumps(rest)


def _terms(said: Iterable[tuple[str, str]]) -> str:
    inner = "".join(f"<dt>{_text(name)}</dt><dd>{value}</dd>\n" for name, value in said)
    return f"<dl>\n{inner}</dl>\n"


def _listed(values: set[str]) -> str:
    return _text(", ".join(sorted(values)) or "none")


def _time(stored: object) -> str:
    """`2026-05-04 12:00:00 UTC`; the ledger's times are all of UTC."""
    return f"{_text(str(stored)[:19].replace('T', ' '))} UTC"


def _text(value: object) -> str:
    return _ascii(html.escape(one_line(str(value))))


def _lines(text: str) -> str:
    return _ascii(html.escape(plain(text)))


def _ascii(text: str) -> str:
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")
