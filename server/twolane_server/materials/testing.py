"""Reads where a repository keeps the tests of a file, and what is there; labelled."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_context.disk import paths, read
from twolane_server.actions.material import ForTests, Source
from twolane_server.actions.testing.home import TESTABLE, home_of_tests, telling
from twolane_server.errors import ActionError
from twolane_server.fragments import Label, Origin
from twolane_server.repository import find_root

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["read_tests"]

_LARGEST = 200_000


def read_tests(
    path: str,
    language: str,
    label: Callable[[str, str], Label],
    name: Callable[[str], Label],
    *,
    at_most: Label,
) -> ForTests | None:
    """Where the tests of a file are, and what is there. Waits for the disk.

    Args:
        path: the file, absolute.
        language: its grammar's name.
        label: the label of a file by its absolute path and its text.
        name: the label of a file's name alone, which there need be no file of.
        at_most: the label of the file under test: an example must not be higher, since it would
            move the whole to another lane; the test file itself may be.

    Raises:
        ActionError: the test file cannot be read.
    """
    if language not in TESTABLE or not path:
        return None
    real = Path(os.path.realpath(path))
    root = find_root(real.parent)
    if root is None:
        return None
    listed = tuple(paths(root))
    within = real.relative_to(root).as_posix()
    texts: dict[str, str] = {}
    for each in telling(within, language, listed):
        found = read(root, each)
        if found is not None and len(found[1]) <= _LARGEST:
            texts[each] = found[1].decode("utf-8", "replace")
    home = home_of_tests(within, language, listed, texts)
    file: Source | None = None
    if home.exists and home.path != within:
        file = _source(root, home.path, label)
    elif (root / home.path).exists() and home.path != within:
        raise ActionError(
            f"{home.path} is there, though git ignores it; nothing is written over it."
        )
    example = _source(root, home.example, label) if home.example in texts else None
    if example is not None and example.label > at_most:
        example = None
    return ForTests(str(root), within, home, name(str(root / home.path)), file, example)


def _source(root: Path, path: str, label: Callable[[str, str], Label]) -> Source:
    found = read(root, path)
    try:
        text = found[1].decode("utf-8") if found is not None else None
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise ActionError(f"{path} cannot be read as text in UTF-8, so no tests are added to it.")
    full = str(root / path)
    lines = max(1, text.count("\n"))
    return Source(text, label(full, text), Origin(full, 1, lines))
