"""What nvidia-smi prints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.serve.gpus import Gpu, Vendor, parse_nvidia

TWO = """\
0, NVIDIA GeForce RTX 4090, 24564, 2, 8.9
1, NVIDIA GeForce RTX 4090, 24564, 3100, 8.9
"""


def test_two_cards() -> None:
    (first, second), strange = parse_nvidia(TWO)
    assert strange == ()
    assert first == Gpu(0, "NVIDIA GeForce RTX 4090", 24_564, 2, capability=(8, 9))
    assert str(first) == "NVIDIA GeForce RTX 4090 (24 GB)"
    assert str(second) == "NVIDIA GeForce RTX 4090 (24 GB, 3.0 GB in use)"
    assert str(Gpu(0, "Instinct MI300X", 196_592, vendor=Vendor.AMD)) == (
        "AMD Instinct MI300X (192 GB)"
    )


@pytest.mark.parametrize(
    ("line", "capability"),
    [
        ("0, Tesla T4, 15360, 0, 7.5", (7, 5)),
        ("0, Old, 15360, [N/A], [N/A]", None),
    ],
)
def test_what_a_driver_does_not_tell(line: str, capability: tuple[int, int] | None) -> None:
    ((gpu,), strange) = parse_nvidia(line)
    assert (gpu.capability, gpu.used, strange) == (capability, 0, ())


@pytest.mark.parametrize("line", ["No devices were found", "0, MIG, [N/A], [N/A], 8.0", "a, b"])
def test_a_line_that_is_no_gpu_is_told(line: str) -> None:
    assert parse_nvidia(line) == ((), (line,))


@given(st.text(max_size=200))
def test_any_output_is_read(printed: str) -> None:
    gpus, strange = parse_nvidia(printed)
    assert len(gpus) + len(strange) <= len(printed.splitlines())
