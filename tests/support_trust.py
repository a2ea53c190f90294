"""Repositories with a grant, for tests of what may go to the cloud."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from support_repository import make_repository
from twolane_server.rules.trust import give, policies_of
from twolane_server.settings.resolved import Folders

if TYPE_CHECKING:
    from pathlib import Path


def make_folders(top: Path) -> Folders:
    """Folders for settings, state and cache below `top`."""
    return Folders(top / "config", top / "state", top / "cache")


def grant(root: Path, folders: Folders) -> Path:
    """Let the repository at `root` use the cloud lane under its rules of now."""
    assert give(root, folders, policies_of(root), datetime.now(UTC)).granted
    return root


def trusted_repository(root: Path, folders: Folders, policy: str = "[nda]\n") -> Path:
    """A repository whose open files may leave."""
    return grant(make_repository(root, policy), folders)
