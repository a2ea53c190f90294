"""What `routing.choose` is asked about an action, from what is known of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from twolane_server.actions.base import Reads
from twolane_server.errors import KeyUnusable
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.key import read_key
from twolane_server.routing.choose import Question
from twolane_server.settings.resolved import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_server.actions.base import Action
    from twolane_server.fragments import Label
    from twolane_server.rules.knowledge import Known
    from twolane_server.rules.labels import Labelled
    from twolane_server.settings.resolved import Settings

__all__ = ["cloud_state", "forced_for", "of_prompt", "question_of"]


def question_of(
    action: Action,
    labelled: Labelled,
    known: Known,
    settings: Settings,
    *,
    characters: int,
) -> Question:
    """The question about an action at a document; who counts tokens fills them in.

    Args:
        action: which one.
        labelled: the label of what it reads.
        known: what was read about it.
        settings: modes, models and windows.
        characters: the prompt's length in code points.
    """
    return Question(
        action=action.name,
        home=action.home,
        repository_wide=action.reads is Reads.REPOSITORY,
        label=labelled.label,
        label_reasons=labelled.reasons,
        mode=_mode(action, settings),
        forced=None,
        instruction_marker=False,
        characters=characters,
        local_tokens=0,
        cloud_tokens=0,
        answer_tokens=0,
        local_window=settings.local.window,
        cloud_window=settings.cloud.window,
        granted=known.granted,
        grant_reason=known.grant_reason,
        cloud_state=known.cloud_state,
        budget=None,
        cloud_most_usd=None,
        local_model=settings.local_model(action.name),
        cloud_model=settings.cloud_model(action.name),
    )


def forced_for(action: Action, forced: LaneName | None) -> LaneName | None:
    """The lane that the user forces: never the cloud for what works on the whole repository."""
    wide = action.reads is Reads.REPOSITORY
    return None if wide and forced is LaneName.CLOUD else forced


def _mode(action: Action, settings: Settings) -> Mode:
    wide = action.reads is Reads.REPOSITORY
    return Mode.AUTO if wide and settings.mode is Mode.CLOUD else settings.mode


def of_prompt(labelled: Labelled, label: Label) -> Labelled:
    """The document's label, raised when some other fragment of the prompt is higher."""
    if label <= labelled.label:
        return labelled
    return replace(labelled, label=label, reasons=("a part of the prompt is NDA",))


def cloud_state(settings: Settings, environ: Mapping[str, str]) -> str | None:
    """Why the cloud lane cannot be used at all, or `None`."""
    if settings.cloud_fault:
        return settings.cloud_fault
    try:
        if read_key(settings.cloud.key, environ) is None:
            source = settings.cloud.key.environment or "the settings"
            return f"no key for the cloud lane in {source}"
    except KeyUnusable as error:
        return str(error)
    return None
