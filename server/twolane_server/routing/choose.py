"""Which lane an action takes, and why: a pure function of what is known before anything is sent.

The rules are asked in this order and the first that matches wins:

1. NDA -> local, whatever anybody asks for.
2. The user forces a lane, for this request or by the mode; the cloud only with a grant and while
   it can be used. The budget does not bind what is forced for one request; a mode it does.
3. A repository-wide action -> local.
4. A marker that asks for the repository (`ctx_repo:`, `[REPO_CTX]`), or a prompt of more than
   24,000 characters -> local.
5. No grant -> local.
6. It does not fit the home lane's window -> the other lane, if that one is allowed and holds it.
7. The border refuses the prompt, or the cloud cannot be used now -> local; never the other way.
8. The month's budget has no room for it -> local.
9. The action's home lane.

A prompt that does not fit the lane that it must take is an error and no reason to take another one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from twolane_server.errors import TooLarge
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.routing.decision import Decision
from twolane_server.settings.resolved import Mode

__all__ = [
    "MOST_CLOUD_CHARACTERS",
    "Decision",
    "Question",
    "choose",
    "has_repository_marker",
    "near_local_window",
    "waits_for_cloud",
]

MOST_CLOUD_CHARACTERS = 24_000
"""A longer prompt stays local: that much of a repository is a matter for the team's own model."""

# A reason says what, then where or why: `clients/** in twolane.toml`.
_GIST_END = re.compile(r" in (?!a )|, ")
_MARKERS = ("ctx_repo:", "[repo_ctx]")
_NO_GRANT = "this repository may not use the cloud lane (twolane trust grants it)"


def has_repository_marker(text: str) -> bool:
    """Whether an instruction asks for the whole repository, in either case of letters."""
    folded = text.casefold()
    return any(marker in folded for marker in _MARKERS)


@dataclass(frozen=True, slots=True)
class Question:
    """All that decides.

    Attributes:
        action: the action's name.
        home: the lane it takes when no rule says otherwise.
        repository_wide: whether it touches more than one file's code.
        label: the prompt's label.
        label_reasons: what made it NDA: `clients/** in twolane.toml`.
        mode: the user's standing choice.
        forced: the user's choice for this request; comes before the mode.
        instruction_marker: what `has_repository_marker` says of the instruction.
        characters: the prompt's length in code points.
        local_tokens: how many tokens the local lane's model makes of the prompt, as far as is known.
        cloud_tokens: the same of the cloud lane's model.
        answer_tokens: how many the answer may be.
        local_window: how many tokens the local lane holds, prompt and answer together.
        cloud_window: the same of the cloud lane.
        granted: whether this repository may use the cloud lane.
        grant_reason: why it may not, fit to be shown; empty for the usual sentence.
        cloud_state: `None` when the cloud can be used, else why not: `no key in …`.
        budget: `None` when the month's budget for the cloud has room for it, or there is none; else
            why not: `$20.31 of the month's budget of $20.00 are spent`.
        cloud_most_usd: what it may cost in the cloud at most, in US dollars; `None` without a price.
        local_model: the local lane's model, for people; `cloud_model` is the cloud lane's.
        refused: why the border lets this prompt not out; `None` where it was not asked, or does.
    """

    action: str
    home: LaneName
    repository_wide: bool
    label: Label
    label_reasons: tuple[str, ...]
    mode: Mode
    forced: LaneName | None
    instruction_marker: bool
    characters: int
    local_tokens: int
    cloud_tokens: int
    answer_tokens: int
    local_window: int
    cloud_window: int
    granted: bool
    grant_reason: str
    cloud_state: str | None
    budget: str | None
    cloud_most_usd: float | None
    local_model: str
    cloud_model: str
    refused: str | None = None

    def prompt_tokens(self, lane: LaneName) -> int:
        """The prompt's tokens on a lane."""
        return self.local_tokens if lane is LaneName.LOCAL else self.cloud_tokens

    def window(self, lane: LaneName) -> int:
        """How many tokens a lane holds, prompt and answer together."""
        return self.local_window if lane is LaneName.LOCAL else self.cloud_window

    def tokens(self, lane: LaneName) -> int:
        """Prompt and answer together, which the lane's window must hold."""
        return self.prompt_tokens(lane) + self.answer_tokens

    @property
    def wish(self) -> LaneName | None:
        """The lane that the user asked for, in this request or by the mode."""
        if self.forced is not None or self.mode is Mode.AUTO:
            return self.forced
        return LaneName.CLOUD if self.mode is Mode.CLOUD else LaneName.LOCAL


def choose(question: Question) -> Decision:
    """The lane that the question takes.

    Raises:
        TooLarge: it does not fit the only lane that it may take; the sentence has the numbers.
    """
    decision = _by_rules(question)
    window, tokens = question.local_window, question.tokens(LaneName.LOCAL)
    if decision.lane is LaneName.CLOUD or tokens <= window:
        return decision
    raise TooLarge(
        f"About {tokens:,} tokens ({question.local_tokens:,} of them the prompt) do not fit the local lane's window of {window:,}, and it must stay local: "
        f"{'; '.join(decision.reasons)}. Select less.",
        reasons=decision.reasons,
    )


def near_local_window(question: Question) -> bool:
    """Whether only the server's own count can tell if the local lane holds it."""
    try:
        if choose(question).lane is LaneName.CLOUD:
            return False
    except TooLarge:
        pass
    # The estimate may be half too high, so that what is far above the window may well fit.
    return 0.85 <= question.tokens(LaneName.LOCAL) / max(question.local_window, 1) <= 2  # noqa: PLR2004


def waits_for_cloud(question: Question) -> bool:
    """Whether nothing but the cloud lane's state keeps it from there."""
    well = replace(question, cloud_state=None)
    return question.cloud_state is not None and _by_rules(well).lane is LaneName.CLOUD


def _by_rules(question: Question) -> Decision:
    """The first rule that matches. A `CLOUD` that this returns fits the cloud's window."""
    if question.label is not Label.OPEN:
        return _nda(question)
    if question.wish is LaneName.LOCAL:
        return _local(question, _wished(question), "as asked")
    if question.wish is LaneName.CLOUD:
        return _forced_cloud(question)
    kept = _kept_local(question)
    if kept is not None:
        return kept
    if question.home is LaneName.LOCAL:
        return _home_local(question)
    return _cloud_barred(question) or _cloud(question, f"{question.action}'s home lane")


def _kept_local(question: Question) -> Decision | None:
    """The rules that keep open code local however well the cloud could hold it."""
    if question.repository_wide:
        return _local(
            question, f"{question.action} works on the whole repository", "repository-wide"
        )
    if question.instruction_marker:
        return _local(question, "the instruction asks for the repository", "repository context")
    if question.characters > MOST_CLOUD_CHARACTERS:
        return _local(
            question,
            f"{question.characters:,} characters, more than {MOST_CLOUD_CHARACTERS:,}",
            "long prompt",
        )
    return None


def _nda(question: Question) -> Decision:
    why = ", ".join(question.label_reasons) or "its label is unknown"
    # The menu has room for the pattern, not for the file that it stands in.
    gist = _GIST_END.split(question.label_reasons[0])[0] if question.label_reasons else ""
    decision = _local(question, f"NDA ({why})", f"NDA {gist}".rstrip())
    if question.wish is not LaneName.CLOUD:
        return decision
    return replace(
        decision,
        reasons=(*decision.reasons, "NDA stays local although the cloud lane was asked for"),
    )


def _forced_cloud(question: Question) -> Decision:
    # A wish for this one request comes before the budget; the reason says what that would say.
    beyond = question.forced is LaneName.CLOUD
    barred = _cloud_barred(replace(question, budget=None) if beyond else question)
    if barred is not None:
        return barred
    decision = replace(_cloud(question, _wished(question)), beyond_budget=beyond)
    if question.budget is None:
        return decision
    return replace(decision, reasons=(*decision.reasons, f"although {question.budget}"))


def _home_local(question: Question) -> Decision:
    decision = _local(question, f"{question.action}'s home lane")
    if question.tokens(LaneName.LOCAL) <= question.local_window:
        return decision
    barred = _cloud_barred(question)
    if barred is None:
        return _cloud(question, _overflow(question, LaneName.LOCAL))
    return replace(decision, reasons=(*decision.reasons, *barred.reasons))


def _cloud_barred(question: Question) -> Decision | None:
    """The local lane when the cloud is not allowed, too small, unusable or too dear."""
    if not question.granted:
        return _local(question, question.grant_reason or _NO_GRANT, "no grant")
    if question.refused is not None:
        return _local(
            question, f"the border keeps it local: {question.refused}", "kept by the border"
        )
    if question.tokens(LaneName.CLOUD) > question.cloud_window:
        return _local(question, _overflow(question, LaneName.CLOUD), "too large for the cloud")
    if question.cloud_state is not None:
        reason = f"the cloud lane cannot be used now: {question.cloud_state}"
        return _local(question, reason, "cloud unusable")
    if question.budget is not None:
        return _local(question, question.budget, "budget")
    return None


def _overflow(question: Question, lane: LaneName) -> str:
    return (
        f"about {question.tokens(lane):,} tokens do not fit the {lane} lane's window of"
        f" {question.window(lane):,}"
    )


def _wished(question: Question) -> str:
    if question.forced is not None:
        return f"you asked for the {question.forced} lane"
    return f"the mode is {question.mode}"


def _local(question: Question, reason: str, gist: str = "") -> Decision:
    return Decision(LaneName.LOCAL, question.local_model, question.label, (reason,), gist)


def _cloud(question: Question, reason: str) -> Decision:
    return Decision(LaneName.CLOUD, question.cloud_model, question.label, (reason,))
