"""The bench for faults: the product's runner, gate and ledger before servers that misbehave."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import time
import traceback
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from support_border import OPEN, prompt
from support_fake_server import FakeServer, answer
from support_fault_rows_wire import KEY_PLACE
from support_faults import CANARIES, CLOUD_MODEL, KEY, MODELS, PROMPT, SLACK
from twolane_server.border.ledger import read_rows, verify
from twolane_server.errors import TwolaneError
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.routing.choose import Decision
from twolane_server.routing.run import Runner
from twolane_server.settings.resolved import (
    EmbeddedSettings,
    Folders,
    HealthSettings,
    KeySource,
    LaneSettings,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from pathlib import Path

    import pytest

    from support_faults import Fault, Limits, Row
    from twolane_server.border.records import Row as LedgerRow
    from twolane_server.routing.run import Reply

__all__ = ["Bench", "Told", "faulty_names", "open_bench", "settings_for", "settings_of"]

ADVICE = re.compile(
    r"\b(try again|run the action again|check|correct|start|add|load|select|write|put|set|top it up"
    r"|use a larger|close some)\b",
    re.IGNORECASE,
)
"""A sentence that tells the person what to do has one of these."""

FROM_LOCAL = "The local lane took over."


@dataclass
class Told:
    """What a person sees of one request.

    Attributes:
        pieces: the text that came, of whichever lane.
        before: how many of the pieces came before another lane took over.
        exchanged: why another lane took over; empty if none did.
        refused: whether that was the border's word.
        sentences: all that was said.
        error: how it failed, if it did.
        reply: the whole answer, if there is one.
        seconds: how long it took.
    """

    pieces: list[str] = field(default_factory=list[str])
    before: int | None = None
    exchanged: str = ""
    refused: bool = False
    sentences: list[str] = field(default_factory=list[str])
    error: TwolaneError | None = None
    reply: Reply | None = None
    seconds: float = 0.0


@dataclass
class Bench:
    """One runner with one ledger; each request has servers of its own."""

    folders: Folders
    environ: dict[str, str]

    def __post_init__(self) -> None:
        self.runner = Runner(
            self.folders, self.environ, lambda _settings: lambda _origins: OPEN, lambda: 0.1
        )

    async def run(self, lane: LaneName, settings: Settings, why: str = "as asked") -> Told:
        """One request, and all that comes of it; the ledger has it under the reason `why`."""
        told, begin = Told(), time.monotonic()
        model = settings.cloud.model if lane is LaneName.CLOUD else settings.local.model

        def otherwise(why: str, *, refused: bool = False) -> Decision:
            told.exchanged, told.refused = why, refused
            return Decision(LaneName.LOCAL, settings.local.model, Label.OPEN, (why,))

        def on_decision(taken: Decision) -> None:
            told.before = len(told.pieces)
            told.sentences.append(str(taken))

        try:
            told.reply = await self.runner.run(
                prompt(f"def {PROMPT}(): ...", Label.NDA if lane is LaneName.LOCAL else Label.OPEN),
                Decision(lane, model, Label.OPEN, (why,)),
                settings,
                otherwise=otherwise,
                on_text=lambda text, _count: told.pieces.append(text),
                on_notice=lambda sentence, _share: told.sentences.append(sentence),
                on_decision=on_decision,
            )
        except TwolaneError as error:
            told.error = error
            told.sentences.append(str(error))
        told.seconds = time.monotonic() - begin
        return told

    async def check(self, row: Row, lane: LaneName, seed: int) -> None:
        """Run a row with a seed on a lane, and see that everything is as required."""
        fault = row.make(random.Random(f"{row} {lane} {seed}"))  # noqa: S311 - for tests
        key = f"{KEY_PLACE}_{seed}"
        self.environ[key] = fault.key
        own = FakeServer(
            *fault.answers, models=fault.ids, models_answer=fault.models, tls=fault.tls
        )
        other = FakeServer(answer(FROM_LOCAL), models=MODELS)
        async with own as server, other as healthy:
            url = fault.url.replace("{host}", server.host) or server.url
            faulty = replace(_lane(lane, url, key, fault.limits), retries=fault.retries)
            good = _lane(_OTHER[lane], healthy.url, key="" if lane is LaneName.CLOUD else key)
            local, cloud = (faulty, good) if lane is LaneName.LOCAL else (good, faulty)
            settings = Settings(local=local, cloud=cloud, embedded=EmbeddedSettings(enabled=False))
            told = await self.run(lane, settings, f"seed {seed}")
            where = f"{row}, {lane}, seed {seed}: {told.sentences}"
            _check_end(fault, lane, told, where)
            _check_sentences(told, where)
            crossed = lane is LaneName.CLOUD and told.exchanged
            assert bool(healthy.connections) == bool(crossed), where
            assert len(server.chats) == fault.asked * fault.sent, where
            if fault.error is not None and fault.limits.short and server.connections:
                assert await server.until(lambda one: one.broken_off or not one.open), where
            self._check_ledger(fault, lane, f"seed {seed}", where)
            if lane in fault.rests:
                self._check_rest(await self.run(lane, settings), where)
                assert len(server.chats) == fault.asked * fault.sent, where
            if fault.error is None:
                sent = {each.headers.get("authorization") for each in server.requests}
                assert sent == {f"Bearer {fault.key.strip()}"}, where

    def _check_rest(self, told: Told, where: str) -> None:
        """Nobody asks the server now: open work is done elsewhere at once."""
        assert "left alone for" in told.exchanged, where
        assert told.reply is not None, where
        assert told.reply.text == FROM_LOCAL, where
        assert told.seconds <= SLACK, where
        _check_sentences(told, where)

    def _check_ledger(self, fault: Fault, lane: LaneName, why: str, where: str) -> None:
        """One entry for what was sent, with its end; none for what was not."""
        rows = [row for row in self.rows if row.reasons == (why,)]
        found = [(row.sent["lane"], row.public()["outcome"]) for row in rows]
        assert found == [(lane.value, outcome) for outcome in fault.recorded], (where, found)
        if fault.answered_by is not None:
            assert [row.whole()["answered_by"] for row in rows] == [fault.answered_by], where

    @property
    def rows(self) -> list[LedgerRow]:
        """What the ledger has."""
        return list(read_rows(self.folders.state / "ledger"))

    async def close(self) -> None:
        """Close the runner; the ledger must be whole."""
        await self.runner.aclose()
        assert verify(self.folders.state / "ledger").whole


_OTHER = {LaneName.LOCAL: LaneName.CLOUD, LaneName.CLOUD: LaneName.LOCAL}


def _lane(lane: LaneName, url: str, key: str, limits: Limits | None = None) -> LaneSettings:
    model = CLOUD_MODEL if lane is LaneName.CLOUD else "Qwen3-Coder"
    source = KeySource(environment=key) if key else KeySource()
    if limits is None:
        return LaneSettings(url, model, source, retries=0)
    return LaneSettings(
        url,
        model,
        source,
        connect_seconds=limits.connect,
        idle_seconds=limits.idle,
        deadline_seconds=limits.deadline,
        retries=0,
    )


def settings_for(bench: Bench, lane: LaneName, server: FakeServer, *, at_once: int = 4) -> Settings:
    """A server for one lane; nobody on the other, and no model in this process."""
    nobody = "http://127.0.0.1:9/v1"
    urls = (nobody, server.url) if lane is LaneName.LOCAL else (server.url, nobody)
    return settings_of(bench, *urls, at_once=at_once)


def settings_of(
    bench: Bench,
    cloud: str,
    local: str,
    *,
    limits: Limits | None = None,
    health: HealthSettings | None = None,
    at_once: int = 4,
) -> Settings:
    """Two addresses, each asked once; no model in this process."""
    bench.environ[KEY_PLACE] = KEY
    return Settings(
        cloud=replace(_lane(LaneName.CLOUD, cloud, KEY_PLACE, limits), concurrency=at_once),
        local=replace(_lane(LaneName.LOCAL, local, KEY_PLACE, limits), concurrency=at_once),
        embedded=EmbeddedSettings(enabled=False),
        health=health or HealthSettings(),
    )


def _check_end(fault: Fault, lane: LaneName, told: Told, where: str) -> None:
    """The whole answer, or the one error, in time; never a part of an answer."""
    assert fault.at_least <= told.seconds <= fault.seconds + SLACK, (where, told.seconds)
    if fault.error is None:
        assert told.reply is not None, where
        assert (told.reply.text, told.exchanged) == (fault.text, ""), where
        return
    said = bool(told.pieces) if told.before is None else told.before > 0
    assert fault.said in {None, said}, (where, told.pieces)
    if lane is LaneName.CLOUD and not said:
        assert told.reply is not None, where
        assert told.reply.text == FROM_LOCAL, where
        sentence = told.exchanged
    else:
        assert (told.reply, told.exchanged) == (None, ""), where
        assert type(told.error) is fault.error, where
        sentence = str(told.error)
    for word in fault.words:
        assert word.lower() in sentence.lower(), (word, where)
    assert ADVICE.search(sentence), where


def _check_sentences(told: Told, where: str) -> None:
    for sentence in told.sentences:
        assert not any(canary in sentence for canary in CANARIES), where
        assert "Traceback" not in sentence, where
    if told.error is not None:  # whoever logs it with its causes tells no more
        trace = "".join(traceback.format_exception(told.error))
        assert not any(canary in trace for canary in CANARIES), trace


@asynccontextmanager
async def open_bench(folder: Path, environ: Mapping[str, str]) -> AsyncGenerator[Bench]:
    """A bench in a folder; at its end nothing is left open and no task is left behind."""
    before = asyncio.all_tasks()
    bench = Bench(Folders(folder / "config", folder / "state", folder / "cache"), dict(environ))
    try:
        yield bench
    finally:
        await bench.close()
    await asyncio.sleep(0)
    left = asyncio.all_tasks() - before
    assert not left, left


def faulty_names(patch: pytest.MonkeyPatch) -> None:
    """Make names that end in `.invalid` fail in the way that their first part says.

    A name `trap.invalid` is one that nobody may look up.
    """
    really = socket.getaddrinfo

    def look_up(host: str | bytes | None, *more: object, **named: object) -> object:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if not name.endswith(".invalid"):
            return really(host, *more, **named)  # type: ignore[arg-type]
        assert "trap" not in name
        how = name.partition("-")[0]
        if how == "slow":
            time.sleep(0.6)
        errors = {"again": socket.EAI_AGAIN, "failed": socket.EAI_FAIL}
        raise socket.gaierror(errors.get(how, socket.EAI_NONAME), "no such name")

    patch.setattr(socket, "getaddrinfo", look_up)
