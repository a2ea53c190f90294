"""How far vLLM is, from lines that it really printed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.serve.phases import Phase, phase_of

CORE = "(EngineCore pid=7780) INFO 11-26 11:38:35 "


@pytest.mark.parametrize(
    ("line", "phase"),
    [
        (f"{CORE}[core.py:133] Initializing a V1 LLM engine (v0.32.0) with config: model='/m'", Phase("starting the engine")),
        ("(Worker pid=7805) INFO 11-26 11:38:42 [cpu_model_runner.py:68] Starting to load model /m...", Phase("loading the weights")),
        ("Loading safetensors checkpoint shards:  25% Completed | 1/4 [00:01<00:03,  1.14s/it]", Phase("loading the weights", 0.25)),
        ("Loading safetensors checkpoint shards: 100% Completed | 1/1 [00:00<00:00,  1.14it/s]", Phase("loading the weights", 1.0)),
        ("model-00001-of-00004.safetensors:  34%|███▍      | 1.36G/4.00G [00:31<01:01, 43.1MB/s]", Phase("fetching the model", 0.34)),
        (f"{CORE}[backends.py:608] Dynamo bytecode transform time: 8.15 s", Phase("compiling")),
        ("Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  40%|████      | 27/67", Phase("capturing CUDA graphs", 0.4)),
        (f"{CORE}[kv_cache_utils.py:2327] CPU KV cache size: 46,592 tokens", Phase("making room for the cache")),
        ("(APIServer pid=1) INFO [entry.py:140] Starting vLLM server on http://127.0.0.1:8101", Phase("opening the port")),
        ("(APIServer pid=1) WARNING [vllm.py:1703] Enforce eager set, disabling torch.compile", None),
        ('INFO:     127.0.0.1:45644 - "GET /health HTTP/1.1" 200 OK', None),
        ("", None),
    ],
)  # fmt: skip
def test_lines(line: str, phase: Phase | None) -> None:
    assert phase_of(line) == phase


def test_a_long_line_takes_no_time() -> None:
    began = time.process_time()
    assert phase_of("x" * 1_000_000) is None
    assert time.process_time() - began < 2


@given(st.text(), st.integers(0, 10**6))
def test_a_share_is_a_share(text: str, percent: int) -> None:
    found = phase_of(f"Loading safetensors checkpoint shards: {percent}% {text}")
    assert found is not None
    assert found.share is None or 0 <= found.share <= 1
