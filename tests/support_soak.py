"""A soak: two editors on one repository, each with a server process of its own, and faults at random."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from support_fake_server import FakeServer, answer
from support_fault_desk import LINE, SENTENCE, Desk, Process
from support_fault_rows_stream import STREAM_ROWS
from support_fault_rows_wire import WIRE_ROWS
from support_faults import CANARIES, MODELS, Limits
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from pathlib import Path

    from support_fake_server import Answer, Received
    from support_lsp import Editor

__all__ = ["MOST_GROWN", "Soak", "soak"]

MOST_GROWN = 1.05
SAMPLE_SECONDS = 0.5
LIMITS = Limits(connect=0.5, idle=0.4, deadline=1.5)
LIVELY = "[health]\nrest_seconds = 0.5\nlongest_rest_seconds = 2.0\nrollback_seconds = 1.0\n"
_FAULTY = tuple(
    row for row in (*STREAM_ROWS, *WIRE_ROWS) if row.number not in {1, 2, 3, 28, 29, 30, 34, 35}
)


class Fickle(FakeServer):
    """A server whose every answer is good or bad as chance has it.

    Args:
        chance: decides.
    """

    def __init__(self, chance: random.Random) -> None:
        super().__init__(models=MODELS)
        self._chance = chance

    def _chosen(self, request: Received) -> Answer:
        bad = self._chance.random() < 0.35
        if request.method == "POST":
            self.answers = [answer(SENTENCE, delay=self._chance.choice((0.0, 0.01, 0.05)))]
            if bad and (found := self._chance.choice(_FAULTY).make(self._chance).answers):
                self.answers = found
        elif bad and self._chance.random() < 0.2:
            self.models_answer = self._chance.choice(_FAULTY).make(self._chance).models
        else:
            self.models_answer = None
        return super()._chosen(request)


@dataclass
class Soak:
    """What came of it.

    Attributes:
        counts: how often what was done and how it ended.
        memory: of each server process, in KB: after the warm-up, and at the end.
        wrong: what may not be.
    """

    counts: Counter[str] = field(default_factory=Counter[str])
    memory: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    wrong: list[str] = field(default_factory=list[str])


async def soak(
    folder: Path, seconds: float, *, seed: int = 0, most_grown: float = MOST_GROWN
) -> Soak:
    """Have two people work for some seconds, the first third of which is the warm-up.

    Args:
        folder: for all of it.
        seconds: how long.
        seed: of what happens.
        most_grown: what the memory of a server process may have grown to, after the warm-up.
    """
    chance, found = random.Random(seed), Soak()  # noqa: S311 - for tests
    cloud, local = (Fickle(random.Random(f"{seed} {name}")) for name in LaneName)  # noqa: S311
    with cloud.start_in_thread(), local.start_in_thread():
        desk = Desk(folder, cloud, local)
        desk.configure(LIMITS, LIMITS, LIVELY)
        async with desk.editor() as one, desk.editor() as other:
            begin = time.monotonic()
            until = begin + seconds
            async with asyncio.TaskGroup() as group:
                for editor in (one, other):
                    mind = random.Random(chance.random())  # noqa: S311 - for tests
                    group.create_task(_person(editor, desk, mind, until, found))
                    group.create_task(_weigh(editor, begin + seconds / 3, until, found))
            for editor in (one, other):
                told = [message.message for message in editor.messages]
                told += [message.message for message in editor.log_messages]
                if any(canary in each for each in told for canary in CANARIES):
                    found.wrong.append("a message holds what is nobody's business")
    if b"TARIFF" in cloud.received:
        found.wrong.append("code under NDA reached the cloud")
    if not desk.whole:
        found.wrong.append("the ledger is not whole")
    found.counts.update(f"ledger: {row.public()['outcome']}" for row in desk.rows)
    if any(warm * most_grown < end for warm, end in found.memory):
        found.wrong.append(f"memory grew: {found.memory}")
    return found


async def _weigh(editor: Editor, warm: float, until: float, found: Soak) -> None:
    """The memory of a server process, sampled after the warm-up."""
    process, samples = Process.behind(editor), list[int]()
    await asyncio.sleep(warm - time.monotonic())
    while time.monotonic() < until:
        samples.append(process.memory)
        await asyncio.sleep(SAMPLE_SECONDS)
    few = max(1, len(samples) // 8)
    found.memory.append((round(median(samples[:few])), round(median(samples[-few:]))))


async def _person(
    editor: Editor, desk: Desk, chance: random.Random, until: float, found: Soak
) -> None:
    """Type, look at the menu, run something, change one's mind; until the time is over."""
    for lane in LaneName:
        await desk.opened(editor, lane)
    number = 0
    while time.monotonic() < until:
        uri = desk.files[chance.choice(list(LaneName))].as_uri()
        what = chance.choices(("types", "looks", "runs"), (5, 2, 3))[0]
        found.counts[what] += 1
        if what == "types":
            _type(editor, uri, chance)
            await asyncio.sleep(chance.uniform(0.01, 0.1))
        elif what == "looks":
            await editor.actions(uri, LINE)
        else:
            number += 1
            found.counts[await _run(editor, uri, chance, f"{id(editor)} {number}")] += 1


def _type(editor: Editor, uri: str, chance: random.Random) -> None:
    """A comment in the second line, or none."""
    line = editor.texts[uri].split("\n")[1]
    area = types.Range(types.Position(1, 0), types.Position(1, len(line)))
    word = chance.choice(("", "# é", "# to do", "# a b c"))
    editor.replace(uri, area, word)


async def _run(editor: Editor, uri: str, chance: random.Random, token: str) -> str:
    """Run an action, perhaps cancel it, and take its edit back; how it ended."""
    found = await editor.actions(uri, LINE)
    if not found:
        return "nothing offered"
    running = editor.run(found[0], token)
    cancels = chance.random() < 0.3
    if cancels:
        await asyncio.sleep(chance.uniform(0, 0.2))
        editor.cancel_request(types.CancelParams(token))
    elif chance.random() < 0.3:
        await asyncio.sleep(chance.uniform(0, 0.1))
        _type(editor, uri, chance)
    async with asyncio.timeout(60):
        await asyncio.wait({running})
    editor.previews.clear()
    error = running.exception()
    if error is not None:
        assert cancels, error
        return "cancelled"
    done: dict[str, Any] = running.result()
    if done["applied"]:
        editor.undo()
        return "applied"
    return "told why not"
