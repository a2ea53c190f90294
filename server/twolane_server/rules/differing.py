"""What differs between two indexes of the engine, so that labels are read again for that alone."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twolane_context.index import Index

__all__ = ["differing"]


def differing(now: Index, last: Index) -> frozenset[str]:
    """The paths of files that came, went, or are others since an earlier index.

    A file is a value, so the same is the same. Where it is known by which steps one index came from
    the other, no other file is looked at.
    """
    after = [*takewhile(lambda step: step is not last.steps[-1], reversed(now.steps))]
    is_known, here, before = len(after) < len(now.steps), now.files, last.files
    paths = set[str]().union(*after) if is_known else here.keys() | before.keys()
    return frozenset(path for path in paths if here.get(path) is not before.get(path))
