"""What was made of a file, kept as long as its stamp and all else that it was made of are the same.

The stamp is asked of the disk each time, so that a change shows at once. One that came in the moment
in which the file was read would have the same time as that, and the clock of a file system may stand
for some milliseconds: nothing is kept of a file that changed just now.
"""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Remembered"]

_T = TypeVar("_T")
_SETTLED_NS = 2_000_000_000


class _Kept(NamedTuple, Generic[_T]):
    stamp: tuple[int, ...]
    beside: object
    value: _T


class Remembered(Generic[_T]):
    """Values by file. Any thread may use it.

    Args:
        most: how many are kept; the oldest go first, some at a time.
        clock: nanoseconds of the epoch, as file systems count them.
    """

    def __init__(self, most: int, clock: Callable[[], int] = time.time_ns) -> None:
        self._most, self._clock = most, clock
        self._kept: dict[str, _Kept[_T]] = {}

    def get(
        self, file: str, beside: object, make: Callable[[], _T], lasts: Callable[[_T], bool]
    ) -> _T:
        """What is kept of a file, where nothing changed; else what `make` makes of it now.

        Args:
            file: its real path.
            beside: all else that the value is made of, to be compared.
            make: reads the file.
            lasts: whether a value may be kept.
        """
        stamp = _stamp(file)  # before the file is read
        kept = self._kept.get(file)
        if stamp is not None and kept is not None and kept[:2] == (stamp, beside):
            return kept.value
        value = make()
        if stamp is not None and self._clock() - stamp[-1] > _SETTLED_NS and lasts(value):
            self._keep(file, _Kept(stamp, beside, value))
        return value

    def _keep(self, file: str, kept: _Kept[_T]) -> None:
        self._kept.pop(file, None)  # so that it counts as new
        if len(self._kept) >= self._most:
            for oldest in list(self._kept)[: self._most // 8 + 1]:
                self._kept.pop(oldest, None)
        self._kept[file] = kept


def _stamp(file: str) -> tuple[int, ...] | None:
    """What differs where a regular file does; `None` for anything else. Its last is the change's time."""
    try:
        at = os.stat(file)  # noqa: PTH116 - a string, of which there are many
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(at.st_mode):
        return None
    return (
        at.st_size,
        at.st_mtime_ns,
        at.st_dev,
        at.st_ino,
        at.st_mode,
        at.st_nlink,
        at.st_ctime_ns,
    )
