"""Which files of an impact set are asked about together, so that each question fits the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_server.actions.refactor_files import brief, tokens_of, whole
from twolane_server.actions.refactor_prompt import PLAN_TOKENS, batch_prompt, once_prompt
from twolane_server.errors import ActionError
from twolane_server.fragments import Fragment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_server.actions.impact import Impact, Source

__all__ = ["Parts", "answer_tokens", "parts_of"]

_LEAST_ANSWER, _MOST_ANSWER = 2_048, 16_384
_PER_SITE = 120
_BYTES_PER_TOKEN = 3
_SPARE = 512
# Of the window, what files and answers of one question may take: a model reads little better.
_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class Parts:
    """How an impact set is asked about.

    Attributes:
        files: those of each question.
        brief: the paths of those of which only the parts around the symbol are shown.
        planned: whether a plan is asked for first.
    """

    files: tuple[tuple[Source, ...], ...]
    brief: frozenset[str]
    planned: bool


def answer_tokens(files: Sequence[Source]) -> int:
    """How long the answer about some files may be: blocks for all places, and some new code."""
    sites = sum(len(one.sites) for one in files)
    own = max((len(one.text.source) for one in files), default=0) // _BYTES_PER_TOKEN
    return min(_MOST_ANSWER, max(_LEAST_ANSWER, sites * _PER_SITE + min(own, _LEAST_ANSWER)))


def parts_of(impact: Impact, task: Fragment) -> Parts:
    """The fewest questions that hold all files, whole where there is room.

    Raises:
        ActionError: the definition alone does not fit.
    """
    model, files = impact.model, impact.sources
    window = int(impact.window * _SHARE)
    sizes = {one.path: tokens_of(whole(one), model) for one in files}
    frame = once_prompt(impact, (), task, 0).tokens(model) + _SPARE
    # What the person names stays whole as long as it can.
    for limit, kept in (
        (window, impact.named),
        (window // 8, impact.named),
        (window // 32, impact.named),
        (window // 8, ()),
        (window // 32, ()),
    ):
        cut = frozenset(path for path, size in sizes.items() if size > limit and path not in kept)
        shown = sum(
            tokens_of(brief(one), model) if one.path in cut else sizes[one.path] for one in files
        )
        if frame + shown + answer_tokens(files) <= window:
            return Parts((files,), cut, planned=False)
    most = {path: window // (2 if path in impact.named else 8) for path in sizes}
    cut = frozenset(path for path, size in sizes.items() if size > most[path])
    shared = (brief(impact.sources[0]), task, Fragment("", impact.label))
    frame = batch_prompt(impact, shared, files=(), max_tokens=0).tokens(model)
    return Parts(_batches(impact, cut, window - frame - PLAN_TOKENS - _SPARE), cut, planned=True)


def _batches(impact: Impact, cut: frozenset[str], room: int) -> tuple[tuple[Source, ...], ...]:
    batches: list[tuple[Source, ...]] = []
    now: tuple[Source, ...] = ()
    used = 0
    for one in impact.sources:
        size = tokens_of(brief(one) if one.path in cut else whole(one), impact.model)
        if size + answer_tokens((one,)) > room:
            raise ActionError(
                f"{one.path} names {impact.name} in so many places that one question cannot hold "
                "them; use a model with a larger window."
            )
        if now and used + size + answer_tokens((*now, one)) > room:
            batches.append(now)
            now, used = (), 0
        now, used = (*now, one), used + size
    return (*batches, now)
