"""Rows of the catalogue of faults that are this machine's own: disk, clock, descriptors."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from support_fake_server import FakeServer, answer
from support_fault_bench import FROM_LOCAL, Bench, open_bench, settings_of
from support_fault_rows_stream import STREAM_ROWS
from support_fault_rows_wire import WIRE_ROWS
from support_faults import CANARIES, MODELS, Row
from support_trust import make_folders
from twolane_server.border.ledger import Ledger
from twolane_server.border.secrets import warm
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="limits are a matter of POSIX systems"),
]

SEEDS = 20
CLOUD, LOCAL = LaneName.CLOUD, LaneName.LOCAL


def _locked(ledger: Path, _chance: random.Random) -> Callable[[], None]:
    other = sqlite3.connect(ledger / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other.close


def _without_its_head(ledger: Path, _chance: random.Random) -> Callable[[], None]:
    (ledger / "ledger.head").unlink()
    return lambda: None


def _cut(ledger: Path, chance: random.Random) -> Callable[[], None]:
    with closing(sqlite3.connect(ledger / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("DELETE FROM entries WHERE seq > ?", (chance.randint(0, 1),))
    return lambda: None


SPOILS = {"locked": _locked, "without its head": _without_its_head, "cut": _cut}


@pytest.mark.parametrize("spoil", SPOILS)
async def test_row_45_without_a_ledger_nothing_goes_to_the_cloud(
    spoil: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ledger, "open", partial(Ledger.open, wait=0.05))
    for seed in range(SEEDS):
        chance = random.Random(f"45 {spoil} {seed}")  # noqa: S311 - for tests
        servers = FakeServer(models=MODELS), FakeServer(answer(FROM_LOCAL), models=MODELS)
        folder = tmp_path / str(seed)
        bench = Bench(make_folders(folder), {})
        async with servers[0] as cloud, servers[1] as local:
            settings = settings_of(bench, cloud.url, local.url)
            for _ in range(chance.randint(1, 3)):
                assert (await bench.run(CLOUD, settings)).exchanged == ""
            sent = len(cloud.chats)
            undo = SPOILS[spoil](folder / "state" / "ledger", chance)
            told = await bench.run(CLOUD, settings)
            assert "the ledger cannot be written" in told.exchanged, told.sentences
            assert told.refused
            assert told.reply is not None
            assert told.reply.text == FROM_LOCAL
            assert len(cloud.chats) == sent
            assert not any(canary in said for said in told.sentences for canary in CANARIES)
            undo()
            await bench.runner.aclose()


FULL = """
import asyncio, json, resource, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from support_fault_bench import Bench, settings_of
from support_trust import make_folders
from twolane_server.border.ledger import read_rows
from twolane_server.border.secrets import warm
from twolane_server.lanes.base import LaneName

async def one(folder, size):
    bench = Bench(make_folders(folder), {{}})
    settings = settings_of(bench, {cloud!r}, {local!r})
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    sent, told = 0, None
    while told is None or not told.exchanged:
        told = await bench.run(LaneName.CLOUD, settings)
        sent += not told.exchanged
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    again = await bench.run(LaneName.CLOUD, settings)
    await bench.close()
    rows = [row for row in read_rows(folder / "state" / "ledger") if row.text is not None]
    return dict(sent=sent, why=told.exchanged, recorded=len(rows), text=told.reply.text,
                again=again.exchanged, said=told.sentences)

warm()
print(json.dumps([asyncio.run(one(Path(folder), size)) for folder, size in {work!r}]))
"""


def test_row_45_a_full_disk_lets_nothing_out_unrecorded(tmp_path: Path) -> None:
    chance = random.Random(45)  # noqa: S311 - for tests
    work = [(str(tmp_path / str(seed)), chance.randint(30_000, 120_000)) for seed in range(SEEDS)]
    cloud = FakeServer(models=MODELS)
    local = FakeServer(answer(FROM_LOCAL), models=MODELS)
    with cloud.start_in_thread(), local.start_in_thread():
        found = _child(FULL, cloud=cloud.url, local=local.url, work=work)
        for one in found:
            assert "the ledger cannot be written" in one["why"]
            assert one["text"] == FROM_LOCAL
            assert one["again"] == "", "with room again, the cloud is used again"
            assert one["sent"] + 1 <= one["recorded"] <= one["sent"] + 2
            assert not any(canary in said for said in one["said"] for canary in CANARIES)
        assert len(cloud.chats) == sum(one["sent"] + 1 for one in found)


def _child(program: str, **values: object) -> list[dict[str, Any]]:
    """What a program in a process of its own printed; it printed nothing else."""
    paths = [str(__file__).rpartition("/")[0], *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", program.format(paths=paths, **values)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert not any(canary in done.stderr for canary in CANARIES)
    return json.loads(done.stdout)


class _Jumping(datetime):
    """A clock that is set forth and back by hours, again and again."""

    chance = random.Random(46)  # noqa: S311 - for tests

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(hours=cls.chance.uniform(-30, 30))


@pytest.fixture
def jumping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set this process's clock forth and back, as far as Python code can see it."""
    really, chance = time.time, random.Random(46)  # noqa: S311 - for tests
    monkeypatch.setattr(time, "time", lambda: really() + chance.uniform(-1e5, 1e5))
    for name, module in list(sys.modules.items()):
        if name.startswith("twolane_server.") and getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", _Jumping)


TIMED = [row for row in (*STREAM_ROWS, *WIRE_ROWS) if row.number in {4, 5, 6, 7, 34, 36, 38}]


@pytest.mark.usefixtures("jumping")
@pytest.mark.parametrize("lane", LaneName)
@pytest.mark.parametrize("row", TIMED, ids=str)
async def test_row_46_no_limit_moves_with_the_clock(
    row: Row, lane: LaneName, tmp_path: Path
) -> None:
    warm()
    async with open_bench(tmp_path, {}) as bench:
        some = asyncio.Semaphore(10)

        async def one(seed: int) -> None:
            async with some:
                await bench.check(row, lane, seed)

        async with asyncio.TaskGroup() as group:
            for seed in range(SEEDS):
                group.create_task(one(seed))
        for entry in bench.rows:
            seconds = entry.whole()["seconds"]
            assert isinstance(seconds, float)
            assert 0.0 <= seconds < 100.0, "an hour's jump is no hour's work"


FILES = """
import asyncio, json, os, resource, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from support_fault_bench import Bench, settings_of
from support_trust import make_folders
from twolane_server.border.secrets import warm
from twolane_server.lanes.base import LaneName

hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

async def one(folder, lane, spare, before):
    bench = Bench(make_folders(Path(folder)), {{}})
    settings = settings_of(bench, {cloud!r}, {local!r})
    if before:
        await bench.run(LaneName(lane), settings)
    used = max(map(int, os.listdir("/proc/self/fd"))) + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + spare, hard))
    told = await bench.run(LaneName(lane), settings)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for _ in range(400):
        again = await bench.run(LaneName(lane), settings)
        if again.reply is not None:
            break
        await asyncio.sleep(0.25)
    await bench.close()
    return dict(seconds=told.seconds, error=told.error and type(told.error).__name__,
                reply=told.reply and told.reply.text, said=told.sentences,
                again=again.reply and again.reply.text)

warm()
print(json.dumps([asyncio.run(one(*each)) for each in {work!r}]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
@pytest.mark.parametrize("lane", LaneName)
def test_row_47_without_descriptors_it_says_so_and_recovers(lane: LaneName, tmp_path: Path) -> None:
    work = [
        (str(tmp_path / str(seed)), lane.value, seed % 10, seed >= SEEDS // 2)
        for seed in range(SEEDS)
    ]
    cloud, local = FakeServer(models=MODELS), FakeServer(answer(FROM_LOCAL), models=MODELS)
    with cloud.start_in_thread(), local.start_in_thread():
        found = _child(FILES, cloud=cloud.url, local=local.url, work=work)
        if lane is LOCAL:
            assert cloud.connections == 0, "never from local to cloud"
    failed = [one for one in found if one["error"] is not None]
    assert failed, "some had too few"
    for one in found:
        assert (one["error"] is None) == (one["reply"] is not None)
        assert one["seconds"] < 60.0
        assert one["again"], one
        assert not any(canary in said for said in one["said"] for canary in CANARIES)
    for one in failed:
        assert one["error"] in {"OutOfFiles", "LedgerError", "LaneUnreachable"}, one
        assert any("open files" in said for said in one["said"]), one
