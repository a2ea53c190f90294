"""A program and all that it starts, ended together, on either sort of system.

POSIX has process groups for that. On Windows a program's children are found by its number, by
`taskkill`, for as long as the program itself is there.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Options", "end", "in_a_group"]

_WINDOWS = "win32"
# CREATE_NEW_PROCESS_GROUP, which Python names on Windows alone: Ctrl-C is not for the program, too.
_NEW_GROUP = 0x0000_0200
_SYSTEM = "C:\\Windows"
_GONE_SECONDS = 5.0


class Options(TypedDict, total=False):
    """How to start a program, for `asyncio.create_subprocess_exec`."""

    start_new_session: bool
    creationflags: int


def in_a_group(platform: str = sys.platform) -> Options:
    """What starts a program so that `end` can end it with all that it starts."""
    return {"creationflags": _NEW_GROUP} if platform == _WINDOWS else {"start_new_session": True}


async def end(
    process: asyncio.subprocess.Process, environ: Mapping[str, str], platform: str = sys.platform
) -> None:
    """End a program by force, and whatever is left of what it started; and wait until it is gone.

    On Windows nothing is known any more of what a program has started that has ended by itself.

    Args:
        process: started with `in_a_group`.
        environ: says where Windows is.
        platform: Python's name of the system.
    """
    if platform != _WINDOWS:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.returncode is None:  # else its number may be another program's by now
        with suppress(OSError):
            await _killed_with_children(process.pid, environ)
        with suppress(ProcessLookupError):
            process.kill()
    with suppress(TimeoutError):  # one of another user's, which we may not end
        async with asyncio.timeout(_GONE_SECONDS):
            await process.wait()


async def _killed_with_children(pid: int, environ: Mapping[str, str]) -> None:
    quiet = asyncio.subprocess.DEVNULL
    # By its whole path: else Windows would look into the folder at hand first.
    system = next((environ[name] for name in environ if name.upper() == "SYSTEMROOT"), _SYSTEM)
    tool = (PureWindowsPath(system) / "System32" / "taskkill.exe").as_posix()
    words = ("/F", "/T", "/PID", str(pid))
    killer = await asyncio.create_subprocess_exec(
        tool, *words, stdin=quiet, stdout=quiet, stderr=quiet
    )
    await killer.wait()
