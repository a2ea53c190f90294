"""Threads beside the event loop: blocking iterators, and how often threads take turns."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Generator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    _T = TypeVar("_T")
    # What came from the thread: an item, the error that ended the iterator, or its end.
    _Queue = asyncio.Queue[tuple[_T] | OSError | None]

__all__ = ["from_thread", "take_short_turns"]

_TURN_SECONDS = 0.001


def take_short_turns() -> None:
    """Have Python's threads take turns sooner than it does by itself, for this process.

    A request goes through a dozen threads. Beside one that works, each waits so long until it may begin:
    measured, 8 ms in the middle by Python's own measure, and 1.5 ms so.
    """
    sys.setswitchinterval(_TURN_SECONDS)


@asynccontextmanager
async def from_thread(
    make: Callable[[threading.Event], Iterator[_T]],
) -> AsyncGenerator[AsyncGenerator[list[_T]]]:
    """What an iterator yields in a thread of its own, in lists of all that came meanwhile.

    The thread is a daemon: it holds up no end of the process. An `OSError` of the iterator is raised
    here, after what came before it.

    Args:
        make: the iterator, made in that thread. It is given an event that is set when nobody wants
            more; what does not heed it is closed at its next item.
    """
    loop, stop = asyncio.get_running_loop(), threading.Event()
    queue: _Queue[_T] = asyncio.Queue()

    def put(item: tuple[_T] | OSError | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(queue.put_nowait, item)

    threading.Thread(target=_drive, args=(make, stop, put), daemon=True).start()
    try:
        async with aclosing(_batches(queue)) as batches:
            yield batches
    finally:
        stop.set()


def _drive(
    make: Callable[[threading.Event], Iterator[_T]],
    stop: threading.Event,
    put: Callable[[tuple[_T] | OSError | None], None],
) -> None:
    last: OSError | None = None
    items = make(stop)
    try:
        for item in items:
            if stop.is_set():
                break
            put((item,))
    except OSError as error:
        last = error
    finally:
        if isinstance(items, Generator):
            items.close()
        put(last)


async def _batches(queue: _Queue[_T]) -> AsyncGenerator[list[_T]]:
    while True:
        found = [await queue.get()]
        while not queue.empty():
            found.append(queue.get_nowait())
        if some := [one[0] for one in found if isinstance(one, tuple)]:
            yield some
        last = found[-1]
        if isinstance(last, OSError):
            raise last
        if last is None:
            return
