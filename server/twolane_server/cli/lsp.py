"""`twolane lsp`: the language server, on standard input and output or on a port of this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from twolane_server.cli.numbers import tcp_port

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--stdio", action="store_true", help="the default; some editors say it")
    parser.add_argument(
        "--tcp", type=tcp_port, metavar="PORT", help="listen on this port of 127.0.0.1 instead"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until the editor says `exit` or goes away."""
    from twolane_server.editor import serve  # noqa: PLC0415 - imports pygls, half a second
    from twolane_server.folders import folders  # noqa: PLC0415 - only when the server runs

    return serve(folders(os.environ), os.environ, port=arguments.tcp)
