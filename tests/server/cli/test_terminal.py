"""The console of a command."""

from __future__ import annotations

import io

import pytest

from twolane_server.cli.terminal import Terminal


class Gone(io.StringIO):
    """A pipe that nobody reads any more."""

    def flush(self) -> None:
        raise BrokenPipeError


def test_a_reader_that_is_gone_is_an_error_and_not_the_end_of_the_process() -> None:
    with pytest.raises(BrokenPipeError):
        Terminal(file=Gone()).print("x")
