"""A repository on disk that reads like a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_repository(root: Path, policy: str | None = "[nda]\n") -> Path:
    """A repository at `root`, with a `twolane.toml` unless `policy` is `None`. No git is needed."""
    (root / ".git").mkdir(parents=True)
    if policy is not None:
        put(root / "twolane.toml", policy)
    return root


def put(file: Path, content: str | bytes = "x = 1\n") -> Path:
    """A file with that content, in folders made as needed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return file
