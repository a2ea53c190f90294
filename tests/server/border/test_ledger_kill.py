"""No acknowledged entry is lost when the program is killed at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from twolane_server.border.ledger import Ledger, read_rows, verify

if TYPE_CHECKING:
    from pathlib import Path

# A thousand were tried with TWOLANE_KILLS=1000; so many take ten minutes.
KILLS = int(
    os.environ.get("TWOLANE_KILLS") or (100 if os.environ.get("TWOLANE_FULL") == "1" else 30)
)
PROGRAM = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from support_border import sending
from twolane_server.border.ledger import Ledger
ledger = Ledger.open(Path({folder!r}))
while True:
    print(ledger.before_send(sending(b"x" * 3000)), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX systems")
def test_no_acknowledged_entry_is_lost_by_a_kill(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - moments, not secrets
    folder = tmp_path / "ledger"
    program = PROGRAM.format(paths=sys.path, folder=str(folder))
    acknowledged: list[int] = []
    for _ in range(KILLS):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(chance.uniform(0, 0.03))
            process.send_signal(signal.SIGKILL)
            # A last line may be cut off; only a whole one was acknowledged.
            printed = first + process.stdout.read()
        acknowledged += [int(line) for line in printed.split(b"\n")[:-1]]
        verdict = verify(folder)
        assert verdict.whole, verdict
        assert verdict.entries >= acknowledged[-1]
    recorded = [row.seq for row in read_rows(folder)]
    assert set(acknowledged) <= set(recorded)
    assert len(acknowledged) >= KILLS
    assert acknowledged == sorted(set(acknowledged))
    Ledger.open(folder).close()
