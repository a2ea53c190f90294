"""`twolane lsp`: the language server, on standard input and output or on a port of this machine."""

from __future__ import annotations

import argparse
import os

_PORTS = 65_536


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--stdio", action="store_true", help="the default; some editors say it")
    parser.add_argument(
        "--tcp", type=_port, metavar="PORT", help="listen on this port of 127.0.0.1 instead"
    )


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and 0 < int(text[:6]) < _PORTS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a port (1 to {_PORTS - 1})")


def run(arguments: argparse.Namespace) -> int:
    """Serve until the editor says `exit` or goes away."""
    from twolane_server.folders import folders  # noqa: PLC0415 - only when the server runs
    from twolane_server.server import serve  # noqa: PLC0415 - imports pygls, half a second

    return serve(folders(os.environ), os.environ, port=arguments.tcp)
