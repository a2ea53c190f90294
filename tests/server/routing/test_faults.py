"""Every row of the catalogue of faults, twenty seeds each, on both lanes.

The runner, the gate and the ledger are the product's; see `support_fault_bench` for what must hold.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support_border import prompt
from support_certificate import certificates
from support_fault_bench import faulty_names, open_bench
from support_fault_rows_stream import STREAM_ROWS
from support_fault_rows_wire import WIRE_ROWS
from support_faults import CANARIES, CLOUD_MODEL, Row
from twolane_server.border.secrets import warm
from twolane_server.lanes.base import LaneName

pytestmark = pytest.mark.slow

SEEDS = 20
AT_ONCE = 10
ROWS = sorted((*WIRE_ROWS, *STREAM_ROWS), key=lambda row: row.number)


@pytest.fixture(scope="module", autouse=True)
def _scanner() -> None:
    """What takes a second, once, is none of the lanes'."""
    warm()
    prompt("é").tokens(CLOUD_MODEL)


@pytest.fixture
def names_and_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty_names(monkeypatch)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates().authority))


@pytest.mark.parametrize("lane", LaneName)
@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.usefixtures("names_and_authorities")
async def test_a_fault(
    row: Row,
    lane: LaneName,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("INFO")
    # Names that are looked up slowly hold a thread each: they are not to wait for one another.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(32))
    some = asyncio.Semaphore(AT_ONCE)
    async with open_bench(tmp_path, {}) as bench:

        async def check(seed: int) -> None:
            async with some:
                await bench.check(row, lane, seed)

        async with asyncio.TaskGroup() as group:
            for seed in range(SEEDS):
                group.create_task(check(seed))
    told = "\n".join(record.getMessage() for record in caplog.records)
    said = caplog.text + told + "".join(capfd.readouterr())
    assert not any(canary in said for canary in CANARIES), said


ELSEWHERE = {
    37: "server/routing/test_faults_in_time.py",
    40: "server/routing/test_cancel.py",
    41: "e2e/test_cancel_storm.py",
    42: "server/routing/test_faults_in_time.py",
    43: "server/routing/test_faults_in_time.py",
    45: "server/routing/test_faults_of_the_machine.py",
    46: "server/routing/test_faults_of_the_machine.py",
    47: "server/routing/test_faults_of_the_machine.py",
    48: "e2e/test_faults.py",
}
"""The rows that are no answer of a server, and where each is tried."""


def test_no_row_is_left_out() -> None:
    tests = Path(__file__).parents[2]
    here = {row.number for row in ROWS}
    assert here.isdisjoint(ELSEWHERE)
    assert here | set(ELSEWHERE) == set(range(1, 49))
    for number, file in ELSEWHERE.items():
        named = "cancel" if number in {40, 41} else f"test_row_{number}_"
        assert named in (tests / file).read_text("utf-8"), number
