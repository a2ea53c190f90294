"""A network namespace of our own, in which there is nothing but loopback; and pytest in it.

Run by `unshare`, this file brings loopback up and runs pytest with the arguments that it is given,
the first of which is a folder for the tests' files: in memory, since to wait for a disk tells nothing.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["INSIDE", "permitted", "run_inside"]

_UNSHARE = ("unshare", "--map-root-user", "--net", "--mount")
_VARIABLE = "TWOLANE_LEAKS_INSIDE"
INSIDE = os.environ.get(_VARIABLE) == "1"
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP


def permitted() -> bool:
    """Whether this system lets its users make namespaces."""
    try:
        return subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def run_inside(files: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a namespace with only loopback; `files` is an empty folder."""
    return subprocess.run(
        [*_UNSHARE, sys.executable, __file__, str(files), *words],
        env={**os.environ, **variables, _VARIABLE: "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def _loopback_up() -> None:
    """What `ip link set lo up` does, which is not everywhere."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(any_socket, _GET_FLAGS, asked), 16)
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", flags | _UP))


if __name__ == "__main__":
    _loopback_up()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", sys.argv[1]], check=True)
    sys.exit(pytest.main(["--basetemp", f"{sys.argv[1]}/tests", *sys.argv[2:]]))
