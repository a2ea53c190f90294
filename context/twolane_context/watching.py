"""Hearing of changes below a repository's root as they happen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from twolane_context.walk import TOOLS

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

_DEBOUNCE_MS, _STEP_MS, _TIMEOUT_MS, _MANY = 50, 10, 1_000, 2_000
# A change of these may change which files take part.
_LISTS = frozenset({".git", ".git/HEAD", ".git/index", ".git/info/exclude"})
_LISTING = (".gitignore", "pyvenv.cfg")


def watch(root: Path, stop: threading.Event) -> Iterator[frozenset[str] | None]:
    """Wait for changes, and give the relative paths that changed, until `stop` is set.

    `None` means that everything must be looked at again: too much changed, a folder came, or what
    decides which files take part. A path that is gone may have been a folder.

    Raises:
        OSError: the system cannot watch (so many folders); compare stamps now and then instead.
    """
    import watchfiles  # noqa: PLC0415 - only a server needs it

    real = os.path.realpath(root, strict=True)
    missed = False
    while True:
        try:
            for batch in watchfiles.watch(
                real,
                watch_filter=None,
                debounce=_DEBOUNCE_MS,
                step=_STEP_MS,
                stop_event=stop,
                rust_timeout=_TIMEOUT_MS,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            ):
                changes = [(change.name, path[len(real) + 1 :]) for change, path in batch]
                kept = [one for one in changes if one[1] in _LISTS or not _is_tools(one[1])]
                # So many that the system may have dropped some.
                if missed or len(changes) > _MANY or any(_lists(root, *one) for one in kept):
                    missed = False
                    yield None
                elif kept:
                    yield frozenset(path for _, path in kept)
        except RuntimeError as error:  # watchfiles' own
            if "decode" not in str(error):
                raise OSError(f"{root} cannot be watched: {error}.") from error
            missed = True  # a name that is no UTF-8 ends its watching
        else:
            return


def _is_tools(path: str) -> bool:
    return not TOOLS.isdisjoint(path.split("/"))


def _lists(root: Path, change: str, path: str) -> bool:
    if path in _LISTS or path.endswith(_LISTING):
        return True
    return change == "added" and (root / path).is_dir()
