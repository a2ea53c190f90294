"""A ledger that cannot be written: nothing is sent, and what was sent before is on record."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from typing import TYPE_CHECKING

import pytest

from support_border import OPEN, RecordingCloud, prompt
from support_disk import ordinary_user
from twolane_server.border.gate import Gate
from twolane_server.border.ledger import Ledger, read_rows, verify
from twolane_server.errors import LedgerError, Refused
from twolane_server.settings.resolved import LaneSettings, Settings

if TYPE_CHECKING:
    from pathlib import Path

RELAY = Settings(cloud=LaneSettings("https://api.example.test/v1", "deepseek-v3.2"))


async def send(ledger: Ledger | LedgerError, cloud: RecordingCloud) -> None:
    """One request through the gate."""
    gate = Gate(RELAY, {}, ledger, lambda _: OPEN, connect=lambda _s, _e: cloud)
    async with aclosing(gate.stream(await gate.clear(prompt("x = 1\n" * 800)))) as chunks:
        async for _ in chunks:
            pass


async def send_until_refused(folder: Path) -> dict[str, object]:
    """How many requests went out until one did not, and what was on record by then."""
    cloud = RecordingCloud()
    with closing(Ledger.open(folder)) as ledger:
        why, recorded = "", 0
        while not why and len(cloud.bodies) < 1000:
            try:
                await send(ledger, cloud)
            except Refused as refused:
                why = str(refused)
            # The entry of a request is there before its bytes go out.
            recorded = sum(1 for _ in ledger.rows())
            assert len(cloud.bodies) <= recorded
    return {"sent": len(cloud.bodies), "recorded": recorded, "why": why}


# An ordinary user may not be let into Python's own folder, and asyncio imports this late.
_BEFOREHAND = ThreadPoolExecutor

PROGRAM = """
import asyncio, json, resource, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from support_border import RecordingCloud
from test_ledger_disk import send, send_until_refused
from twolane_server.border.ledger import Ledger, read_rows, verify
from twolane_server.border.secrets import warm
warm()
folder = Path({folder!r})
if {limited}:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
else:
    (folder / "film").write_bytes(bytes(300_000))
found = asyncio.run(send_until_refused(folder / "ledger"))
if {limited}:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
else:
    (folder / "film").unlink()
found["whole"] = verify(folder / "ledger").whole
cloud = RecordingCloud()
asyncio.run(send(Ledger.open(folder / "ledger"), cloud))
print(json.dumps(found | {{"again": len(cloud.bodies)}}))
"""


@pytest.mark.parametrize("limited", [True, False], ids=["a limit on files", "a small disk"])
@pytest.mark.skipif(
    sys.platform == "win32", reason="limits and mounts are a matter of POSIX systems"
)
def test_a_disk_that_fills_up_lets_nothing_out_unrecorded(tmp_path: Path, *, limited: bool) -> None:
    paths = [str(__file__).rpartition("/")[0], *sys.path]
    program = PROGRAM.format(paths=paths, folder=str(tmp_path), limited=limited)
    command = [sys.executable, "-c", program]
    if not limited:
        mount = f'mount -t tmpfs -o size=1m small {tmp_path} && exec "$@"'
        command = ["unshare", "-rm", "sh", "-c", mount, "sh", *command]
        allowed = (
            shutil.which("unshare")
            and not subprocess.run(
                ["unshare", "-rm", "true"], check=False, capture_output=True
            ).returncode
        )
        if not allowed:
            pytest.skip("no mounts of one's own are allowed here")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert "nothing is sent to the cloud" in found["why"]
    assert ("check that disk" if limited else "free some space") in found["why"]
    assert 0 < found["sent"] <= found["recorded"] <= found["sent"] + 1
    assert found["whole"]
    assert found["again"] == 1, "with space again, the ledger goes on"


def test_a_ledger_that_was_put_away_where_nothing_can_be_written_can_be_read() -> None:
    """As an auditor's copy on a disk that can only be read."""
    with ordinary_user() as folder:
        with closing(Ledger.open(folder / "ledger")) as ledger:
            asyncio.run(send(ledger, RecordingCloud()))
        assert {file.name for file in (folder / "ledger").iterdir()} == {
            "ledger.sqlite",
            "ledger.head",
        }
        for file in (folder / "ledger").iterdir():
            file.chmod(0o400)
        (folder / "ledger").chmod(0o500)
        assert verify(folder / "ledger").whole
        assert len(list(read_rows(folder / "ledger"))) == 1
        with pytest.raises(LedgerError, match="yours and writable"):
            Ledger.open(folder / "ledger")


def test_what_is_left_to_be_read_beside_a_ledger_is_not_passed_over() -> None:
    with ordinary_user() as folder:
        copy = folder / "copy"
        with closing(Ledger.open(folder / "ledger")) as ledger:
            asyncio.run(send(ledger, RecordingCloud()))
            shutil.copytree(folder / "ledger", copy, ignore=shutil.ignore_patterns("*-shm"))
        copy.chmod(0o500)
        with pytest.raises(LedgerError, match="cannot be written"):
            verify(copy)
        copy.chmod(0o700)
        assert verify(copy).whole


async def test_a_ledger_that_is_locked_lets_nothing_out(tmp_path: Path) -> None:
    cloud = RecordingCloud()
    with (
        closing(Ledger.open(tmp_path, wait=0.05)) as ledger,
        closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Refused, match="locked by another process"):
            await send(ledger, cloud)
        assert cloud.bodies == []
        other.execute("ROLLBACK")
        await send(ledger, cloud)
    assert len(cloud.bodies) == 1


def test_a_ledger_that_can_only_be_read_lets_nothing_out() -> None:
    cloud = RecordingCloud()
    with ordinary_user() as folder:
        with closing(Ledger.open(folder / "ledger")) as ledger:
            for file in (folder / "ledger").iterdir():
                file.chmod(0o400)
            (folder / "ledger").chmod(0o500)
            with pytest.raises(Refused, match="yours and writable"):
                asyncio.run(send(ledger, cloud))
        with pytest.raises(LedgerError, match="yours and writable") as unwritable:
            Ledger.open(folder / "ledger")
        with pytest.raises(Refused, match="nothing is sent to the cloud"):
            asyncio.run(send(unwritable.value, cloud))
        assert cloud.bodies == []
        assert verify(folder / "ledger").whole
