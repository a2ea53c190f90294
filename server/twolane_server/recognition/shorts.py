"""The short files that a prompt is made of, each to be held in whole against code under NDA.

What is told of such a file is too little to be recognised by, in a diff, an example or a piece.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.border.wholes import LARGEST, may_be_whole
from twolane_server.reading import read_start

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.rules.remembered import Remembered

__all__ = ["short_files", "short_ones"]


def short_files(paths: Iterable[str], kept: Remembered[str | None]) -> list[str]:
    """The texts of those files on disk that are short and tell whose they are.

    Args:
        paths: absolute.
        kept: what was read of files at other moments, which counts while the disk shows no change.
    """
    each = dict.fromkeys(paths)
    read = (kept.get(path, None, partial(_read, path), _is_known) for path in each)
    return list(filter(None, dict.fromkeys(read)))


def short_ones(texts: Iterable[str]) -> list[str]:
    """Those of some texts that are short and tell whose they are."""
    return [text for text in dict.fromkeys(texts) if may_be_whole(text)]


def _read(path: str) -> str | None:
    """The text of a file that is short and tells whose it is; empty for another, `None` for no text."""
    try:
        size = os.stat(path).st_size  # noqa: PTH116 - of many files
    except (OSError, ValueError):
        return None
    if size >= LARGEST:
        return ""
    text = read_start(Path(path), LARGEST).text
    return "" if text is not None and not may_be_whole(text) else text


def _is_known(text: str | None) -> bool:
    return text is not None
