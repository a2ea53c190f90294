"""A thousand cancels at a real server process, by request and by progress token."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from statistics import quantiles
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

from support_fake_server import FOREVER, Answer, FakeServer, answer, chunk
from support_fault_desk import LINE, SENTENCE, Desk, Process
from support_faults import MODELS
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from pathlib import Path

    from support_lsp import Editor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="memory and files are read in /proc"),
]

STORM = 1_000
WARM_UP = 300
AT_ONCE = 10
FREE_SECONDS = 0.05
ROUNDS = 12
GROWN = 1.05
MORE_FILES = 8
SLOT_SECONDS = 10.0  # far less than any limit that would close it


def moments(chance: random.Random) -> Answer:
    """An answer that is never whole."""
    return chance.choice(
        (
            Answer((FOREVER,), status=0),
            Answer((b": keep-alive\n\n", 0.005), repeat=True),
            Answer((chunk("Say "), FOREVER)),
            Answer((chunk("word "), 0.005), repeat=True),
        )
    )


async def one(editor: Editor, action: types.CodeAction, chance: random.Random, name: str) -> float:
    """Run the action, cancel it in one of two ways; the seconds until the client is free."""
    running = editor.run(action, name)
    await asyncio.sleep(chance.uniform(0.0, 0.2))
    begin = time.perf_counter()
    if chance.random() < 0.5 and editor.progress_reports[name]:
        editor.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(name))
    else:
        editor.cancel_request(types.CancelParams(name))
    ended, _ = await asyncio.wait({running}, timeout=10)
    assert ended, "the client waits for its cancelled request"
    error = running.exception()
    assert error is not None, running.result()
    assert "cancel" in str(error).lower(), error
    return time.perf_counter() - begin


async def storm(
    editor: Editor, action: types.CodeAction, chance: random.Random, names: range
) -> None:
    """Many, some of them at a time."""
    some = asyncio.Semaphore(AT_ONCE)

    async def guarded(name: str) -> None:
        async with some:
            await one(editor, action, chance, name)

    async with asyncio.TaskGroup() as group:
        for at in names:
            group.create_task(guarded(f"token {at}"))


@pytest.mark.parametrize("lane", LaneName)
async def test_the_client_is_free_at_once(lane: LaneName, tmp_path: Path) -> None:
    chance = random.Random(f"free {lane}")  # noqa: S311 - moments, not secrets
    answers = [moments(chance) for _ in range(ROUNDS * 20)]
    cloud, local = FakeServer(*answers, models=MODELS), FakeServer(*answers, models=MODELS)
    with cloud.start_in_thread(), local.start_in_thread():
        desk = Desk(tmp_path, cloud, local)
        async with desk.editor() as editor:
            action = await desk.opened(editor, lane)
            # A busy machine only adds to a time, and to that of any other message: the best of a few
            # rounds says what it takes, beside a look at the menu in the same moment.
            over = [1.0]
            for first in range(0, ROUNDS * 20, 20):
                freed, looks = list[float](), list[float]()
                for at in range(first, first + 20):
                    freed.append(await one(editor, action, chance, f"token {at}"))
                    begin = time.perf_counter()
                    await editor.actions(desk.files[lane].as_uri(), LINE)
                    looks.append(time.perf_counter() - begin)
                over.append(quantiles(freed, n=20)[-1] - quantiles(looks, n=20)[-1])
                if over[-1] <= FREE_SECONDS:
                    break
            assert min(over) <= FREE_SECONDS, over


@pytest.mark.parametrize("lane", LaneName)
async def test_a_storm_of_cancels_at_a_server_process(lane: LaneName, tmp_path: Path) -> None:
    chance = random.Random(f"storm {lane}")  # noqa: S311 - moments, not secrets
    some = FakeServer(*(moments(chance) for _ in range(WARM_UP + STORM)), models=MODELS)
    other = FakeServer(models=MODELS)
    servers = (some, other) if lane is LaneName.CLOUD else (other, some)
    with some.start_in_thread(), other.start_in_thread():
        desk = Desk(tmp_path, *servers)
        async with desk.editor() as editor:
            process = Process.behind(editor)
            action = await desk.opened(editor, lane)
            await storm(editor, action, chance, range(WARM_UP))
            memory, files, threads = process.memory, process.files, process.threads
            await storm(editor, action, chance, range(WARM_UP, WARM_UP + STORM))
            assert await some.until(lambda one: one.open <= MORE_FILES, SLOT_SECONDS), some.open
            assert process.memory <= memory * GROWN, (memory, process.memory)
            assert process.files <= files + MORE_FILES
            assert process.threads <= threads + 2
            assert editor.edits == []
            assert editor.texts[desk.files[lane].as_uri()] == desk.text(lane)
            some.answers = [answer(SENTENCE)]
            assert (await editor.run(action, "the last"))["applied"] is True
        assert desk.whole
        outcomes = [row.public()["outcome"] for row in desk.rows]
        assert set(outcomes) == {"cancelled", "stop"}, set(outcomes)
        assert outcomes.count("stop") == 1
        assert len(outcomes) > STORM // 10, "most came late enough to have been sent"
        assert other.connections == 0 or lane is LaneName.CLOUD, "never from local to cloud"
