"""Every channel of the catalogue of leaks, in a network namespace that has nothing but loopback.

Each is driven through the real command line or the real language server, `TWOLANE_LEAKS` times with
other names, places, languages and actions; see `support_trial.Bench` for what must hold. One test
starts the others in the namespace. Where this system permits no namespace they run without one.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support_channels import CHANNELS
from support_trial import Bench, open_bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

FULL = os.environ.get("TWOLANE_FULL") == "1"
COUNT = int(os.environ.get("TWOLANE_LEAKS") or (100 if FULL else 25))
INSIDE = os.environ.get("TWOLANE_LEAKS_INSIDE") == "1"
NAMESPACE = ("unshare", "--map-root-user", "--net", "--mount")


def _permitted() -> bool:
    try:
        return (
            subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0
        )
    except FileNotFoundError:
        return False


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Bench]:
    with open_bench(tmp_path, monkeypatch, capfd) as bench:
        yield bench


if INSIDE or not _permitted():

    @pytest.mark.parametrize("channel", CHANNELS)
    def test_nothing_under_nda_leaves_by(bench: Bench, channel: str) -> None:
        if channel == "l04_bind_mount" and not INSIDE:
            pytest.skip("this system permits no mount without its administrator")
        bench.run(CHANNELS[channel], range(COUNT))


if INSIDE:

    def test_there_is_nothing_but_loopback() -> None:
        assert [name for _, name in socket.if_nameindex()] == ["lo"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outwards:
            with pytest.raises(OSError, match="unreachable"):
                outwards.connect(("192.0.2.1", 53))

else:

    def test_every_channel_in_a_namespace_with_only_loopback() -> None:
        if not _permitted():
            assert not FULL, "user namespaces are not permitted here"
            pytest.skip("this system permits no network namespace; the channels ran without one")
        command = [*NAMESPACE, sys.executable, __file__]
        environ = {**os.environ, "TWOLANE_LEAKS_INSIDE": "1", "TWOLANE_LEAKS": str(COUNT)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        summary = re.search(r"(\d+) passed[^\n]* in ", done.stdout)
        assert summary is not None, done.stdout
        assert int(summary[1]) == len(CHANNELS) + 1
        assert "skipped" not in done.stdout


def test_no_channel_of_the_catalogue_is_missing() -> None:
    assert [name[:3] for name in CHANNELS] == [f"l{number:02}" for number in range(1, 54)]


def _loopback_up() -> None:
    """What `ip link set lo up` does, which is not everywhere."""
    get, put, up = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(any_socket, get, asked), 16)
        fcntl.ioctl(any_socket, put, struct.pack("16sh14x", b"lo", flags | up))


if __name__ == "__main__":
    _loopback_up()
    words = ["-q", "-n", "2", "-p", "no:cacheprovider", "--deselect", f"{__file__}::test_no_channel_of_the_catalogue_is_missing"]  # fmt: skip
    sys.exit(pytest.main([__file__, *words]))
