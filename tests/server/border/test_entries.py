"""The gate's entries, and the budget that several processes share."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from support_border import NOON, sending
from support_waiting import PATIENCE
from twolane_server.border.entries import Entries
from twolane_server.border.ledger import Ledger, read_rows, verify
from twolane_server.border.spending import Spending
from twolane_server.settings.resolved import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.border.records import Sending

# Each process sends eight requests of at most half a dollar; three dollars are there.
PROGRAM = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from support_border import sending
from twolane_server.border.entries import Entries
from twolane_server.border.ledger import Ledger
from twolane_server.errors import Refused
from twolane_server.settings.resolved import Settings

async def main() -> int:
    ledger = Ledger.open(Path(sys.argv[1]), wait=60.0)
    entries, sent = Entries(ledger, Settings(usd_per_month=3.0)), 0
    for _ in range(8):
        try:
            wanted = replace(sending(b"{}"), most_usd=0.5)
            await entries.record(lambda: wanted, beyond_budget=False)
            sent += 1
        except Refused as refused:
            assert "of the month's budget of $3.00" in str(refused), str(refused)
    return sent

print(asyncio.run(main()))
"""


def test_processes_do_not_exceed_the_budget_together(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = [sys.executable, "-c", PROGRAM, str(folder)]
    racing = [
        subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=environ) for _ in range(3)
    ]
    sent = [int(process.communicate(timeout=120)[0]) for process in racing]
    assert sum(sent) == len(list(read_rows(folder))) == 6
    assert Spending(folder).read(NOON).usd == 3.0
    assert verify(folder).whole


async def test_who_gives_up_while_it_is_checked_leaves_no_entry(tmp_path: Path) -> None:
    begun, go_on, told = asyncio.Event(), threading.Event(), list[str]()
    loop = asyncio.get_running_loop()

    def checked() -> Sending:
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(PATIENCE)
        told.append("checked")
        return sending(b"{}")

    with closing(Ledger.open(tmp_path)) as ledger:
        entries = Entries(ledger, Settings())
        task = asyncio.create_task(entries.record(checked, beyond_budget=False))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        assert await entries.record(lambda: sending(b"[]"), beyond_budget=False) == 1
        async with asyncio.timeout(PATIENCE):
            while not told:  # noqa: ASYNC110 - written by a thread
                await asyncio.sleep(0.01)
        assert [row.text for row in ledger.rows()] == ["[]"]
