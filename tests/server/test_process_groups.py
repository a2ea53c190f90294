"""A program is ended with all that it started; on Windows by the system's own tool, which is played here."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from support_processes import is_alive
from support_waiting import PATIENCE
from twolane_server.process_groups import end, in_a_group

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it plays Windows on POSIX")

# Starts another program, tells its number, and waits.
PARENT = (
    "import subprocess, sys; child = subprocess.Popen(['sleep', '600'], stdout=-3); "
    "print(child.pid, flush=True); child.wait()"
)
TOOL = '#!/bin/sh\necho "$@" > "{out}"\nkill -9 "$4"\n'


async def started() -> tuple[Process, int]:
    """A program in a group of its own, and the number of the one that it has started."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE, **in_a_group()
    )
    assert process.stdout is not None
    return process, int(await process.stdout.readline())


async def gone(pid: int) -> bool:
    end = time.monotonic() + PATIENCE
    while is_alive(pid) and time.monotonic() < end:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.01)
    return not is_alive(pid)


def test_how_a_program_is_started() -> None:
    assert in_a_group("linux") == in_a_group("darwin") == {"start_new_session": True}
    assert in_a_group("win32") == {"creationflags": 0x200}


async def test_what_it_started_ends_with_it() -> None:
    process, child = await started()
    assert is_alive(child)
    await end(process, {})
    assert process.returncode == -9, "whoever takes its folder away need not wait for it"
    assert await gone(child)
    await end(process, {})  # there is nothing left


async def test_what_is_left_of_a_program_that_ended_by_itself_is_ended() -> None:
    code = PARENT.replace("; child.wait()", "")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, **in_a_group()
    )
    assert process.stdout is not None
    child = int(await process.stdout.readline())
    assert await process.wait() == 0
    assert is_alive(child)
    await end(process, {})
    assert await gone(child)


@pytest.mark.parametrize("name", ["SYSTEMROOT", "SystemRoot"])
async def test_windows_is_asked_to_end_the_whole_tree(tmp_path: Path, name: str) -> None:
    tool = tmp_path / "System32" / "taskkill.exe"
    tool.parent.mkdir()
    tool.write_text(TOOL.format(out=tmp_path / "out"), "utf-8")
    tool.chmod(0o755)
    process, child = await started()
    try:
        await end(process, {name: str(tmp_path)}, "win32")
        await process.wait()
        assert (tmp_path / "out").read_text("utf-8") == f"/F /T /PID {process.pid}\n"
        (tmp_path / "out").unlink()
        await end(process, {name: str(tmp_path)}, "win32")
        assert not (tmp_path / "out").exists(), "that number may be another program's"
    finally:
        os.kill(child, 9)


async def test_without_the_tool_the_program_itself_is_ended(tmp_path: Path) -> None:
    process, child = await started()
    try:
        await end(process, {"SYSTEMROOT": str(tmp_path)}, "win32")
        assert await process.wait() == -9
    finally:
        os.kill(child, 9)
