"""What a user asks for, and what becomes of it, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_server.actions.base import Reads
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.limits import INTERACTIVE, Who
from twolane_server.prices import money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_context.spans import Span
    from twolane_context.trees import Parsed
    from twolane_server.actions.base import Action, Task
    from twolane_server.actions.outcomes import Outcome
    from twolane_server.documents import Document
    from twolane_server.estimates import Estimate
    from twolane_server.lanes.base import Usage
    from twolane_server.materials.changed_files import Scope
    from twolane_server.routing.choose import Decision, Question
    from twolane_server.rules.knowledge import Known
    from twolane_server.settings.resolved import Settings


@dataclass(frozen=True, slots=True)
class Order:
    """What the user asked for.

    Attributes:
        action: which action.
        document: the document, frozen.
        selection: the selected bytes; empty for a cursor.
        instruction: what to do, where the action takes one.
        forced: the lane that the user chose, or `None`.
        answer_in: the language that the user wants to be answered in; empty for the settings'.
        max_tokens: how many tokens the answer may have; `None` for the settings', else the action's.
        scope: which changes are meant, where many files' are; `None` for all.
        earlier: the document's tree of some keys ago, from which today's is made faster.
    """

    action: Action
    document: Document
    selection: Span
    instruction: str = ""
    forced: LaneName | None = None
    answer_in: str = ""
    max_tokens: int | None = None
    scope: Scope | None = None
    earlier: Parsed | None = None

    @property
    def batch(self) -> bool:
        """Whether it may be asked for in many requests, which nobody waits for singly."""
        return self.action.reads is Reads.REPOSITORY


@dataclass(frozen=True, slots=True)
class Ready:
    """An order with its prompt and its lane; nothing has been sent.

    Attributes:
        task: the prompt and where the answer goes.
        question: all that decided.
        decision: the lane and why.
        settings: the settings that decided it.
        started: when the order came, on the monotonic clock.
        context_seconds: how long reading the label and building the prompt took.
        title: the action's, for the undo step.
        who: on whose behalf a lane is asked.
        allowed: how many tokens the user allows each answer; `None` for the action's own.
    """

    task: Task
    question: Question
    decision: Decision
    settings: Settings
    started: float
    context_seconds: float
    title: str = ""
    who: Who = INTERACTIVE
    allowed: int | None = None

    @property
    def most_usd(self) -> float | None:
        """What it may cost at most in US dollars; `None` without a price, and on the local lane."""
        on_cloud = self.decision.lane is LaneName.CLOUD
        return self.question.cloud_most_usd if on_cloud else None

    @property
    def size(self) -> str:
        """How much would be sent, and for how much: `about 812 tokens, at most $0.0014`."""
        about = f"about {self.question.prompt_tokens(self.decision.lane):,} tokens"
        if self.task.later:
            about = f"{len(self.task.prompts)} questions of at most {about}"
        if self.decision.lane is LaneName.LOCAL:
            return about
        cost = "of unknown cost" if self.most_usd is None else f"at most {money(self.most_usd)}"
        return f"{about}, {cost}"


@dataclass(frozen=True, slots=True)
class Result:
    """A finished order.

    Attributes:
        outcome: what the action came to; its edits are proved harmless and not yet applied.
        decision: the lane that answered, and why; may differ from what was decided first, since
            the border can refuse the cloud at the last moment.
        model: the model that answered.
        usage: what the server counted, where it did.
        cost_usd: what it cost in US dollars; `None` where that is not known, and on the local lane.
        seconds: `context`, `first_token` and `total`, from the order on.
        made: the open files, absolute, that it would fill with what was made of code under NDA.
    """

    outcome: Outcome
    decision: Decision
    model: str
    usage: Usage | None
    cost_usd: float | None
    seconds: Mapping[str, float]
    made: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the editor's menu.

    Attributes:
        action: what it does.
        decision: the lane and why; `None` where only reading more than the document can tell.
        estimate: its size and cost, where they can be guessed.
    """

    action: Action
    decision: Decision | None
    estimate: Estimate | None = None

    @property
    def short(self) -> str:
        """Lane, reason and size behind the title: `[local: NDA clients/**]  ~1.2k tokens`."""
        if self.decision is None:
            return f"[lane by {self.action.reads}]"
        lane = self.decision.short
        return lane if self.estimate is None else f"{lane}  {self.estimate}"


def who(order: Order, known: Known) -> Who:
    """On whose behalf: a document's, or of many documents their repository's."""
    document, rules = order.document, known.rules
    if order.batch and rules is not None and rules.roots:
        return Who(str(rules.roots[0]), batch=True)
    return Who(document.path or document.uri, order.batch)
