"""Where twolane keeps its files: the platform's own folders, or those the environment names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from twolane_server.settings.basics import Folders

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["folders"]


def folders(environ: Mapping[str, str]) -> Folders:
    """The folders for settings, state and cache. None of them is made here.

    `TWOLANE_CONFIG_DIR`, `TWOLANE_STATE_DIR` and `TWOLANE_CACHE_DIR` take the place of the
    platform's own (on Linux those of the XDG base directory specification).

    Args:
        environ: the environment variables.
    """
    own = platformdirs.PlatformDirs("twolane", appauthor=False)

    def chosen(name: str, otherwise: Path) -> Path:
        given = environ.get(name, "").strip()
        return Path(given).expanduser().absolute() if given else otherwise

    return Folders(
        config=chosen("TWOLANE_CONFIG_DIR", own.user_config_path),
        state=chosen("TWOLANE_STATE_DIR", own.user_state_path),
        cache=chosen("TWOLANE_CACHE_DIR", own.user_cache_path),
    )
