"""The chain's head, kept outside the database in `ledger.head`, which its owner alone can read."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, cast

from twolane_server.border.chain import Head

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["HEAD", "read_head", "write_head"]

HEAD = "ledger.head"


def read_head(folder: Path) -> Head | None:
    """The head kept outside the database, or `None` when it is missing or is not one.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        found: object = json.loads((folder / HEAD).read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(found, dict):
        return None
    head = cast("dict[str, object]", found)
    seq, digest = head.get("seq"), head.get("hash")
    if type(seq) is not int or seq < 0 or not isinstance(digest, str):
        return None
    return Head(seq, digest)


def write_head(folder: Path, head: Head) -> None:
    """Replace the outside head in one step; on disk when it returns.

    Callers hold the database's write lock, so that two processes never write it at once.
    """
    fresh = folder / f"{HEAD}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(json.dumps({"seq": head.seq, "hash": head.hash}).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / HEAD)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened, and the replacement itself is durable
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
