"""Our own `twolane index` in a process that lets other programs go first."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.settings.resolved import Folders

__all__ = ["standing_back"]


def standing_back(root: Path, folders: Folders) -> tuple[list[str], dict[str, str]]:
    """The command that indexes a repository and reads its code under NDA, and its environment."""
    own = {"CONFIG": folders.config, "STATE": folders.state, "CACHE": folders.cache}
    environ = os.environ | {f"TWOLANE_{name}_DIR": str(path) for name, path in own.items()}
    # `-P`: a module in the working folder is not ours.
    command = [sys.executable, "-P", "-m", "twolane_server.cli", "index", "--stand-back"]
    return [*command, "--repo", str(root)], environ
