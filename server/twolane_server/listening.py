"""Who listens on a port of this machine, where Linux lets us see it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Listener", "listener"]

_LISTENING = "0A"
_FORWARDERS = frozenset(
    [
        "ssh",
        "sshd",
        "autossh",
        "socat",
        "kubectl",
        "docker-proxy",
        "rootlessport",
        "slirp4netns",
        "pasta",
        "gvproxy",
        "nginx",
        "haproxy",
        "envoy",
        "caddy",
        "traefik",
        "cloudflared",
        "ngrok",
        "frpc",
        "chisel",
        "stunnel",
        "stunnel4",
        "litellm",
        "xray",
        "tailscaled",
    ]
)
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Listener:
    """A process that listens.

    Attributes:
        name: its short name, 15 characters at most.
        pid: its number.
    """

    name: str
    pid: int

    @property
    def forwards(self) -> bool:
        """Whether programs of that name pass on to somewhere else what they get."""
        return self.name in _FORWARDERS


def listener(address: str, port: int, proc: Path = _PROC) -> Listener | None:
    """The process that takes connections at an address of this machine, or `None`.

    Only one's own processes can be seen, and only on Linux; to root, all of them.

    Args:
        address: an IP address; one of another machine has no listener here.
        port: the TCP port.
        proc: where Linux tells of its processes.
    """
    try:
        sockets = {f"socket:[{inode}]" for inode in _inodes(address, port, proc)}
        processes = [each for each in proc.iterdir() if each.name.isdecimal()] if sockets else []
    except OSError:
        return None
    for process in sorted(processes, key=lambda each: int(each.name)):
        if _holds(process, sockets):
            return Listener(_name(process), int(process.name))
    return None


def _inodes(address: str, port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        file = proc / "net" / table
        for line in file.read_text("ascii").splitlines()[1:] if file.exists() else ():
            fields = line.split()
            where, _, number = fields[1].partition(":")
            if fields[3] == _LISTENING and int(number, 16) == port and _takes(where, address):
                yield fields[9]


def _takes(where: str, address: str) -> bool:
    """Whether a socket bound to `where`, in the kernel's spelling, takes connections to an address."""
    # Four bytes at a time, each four in the order of this machine.
    words = (bytes.fromhex(where[at : at + 8]) for at in range(0, len(where), 8))
    raw = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    bound, wanted = ip_address(raw), ip_address(address)
    if bound.is_unspecified:
        return wanted.is_loopback and bound.version in {wanted.version, 6}  # `::` takes both
    return bound == wanted or getattr(bound, "ipv4_mapped", None) == wanted


def _holds(process: Path, sockets: set[str]) -> bool:
    try:
        return any(str(each.readlink()) in sockets for each in (process / "fd").iterdir())
    except OSError:
        return False  # somebody else's, or gone


def _name(process: Path) -> str:
    try:
        name = (process / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return "a process"
    return "".join(c for c in name if c.isprintable()) or "a process"
