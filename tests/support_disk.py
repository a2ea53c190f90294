"""Disks that refuse, also to root."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_context.disk import stamps

if TYPE_CHECKING:
    from collections.abc import Generator

    from twolane_context.disk import Stamp

_NOBODY = 65_534


def stamp(root: Path, path: str) -> Stamp | None:
    """The stamp of one file."""
    return next(stamps(root, (path,)))


@contextmanager
def ordinary_user() -> Generator[Path]:
    """A folder of a user to whom permissions apply; root, to whom they do not, becomes one."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, _NOBODY, _NOBODY)
        os.seteuid(_NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for each in (folder, *folder.rglob("*")):
            if each.is_dir():
                each.chmod(0o700)
        shutil.rmtree(folder)
