"""What is printed of a mistake of ours: where it was made, never what it says.

The words of an exception may quote somebody's code, so Python's own ways to print one are replaced.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from traceback import format_tb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["crashed", "tell_of_no_words"]

_OWN_WORDS = re.compile(r"[A-Za-z ]*")


def crashed(
    kind: type[BaseException], _error: BaseException | None, trace: TracebackType | None
) -> None:
    """Tell of what nobody caught; see `sys.excepthook`."""
    print(_told(kind, trace), file=sys.stderr)


def tell_of_no_words() -> None:
    """Have threads, finalizers and asyncio tell no more than `crashed`. For a process that is ours."""
    threading.excepthook = lambda told: crashed(told.exc_type, None, told.exc_traceback)
    sys.unraisablehook = lambda told: crashed(told.exc_type, None, told.exc_traceback)
    logging.getLogger("asyncio").addFilter(_without_words)


def _told(kind: type[BaseException], trace: TracebackType | None) -> str:
    return (
        f"{''.join(format_tb(trace))}twolane: {kind.__name__}: a mistake in twolane itself; the lines "
        "above show where, and hold nothing of your files, so they can be sent to who maintains it."
    )


def _without_words(record: logging.LogRecord) -> bool:
    # asyncio's messages begin with words of its own; then comes the `repr` of what failed.
    own = _OWN_WORDS.match(record.getMessage())
    said = own[0] if own else ""
    if record.exc_info and record.exc_info[0] is not None:
        said = f"{said}\n{_told(record.exc_info[0], record.exc_info[2])}"
    record.msg, record.args, record.exc_info = said, (), None
    return True
