"""Which model fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_serve import card, cards
from twolane_server.serve.fit import SHARE, WINDOWS, best, fits, room, share
from twolane_server.serve.gpus import Gpu, Vendor
from twolane_server.serve.models import MODELS

LARGE, NEXT, CODER, FOURTEEN, SEVEN, SMALL = (model.id for model in MODELS)
RTX_4090, L40S, A6000, A100, H100, RTX_PRO = 24_564, 46_068, 49_140, 81_920, 81_559, 97_887


@pytest.mark.parametrize(
    ("gpus", "model", "used", "window"),
    [
        (cards(2, RTX_4090), CODER, 2, 65_536),
        (cards(2, 24_576, (8, 6)), CODER, 2, 65_536),
        (cards(1, RTX_4090), FOURTEEN, 1, 32_768),
        (cards(1, L40S), CODER, 1, 65_536),
        (cards(1, A6000), CODER, 1, 65_536),
        (cards(1, H100, (9, 0)), CODER, 1, 65_536),
        (cards(2, H100, (9, 0)), NEXT, 2, 65_536),
        (cards(1, RTX_PRO, (12, 0)), NEXT, 1, 65_536),
        (cards(8, A100, (8, 0)), LARGE, 8, 65_536),
        (cards(1, 16_380), FOURTEEN, 1, 16_384),
        (cards(1, 12_288), SEVEN, 1, 32_768),
        (cards(1, 8_188), SMALL, 1, 32_768),
        (cards(3, RTX_4090), CODER, 2, 65_536),
    ],
)
def test_the_table(gpus: list[Gpu], model: str, used: int, window: int) -> None:
    found = best(gpus)
    assert found is not None
    assert (found.model.id, len(found.gpus), found.window) == (model, used, window)


def test_nothing_fits_on_a_tiny_one() -> None:
    assert best(cards(1, 4_096)) is None


def test_fp8_experts_that_cannot_be_cut_into_whole_blocks_are_spread() -> None:
    four, two = best(cards(4, 16_380)), best(cards(2, RTX_4090))
    assert four is not None
    assert (four.model.id, len(four.gpus), four.spread) == (CODER, 4, True)  # 768 / 4 = 192
    assert two is not None
    assert two.spread is False  # 768 / 2 = 384


def test_quantized_weights_need_a_gpu_that_reads_them() -> None:
    amd = [Gpu(0, "Instinct MI300X", 196_592, vendor=Vendor.AMD)]
    for gpus in (cards(1, RTX_4090, (7, 0)), amd):
        found = best(gpus)
        assert found is not None
        assert not found.model.quantized


def test_what_others_use_is_not_ours() -> None:
    busy = [card(0, RTX_4090), card(1, RTX_4090, used=12_000)]
    assert share(busy) < 0.5
    found = best(busy)
    assert found is not None
    assert [gpu.index for gpu in found.gpus] == [0]
    assert share([card(0, RTX_4090)]) == SHARE
    assert best([card(0, RTX_4090, used=24_000)]) is None


def test_the_largest_gpus_are_taken_and_numbered_as_they_are() -> None:
    found = best([card(0, 8_188), card(1, RTX_4090), card(2, RTX_4090)])
    assert found is not None
    assert [gpu.index for gpu in found.gpus] == [1, 2]


@given(
    st.lists(st.tuples(st.integers(2_000, 200_000), st.integers(0, 60_000)), min_size=1, max_size=9)
)
def test_what_is_proposed_has_room(sizes: list[tuple[int, int]]) -> None:
    gpus = [card(n, memory, used=min(used, memory)) for n, (memory, used) in enumerate(sizes)]
    found = best(gpus)
    if found is None:
        emptiest = max(gpus, key=lambda gpu: gpu.memory - gpu.used)
        assert not fits(MODELS[-1], [emptiest], WINDOWS[-1])
        return
    assert set(found.gpus) <= set(gpus)
    assert len(found.gpus) in {1, 2, 4, 8}
    assert fits(found.model, found.gpus, found.window)
    each = found.model.weights * 1e9 / 2**20 / len(found.gpus)
    assert all(each < room(found.gpus) <= gpu.memory - gpu.used for gpu in found.gpus)
