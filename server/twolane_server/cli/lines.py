"""Places in files as people write them: `app.py:3-6, 40-60`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.fragments import Origin

__all__ = ["lines_by_file"]


def lines_by_file(origins: Iterable[Origin]) -> dict[str, str]:
    """Each file and its lines, in the order of the files' first mention.

    Lines that touch or overlap become one range, also across one blank line, since the blank one
    says nothing.
    """
    files: dict[str, list[tuple[int, int]]] = {}
    for origin in origins:
        if origin.path:
            files.setdefault(origin.path, []).append((origin.start_line, origin.end_line))
    return {path: ", ".join(map(_shown, _merged(ranges))) for path, ranges in files.items()}


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1] + 2:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _shown(lines: tuple[int, int]) -> str:
    start, end = lines
    return str(start) if start == end else f"{start}-{end}"
