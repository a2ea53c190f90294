"""`initialize` is answered within 1.5 times a bare pygls server of the same version.

From the start of the process to the answer, the two in turn, so that a drift of the machine's speed
meets both alike.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile

from support_wire import BARE, TWOLANE, Wire

RUNS = 12
LIMIT = 1.5


def seconds(command: tuple[str, ...], folder: str) -> float:
    """One start of a server, in scratch folders."""
    scratch = {f"TWOLANE_{kind}_DIR": folder for kind in ("CONFIG", "STATE", "CACHE")}
    wire = Wire(command, {**os.environ, **scratch})
    taken = wire.initialize(folder)
    assert wire.close() == 0
    return taken


def main() -> int:
    """Print the table; the exit status says whether the limit holds."""
    with tempfile.TemporaryDirectory() as folder:
        for command in (BARE, TWOLANE):
            seconds(command, folder)  # warm the file cache
        pairs = [(seconds(TWOLANE, folder), seconds(BARE, folder)) for _ in range(RUNS)]
    ratio = statistics.median(ours / bare for ours, bare in pairs)
    print("initialize, seconds from the process's start to the answer")
    print(f"  {'':12}{'median':>8}{'min':>8}{'max':>8}")
    for name, values in zip(("twolane", "bare pygls"), zip(*pairs, strict=True), strict=True):
        print(f"  {name:12}{statistics.median(values):8.3f}{min(values):8.3f}{max(values):8.3f}")
    print(f"  ratio {ratio:.2f} (median of {RUNS} pairs; at most {LIMIT})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
