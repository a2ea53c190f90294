"""The gate's entries, and the budget that several processes share."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from support_border import NOON
from twolane_server.border.ledger import read_rows, verify
from twolane_server.border.spending import Spending

if TYPE_CHECKING:
    from pathlib import Path

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
            await entries.record(replace(sending(b"{}"), most_usd=0.5), beyond_budget=False)
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
