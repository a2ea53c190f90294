"""Is everything as it should be? One finding a question, each with its fix.

Sends nothing of the user's. The local lane is asked for its models and one token of fixed words; the
cloud lane is contacted only where the person wants it asked, and then through the border's gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.doctor import answers, cloud, disk, editors, local, repository, spending
from twolane_server.doctor.finding import Finding, State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from twolane_server.problems import Problem
    from twolane_server.settings.resolved import Folders, Settings

__all__ = ["Finding", "State", "examine"]


async def examine(
    settings: Settings,
    problems: tuple[Problem, ...],
    folders: Folders,
    environ: Mapping[str, str],
    where: Path,
    *,
    ask_cloud: bool = False,
) -> tuple[Finding, ...]:
    """All findings, in the order in which a person would mend them.

    Args:
        settings: the resolved settings.
        problems: what was wrong with them.
        folders: where settings, state and caches are.
        environ: the environment variables.
        where: a folder in the repository that is asked about.
        ask_cloud: whether the cloud lane is asked for its models and one token.
    """
    return (
        *disk.settings(problems, folders),
        *repository.findings(where, settings, folders),
        *await local.findings(settings, folders, environ),
        *await cloud.findings(settings, folders, environ, ask=ask_cloud),
        *spending.findings(settings, folders, environ),
        *disk.folders(folders),
        *disk.ledger(folders),
        *answers.findings(folders),
        *editors.findings(environ),
    )
