"""A sample of the catalogue of faults from outside: a real server process, and a real `twolane do`."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from support_fake_server import FakeServer, answer, chunk
from support_fault_desk import LINE, SENTENCE, Desk
from support_fault_rows_stream import STREAM_ROWS
from support_fault_rows_wire import WIRE_ROWS
from support_faults import CANARIES, MODELS, SLACK, Fault
from support_waiting import PATIENCE
from support_wire import PATIENT, Wire
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from support_faults import Row

pytestmark = pytest.mark.slow

SAMPLE = {4, 5, 6, 8, 10, 12, 15, 17, 20, 24, 26, 27, 31, 36, 39}
ROWS = sorted(
    (
        row
        for row in (*WIRE_ROWS, *STREAM_ROWS)
        if row.number in SAMPLE and row.name != "another model"
    ),
    key=lambda row: row.number,
)
KILLS = 20
START_SECONDS = 30.0


@dataclass
class Scene:
    """One fault at a desk."""

    fault: Fault
    lane: LaneName
    desk: Desk
    faulty: FakeServer
    other: FakeServer

    @property
    def file(self) -> Path:
        return self.desk.files[self.lane]

    def check(self, *said: str, applied: bool, text: str) -> None:
        """The whole answer of the local lane, or nothing at all; and a sentence that says why."""
        everything = "\n".join(said)
        assert not any(canary in everything for canary in CANARIES), everything
        assert "Traceback" not in everything
        for word in self.fault.words:
            assert word.lower() in everything.lower(), (word, everything)
        before = self.desk.text(self.lane)
        if self.lane is LaneName.LOCAL:
            assert self.other.connections == 0, "never from local to cloud"
            assert not applied
        assert (text != before) == applied, text
        assert not applied or SENTENCE in text
        assert self.desk.whole
        outcomes = [
            row.public()["outcome"] for row in self.desk.rows if row.sent["lane"] == self.lane.value
        ]
        assert outcomes == self.fault.recorded


@contextmanager
def scene(row: Row, lane: LaneName, folder: Path) -> Generator[Scene]:
    """The first seed whose fault ends in an error, at a desk."""
    for seed in range(99):
        fault = row.make(random.Random(f"outside {row} {seed}"))  # noqa: S311 - for tests
        if fault.error is not None and not fault.url:
            break
    else:
        raise AssertionError(row)
    fault = replace(fault, asked=1)  # the desk's settings allow no retries
    faulty = FakeServer(*fault.answers, models=fault.ids, models_answer=fault.models)
    other = FakeServer(answer(SENTENCE), models=MODELS)
    cloud, local = (faulty, other) if lane is LaneName.CLOUD else (other, faulty)
    with faulty.start_in_thread(), other.start_in_thread():
        desk = Desk(folder, cloud, local)
        limits = (fault.limits, None) if lane is LaneName.CLOUD else (None, fault.limits)
        desk.configure(*limits)
        yield Scene(fault, lane, desk, faulty, other)


@pytest.mark.parametrize("lane", LaneName)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_fault_at_the_command_line(row: Row, lane: LaneName, tmp_path: Path) -> None:
    with scene(row, lane, tmp_path) as at:
        place = f"{at.file}:{LINE + 1}"
        command = (sys.executable, "-m", "twolane_server.cli", "do", "docstring", place, "--apply")
        done = subprocess.run(
            command,
            env=at.desk.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=at.fault.seconds + SLACK + START_SECONDS,
        )
        applied = done.returncode == 0
        # What the model wrote is for the person who asked; the decisions are ours.
        decisions = [line for line in done.stdout.splitlines() if line.startswith("local: ")]
        said = done.stderr + "\n".join(decisions)
        at.check(said, applied=applied, text=at.file.read_bytes().decode())


@pytest.mark.parametrize("lane", LaneName)
@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_a_fault_in_an_editor(row: Row, lane: LaneName, tmp_path: Path) -> None:
    with scene(row, lane, tmp_path) as at:
        async with at.desk.editor() as editor:
            action = await at.desk.opened(editor, lane)
            done = await asyncio.wait_for(
                editor.run(action, "token"), at.fault.seconds + SLACK + START_SECONDS
            )
            said = [message.message for message in editor.messages]
            said += [str(done["decision"]), str(done["message"])]
            reports: list[Any] = editor.progress_reports["token"]
            said += [str(getattr(report, "message", "")) for report in reports]
            text = editor.texts[at.file.as_uri()]
            at.check(*said, applied=bool(done["applied"]), text=text)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX systems")
def test_row_48_a_server_that_is_killed_leaves_nothing_half_done(tmp_path: Path) -> None:
    """And the next one works at once, with the same ledger."""
    pieces = [chunk("Put "), 0.02] * 500
    slow = replace(answer(SENTENCE), pieces=tuple(pieces))
    with (
        FakeServer(slow, models=MODELS) as cloud,
        FakeServer(slow, models=MODELS) as local,
    ):
        desk = Desk(tmp_path, cloud, local)
        lanes = [LaneName.CLOUD, LaneName.LOCAL]
        for seed in range(KILLS):
            chance = random.Random(f"48 {seed}")  # noqa: S311 - moments, not secrets
            lane = lanes[seed % 2]
            wire = opened(desk, lane)
            wire.send("workspace/executeCommand", run_of(desk, lane))
            for _ in range(chance.randint(1, 12)):
                wire.until("twolane/preview")
            wire.process.send_signal(signal.SIGKILL)
            rest = wire.rest()
            assert not any(message.get("method") == "workspace/applyEdit" for message in rest)
            assert desk.files[lane].read_bytes().decode() == desk.text(lane)
            assert desk.server(lane).until_blocking(lambda one: one.broken_off)
        assert desk.whole
        assert {row.public()["outcome"] for row in desk.rows} == {"unknown"}
        assert len(desk.rows) == KILLS
        for lane, server in ((LaneName.CLOUD, cloud), (LaneName.LOCAL, local)):
            server.answers = [answer(SENTENCE)]
            wire = opened(desk, lane)
            wire.send("workspace/executeCommand", run_of(desk, lane))
            edit = wire.until("workspace/applyEdit")
            assert SENTENCE in str(edit["params"])
            wire.process.kill()
            wire.rest()
        assert desk.whole


class Listener(Wire):
    """A client that looks at what the server says by itself."""

    def send(self, method: str, params: object) -> None:
        """Ask, and do not wait."""
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})

    def until(self, method: str) -> dict[str, Any]:
        """The next message of that method; what the server asks meanwhile is answered."""
        while True:
            message = self._receive()
            if message.get("method") == method:
                return message
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})

    def rest(self) -> list[dict[str, Any]]:
        """What a server that has ended said before."""
        self.process.wait(PATIENCE)
        found: list[dict[str, Any]] = []
        try:
            while True:
                found.append(self._receive())
        except AssertionError:  # the end
            pass
        finally:
            for pipe in (self.process.stdin, self.process.stdout):
                assert pipe is not None
                pipe.close()
        return found


def opened(desk: Desk, lane: LaneName) -> Listener:
    """A server process with the lane's file open."""
    wire = Listener(PATIENT, desk.environ)
    wire.initialize(str(desk.root), {"preview": True})
    item = {
        "uri": desk.files[lane].as_uri(),
        "languageId": "python",
        "version": 1,
        "text": desk.text(lane),
    }
    wire.notify("textDocument/didOpen", {"textDocument": item})
    return wire


def run_of(desk: Desk, lane: LaneName) -> dict[str, object]:
    """The command for a docstring in the lane's file."""
    place = {"line": LINE, "character": 0}
    argument = {
        "action": "docstring",
        "uri": desk.files[lane].as_uri(),
        "range": {"start": place, "end": place},
    }
    return {"command": "twolane.run", "arguments": [argument]}
