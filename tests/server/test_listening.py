"""Who listens on a port."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from twolane_server.listening import Listener, listener

if TYPE_CHECKING:
    from pathlib import Path

EVERYWHERE = "0.0.0.0"  # noqa: S104 - the kernel writes it so
HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def proc(folder: Path, *lines: str, pid: int = 42, name: str = "ssh\n", inode: int = 7) -> Path:
    """A folder like `/proc`: one process that holds one socket, and the kernel's table."""
    (folder / "net").mkdir(parents=True)
    rows = [
        f"{at}: {line} 0:0 0:0 0 0 0 {{}} 1".replace("{}", str(inode))
        for at, line in enumerate(lines)
    ]
    (folder / "net" / "tcp").write_text(HEADING + "\n".join(rows) + "\n", "ascii")
    fd = folder / str(pid) / "fd"
    fd.mkdir(parents=True)
    (fd / "3").symlink_to(f"socket:[{inode}]")
    (folder / str(pid) / "comm").write_text(name)
    (folder / "uptime").write_text("1")
    return folder


def row(address: str, port: int, state: str = "0A") -> str:
    raw = socket.inet_aton(address)
    word = raw[::-1] if sys.byteorder == "little" else raw
    return f"{word.hex().upper()}:{port:04X} 00000000:0000 {state}"


@pytest.mark.parametrize("bound", ["127.0.0.1", EVERYWHERE])
def test_the_process_that_holds_the_socket(tmp_path: Path, bound: str) -> None:
    found = listener("127.0.0.1", 8000, proc(tmp_path, row(bound, 8000)))
    assert found is not None
    assert (found, found.forwards) == (Listener("ssh", 42), True)


@pytest.mark.parametrize(
    "line", [row("127.0.0.1", 8001), row("127.0.0.1", 8000, "01"), row("127.0.0.2", 8000)]
)
def test_another_port_a_connection_or_another_address_is_not_it(tmp_path: Path, line: str) -> None:
    assert listener("127.0.0.1", 8000, proc(tmp_path, line)) is None


def test_another_machine_has_no_listener_here(tmp_path: Path) -> None:
    assert listener("10.0.0.7", 8000, proc(tmp_path, row(EVERYWHERE, 8000))) is None


def test_where_nothing_can_be_seen_nothing_is_said(tmp_path: Path) -> None:
    assert listener("127.0.0.1", 8000, tmp_path / "none") is None
    folder = proc(tmp_path / "proc", row("127.0.0.1", 8000))
    (folder / "42" / "fd" / "3").unlink()
    assert listener("127.0.0.1", 8000, folder) is None


def test_a_name_is_shown_without_what_steers_a_terminal(tmp_path: Path) -> None:
    found = listener("127.0.0.1", 80, proc(tmp_path, row("127.0.0.1", 80), name="vl\x1b[31mlm\n"))
    assert found is not None
    assert (found, found.forwards) == (Listener("vl[31mlm", 42), False)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells")
@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_our_own_socket_is_seen(family: socket.AddressFamily, address: str) -> None:
    with socket.socket(family) as listening:
        try:
            listening.bind((address, 0))
        except OSError:
            pytest.skip("no IPv6 here")
        listening.listen()
        found = listener(address, listening.getsockname()[1])
    assert found is not None
    assert found.pid == os.getpid()
