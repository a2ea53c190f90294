"""Every error a person may meet, in one tree.

    TwolaneError
    ├── SettingsError            settings that cannot be used at all
    ├── KeyUnusable              no usable key for a lane
    ├── Refused                  the border or the router says no; the reasons say why
    │   └── TooLarge             no lane that is allowed can hold the prompt
    ├── FingerprintsUnusable     NDA code cannot be recognised, so nothing leaves
    ├── LedgerError              the ledger cannot be written or is not whole
    ├── CannotServe              vLLM cannot be started, or has ended by itself
    ├── LaneError                a lane gave no usable answer
    │   ├── LaneUnreachable      nothing answers at its address
    │   ├── LaneNotLocal         the local lane's address is not one of the team's own
    │   ├── LaneTimeout          no answer, or no more of it, in time
    │   ├── LaneRejected         the server said no: status, and what to do
    │   ├── LaneResting          the lane is left alone for a while, after faults
    │   ├── LaneBusy             no turn came in time
    │   ├── OutOfFiles           this process cannot open another connection
    │   ├── AnswerIncomplete     the stream ended before the answer did
    │   │   └── LaneDropped      the connection broke before anything of it came
    │   ├── AnswerTruncated      the model reached its token limit
    │   └── ModelMissing         no model of that name, or no model file
    ├── ActionError              nothing to do here
    │   ├── WrongUse             no such action, or no such way to name a place
    │   ├── NothingChanges       the reply is what is there
    │   └── ReplyRefused         the reply cannot be used without harm
    └── StaleDocument            the document changed while the model was writing

Each message is one sentence or two that say what happened and what to do. No message holds a key,
a prompt, a reply or text of a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twolane_server.lanes.base import LaneName


class TwolaneError(Exception):
    """The root. `str(error)` is fit to be shown to a person as it is."""


class SettingsError(TwolaneError):
    """Settings that cannot be used at all."""


class KeyUnusable(TwolaneError):
    """A lane's key is missing or malformed. Names where it was looked for, never the key."""


class Refused(TwolaneError):
    """The border or the router says no.

    Args:
        message: the sentence for the person.
        reasons: each single reason, as the decision would show it.
    """

    def __init__(self, message: str, *, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reasons = reasons


class TooLarge(Refused):
    """No lane that is allowed can hold the prompt."""


class FingerprintsUnusable(TwolaneError):
    """NDA code cannot be recognised, so nothing leaves."""


class LedgerError(TwolaneError):
    """The ledger cannot be written or read, or is not whole."""


class CannotServe(TwolaneError):
    """VLLM cannot be started here, or has ended by itself."""


class LaneError(TwolaneError):
    """A lane gave no usable answer."""


class LaneUnreachable(LaneError):
    """Nothing answers at the lane's address."""


class LaneNotLocal(LaneError):
    """The local lane would lead out of the team's own machines; nothing was sent there."""


class LaneTimeout(LaneError):
    """No answer, or no more of it, within the lane's limits."""


class LaneRejected(LaneError):
    """The server refused the request.

    Args:
        message: the sentence for the person.
        status: the HTTP status.
        retry_after: how many seconds the server wants to be left alone, where it says so.
    """

    def __init__(self, message: str, *, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class LaneResting(LaneError):
    """The lane failed, so it is left alone for a while; nothing was sent.

    Args:
        message: the sentence for the person.
        state: the same without the lane's name: `it is left alone for 5 s. …`.
    """

    def __init__(self, message: str, *, state: str) -> None:
        super().__init__(message)
        self.state = state


class LaneBusy(LaneError):
    """The lane had no turn for the request in time; nothing was sent."""


class OutOfFiles(LaneError):
    """This process, or the machine, has too many files open for another connection."""


class AnswerIncomplete(LaneError):
    """The stream ended before the answer did, or was not an answer."""


class LaneDropped(AnswerIncomplete):
    """The connection broke before the server answered at all."""


class AnswerTruncated(LaneError):
    """The model reached its token limit in the middle of the answer.

    Args:
        message: the sentence for the person.
        lane: which lane answered.
        tokens: how many the server counted in the answer, where it did.
        budget: how many it was allowed.
        more: how many to allow it next time; 0 where more would not help.
    """

    def __init__(
        self,
        message: str,
        *,
        lane: LaneName,
        tokens: int | None = None,
        budget: int = 0,
        more: int = 0,
    ) -> None:
        super().__init__(message)
        self.lane = lane
        self.tokens = tokens
        self.budget = budget
        self.more = more


class ModelMissing(LaneError):
    """The server does not know the model, or the model's file is not there."""


class ActionError(TwolaneError):
    """The action has nothing to do at this place."""


class WrongUse(ActionError):
    """What was asked for is no action, or not said in a way that can be understood."""


class NothingChanges(ActionError):
    """The reply is what is there already."""


class ReplyRefused(ActionError):
    """The model's reply cannot be used without harm to the code."""


class StaleDocument(TwolaneError):
    """The document changed while the model was writing; nothing was applied."""
