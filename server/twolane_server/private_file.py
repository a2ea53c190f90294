"""Small files in the state folder that the user alone writes: whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = ["exposed", "replace_private"]


def replace_private(file: Path, text: str) -> None:
    """Put a text in a file's place at once, readable by its owner alone. The folder must be there.

    Raises:
        OSError: it cannot be written; then the old file is as it was.
    """
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def exposed(file: Path) -> str | None:
    """Why others could have written the file, as the end of a sentence; only POSIX tells.

    Raises:
        OSError: there is no such file.
    """
    if os.name != "posix":
        return None
    status = file.stat()
    if status.st_uid not in {os.getuid(), 0}:
        return "belongs to another user"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written by other users (chmod 600 mends that)"
    return None
