"""What a request costs: by the table, by the model's own name, and never nothing for unknown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.lanes.base import Usage
from twolane_server.prices import cost, money, most, price_of
from twolane_server.settings.resolved import Price

DEEPSEEK = Price("deepseek-v3.2", 0.4, 0.04, 1.6, "2026-05-31")
SONNET = Price("anthropic/claude-sonnet-4.5", 3.0, 0.3, 15.0, "2026-05-31")
TABLE = (DEEPSEEK, SONNET)
COUNTS = st.integers(0, 1_000_000_000)
DOLLARS = st.floats(0, 1_000_000)
PRICES = st.builds(Price, st.just("m"), DOLLARS, DOLLARS, DOLLARS, st.just("2026-05-31"))


@pytest.mark.parametrize(
    ("names", "price"),
    [
        (("deepseek-v3.2",), DEEPSEEK),
        (("deepseek-ai/DeepSeek-V3.2",), DEEPSEEK),
        (("claude-sonnet-4.5",), SONNET),
        (("anthropic/Claude-Sonnet-4.5",), SONNET),
        (("deepseek-v3.2-exp",), None),
        (("deepseek-v3",), None),
        (("deepseek-v3.2-exp", "deepseek-v3.2"), DEEPSEEK),
        (("claude-sonnet-4.5", "deepseek-v3.2"), SONNET),
        (("",), None),
        ((), None),
    ],
)
def test_a_price_is_found_by_a_whole_name(names: tuple[str, ...], price: Price | None) -> None:
    assert price_of(TABLE, *names) is price


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage(1_000_000, 0, 0), 0.4),
        (Usage(1_000_000, 0, None), 0.4),
        (Usage(1_000_000, 0, 1_000_000), 0.04),
        (Usage(0, 1_000_000), 1.6),
        (Usage(1_000, 100, 400), 0.000_416),
        (Usage(0, 0), 0.0),
    ],
)
def test_each_kind_of_token_has_its_price(usage: Usage, dollars: float) -> None:
    assert cost(DEEPSEEK, usage) == pytest.approx(dollars, abs=1e-12)


def test_what_is_not_known_costs_nothing_that_could_be_named() -> None:
    assert cost(None, Usage(1, 1)) is None
    assert cost(DEEPSEEK, None) is None
    assert most(None, 1, 1) is None


@given(price=PRICES, prompt=COUNTS, completion=COUNTS, cached=st.none() | COUNTS)
def test_no_request_costs_more_than_was_said_before(
    price: Price, prompt: int, completion: int, cached: int | None
) -> None:
    cached = None if cached is None else min(cached, prompt)
    paid, bound = cost(price, Usage(prompt, completion, cached)), most(price, prompt, completion)
    assert paid is not None
    assert bound is not None
    assert 0 <= paid <= bound * (1 + 1e-9) + 1e-9


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [
        (0.0, "$0.0000"),
        (0.000_04, "<$0.0001"),
        (0.0012, "$0.0012"),
        (0.9, "$0.9000"),
        (12.345, "$12.35"),
        (1_234.5, "$1,234.50"),
    ],
)
def test_money_as_people_read_it(dollars: float, shown: str) -> None:
    assert money(dollars) == shown
