"""Secrets: how many are found, how many texts are taken for one, and what it costs.

The floor is the catalogue alone, without our rules and without looking into wrappings. The times are
CPU time for 16 KB of this repository's own code; to load the rules is measured in new processes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import kingfisher_sdk

from support_secrets import fakes, negatives
from twolane_server.border.secrets import CACHE_VARIABLE, find_secret

SIZE = 16_384
RUNS = 5
RECALL, FALSE_POSITIVES, MILLISECONDS = 0.95, 0.01, 10.0
LOADED_SECONDS = 1.0
HOUSE = Path(__file__).resolve().parents[2]
LOAD = """
import time
started = time.process_time()
from twolane_server.border.secrets import warm
warm()
print(time.process_time() - started)
"""


def share(texts: list[tuple[str, str]], scanner: kingfisher_sdk.Scanner | None) -> float:
    """The share of texts in which something is found, by the catalogue alone or by all of it."""
    found = 0
    for _, text in texts:
        if scanner is None:
            found += find_secret(text) is not None
        else:
            found += any(finding.visible for finding in scanner.scan(text))
    return found / len(texts)


def pieces() -> list[str]:
    """The house's code, cut into pieces of 16 KB."""
    text = "\n".join(path.read_text("utf-8") for path in sorted((HOUSE / "server").rglob("*.py")))
    return [text[at : at + SIZE] for at in range(0, len(text) - SIZE, SIZE)]


def milliseconds(text: str) -> float:
    """The best of some runs."""
    taken: list[float] = []
    for _ in range(RUNS):
        started = time.process_time()
        find_secret(text)
        taken.append(time.process_time() - started)
    return min(taken) * 1000


def load_seconds(cache: str) -> float:
    """CPU time to load everything, in a process of its own."""
    environ = {**os.environ, CACHE_VARIABLE: cache}
    command = [sys.executable, "-c", LOAD]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> int:
    """Print the table; the exit status says whether the limits hold."""
    secret, harmless = list(fakes(seed=21, each=5)), list(negatives(seed=22, each=5))
    alone = kingfisher_sdk.Scanner(kingfisher_sdk.Rules(confidence="low"))
    recall, wrong = share(secret, None), share(harmless, None)
    times = sorted(milliseconds(text) for text in pieces())
    p95 = times[int(len(times) * 0.95)]
    with tempfile.TemporaryDirectory() as folder:
        first = load_seconds(folder)
        later = statistics.median(load_seconds(folder) for _ in range(3))
    kinds = len({kind for kind, _ in secret}), len({kind for kind, _ in harmless})
    print(
        f"secrets: {len(secret)} fakes of {kinds[0]} kinds, {len(harmless)} harmless of {kinds[1]}"
    )
    print(
        f"  recall          {recall:7.1%}  (at least {RECALL:.0%}; kingfisher alone {share(secret, alone):.1%})"
    )
    print(
        f"  false positives {wrong:7.1%}  (at most {FALSE_POSITIVES:.0%}; kingfisher alone {share(harmless, alone):.1%})"
    )
    print(
        f"  16 KB of code   {statistics.median(times):5.1f} ms p50, {p95:.1f} ms p95  (at most {MILLISECONDS:g})"
    )
    print(
        f"  loading         {first:5.2f} s once after an update, then {later:.2f} s a process (at most {LOADED_SECONDS:g})"
    )
    kept = recall >= RECALL and wrong <= FALSE_POSITIVES and p95 <= MILLISECONDS
    return int(not (kept and later <= LOADED_SECONDS))


if __name__ == "__main__":
    sys.exit(main())
