"""Standard input as a stream of the event loop's.

pygls asks a thread for each line and for each body, so that a message costs the loop three waits for
another thread. Here one thread reads whatever comes, which mostly is a whole message.
"""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress

__all__ = ["Input", "read_input"]

_AT_ONCE = 1 << 20
_LONGEST_LINE = 1 << 26


class Input(asyncio.StreamReader):
    """Lines and bodies of messages.

    What a message began starts before the next one is read: a request that is cancelled at once must
    be known by then.
    """

    async def readline(self) -> bytes:
        """The next line; empty at the end."""
        await asyncio.sleep(0)
        return await super().readline()


def read_input(descriptor: int) -> Input:
    """A reader of what comes, on the running loop.

    The thread is a daemon: nothing could wake it, and it holds up no end of the process.

    Args:
        descriptor: where to read; nobody else does.
    """
    reader, loop = Input(_LONGEST_LINE), asyncio.get_running_loop()

    def read() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            while data := _read(descriptor):
                loop.call_soon_threadsafe(reader.feed_data, data)
            loop.call_soon_threadsafe(reader.feed_eof)

    threading.Thread(target=read, name="input", daemon=True).start()
    return reader


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _AT_ONCE)
    except OSError:  # it is gone, as at the end
        return b""
