"""A runner with the real gate, ledger and lanes; only servers are played."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from support_border import OPEN as OPEN_STANDING
from support_border import prompt
from support_fake_server import Answer, FakeServer
from support_waiting import PATIENCE
from twolane_server.border.ledger import read_rows
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.limits import INTERACTIVE, Who
from twolane_server.routing.choose import Decision, Question, choose
from twolane_server.routing.run import Reply, Runner
from twolane_server.settings.resolved import (
    EmbeddedSettings,
    Folders,
    HealthSettings,
    KeySource,
    LaneSettings,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from twolane_server.border.records import Row
    from twolane_server.border.standing import Standing
    from twolane_server.fragments import Origin
    from twolane_server.lanes.traffic import Traffic
    from twolane_server.prompts import Prompt

CLOUD_MODEL = "deepseek-v3.2"
KEY = "CLOUD_KEY"
CANARY = "zebra_quokka"
CLOUD = LaneName.CLOUD
LOCAL = LaneName.LOCAL


def asked(label: Label = Label.OPEN) -> Prompt:
    return prompt(f"def {CANARY}(é): ...", label)


def question(settings: Settings, asking: Prompt, *, granted: bool = True) -> Question:
    return Question(
        action=asking.action,
        home=CLOUD,
        repository_wide=False,
        label=asking.label,
        label_reasons=(),
        mode=settings.mode,
        forced=None,
        instruction_marker=False,
        characters=asking.characters,
        local_tokens=asking.tokens(settings.local.model),
        cloud_tokens=asking.tokens(settings.cloud.model),
        answer_tokens=asking.max_tokens,
        local_window=settings.local.window,
        cloud_window=settings.cloud.window,
        granted=granted,
        grant_reason="",
        cloud_state=None,
        budget=None,
        cloud_most_usd=0.001,
        local_model=settings.local.model,
        cloud_model=settings.cloud.model,
    )


@dataclass
class Team:
    """A runner, its settings, and what a person hears and sees of it."""

    folders: Folders
    settings: Settings
    standings: list[Standing | Exception] = field(default_factory=lambda: [OPEN_STANDING])
    environ: dict[str, str] = field(default_factory=lambda: {KEY: "sk-" + "x" * 20})
    pieces: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    notices: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        # No chance: what is sent again is sent again at once, or just when the server says.
        self.runner = Runner(
            self.folders, self.environ, lambda _settings: self.read, draw=lambda: 0.0
        )

    def read(self, _origins: tuple[Origin, ...]) -> Standing:
        """The next standing; the last one again and again."""
        now = self.standings.pop(0) if len(self.standings) > 1 else self.standings[0]
        if isinstance(now, Exception):
            raise now
        return now

    async def run(
        self,
        asking: Prompt | None = None,
        decision: Decision | None = None,
        settings: Settings | None = None,
        who: Who = INTERACTIVE,
    ) -> Reply:
        asking, settings = asking or asked(), settings or self.settings
        open_question = question(settings, as_the_router_saw_it(asking))

        def otherwise(why: str, *, refused: bool = False) -> Decision:
            kept = {"refused": why} if refused else {"cloud_state": why}
            return choose(replace(open_question, **kept))

        return await self.runner.run(
            asking,
            decision or choose(open_question),
            settings,
            otherwise=otherwise,
            on_text=lambda text, count: self.pieces.append((text, count)),
            on_notice=lambda sentence, _share: self.notices.append(sentence),
            on_decision=lambda taken: self.notices.append(str(taken)),
            who=who,
        )

    @property
    def rows(self) -> list[Row]:
        return list(read_rows(self.folders.state / "ledger"))

    @property
    def outcomes(self) -> list[tuple[object, object]]:
        return [(row.public()["lane"], row.public()["outcome"]) for row in self.rows]


def as_the_router_saw_it(asking: Prompt) -> Prompt:
    """The prompt as a router that was told wrongly sees it: open. The gate is to be the one to say no."""
    return prompt(f"def {CANARY}(é): ...") if asking.label is Label.NDA else asking


LOCALLY = Decision(LOCAL, "Qwen3-Coder", Label.OPEN, ("as asked",))


@asynccontextmanager
async def team(
    folder: Path,
    cloud: FakeServer | None = None,
    local: FakeServer | None = None,
    *,
    replies: list[dict[str, object]] | None = None,
    idle: float = 30.0,
    window: int = 65_536,
    retries: int = 0,
    health: HealthSettings | None = None,
    **limits: float,
) -> AsyncGenerator[Team]:
    """A runner in front of a cloud and a local lane: a server, or else a script.

    Without a word of `retries` nothing is sent again. `limits` are more of `LaneSettings`, for both
    lanes.
    """
    script = folder / "replies.json"
    script.write_text(json.dumps(replies or [{"chunks": ["from ", "local"]}]), "utf-8")
    cloud_url = cloud.url if cloud else "http://127.0.0.1:9/v1"
    local_url = local.url if local else f"scripted:{script}"
    both = {"idle_seconds": idle, "retries": retries, **limits}
    here = Team(
        Folders(folder / "config", folder / "state", folder / "cache"),
        Settings(
            cloud=_with(LaneSettings(cloud_url, CLOUD_MODEL, KeySource(environment=KEY)), both),
            local=_with(LaneSettings(local_url, "Qwen3-Coder", window=window), both),
            embedded=EmbeddedSettings(enabled=False),
            health=health or HealthSettings(),
        ),
    )
    try:
        yield here
    finally:
        await here.runner.aclose()


def _with(lane: LaneSettings, limits: dict[str, float]) -> LaneSettings:
    return replace(lane, **limits)  # pyright: ignore[reportArgumentType] - a test knows the fields


def a_cloud(*answers: Answer, models_answer: Answer | None = None) -> FakeServer:
    return FakeServer(*answers, models=(CLOUD_MODEL,), models_answer=models_answer)


async def rest_is_over(traffic: Traffic) -> None:
    """Who wants the lane from now on has it probed: no test needs to be faster than its rest."""
    await traffic.aclose()  # a probe that waited for the end of the rest
    traffic.breaker.until = time.monotonic()


async def until_probed(traffic: Traffic) -> None:
    """Wait for the end of a probe that is on its way."""
    probing = traffic._probing  # pyright: ignore[reportPrivateUsage] - its end is the matter
    if probing is not None:
        await asyncio.wait({probing}, timeout=PATIENCE)


def touched(server: FakeServer) -> tuple[int, bytes]:
    """How often, and with what, anybody came to a server."""
    return server.connections, bytes(server.received)
