"""Certificates for servers of the tests: one that only its own authority vouches for, and bad ones."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

import pytest


async def self_signed(folder: Path) -> ssl.SSLContext:
    """What a server needs for TLS at 127.0.0.1; a skipped test where no openssl can make it."""
    await asyncio.to_thread(_make, folder, "certificate", "IP:127.0.0.1")
    return _context(folder, "certificate")


@dataclass(frozen=True)
class Certificates:
    """What `authority` vouches for, and what nobody does.

    Attributes:
        authority: a file with the authority's certificate, for `SSL_CERT_FILE`.
    """

    BAD: ClassVar = ("unknown authority", "another name", "expired")
    authority: Path

    def context(self, which: str) -> ssl.SSLContext:
        """For a server with the certificate `good` or one of `BAD`."""
        return _context(self.authority.parent, which)


@cache
def certificates() -> Certificates:
    """Made once, in a folder that goes with the process."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _make(folder, "authority", "DNS:authority.example")
    _make(folder, "good", "IP:127.0.0.1", by="authority")
    _make(folder, "another name", "DNS:other.example", by="authority")
    _make(folder, "expired", "IP:127.0.0.1", by="authority", days=-1)
    _make(folder, "unknown authority", "IP:127.0.0.1")
    return Certificates(folder / "authority")


def _make(folder: Path, name: str, where: str, *, by: str = "", days: int = 1) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not installed")

    def run(*words: str | int | Path) -> None:
        command = [openssl, *map(str, words)]
        subprocess.run(command, check=True, capture_output=True)

    key, request, more = folder / f"{name}.key", folder / f"{name}.req", folder / f"{name}.ext"
    made = ("-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", "/CN=localhost")
    alternative = f"subjectAltName={where}"
    if not by:
        run("req", "-x509", *made, "-days", days, "-addext", alternative, "-out", folder / name)
        return
    run("req", *made, "-out", request)
    more.write_text(alternative, "utf-8")
    signed = ("-CA", folder / by, "-CAkey", folder / f"{by}.key", "-CAcreateserial")
    lasts = ("-days", days, "-extfile", more)
    run("x509", "-req", "-in", request, *signed, *lasts, "-out", folder / name)


def _context(folder: Path, name: str) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / name, folder / f"{name}.key")
    return tls
