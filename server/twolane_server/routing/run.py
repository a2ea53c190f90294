"""Go to the lane that was chosen and bring back a whole answer, or an error that says why not.

The cloud may be exchanged for the local lane, before anything of the answer has come; the local
lane is never exchanged for the cloud.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from twolane_server.border.gate import local_request
from twolane_server.border.salt import salt_for
from twolane_server.errors import (
    KeyUnusable,
    LaneError,
    LaneResting,
    Refused,
)
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.in_time import in_time
from twolane_server.lanes.limits import INTERACTIVE
from twolane_server.lanes.swapped import asked
from twolane_server.routing.account import recorded, sending_of, told_by
from twolane_server.routing.job import Job, Notify, Otherwise
from twolane_server.routing.kept import Kept
from twolane_server.routing.learned import Learned
from twolane_server.routing.place import place_told
from twolane_server.routing.reply import Answer, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twolane_server.border.cleared import Cleared
    from twolane_server.border.standing import ReadStanding
    from twolane_server.lanes.limits import Who
    from twolane_server.lanes.local import Answering, Local
    from twolane_server.prompts import Prompt
    from twolane_server.routing.choose import Decision
    from twolane_server.settings.resolved import Folders, Settings

__all__ = ["Notify", "Reply", "Runner"]


class Runner:
    """Carries requests out. Lanes, gate and ledger open at first use; see `Kept`.

    Args:
        folders: where the ledger and the model's cache are.
        environ: the environment variables, for keys.
        read_standing: what owner and repository say about a prompt's sources now.
        draw: chance, 0 to 1, for the pauses between attempts.

    Attributes:
        learned: what the local lane's server taught about estimates of its models' tokens.
        searches: look in texts for what must not leave.
    """

    def __init__(
        self,
        folders: Folders,
        environ: Mapping[str, str],
        read_standing: Callable[[Settings], ReadStanding],
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._folders = folders
        self._kept = Kept(folders, environ, read_standing, draw, self._tell)
        self._notify: Notify | None = None
        self.learned = Learned()
        self.searches = self._kept.searches

    async def run(
        self,
        prompt: Prompt,
        decision: Decision,
        settings: Settings,
        *,
        otherwise: Otherwise,
        on_text: Callable[[str, int], None],
        on_notice: Notify,
        on_decision: Callable[[Decision], None],
        who: Who = INTERACTIVE,
    ) -> Reply:
        """Get the whole answer.

        Args:
            prompt: what to ask.
            decision: which lane.
            settings: endpoints and limits.
            otherwise: decides anew when the cloud lane does not take it.
            on_text: called with each piece of text, and with how many came so far.
            on_notice: called with what the person should know meanwhile, and how much of it is
                done (0 to 1) where that is known.
            on_decision: called when another lane takes over, before it answers.
            who: on whose behalf, for the order in which requests have their turns.

        Raises:
            LaneError: no usable answer came.
            TooLarge: the cloud lane cannot be used and the local one cannot hold the prompt.
        """
        job = Job(prompt, decision, settings, Answer(on_text), on_notice, who)
        if decision.lane is LaneName.CLOUD:
            try:
                return await self._cloud(job)
            except Refused as refused:
                decision = otherwise("; ".join(refused.reasons) or str(refused), refused=True)
            except LaneResting as resting:
                decision = otherwise(resting.state)
            except (LaneError, KeyUnusable) as error:
                if job.answer.parts:
                    raise
                decision = otherwise(str(error))
            on_decision(decision)
            job = replace(job, decision=decision, answer=Answer(on_text))
        return await self._local(job)

    def local(self, settings: Settings) -> Local | None:
        """The local lane, once anything has used it."""
        return self._kept.local_if_used(settings)

    def cloud_rests(self, settings: Settings) -> str | None:
        """Why the cloud lane is left alone now, after faults; `None` if it is not. From memory."""
        resting = self._kept.traffic(LaneName.CLOUD, settings).resting
        return None if resting is None else resting.state

    async def wake_cloud(self, settings: Settings) -> None:
        """Somebody would use the cloud lane if it did not rest: have it probed when that is due."""
        traffic = self._kept.traffic(LaneName.CLOUD, settings)
        if traffic.resting is not None:
            traffic.wake((await self._kept.gate(settings)).probe)

    def take_notices(self) -> tuple[str, ...]:
        """What a person should be told of the lanes, each once."""
        return self._kept.take_notices()

    def local_window(self, settings: Settings, model: str) -> int:
        """How many tokens a model of the local lane holds: the settings' word, or the server's."""
        lane = self._kept.local_if_used(settings)
        told = lane.window(model) if lane else None
        return min(settings.local.window, told or settings.local.window)

    def cloud_window(self, settings: Settings, model: str) -> int:
        """The same of the cloud lane."""
        gate = self._kept.gates.get(settings)
        return gate.window(model) if gate else settings.cloud.window

    async def count_local(self, prompt: Prompt, settings: Settings) -> int | None:
        """The local server's own count of a prompt's tokens; `None` where it does not tell.

        Raises:
            KeyUnusable: a key is configured and cannot be used.
            SettingsError: the local lane's URL cannot be used.
        """
        wanted = settings.local_model(prompt.action)
        lane = self._kept.local(settings)
        counted = await lane.count(wanted, lambda model: local_request(prompt, model))
        if counted is not None:
            await self.learned.take(prompt, settings, counted)
        return counted

    async def aclose(self) -> None:
        """Close everything that was opened."""
        await self._kept.aclose()

    async def _cloud(self, job: Job) -> Reply:
        settings, answer = job.settings, job.answer
        traffic = self._kept.traffic(LaneName.CLOUD, settings)
        gate = await self._kept.gate(settings)
        why, beyond = job.decision.reasons, job.decision.beyond_budget
        cleared: Cleared | None = None

        async def attempt(until: float) -> None:
            nonlocal cleared
            if cleared is None:
                async with in_time(until, "The cloud lane's server"):
                    cleared = await gate.clear(job.prompt, reasons=why, beyond_budget=beyond)
            await answer.read(gate.stream(cleared, until))

        async with traffic.turn(job.who, job.tell):
            try:
                if traffic.resting is not None:
                    raise traffic.resting
                await traffic.answered(attempt, lambda: answer.first_token_at, job.tell)
            finally:
                traffic.wake(gate.probe)
        model = cleared.model if cleared else job.decision.model
        return answer.whole(job.decision, model).priced(settings.prices, model)

    async def _local(self, job: Job) -> Reply:
        self._notify = job.on_notice
        answer, lane = job.answer, self._kept.local(job.settings)
        traffic = self._kept.traffic(LaneName.LOCAL, job.settings)
        answering: Answering | None = None

        async def attempt(until: float) -> LaneError | None:
            nonlocal answering
            wanted, ask = (
                job.settings.local_model(job.prompt.action),
                partial(self._ask, job, until),
            )
            answering = await asked(lane, wanted, ask, traffic.unreachable, until)
            return answering.fault

        async with traffic.turn(job.who, job.tell), place_told(lane, job):
            if lane.stands_in and traffic.unreachable is not None:
                traffic.wake(lane.probe)
            else:
                await traffic.rested(lane.probe, job.tell)
            await traffic.answered(attempt, lambda: answer.first_token_at, job.tell)
        assert answering is not None
        if answer.usage is not None and not answering.stand_in:
            await self.learned.take(job.prompt, job.settings, answer.usage.prompt)
        return answer.whole(told_by(job.decision, answering), answering.model)

    async def _ask(self, job: Job, until: float, answering: Answering) -> None:
        """Send the prompt once, on the local lane."""
        prompt = job.prompt.without_context() if answering.stand_in else job.prompt
        salt = await self._salt(prompt) if answering.vllm else None
        request = replace(local_request(prompt, answering.model, salt), until=until)
        told = told_by(job.decision, answering)
        sending = sending_of(prompt, told, answering, request.body)
        ledger, answer = await self._kept.ledger(), job.answer
        async with recorded(ledger, sending, answer, job.tell) as entry:
            await answer.read(answering.lane.stream(request), entry)

    async def _salt(self, prompt: Prompt) -> str | None:
        return await asyncio.to_thread(salt_for, prompt.label, self._folders.state)

    def _tell(self, sentence: str, share: float | None) -> None:
        """A lane outlives a request; what it has to say goes to the latest one."""
        if self._notify is not None:
            self._notify(sentence, share)
