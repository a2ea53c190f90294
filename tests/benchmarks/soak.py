"""Two editors, a repository, faults at random, for a long time: nothing crashes, nothing grows.

python tests/benchmarks/soak.py [--minutes 30]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from support_soak import MOST_GROWN, soak


def main() -> int:
    """The exit status says whether nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(soak(Path(folder), given.minutes * 60, seed=given.seed))
    for name, count in sorted(found.counts.items()):
        print(f"{name:<36}{count:>8}")
    for warm, end in found.memory:
        print(f"memory of a server, KB{'':<14}{warm:>8} to {end} ({end / warm:.3f}, {MOST_GROWN})")
    for each in found.wrong:
        print(f"WRONG: {each}")
    return int(bool(found.wrong))


if __name__ == "__main__":
    sys.exit(main())
