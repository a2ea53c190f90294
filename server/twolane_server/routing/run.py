"""Go to the lane that was chosen and bring back a whole answer, or an error that says why not.

The cloud may be exchanged for the local lane, before anything of the answer has come; the local
lane is never exchanged for the cloud.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from twolane_server.border.gate import Gate, local_request
from twolane_server.border.ledger import Ledger
from twolane_server.border.records import Outcome, Sending, origins
from twolane_server.calibration import Calibration
from twolane_server.errors import (
    KeyUnusable,
    LaneError,
    LedgerError,
    Refused,
)
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.local import open_local
from twolane_server.routing.reply import Answer, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from twolane_server.border.standing import ReadStanding
    from twolane_server.lanes.local import Local
    from twolane_server.prompts import Prompt
    from twolane_server.routing.choose import Decision
    from twolane_server.settings.resolved import Folders, Settings

Notify: TypeAlias = "Callable[[str, float | None], None]"
"""Takes a sentence and how much of that work is done, 0 to 1, where it is known."""


class Runner:
    """The lanes, the gate and the ledger, each opened at first use and kept.

    Args:
        folders: where the ledger and the model's cache are.
        environ: the environment variables, for keys.
        read_standing: what owner and repository say about a prompt's sources now.
    """

    def __init__(
        self,
        folders: Folders,
        environ: Mapping[str, str],
        read_standing: Callable[[Settings], ReadStanding],
    ) -> None:
        self._folders = folders
        self._environ = environ
        self._read_standing = read_standing
        self._ledger: Ledger | LedgerError | None = None
        self._opening = asyncio.Lock()
        self._gates: dict[Settings, Gate] = {}
        self._locals: dict[object, Local] = {}
        self._notify: Notify | None = None
        self._calibrations: dict[tuple[str, str], Calibration] = {}

    async def run(
        self,
        prompt: Prompt,
        decision: Decision,
        settings: Settings,
        *,
        otherwise: Callable[[str], Decision],
        on_text: Callable[[str, int], None],
        on_notice: Notify,
        on_decision: Callable[[Decision], None],
    ) -> Reply:
        """Get the whole answer.

        Args:
            prompt: what to ask.
            decision: which lane.
            settings: endpoints and limits.
            otherwise: decides anew when the cloud lane cannot be used for a reason.
            on_text: called with each piece of text, and with how many came so far.
            on_notice: called with what the person should know meanwhile, and how much of it is
                done (0 to 1) where that is known.
            on_decision: called when another lane takes over, before it answers.

        Raises:
            LaneError: no usable answer came.
            TooLarge: the cloud lane cannot be used and the local one cannot hold the prompt.
        """
        if decision.lane is LaneName.CLOUD:
            answer = Answer(on_text)
            try:
                return await self._cloud(prompt, decision, settings, answer)
            except Refused as refused:
                decision = otherwise("; ".join(refused.reasons) or str(refused))
            except (LaneError, KeyUnusable) as error:
                if answer.parts:
                    raise
                decision = otherwise(str(error))
            on_decision(decision)
        return await self._local(prompt, decision, settings, Answer(on_text), on_notice)

    def calibration(self, settings: Settings, model: str) -> Calibration:
        """What the local lane's server taught about estimates of a model's tokens."""
        return self._calibrations.get((settings.local.url, model), Calibration())

    def local_window(self, settings: Settings, model: str) -> int:
        """How many tokens a model of the local lane holds: the settings' word, or the server's."""
        lane = self._locals.get(_local_key(settings))
        told = lane.window(model) if lane else None
        return min(settings.local.window, told or settings.local.window)

    async def count_local(self, prompt: Prompt, settings: Settings) -> int | None:
        """The local server's own count of a prompt's tokens; `None` where it does not tell.

        Raises:
            KeyUnusable: a key is configured and cannot be used.
            SettingsError: the local lane's URL cannot be used.
        """
        wanted = settings.local_model(prompt.action)
        lane = self._local_lane(settings)
        counted = await lane.count(wanted, lambda model: local_request(prompt, model))
        if counted is not None:
            await self._learn(prompt, settings, counted)
        return counted

    async def aclose(self) -> None:
        """Close everything that was opened."""
        for lane in self._locals.values():
            await lane.aclose()
        for gate in self._gates.values():
            await gate.aclose()
        if isinstance(self._ledger, Ledger):
            self._ledger.close()

    async def _cloud(
        self, prompt: Prompt, decision: Decision, settings: Settings, answer: Answer
    ) -> Reply:
        gate = await self._gate(settings)
        cleared = await gate.clear(prompt, reasons=decision.reasons)
        await answer.read(gate.stream(cleared))
        return answer.whole(decision, cleared.model)

    async def _local(
        self,
        prompt: Prompt,
        decision: Decision,
        settings: Settings,
        answer: Answer,
        on_notice: Notify,
    ) -> Reply:
        self._notify = on_notice
        wanted = settings.local_model(prompt.action)
        answering = await self._local_lane(settings).answering(wanted)
        if answering.stand_in:
            decision = replace(decision, reasons=(*decision.reasons, answering.stand_in))
            prompt = prompt.without_context()
        request = local_request(prompt, answering.model)
        sending = Sending(
            time=datetime.now(UTC),
            action=prompt.action,
            lane=LaneName.LOCAL,
            model=answering.model,
            host=answering.lane.host,
            body=request.body,
            files=origins(prompt),
            label=prompt.label,
            reasons=decision.reasons,
        )
        async with self._recorded(sending, answer, on_notice):
            await answer.read(answering.lane.stream(request))
        if answer.usage is not None and not answering.stand_in:
            await self._learn(prompt, settings, answer.usage.prompt)
        return answer.whole(decision, answering.model)

    async def _learn(self, prompt: Prompt, settings: Settings, counted: int) -> None:
        model = settings.local_model(prompt.action)
        estimated = await asyncio.to_thread(prompt.tokens, model)
        learned = self.calibration(settings, model).learned(estimated, counted)
        self._calibrations[settings.local.url, model] = learned

    def _local_lane(self, settings: Settings) -> Local:
        which = _local_key(settings)
        lane = self._locals.get(which)
        if lane is None:
            lane = open_local(settings, self._folders, self._environ, self._tell)
            self._locals[which] = lane
        return lane

    def _tell(self, sentence: str, share: float | None) -> None:
        """A lane outlives a request; what it has to say goes to the latest one."""
        if self._notify is not None:
            self._notify(sentence, share)

    async def _gate(self, settings: Settings) -> Gate:
        ledger = await self._open_ledger()
        gate = self._gates.get(settings)
        if gate is None:
            gate = Gate(settings, self._environ, ledger, self._read_standing(settings))
            if isinstance(ledger, Ledger):
                self._gates[settings] = gate
        return gate

    @asynccontextmanager
    async def _recorded(
        self, sending: Sending, answer: Answer, on_notice: Notify
    ) -> AsyncGenerator[None]:
        """Keep the local lane's account. It may be lost; nothing leaves the team's own machines."""
        ledger, started = await self._open_ledger(), time.monotonic()
        seq, result = None, "failed"
        try:
            if isinstance(ledger, LedgerError):
                raise ledger
            seq = await asyncio.to_thread(ledger.before_send, sending)
        except LedgerError as error:
            on_notice(str(error), None)
        try:
            yield
            result = answer.finish or "finished"
        except asyncio.CancelledError:
            result = "cancelled"
            raise
        except LaneError as error:
            result = type(error).__name__
            raise
        finally:
            if seq is not None and isinstance(ledger, Ledger):
                outcome = Outcome(result, time.monotonic() - started, answer.usage)
                with suppress(LedgerError):  # told above, or at the next request
                    await asyncio.shield(asyncio.to_thread(ledger.outcome, seq, outcome))

    async def _open_ledger(self) -> Ledger | LedgerError:
        """The ledger, tried again after a failure: a full disk may have been emptied."""
        async with self._opening:
            if not isinstance(self._ledger, Ledger):
                folder = self._folders.state / "ledger"
                try:
                    self._ledger = await asyncio.to_thread(Ledger.open, folder)
                except LedgerError as error:
                    self._ledger = error
            return self._ledger


def _local_key(settings: Settings) -> object:
    """What a local lane is opened for.

    Not all settings: another mode needs no second model in memory. The cloud's address is one of
    them, since the local lane is refused where that is.
    """
    return settings.local, settings.embedded, settings.cloud.url
