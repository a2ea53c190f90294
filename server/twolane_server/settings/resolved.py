"""Settings as the program uses them: frozen, complete, valid.

Nothing here is read from a repository: endpoints, keys, models and limits belong to the user. What
a repository may say is in `policy`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from twolane_server.settings.basics import Folders, NdaRules

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "CLOUD",
    "LOCAL",
    "PRICES",
    "ActionSettings",
    "CheckSettings",
    "EmbeddedSettings",
    "Folders",
    "HealthSettings",
    "KeySource",
    "LaneSettings",
    "Mode",
    "NdaRules",
    "Price",
    "Settings",
]


class Mode(StrEnum):
    """How the lane is chosen: by the rules, or by the user (NDA stays local in every mode)."""

    AUTO = "auto"
    LOCAL = "local"
    CLOUD = "cloud"


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a lane's key is. The first of these that is set and holds a key is used.

    Attributes:
        environment: the name of an environment variable.
        file: a file that holds the key and nothing else.
        keyring: the service name in the desktop's key store; the user name there is `twolane`.
    """

    environment: str | None = None
    file: Path | None = None
    keyring: str | None = None

    @property
    def place(self) -> str:
        """Where it is looked for, in words."""
        places = (self.environment, self.file, self.keyring and f"keyring {self.keyring}")
        return " or ".join(str(place) for place in places if place)


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """One lane's endpoint and limits.

    Attributes:
        url: the base URL of an OpenAI-compatible API, up to and with `/v1`.
        model: an id of the server, or a part of one that fits a single id there.
        key: where its key is.
        window: how many tokens prompt and answer may have together.
        connect_seconds: how long a connection may take.
        idle_seconds: how long the answer may pause.
        deadline_seconds: how long the whole answer may take.
        allow: addresses and networks that the local lane may lead to, beside this machine and
            private networks; of no use to the cloud lane.
        concurrency: how many requests may be under way at once.
        requests_per_minute: how many may begin in any minute; `None` for no limit.
        queue_seconds: how long a request may wait for its turn, which no other limit counts.
        retries: how often a request is sent again before anything of its answer came.
        retry_seconds: the longest pause before it is sent again.
        first_token_seconds: a first token later than that is a slow one, to the lane's health.
        keep_warm: whether a server that answered is kept from going cold while the editor is in
            use; of no use to the cloud lane.
    """

    url: str
    model: str
    key: KeySource = field(default_factory=KeySource)
    window: int = 65_536
    connect_seconds: float = 5.0
    idle_seconds: float = 30.0
    deadline_seconds: float = 300.0
    allow: tuple[str, ...] = ()
    concurrency: int = 4
    requests_per_minute: int | None = None
    queue_seconds: float = 120.0
    retries: int = 2
    retry_seconds: float = 20.0
    first_token_seconds: float = 20.0
    keep_warm: bool = True


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """When a lane is ill, and how long it is left alone then.

    Attributes:
        window_seconds: how far back its health looks.
        least_requests: how many requests it takes for a judgement.
        least_bad: how many of them must be bad, whatever the share.
        error_rate: the greatest share of failures that is still healthy.
        slow_rate: the greatest share of slow first tokens that is still healthy.
        breaker_failures: after how many failures in a row a lane rests.
        rest_seconds: how long it rests the first time; twice as long each time after.
        longest_rest_seconds: how long it rests at most.
        longest_local_rest_seconds: the same of the local lane, which has nobody else to go to.
        refused_key_seconds: how long the cloud lane rests at most after it refused the key.
        unpaid_seconds: how long the cloud lane rests when the account has no balance left.
        rollback_seconds: how long the cloud's work goes to the local lane at least, once the cloud
            lane's health is bad.
    """

    window_seconds: float = 900.0
    least_requests: int = 20
    least_bad: int = 3
    error_rate: float = 0.02
    slow_rate: float = 0.05
    breaker_failures: int = 3
    rest_seconds: float = 5.0
    longest_rest_seconds: float = 600.0
    longest_local_rest_seconds: float = 10.0
    refused_key_seconds: float = 30.0
    unpaid_seconds: float = 3_600.0
    rollback_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    """The model in this process, which stands in when nothing answers on the local lane's URL.

    Attributes:
        enabled: whether it may stand in.
        gguf: a model file of the user's own; else the small one that a package ships.
        window: how many tokens prompt and answer may have together.
    """

    enabled: bool = True
    gguf: Path | None = None
    window: int = 8_192


@dataclass(frozen=True, slots=True)
class ActionSettings:
    """What one action takes instead of the lanes' own; `None` for what is not said.

    Attributes:
        name: the action's.
        cloud_model: its model on the cloud lane.
        local_model: its model on the local lane.
        max_tokens: how many tokens its answer may have.
    """

    name: str
    cloud_model: str | None = None
    local_model: str | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What a model of the cloud lane costs, in US dollars for a million tokens.

    Attributes:
        model: its name or id.
        input: of the prompt.
        cached: of that part of the prompt that the server had in its cache.
        output: of the answer.
        as_of: the day on which that was so, `2026-05-31`.
        source: who says so.
    """

    model: str
    input: float
    cached: float
    output: float
    as_of: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """A program that looks at a refactoring before it is offered.

    Attributes:
        command: the program and its arguments; empty for none.
        seconds: how long it may take.
    """

    command: tuple[str, ...] = ()
    seconds: float = 600.0


LOCAL = LaneSettings(url="http://127.0.0.1:8000/v1", model="Qwen3-Coder", window=65_536)
CLOUD = LaneSettings(
    url="https://api.holysheep.ai/v1",
    model="deepseek-v3.2",
    key=KeySource(environment="HOLYSHEEP_API_KEY"),
    window=131_072,
    concurrency=8,
)
# Two texts of the relay's model disagree: $0.14 in, $0.014 cached, $0.42 out; or $0.42 in, $1.68 out.
# The dearer one is taken, which names no price of cached tokens: a budget then rather ends too soon.
PRICES = (
    Price(
        model="deepseek-v3.2",
        input=0.42,
        cached=0.42,
        output=1.68,
        as_of="2026-11-26",
        source="the dearer of two lists that disagree; check it against your relay's",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """All of the user's settings, resolved.

    Attributes:
        mode: how the lane is chosen.
        local: the local lane.
        cloud: the cloud lane.
        cloud_fault: why it is not known where the cloud lane is meant to be, or with which key, and
            then it is not used; else `None`.
        embedded: the local lane's stand-in.
        actions: what single actions take instead of the lanes' own.
        prices: of the cloud lane's models.
        usd_per_month: what the cloud lane may cost in a month of UTC; `None` for no limit.
        nda: the user's own rules.
        language: which language explanations, reviews and other texts for people are written in.
        health: when a lane is ill.
        check: what looks at a refactoring before it is offered.
    """

    mode: Mode = Mode.AUTO
    local: LaneSettings = LOCAL
    cloud: LaneSettings = CLOUD
    cloud_fault: str | None = None
    embedded: EmbeddedSettings = field(default_factory=EmbeddedSettings)
    actions: tuple[ActionSettings, ...] = ()
    prices: tuple[Price, ...] = PRICES
    usd_per_month: float | None = None
    nda: NdaRules = field(default_factory=NdaRules)
    language: str = "English"
    health: HealthSettings = field(default_factory=HealthSettings)
    check: CheckSettings = field(default_factory=CheckSettings)

    def cloud_model(self, action: str) -> str:
        """The model of an action on the cloud lane."""
        return self.action(action).cloud_model or self.cloud.model

    def local_model(self, action: str) -> str:
        """The model of an action on the local lane."""
        return self.action(action).local_model or self.local.model

    def action(self, name: str) -> ActionSettings:
        """What is said of one action; nothing of most. `changes-all` is of the sort `changes`."""
        sort = name.partition("-")[0]
        return next((one for one in self.actions if one.name == sort), ActionSettings(sort))
