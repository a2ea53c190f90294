"""Reading how busy a server is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.lanes.metrics import MOST_BYTES, Load, load_of

# As vLLM 0.11 writes it: https://docs.vllm.ai/en/latest/design/metrics.html
VLLM = b"""\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8"} 8.0
# HELP vllm:num_requests_waiting Number of requests waiting to be processed.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8"} 3.0
# TYPE vllm:request_success_total counter
vllm:request_success_total{engine="0",finished_reason="stop"} 1.2e+06
"""
# https://docs.sglang.io/references/production_metrics.html
SGLANG = (
    b'sglang:num_running_reqs{model_name="m"} 162.0\nsglang:num_queue_reqs{model_name="m"} 2826.0\n'
)
# https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
LLAMA = b"# TYPE llamacpp:requests_deferred gauge\nllamacpp:requests_processing 1\nllamacpp:requests_deferred 2\n"


@pytest.mark.parametrize(
    ("text", "load"),
    [
        (VLLM, Load(8, 3)),
        (VLLM.replace(b"\n", b"\r\n"), Load(8, 3)),
        (SGLANG, Load(162, 2_826)),
        (LLAMA, Load(1, 2)),
        (VLLM + VLLM.replace(b'engine="0"', b'engine="1"'), Load(16, 6)),
        (b'vllm:num_requests_waiting{model_name="a } \\" b 9 "} 2 1700000000000\n', Load(0, 2)),
        (b"vllm:num_requests_waiting 0\n", Load(0, 0)),
        (b"", None),
        (b"<html>vllm:num_requests_waiting 3\n</html>", None),
        (b"vllm:num_requests_waiting_by_reason 3\n", None),
        (b"my_vllm:num_requests_waiting 3\n", None),
        (b"vllm:num_requests_waiting NaN\n", None),
        (b"vllm:num_requests_waiting +Inf\n", None),
        (b"vllm:num_requests_waiting -1\n", None),
        (b"vllm:num_requests_waiting 9e99\n", None),
        (b"vllm:num_requests_waiting 1.2.3\n", None),
        (b"vllm:num_requests_waiting 1 2 3\n", None),
        (b'vllm:num_requests_waiting{a="b} 3\n', None),
        (b"vllm:num_requests_waiting 12", None),  # cut: it may have been 120
        (b'{"error":"Unexpected endpoint or method. (GET /metrics)"}', None),
    ],
)
def test_what_it_says(text: bytes, load: Load | None) -> None:
    assert load_of(text) == load


@given(st.binary(max_size=400), st.integers(0, 20))
def test_any_bytes_are_read_or_not(noise: bytes, at: int) -> None:
    load = load_of(noise[:at] + b"\nvllm:num_requests_waiting 5\n" + noise[at:])
    assert load is not None
    assert load.waiting >= 5


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40),
    st.integers(0, 10_000),
)
def test_any_label_is_passed_over(label: str, count: int) -> None:
    told = label.replace("\\", "\\\\").replace('"', '\\"')
    text = f'vllm:num_requests_waiting{{model_name="{told}"}} {count}\n'
    assert load_of(text.encode()) == Load(0, count)


@pytest.mark.parametrize(
    "piece",
    [
        b"vllm:num_requests_waiting",
        b'vllm:num_requests_waiting{a="\\',
        b"vllm:num_requests_waiting 1\n",
    ],
)
def test_the_worst_is_read_in_no_time(piece: bytes) -> None:
    text = piece * (MOST_BYTES // len(piece))
    began = time.process_time()
    load_of(text)
    assert time.process_time() - began < 2
