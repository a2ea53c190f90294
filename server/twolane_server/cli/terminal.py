"""rich's console, without its own way to end the process."""

from __future__ import annotations

from rich.console import Console

__all__ = ["Terminal"]


class Terminal(Console):
    """A console on which a reader that is gone (`| head`) is an error like any other.

    rich raises `SystemExit` there, which passes through coroutines that must still close and record
    what they began. `main` tells nobody of the error.
    """

    def on_broken_pipe(self) -> None:
        """Hand the error on.

        Raises:
            BrokenPipeError: always.
        """
        raise BrokenPipeError
