"""Python as Python's own parser reads it: stricter than tree-sitter, and blind to comments."""

from __future__ import annotations

import ast
import threading
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twolane_server.text import Text

__all__ = ["python_reads", "python_tree"]

_MARK = "\ufeff"
# CPython 3.11 counts the depth of all threads' trees as one, and a second thread in it gets a
# SystemError. What `catch_warnings` puts back is every thread's, too.
_lock = threading.Lock()


def python_tree(text: Text) -> ast.Module | None:
    """A module's tree; `None` for what Python does not read, or is too deep for it. Any thread may ask."""
    try:
        with _lock, warnings.catch_warnings():
            # An invalid escape in the user's own string is not our subject here.
            warnings.simplefilter("ignore")
            return ast.parse(str(text).removeprefix(_MARK))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def python_reads(text: Text) -> bool:
    """Whether Python itself reads it."""
    return python_tree(text) is not None
