"""A real vLLM on a processor, with the small models of `make vllm`: there, or the test is skipped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

HOUSE = Path(__file__).resolve().parent.parent
KEY = "sk-" + "v" * 24
SMALL = "SmolLM2-135M-Instruct"
MOE = "Qwen3-MoE-tiny"
BLOCK = 128
"""Tokens in a block of the prefix cache; only whole ones are kept."""
WINDOW = 8_192
_SECONDS_TO_START = 300
_SECONDS_TO_END = 120
_METRIC = re.compile(r"(?m)^(vllm:\w+)(?:\{[^}]*\})? (\S+)$")


def vllm_folder() -> Path:
    """The virtual environment with vLLM, or why it is not there."""
    folder = Path(os.environ.get("TWOLANE_VLLM", HOUSE / ".demo" / "vllm"))
    if not (folder / ".ready").exists():
        raise FileNotFoundError("a real vLLM is not here; `make vllm` fetches one (3.4 GB)")
    return folder


def require_vllm() -> Path:
    """The same for a test; with `TWOLANE_FULL=1` nothing is skipped."""
    try:
        return vllm_folder()
    except FileNotFoundError as missing:
        if os.environ.get("TWOLANE_FULL") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def environ() -> dict[str, str]:
    """What a vLLM on a small machine needs of its environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "VLLM_CPU_KVCACHE_SPACE": "2",
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
    }


@dataclass(frozen=True)
class Vllm:
    """A running server.

    Attributes:
        port: on 127.0.0.1.
        key: the key that it asks for; empty for none.
        model: the id that it lists.
    """

    port: int
    key: str
    model: str

    @property
    def url(self) -> str:
        """As it stands in the settings."""
        return f"http://127.0.0.1:{self.port}/v1"

    def ask(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - whatever it says
        """One request without any of our own client; the decoded JSON, also of a refusal."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data)
        request.add_header("content-type", "application/json")
        if self.key:
            request.add_header("authorization", f"Bearer {self.key}")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - the same
                return json.load(response)
        except urllib.error.HTTPError as refused:
            return json.load(refused)

    def metrics(self) -> dict[str, float]:
        """The sums of its metrics, without labels: `vllm:num_requests_running` and so on."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as got:
            text = got.read().decode()
        sums: dict[str, float] = {}
        for name, value in _METRIC.findall(text):
            sums[name] = sums.get(name, 0.0) + float(value)
        return sums

    @property
    def answered(self) -> float:
        """How many prompt tokens it has been asked for so far."""
        return self.metrics()["vllm:prompt_tokens_total"]


@contextmanager
def serving(
    model: str, *more: str, key: str = "", env: dict[str, str] | None = None
) -> Generator[Vllm]:
    """A vLLM with one of the small models, started without any of our own code, and ended."""
    folder, port = vllm_folder(), free_port()
    command = [str(folder / "bin" / "python"), "-m", "vllm.entrypoints.openai.api_server"]
    command += ["--model", str(folder / "models" / model), "--served-model-name", model]
    command += ["--host", "127.0.0.1", "--port", str(port), "--enforce-eager"]
    command += ["--enable-prefix-caching", "--enable-prompt-tokens-details", *more]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            env=environ() | ({"VLLM_API_KEY": key} if key else {}) | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_for(process, port, log)
            yield Vllm(port, key, model)
        finally:
            end(process.pid, process)


def end(group: int, process: subprocess.Popen[Any]) -> None:
    """End a process group that a test has started, and make sure of it."""
    for which in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, which)
        except ProcessLookupError:
            break
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            continue
        if until(lambda: not processes(group), _SECONDS_TO_END):
            break
    process.wait(_SECONDS_TO_END)


def processes(group: int) -> list[int]:
    """The processes of a group that still run; a zombie does not."""
    return [pid for pid, _, its_group in running() if its_group == group]


def running() -> Iterator[tuple[int, int, int]]:
    """Process, parent and group of everything that runs here, zombies left out."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            yield int(stat.parent.name), int(fields[1]), int(fields[2])


def until(holds: Any, seconds: float) -> bool:  # noqa: ANN401 - a function without arguments
    """Wait until something holds; whether it did in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return bool(holds())


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Any) -> None:  # noqa: ANN401 - a file
    deadline = time.monotonic() + _SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    log.seek(0)
    raise AssertionError(f"vLLM did not start:\n{log.read().decode('utf-8', 'replace')[-4_000:]}")


def words(count: int, seed: str = "") -> str:
    """Text of about `count` tokens that no other seed begins with."""
    return " ".join([seed, *(f"w{number}" for number in range(count // 3))])
