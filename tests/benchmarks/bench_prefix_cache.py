"""How much of its prompts a session of twenty actions finds in a real vLLM's prefix cache.

A language server of its own plays `httpx_session` in httpx 0.28.1, with vLLM (CPU build, SmolLM2) as its
local lane; figures are vLLM's own counters. SmolLM2 holds 8,192 tokens; here it is made to take the
65,536 of our defaults, as only its reading of prompts is measured and not what it says.

Aider 0.86.2 is asked for a like session where the variable `AIDER` names a Python that has it, or
where .demo/aider is a virtual environment with it; else its row stays empty. Without vLLM (`make vllm`)
nothing is measured, and the reason is told.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx_session as session

from support_vllm import SMALL, serving, vllm_folder

if TYPE_CHECKING:
    from support_vllm import Vllm

HERE = Path(__file__).resolve().parent
AIDER = session.SCRATCH.parent / "aider" / "bin" / "python"
LEAST_CACHED = 0.9
WINDOW = 65_536
STRETCHED = (
    "--max-model-len",
    str(WINDOW),
    "--hf-overrides",
    f'{{"max_position_embeddings": {WINDOW}}}',
)


class Read(NamedTuple):
    """What a server has counted so far, in tokens of prompts."""

    asked: float
    cached: float


class Session(NamedTuple):
    """A session's counters, from before the first request to after the last."""

    counts: list[Read]
    seconds: list[float]

    @property
    def share(self) -> float:
        """The cached share of all prompt tokens after the first request."""
        return (self.counts[-1].cached - self.counts[1].cached) / max(1, self.tokens)

    @property
    def tokens(self) -> float:
        """All prompt tokens after the first request."""
        return self.counts[-1].asked - self.counts[1].asked

    @property
    def read_anew(self) -> float:
        """The tokens of a request that were not cached, on average."""
        return self.tokens * (1 - self.share) / max(1, len(self.counts) - 2)


def counted(vllm: Vllm) -> Read:
    """The counters now."""
    found = vllm.metrics()
    return Read(found["vllm:prefix_cache_queries_total"], found["vllm:prefix_cache_hits_total"])


def ours(vllm: Vllm) -> Session:
    """The session by a language server of ours."""
    root = session.fetch()
    counts, times = list[Read](), list[float]()

    def before(_: int) -> None:
        times.append(time.monotonic())
        if not counts:
            counts.append(counted(vllm))

    def after(_: int) -> None:
        counts.append(counted(vllm))
        times[-1] = time.monotonic() - times[-1]

    with tempfile.TemporaryDirectory() as top:
        own = {
            f"TWOLANE_{name}_DIR": f"{top}/{name.lower()}" for name in ("CONFIG", "STATE", "CACHE")
        }
        local: dict[str, object] = {"url": vllm.url, "model": vllm.model, "window": WINDOW}
        asyncio.run(session.play(root, own, local, before, after))
    return Session(counts, times)


def aiders(vllm: Vllm) -> Session | None:
    """A like session by Aider."""
    python = _aider()
    root = session.fetch()
    git = ["git", "-C", str(root), "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for words in (["add", "."], ["commit", "--quiet", "--message", "httpx 0.28.1"]):
        subprocess.run([*git, *words], check=True)
    steps = json.dumps([step._asdict() for step in session.SESSION])
    command = [str(python), str(HERE / "peer_aider_session.py"), str(root), vllm.url, vllm.model]
    counts, times = list[Read](), list[float]()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{steps}\n")
        process.stdin.flush()
        for line in process.stdout:  # one before the first request, and one after each
            if line.startswith("asked"):
                counts.append(counted(vllm))
                times.append(float(line.split()[1]))
    return Session(counts, times[1:]) if len(counts) == len(session.SESSION) + 1 else None


def _aider() -> Path:
    return Path(os.environ.get("AIDER", AIDER))


def main() -> int:
    """Print the table; the exit status says whether the limit holds."""
    try:
        vllm_folder()
    except FileNotFoundError as missing:
        print(f"prefix cache: not measured, {missing}")
        return 0
    stretched = {"VLLM_ALLOW_LONG_MAX_MODEL_LEN": "1"}
    rows: list[tuple[str, Session | None]] = []
    for name, play in (("twolane", ours), ("aider", aiders)):
        if name == "aider" and not _aider().is_file():
            print("Aider is not there; to see it: python3 -m venv .demo/aider")
            print("                               .demo/aider/bin/pip install aider-chat==0.86.2")
            rows.append((name, None))
            continue
        with serving(SMALL, *STRETCHED, env=stretched) as vllm:  # a new one, with an empty cache
            rows.append((name, play(vllm)))
    print(f"prefix cache, {len(session.SESSION)} actions in httpx 0.28.1, blocks of 128 tokens")
    print(f"  {'':10}{'cached':>9}{'must':>9}{'tokens':>10}{'read anew':>11}{'median s':>10}")
    for name, found in rows:
        if found is None:
            print(f"  {name:10}{'-':>9}")
            continue
        must = f"{LEAST_CACHED:.0%}" if name == "twolane" else ""
        median = sorted(found.seconds[1:])[len(found.seconds[1:]) // 2]
        print(
            f"  {name:10}{found.share:>9.1%}{must:>9}{found.tokens:>10,.0f}"
            f"{found.read_anew:>11,.0f}{median:>10.2f}"
        )
    print("  after the first request; `read anew` is a request's, `s` until its first token")
    found = rows[0][1]
    return 0 if found is not None and found.share >= LEAST_CACHED else 1


if __name__ == "__main__":
    sys.exit(main())
