"""Carrying changes out on disk: all of them, or none."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from twolane_server.edits.changes import Sort, digest
from twolane_server.errors import ActionError, StaleDocument
from twolane_server.writing.disk import Disk, check_writable
from twolane_server.writing.journal import BACK, DONE, GO, Journal, held
from twolane_server.writing.plan import Act, Plan, Step
from twolane_server.writing.step import done, tidy, undone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from twolane_server.edits.changes import Changes, FileChange
    from twolane_server.text import Text

    _Texts = list[tuple[Step, Text, int | None]]

__all__ = ["carry_out", "end", "take_back"]

_WAIT_SECONDS, _POLL_SECONDS = 5.0, 0.05


def carry_out(
    changes: Changes,
    root: Path,
    state: Path,
    disk: Disk | None = None,
    *,
    modes: Mapping[str, int] | None = None,
) -> None:
    """Write changes into the files of a folder, if these are what the changes were made for.

    Args:
        changes: their paths are within `root`.
        root: the folder.
        state: the state folder, for the journal.
        disk: where all is done; a test's own stops at will.
        modes: the permissions of files that are made; the usual ones for what is not in it.

    Raises:
        StaleDocument: a file changed since, or while all were written; nothing was applied.
        ActionError: a file cannot be written, or lies elsewhere; nothing was applied.
    """
    disk = disk or Disk()
    limit = time.monotonic() + _WAIT_SECONDS
    while True:
        with held(state) as alone:
            if alone:
                _carry_out(changes, root, Journal(state, disk), disk, modes or {})
                return
        if time.monotonic() > limit:
            raise ActionError("Another twolane is writing files just now; try again in a moment.")
        time.sleep(_POLL_SECONDS)


def take_back(plan: Plan, journal: Journal, disk: Disk) -> None:
    """Take all steps of a plan back; what somebody else has written meanwhile stays."""
    if journal.marked(plan, GO):
        journal.mark(plan, BACK)
        for step in reversed(plan.steps):
            undone(disk, step)
    _tidy(plan, disk)
    for folder in reversed(plan.folders):
        disk.remove_folder(folder)
    journal.close(plan)


def end(plan: Plan, journal: Journal, disk: Disk) -> None:
    """Take away all that is only needed while a plan is on its way."""
    _tidy(plan, disk)
    journal.close(plan)


def _tidy(plan: Plan, disk: Disk) -> None:
    for folder in plan.touched:
        disk.settle(folder)
    for step in plan.steps:
        tidy(disk, step)


def _carry_out(
    changes: Changes, root: Path, journal: Journal, disk: Disk, modes: Mapping[str, int]
) -> None:
    try:
        plan, texts = _plan(changes, Path(os.path.realpath(root)), disk, modes)
        journal.open(plan)
    except OSError as error:
        raise ActionError(f"The changes cannot be written: {error.strerror}.") from error
    try:
        _do(plan, texts, journal, disk)
    except (OSError, StaleDocument, KeyboardInterrupt) as error:
        take_back(plan, journal, disk)
        if isinstance(error, OSError):
            raise ActionError(
                f"The changes cannot be written ({error.strerror}); nothing was applied."
            ) from error
        raise
    end(plan, journal, disk)


def _do(plan: Plan, texts: _Texts, journal: Journal, disk: Disk) -> None:
    for folder in plan.folders:
        disk.make_folder(folder)
    for step, text, mode in texts:
        disk.write_new(step.new, text.source, mode)
    for folder in plan.touched:
        disk.settle(folder)
    journal.mark(plan, GO)
    for step in plan.steps:
        if not done(disk, step):
            _stale(step.path)
    for folder in plan.touched:
        disk.settle(folder)
    for step in plan.steps:
        if disk.digest(step.old) not in (None, step.before):
            _stale(step.path)  # written into through a handle opened before
    journal.mark(plan, DONE)


def _stale(path: str) -> None:
    raise StaleDocument(
        f"{Path(path).name} changed while the edit was made or written, so nothing was applied; run "
        "it again."
    )


def _plan(
    changes: Changes, root: Path, disk: Disk, modes: Mapping[str, int]
) -> tuple[Plan, _Texts]:
    name = uuid4().hex[:12]
    steps: list[Step] = []
    texts: _Texts = []
    for act, change, path, text in _acts(changes, root):
        before = "" if change.before is None or act is Act.MAKE else digest(change.before)
        after = "" if text is None else digest(text)
        aside = str(Path(path).parent / f".twolane-{name}-{len(steps)}")
        step = Step(act, path, before, after, aside)
        steps.append(step)
        made = change.before is None
        mode = modes.get(change.path) if made else _mode(change, root, disk)
        if act is Act.MAKE and disk.there(path):
            raise StaleDocument(f"{change.place} is there by now, so nothing was applied.")
        if act is not Act.MAKE:
            if disk.digest(path) != before:
                _stale(path)
            check_writable(Path(path))
        if text is not None:
            texts.append((step, text, mode))
    folders = {
        str(parent)
        for step in steps
        for parent in Path(step.path).parents
        if not parent.exists() and parent.is_relative_to(root)
    }
    began = time.strftime("%Y-%m-%d %H:%M")
    return Plan(name, tuple(steps), tuple(sorted(folders, key=len)), began), texts


def _acts(changes: Changes, root: Path) -> Iterator[tuple[Act, FileChange, str, Text | None]]:
    """What is done where: new files first, and what goes last."""
    for one in changes:
        if one.sort in (Sort.CREATE, Sort.RENAME):
            yield Act.MAKE, one, _within(root, one.place), one.after
    for one in changes:
        if one.sort is Sort.EDIT:
            yield Act.PUT, one, _within(root, one.path, follow=True), one.after
    for one in changes:
        if one.sort in (Sort.DELETE, Sort.RENAME):
            yield Act.DROP, one, _within(root, one.path), None


def _within(root: Path, path: str, *, follow: bool = False) -> str:
    """The real place of a path.

    Raises:
        ActionError: it lies outside, or is a link that would be replaced by a file.
    """
    given = root / path
    real = Path(os.path.realpath(given if follow else given.parent))
    real = real if follow else real / given.name
    if not real.is_relative_to(root) or (real.is_symlink() and not follow):
        raise ActionError(f"{path} is, or leads through, a link, so nothing was applied.")
    return str(real)


def _mode(change: FileChange, root: Path, disk: Disk) -> int | None:
    if change.before is None:
        return None
    with suppress(FileNotFoundError):
        return disk.mode(str(root / change.path))
    return None
