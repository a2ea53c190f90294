from __future__ import annotations

import pytest

from support_sources import SOURCES, parsed
from twolane_server.edits.syntax import errors


@pytest.mark.parametrize("path", sorted(SOURCES))
def test_sources_of_every_language_parse(path: str) -> None:
    assert errors(parsed(path, SOURCES[path])) == 0


def test_errors_counts_broken_and_missing_nodes() -> None:
    assert errors(parsed("a.py", "def f(:\n  pass\n")) > 0
    assert errors(parsed("a.go", "package m\nfunc f() {")) > 0
    # The missing end of a statement is broken without a node of its own.
    assert errors(parsed("a.go", "package a\n\nvaxext string\n")) > 0
