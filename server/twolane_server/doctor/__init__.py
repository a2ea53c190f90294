"""Is everything as it should be? One finding a question, each with its fix.

Sends nothing of the user's. The local lane is asked for its models and one token of fixed words. The
cloud lane is asked for its models where the repository has the grant, and for one token only where the
person says so; all through the border's gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.doctor import answers, cloud, disk, editors, local, repository, spending
from twolane_server.doctor.cloud import Contact
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
        ask_cloud: whether the cloud lane is asked for one token, too, whatever the grant says.
    """
    granted = repository.granted(where, settings, folders)
    contact = Contact.ANSWER if ask_cloud else Contact.LIST if granted else Contact.NONE
    return (
        *disk.settings(problems, folders),
        *repository.findings(where, settings, folders),
        *await local.findings(settings, folders, environ),
        *await cloud.findings(settings, folders, environ, contact),
        *spending.findings(settings, folders, environ),
        *disk.folders(folders),
        *disk.fingerprints(folders),
        *disk.ledger(folders),
        *answers.findings(folders),
        *editors.findings(environ),
    )
