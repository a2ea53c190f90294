"""Numbers on a command line, checked where they are read, so that `--help` stands beside the error."""

from __future__ import annotations

import argparse

__all__ = ["positive", "tcp_port"]

_PORTS = 65_536


def positive(text: str) -> int:
    """A whole number, 1 or more.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    if not (text.isascii() and text.isdecimal()) or int(text[:18]) < 1:
        raise argparse.ArgumentTypeError("it is a whole number, and at least 1")
    return int(text[:18])


def tcp_port(text: str) -> int:
    """A TCP port.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if text.isascii() and text.isdecimal() and 0 < int(text[:6]) < _PORTS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a port (1 to {_PORTS - 1})")
