"""The ledger's requests and sums as lines for a person."""

from __future__ import annotations

import sys
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from twolane_server.cli.lines import lines_by_file
from twolane_server.prices import money

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from twolane_server.border.records import Row
    from twolane_server.border.sums import Sum

__all__ = ["request_lines", "sum_lines"]

_HEADINGS = (
    *("seq", "time (UTC)", "action", "to", "bytes", "in", "cached", "out", "cost"),
    *("outcome", "from", "why"),
)
_SUMS = ("requests", "bytes", "in", "cached", "out", "cost")


def request_lines(rows: Iterable[Row]) -> Iterator[str]:
    """A table with a line for each request; in a terminal too narrow for it, lines of their own."""
    cells = [_cells(row) for row in rows]
    if not cells:
        return
    lines = list(_aligned([_HEADINGS, *cells]))
    if sys.stdout.isatty() and max(map(len, lines)) > get_terminal_size().columns:
        for row in cells:
            yield from _apart(row)
    else:
        yield from lines


def sum_lines(groups: Iterable[Sum], total: Iterable[Sum], keys: tuple[str, ...]) -> Iterator[str]:
    """A table with a line for each sum, and one for all."""
    found = [(*map(_printable, group.key), *_figures(group)) for group in groups]
    if not found:
        return
    rows = [(*keys, *_SUMS), *found]
    if len(found) > 1:
        rows += [("all", *[""] * (len(keys) - 1), *_figures(each)) for each in total if keys]
    yield from _aligned(rows)


def _figures(group: Sum) -> tuple[str, ...]:
    told_in, told_out = (
        number if group.counted else None for number in (group.tokens_in, group.tokens_out)
    )
    tokens = ("-" if n is None else f"{n:,}" for n in (told_in, group.tokens_cached, told_out))
    return (f"{group.requests:,}", f"{group.bytes:,}", *tokens, _cost(group))


def _cost(group: Sum) -> str:
    """`$0.0012`, with how many more there are of which it is not known; `-` where of none."""
    if group.cost_usd is None:
        return "-"
    more = f" + {group.unpriced} unknown" if group.unpriced else ""
    return f"{money(group.cost_usd)}{more}"


def _cells(row: Row) -> tuple[str, ...]:
    sent, tokens = row.public(), row.tokens
    files = [f"{path}:{lines}" for path, lines in lines_by_file(row.files).items()]
    rest = len(files) - 1
    more = f" and {rest} more file{'s' * (rest > 1)}" if rest > 0 else ""
    counts = ["-" if tokens[name] is None else tokens[name] for name in ("in", "cached", "out")]
    cells = (
        row.seq,
        str(sent["time"])[:19].replace("T", " "),
        sent["action"],
        f"{sent['lane']}: {sent['model']}, {sent['host']}",
        sent["bytes"],
        *counts,
        "-" if row.cost_usd is None else money(row.cost_usd),
        sent["outcome"],
        files[0] + more if files else "-",
        "; ".join(row.reasons) or "-",
    )
    return tuple(_printable(str(cell)) for cell in cells)


def _printable(text: str) -> str:
    """No escape sequence in a file's name may reach the terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Columns of figures end where their headings end; the others start there."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    figures = {"bytes", "in", "cached", "out", "cost", "requests"}
    right = [heading in figures for heading in rows[0]]
    for row in rows:
        yield "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()


def _apart(cells: tuple[str, ...]) -> Iterator[str]:
    """One request in lines of its own."""
    seq, time, action, to, size, tokens_in, cached, tokens_out, cost, outcome, files, why = cells
    tokens = f"{tokens_in} in ({cached} cached)  {tokens_out} out"
    yield f"{seq}  {time} UTC  {action}  {size} bytes  {tokens}  {cost}  {outcome}"
    yield from (" " * (len(seq) + 2) + each for each in (to, files, f"because: {why}"))
