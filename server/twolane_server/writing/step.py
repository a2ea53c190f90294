"""One step, done and taken back, so that nobody's writing is lost who writes at the same time.

A file is never written over. It is moved aside, looked at, and only then is the new one given its
name, unless somebody has made another meanwhile. In between, for some microseconds, nothing has
the name: the price of never taking a name from a file that was not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.writing.plan import Act

if TYPE_CHECKING:
    from twolane_server.writing.disk import Disk
    from twolane_server.writing.plan import Step

__all__ = ["done", "rest_done", "tidy", "undone"]


def done(disk: Disk, step: Step) -> bool:
    """Do a step; `False`, with nothing of anybody's lost, where the path holds something else."""
    if step.act is Act.MAKE:
        return disk.link(step.new, step.path)
    if not _parked(disk, step.path, step.old, step.before):
        return False
    return rest_done(disk, step)


def rest_done(disk: Disk, step: Step) -> bool:
    """`done`, for a step whose file is moved aside already."""
    if step.act is Act.PUT and not disk.link(step.new, step.path):
        return False  # somebody has made the file anew; theirs stays
    # Who had the file open may have written into it while it was moved.
    return disk.digest(step.old) == step.before


def undone(disk: Disk, step: Step) -> bool:
    """Take a step back, as far as it was done; whether the path is as if it never was.

    What somebody else has put there meanwhile stays.
    """
    if step.act is Act.MAKE:
        return not disk.there(step.path) or _ours_parked(disk, step)
    if not disk.there(step.old):
        return True
    if disk.there(step.path) and (step.act is Act.DROP or not _ours_parked(disk, step)):
        return False
    return disk.link(step.old, step.path)


def tidy(disk: Disk, step: Step) -> None:
    """Take away the step's own files."""
    for path in (step.new, step.old, step.back):
        disk.remove(path)


def _ours_parked(disk: Disk, step: Step) -> bool:
    """Move aside what the step has put there; somebody else's file stays, were it equal."""
    ours = disk.same(step.new, step.path) if disk.there(step.new) else True
    return ours and _parked(disk, step.path, step.back, step.after)


def _parked(disk: Disk, path: str, aside: str, expected: str) -> bool:
    """Move a file aside if it holds what is expected; else it stays, or is put back."""
    if disk.digest(path) != expected or not disk.move(path, aside):
        return False
    if disk.digest(aside) == expected:
        return True
    disk.link(aside, path)  # unless somebody has made it anew, over what is aside
    disk.remove(aside)
    return False
