"""Hearing of changes below a repository's root as they happen."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_context.walk import TOOLS

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterator

_DEBOUNCE_MS, _STEP_MS, _TIMEOUT_MS, _MANY = 50, 10, 1_000, 2_000
# A change of these may change which files take part.
_LISTS = re.compile(
    r"(?:.*/)?(?:\.gitignore|pyvenv\.cfg|\.git(?:/(?:modules/.+/)?(?:HEAD|index|info(?:/exclude)?))?)",
    re.DOTALL,
)


def watch(
    root: Path, stop: threading.Event, on_watch: Callable[[], None] = lambda: None
) -> Iterator[frozenset[str] | None]:
    """Wait for changes, and give the relative paths that changed, until `stop` is set.

    `None` means that everything must be looked at again: too much changed, a folder came, or what
    decides which files take part. A path that is gone may have been a folder.

    Args:
        root: the repository's folder.
        stop: ends it.
        on_watch: called as long as changes are heard of, in the thread that iterates.

    Raises:
        OSError: the system cannot watch (so many folders); compare stamps now and then instead.
    """
    import watchfiles  # noqa: PLC0415 - only a server needs it

    places = {os.path.realpath(root, strict=True): ""} | _elsewhere(root)
    missed = False
    while True:
        try:
            for batch in watchfiles.watch(
                *places,
                watch_filter=None,
                debounce=_DEBOUNCE_MS,
                step=_STEP_MS,
                stop_event=stop,
                rust_timeout=_TIMEOUT_MS,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            ):
                on_watch()
                changes = [
                    (change.name, prefix + path[len(place) + 1 :])
                    for change, path in batch
                    for place, prefix in places.items()
                    if path.startswith(f"{place}/")
                ]
                heard = None if missed else what_changed(root, changes)
                missed = False
                if heard is None or heard:
                    yield heard
        except RuntimeError as error:  # watchfiles' own
            if "decode" not in str(error):
                raise OSError(f"{root} cannot be watched: {error}.") from error
            missed = True  # a name that is no UTF-8 ends its watching
        else:
            return


def what_changed(root: Path, changes: Collection[tuple[str, str]]) -> frozenset[str] | None:
    """What to look at again after changes, each `added`, `modified` or `deleted` and a path."""
    if len(changes) > _MANY:  # so many that the system may have dropped some
        return None
    kept: set[str] = set()
    for change, path in changes:
        decides = _LISTS.fullmatch(path) is not None
        tools = TOOLS.intersection(path.split("/"))
        if not tools or (decides and tools <= {".git"}):
            if decides or (change == "added" and (root / path).is_dir()):
                return None
            kept.add(path)
    return frozenset(kept)


def _elsewhere(root: Path) -> dict[str, str]:
    """Where git keeps its own files of a linked worktree or a submodule, which has a file `.git`."""
    try:
        text = (root / ".git").read_text("utf-8", "surrogateescape")
        folder = os.path.realpath(root / text.partition("gitdir: ")[2].strip(), strict=True)
    except OSError:
        return {}
    return {folder: ".git/"} if text.startswith("gitdir: ") and Path(folder).is_dir() else {}
