"""The only way to the cloud: a prompt becomes bytes here, and only bytes that passed leave.

This is the one module that may turn a fragment into text and the one that may obtain the cloud
lane's client (see tests/test_layers.py). `Gate.clear` gives a ticket, not the bytes: those stay in
the gate, so that nothing can be put in their place. `Gate.stream` takes the ticket once, asks every
check again with the policy as it is by then, has the ledger's entry on disk, and sends.

A check that fails or cannot run means `Refused`, for the local lane. Nothing is redacted and sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

from twolane_server.border.checks import CHECKS, Check, Facts, refusals
from twolane_server.border.cleared import Cleared
from twolane_server.border.entries import Entries, Heard
from twolane_server.border.records import Sending, origins
from twolane_server.border.refusing import refused
from twolane_server.border.searches import Searches
from twolane_server.border.wire import encode
from twolane_server.errors import LaneError, SettingsError, TwolaneError
from twolane_server.fragments import disclose
from twolane_server.lanes.base import LaneName, Request
from twolane_server.prices import most, price_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from twolane_server.border.ledger import Ledger
    from twolane_server.border.standing import Prints, ReadStanding, Standing
    from twolane_server.errors import LedgerError
    from twolane_server.lanes.base import Chunk, Lane
    from twolane_server.prompts import Prompt
    from twolane_server.settings.resolved import Price, Settings

__all__ = ["Connect", "Gate", "local_request", "objection"]

_SHORT = 50_000  # characters; a longer prompt takes a while to be encoded
_UNREAD = "what is NDA here cannot be read"
Connect: TypeAlias = "Callable[[Settings, Mapping[str, str]], Lane]"


def local_request(prompt: Prompt, model: str, salt: str | None = None) -> Request:
    """The request for the local lane, which may hold text of any label; see `salt` for the salt."""
    return Request(_encode(prompt, model, salt))


def objection(prompt: Prompt, words: tuple[str, ...], prints: Prints, by: Searches) -> str | None:
    """Why the gate would refuse what the prompt says, or `None`; for telling beforehand."""
    return by.objection(_encode(prompt, ""), words, prints)


@dataclass(frozen=True, slots=True)
class _Passage:
    """What a ticket stands for. It never leaves the gate."""

    prompt: Prompt = field(repr=False)
    sending: Sending  # but for when, what it may cost, and under which policy
    lane: Lane
    price: Price | None
    beyond_budget: bool


class Gate:
    """The border's gate for one user's settings.

    Args:
        settings: the user's; where the cloud is.
        environ: where the cloud's key may be.
        ledger: the open ledger, or the error that says why there is none.
        read_standing: reads afresh what owner and repository say; runs in a thread.
        clock: the time, with a time zone.
        connect: makes the cloud lane's client and touches no network; `lanes.cloud.open_cloud`.
        checks: what must hold; only a test that switches one off gives its own.
        searches: look for what must not leave; a caller that looks beforehand shares its own.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        ledger: Ledger | LedgerError,
        read_standing: ReadStanding,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        connect: Connect | None = None,
        checks: tuple[Check, ...] = CHECKS,
        searches: Searches | None = None,
    ) -> None:
        self._settings = settings
        self._environ = environ
        self._entries = Entries(ledger, settings)
        self._read_standing = read_standing
        self._clock = clock
        self._connect = connect
        self._checks = checks
        self._searches = searches or Searches()
        self._lane: Lane | None = None
        self._passages: WeakKeyDictionary[Cleared, _Passage] = WeakKeyDictionary()

    async def clear(
        self, prompt: Prompt, *, reasons: tuple[str, ...] = (), beyond_budget: bool = False
    ) -> Cleared:
        """Make the final bytes, and a ticket for them.

        No byte touches the network before the prompt passed with the model's configured name: where
        the server must be asked for the model's id, every check is asked before and after. Where it
        need not be, no check could tell more now than `stream` does, which asks them all.

        Args:
            prompt: what the model is to be asked.
            reasons: why it takes the cloud lane, for the ledger.
            beyond_budget: whether the person asked for it whatever the month's budget says.

        Raises:
            Refused: it must not leave, or nothing could record that it did.
            KeyUnusable: there is no key for the cloud.
            LaneError: the server does not answer, or does not have the model.
        """
        wanted = self._settings.cloud_model(prompt.action)
        lane = self._lane
        model = None if lane is None else lane.known_as(wanted)
        if lane is None or model is None:
            lane, model = await self._asked(prompt, wanted)
        price = price_of(self._settings.prices, model, wanted)
        short = prompt.characters < _SHORT
        body = _encode(prompt, model) if short else await asyncio.to_thread(_encode, prompt, model)
        sending = Sending(
            time=self._clock(),
            action=prompt.action,
            lane=LaneName.CLOUD,
            model=model,
            host=lane.host,
            body=body,
            files=origins(prompt),
            label=prompt.label,
            reasons=reasons,
            max_tokens=prompt.max_tokens,
        )
        digest = hashlib.sha256(body).hexdigest()
        cleared = Cleared(model, lane.host, len(body), digest, sending.files)
        self._passages[cleared] = _Passage(prompt, sending, lane, price, beyond_budget)
        return cleared

    async def stream(self, cleared: Cleared, until: float | None = None) -> AsyncGenerator[Chunk]:
        """Send what was cleared and yield the answer. Use it within `contextlib.aclosing`.

        A ticket opens once; where the lane failed before anything of the answer came, once more,
        for the same bytes, with every check asked again and an entry of its own in the ledger.

        Args:
            cleared: the ticket.
            until: when the answer must be whole, on the event loop's clock.

        Raises:
            Refused: the ticket is used up or not ours, the policy was tightened since, the ledger
                cannot be written, or the month's budget has no room for it.
            LaneError: the cloud gave no usable answer.
        """
        passage = self._passages.pop(cleared, None)
        if passage is None:
            raise refused(("the border has not cleared this request, or it was sent already",))
        prompt, body, started = passage.prompt, passage.sending.body, 0.0

        def checked() -> Sending:
            nonlocal started
            standing = self._checked(prompt, body, passage.lane)
            model = self._settings.cloud_model(prompt.action)
            dear = most(passage.price, prompt.tokens(model), prompt.max_tokens)
            started = time.monotonic()  # no change of the date is part of an answer's time
            now, rules = self._clock(), standing.policy_hash
            return replace(passage.sending, time=now, most_usd=dear, policy_hash=rules)

        seq = await self._entries.record(checked, beyond_budget=passage.beyond_budget)
        result, heard = "failed", Heard(passage.sending.model)
        try:
            async with aclosing(passage.lane.stream(Request(body, until))) as chunks:
                async for chunk in chunks:
                    heard.take(chunk)
                    yield chunk
            result = heard.finish or "finished"
        except (asyncio.CancelledError, GeneratorExit):
            result = heard.finish or "cancelled"
            raise
        except LaneError as error:
            result = type(error).__name__
            if not heard.begun:
                self._passages[cleared] = passage
            raise
        finally:
            outcome = heard.outcome(result, time.monotonic() - started, passage.price)
            await self._entries.conclude(seq, outcome)

    async def probe(self) -> None:
        """Ask the cloud for its list of models: a sign of life, with nothing of the user's in it.

        Raises:
            Refused: the cloud's address cannot be used.
            KeyUnusable: there is no key for the cloud.
            LaneError: the server does not answer, or does not have the model.
        """
        await self._cloud().probe()

    async def resolve(self, model: str) -> str:
        """A model's id on the server; asks it for its list at most, as `probe` does.

        Raises:
            ModelMissing: it has none of that name.
            TwolaneError: see `probe`.
        """
        return await self._cloud().resolve(model)

    def window(self, model: str) -> int:
        """How many tokens a model holds: the settings' word, or less where its server told that.

        Args:
            model: the model as the settings name it.
        """
        usual = self._settings.cloud.window
        told = None if self._lane is None else self._lane.window(model)
        return min(usual, told or usual)

    async def aclose(self) -> None:
        """Close the cloud lane's client, if there ever was one."""
        lane, self._lane = self._lane, None
        if lane is not None:
            await lane.aclose()

    def _cloud(self) -> Lane:
        if self._settings.cloud_fault:
            raise refused((self._settings.cloud_fault,))
        if self._lane is None:
            try:
                self._lane = (self._connect or _open_cloud)(self._settings, self._environ)
            except SettingsError as error:
                raise refused((str(error).rstrip("."),)) from error
        return self._lane

    async def _asked(self, prompt: Prompt, wanted: str) -> tuple[Lane, str]:
        """The lane, and the id that its server has for a model; the prompt passed with either name."""
        self._entries.ledger()
        lane = self._cloud()
        await asyncio.to_thread(self._checked, prompt, _encode(prompt, wanted), lane)
        model = await lane.resolve(wanted)
        await asyncio.to_thread(self._checked, prompt, _encode(prompt, model), lane)
        return lane, model

    def _checked(self, prompt: Prompt, body: bytes, lane: Lane) -> Standing:
        """What owner and repository say now, where every check lets the body pass; else `Refused`.

        For a thread, since to count a long prompt and to read it for words and secrets takes a while.
        """
        model, standing = self._settings.cloud_model(prompt.action), self._standing(prompt)
        facts = Facts(
            label=prompt.label,
            standing=standing,
            body=body,
            tokens=prompt.tokens(model) + prompt.max_tokens,
            window=self.window(model),
            url=self._settings.cloud.url,
            host=lane.host,
            searches=self._searches,
        )
        if found := refusals(facts, self._checks):
            raise refused(found)
        return standing

    def _standing(self, prompt: Prompt) -> Standing:
        try:
            return self._read_standing(prompt.sources)
        except (TwolaneError, OSError, ValueError) as error:
            why = str(error).rstrip(".") if isinstance(error, TwolaneError) else _UNREAD
            raise refused((why,)) from error


def _open_cloud(settings: Settings, environ: Mapping[str, str]) -> Lane:
    from twolane_server.lanes.cloud import (  # noqa: PLC0415 - HTTP is loaded only when the cloud is near
        open_cloud,
    )

    return open_cloud(settings, environ)


def _encode(prompt: Prompt, model: str, salt: str | None = None) -> bytes:
    return encode(
        model,
        [(turn.role.value, "".join(map(disclose, turn.fragments))) for turn in prompt.messages],
        max_tokens=prompt.max_tokens,
        temperature=prompt.temperature,
        stop=prompt.stop,
        cache_salt=salt,
    )
