"""The context engine on django 5.2.19: speed, memory, recall, precision, beside Aider and a floor.

django's source package is fetched by pip. Aider 0.86.2 is measured where the variable `AIDER` names
a Python that has it, or where .demo/aider is a virtual environment with it; else its column stays
empty. The floor is taken in the same run, in turns with what is held against it: a small machine works at half its
speed for seconds. CPU seconds count all processes.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

import django_gold as gold

HERE = Path(__file__).resolve().parent
ROUNDS = 3
AIDER = gold.SCRATCH.parent / "aider" / "bin" / "python"
NO_LIMIT = float("inf")
#: what must be reached; negative: at least
LIMITS = {
    "cold, first useful answer, CPU s": 1.2,
    "cold, all facts, CPU s": NO_LIMIT,
    "cold, all facts, times the floor": 1.5,
    "all texts, and all code as under NDA, CPU s": NO_LIMIT,
    "new process, warm cache, wall s": 0.4,
    "5 KB saved, until a question sees it, ms": 10,
    "160 KB saved, until a question sees it, ms": 40,
    "question, running, median ms": 3,
    "question, running, p95 ms": 10,
    "memory, MB": 200,
    "signature recall across files at 1k": -0.95,
    "item precision at 1k": -0.5,
    "body recall at 1k": -0.88,
    "references: recall": -0.98,
    "references: precision": -0.5,
    "references, confirmed: recall": -0.98,
    "references, confirmed: precision": -0.95,
}


def part(name: str) -> dict[str, float]:
    """One part, in a process of its own; nothing where it fails, which its rows then show."""
    command = [sys.executable, str(HERE / "context_parts.py"), name]
    ran = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    return json.loads(ran.stdout) if ran.returncode == 0 else {}


def middle(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Of each row its median; none of a row that a round lacks."""
    rows = set(rounds[0]).intersection(*rounds)
    return {name: median(one[name] for one in rounds) for name in rows}


def aider() -> dict[str, float]:
    """The peer, where it is there; on a copy, since it touches a file."""
    python = Path(os.environ.get("AIDER", AIDER))
    if not python.is_file():
        print("Aider is not there; to see it: python3 -m venv .demo/aider")
        print("                               .demo/aider/bin/pip install aider-chat==0.86.2")
        return {}
    copy = gold.SCRATCH / "for-aider"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(gold.DJANGO, copy)
    questions = os.environ.get("AIDER_QUESTIONS", "12")
    command = [str(python), str(HERE / "peer_aider.py"), str(copy), str(gold.USES), questions]
    output = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout
    return json.loads(output.splitlines()[-1])


def main() -> int:
    """Print the table; the exit status says whether all limits hold."""
    gold.fetch()
    ours = part("processes") | part("references")
    facts, pairs = "cold, all facts, CPU s", [(part("floor"), part("facts")) for _ in range(ROUNDS)]
    floors = middle([floor for floor, _ in pairs])
    ours |= middle([found for _, found in pairs])
    if facts in ours and facts in floors:
        times = [found[facts] / floor[facts] for floor, found in pairs]
        ours["cold, all facts, times the floor"] = median(times)
    peer = aider()
    print(f"context engine, django 5.2.19, {len(gold.code_files())} files of code")
    print(f"  {'':46}{'twolane':>9}{'floor':>9}{'aider':>9}{'must':>10}")
    missed = 0
    for name, limit in LIMITS.items():
        value = ours.get(name, math.nan)
        bad = not (value <= limit if limit >= 0 else value >= -limit)  # also what was not measured
        missed += bad
        beside = "".join(f"{one[name]:9.3g}" if name in one else " " * 9 for one in (floors, peer))
        must = "" if limit == NO_LIMIT else f"{'<=' if limit >= 0 else '>='} {abs(limit):g}"
        print(f"  {name:46}{value:9.3g}{beside}{must:>10}{'  MISSED' if bad else ''}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
