"""Standard output for messages to an editor that may be gone before it has read them all."""

from __future__ import annotations

import os
from io import FileIO


class Output:
    """A stream of bytes that is silent once nobody reads it any more.

    Neovim's `:qa` does not wait for the answer to `shutdown`. Python's own stream would keep what it
    could not write, fail with it again when the process ends, and turn the exit status into 120.

    Args:
        descriptor: where to write; a duplicate of it is used.
    """

    def __init__(self, descriptor: int) -> None:
        self._file = FileIO(os.dup(descriptor), "w")
        self._read = True

    def write(self, data: bytes) -> int:
        """Write all of `data`, now; nothing is kept back."""
        rest = memoryview(data)
        try:
            while self._read and rest:
                rest = rest[self._file.write(rest) or 0 :]
        except BrokenPipeError:
            self._read = False
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Close the duplicate."""
        self._file.close()
