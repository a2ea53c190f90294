"""Files that an action makes of code under NDA, such as its tests: open by their paths, and NDA all the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.actions.base import Reads
from twolane_server.actions.catalogue import action_named
from twolane_server.actions.outcomes import Across
from twolane_server.fragments import Label
from twolane_server.rules.knowledge import path_label
from twolane_server.rules.tainted import Tainted
from twolane_server.rules.taints import MADE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twolane_server.actions.outcomes import Outcome
    from twolane_server.orders import Ready
    from twolane_server.rules.knowledge import Known
    from twolane_server.settings.resolved import Folders, Settings

__all__ = ["made_of_nda", "note_made"]


def made_of_nda(
    ready: Ready, outcome: Outcome, read: Callable[[str, Settings], Known]
) -> tuple[str, ...]:
    """The open files, absolute, that an outcome would fill with what was made of code under NDA.

    A refactoring's are not among them: it changes a few lines of open code, which stays open.

    Args:
        ready: what the outcome came from.
        outcome: not applied yet.
        read: what speaks about a file, from disk.
    """
    prompt = ready.task.prompt.without_context()  # which tests are not of
    if not isinstance(outcome, Across) or prompt.label is Label.OPEN:
        return ()
    if action_named(prompt.action).reads is not Reads.TESTS:
        return ()
    root = Path(outcome.root)
    paths = [str(root / one.place) for one in outcome.changes if one.after is not None]
    return tuple(path for path in paths if path_label(read(path, ready.settings)) is Label.OPEN)


def note_made(paths: Iterable[str], folders: Folders, *, applied: bool) -> str | None:
    """Have files stay NDA, for all processes; a sentence for the person where that cannot be noted.

    Args:
        paths: `made_of_nda`.
        folders: where it is noted.
        applied: whether they hold it by now; else only those that are not there yet count.
    """
    tainted = Tainted(folders.state)
    for path in paths:
        if applied or not Path(path).exists():
            tainted.add(path, MADE)
    return tainted.problem
