"""Python read by Python's own parser, from any thread."""

from __future__ import annotations

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from twolane_server.edits.python_syntax import python_reads, python_tree
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize("source", ["x = 1\n", "\ufeffx = 1\n", "", 's = "\\d"\n'])
def test_what_python_reads(source: str) -> None:
    assert python_reads(Text.of(source))


@pytest.mark.parametrize("source", ["x = (\n", "if x:\ny\n", "x = 1\0\n", "-" * 100_000 + "1\n"])
def test_what_python_does_not_read(source: str) -> None:
    assert python_tree(Text.of(source)) is None


@pytest.fixture
def interrupted() -> Iterator[None]:
    """The garbage collector runs often, and lets other threads go on meanwhile."""

    def pause(*_: object) -> None:
        time.sleep(0.0001)

    often = gc.get_threshold()
    gc.callbacks.append(pause)
    gc.set_threshold(100, 5, 5)
    yield
    gc.set_threshold(*often)
    gc.callbacks.remove(pause)


@pytest.mark.usefixtures("interrupted")
def test_threads_read_at_once() -> None:
    # Each with another depth: CPython 3.11 takes the depth of one for that of the other.
    texts = [Text.of("x = " + "(1 + " * depth + "1" + ")" * depth + "\n") for depth in range(60)]
    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(python_reads, texts * 4))
