from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_context.spans import Span

SPANS = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: Span(*sorted(pair)))


@pytest.mark.parametrize(("start", "end"), [(-1, 0), (2, 1), (-3, -2)])
def test_a_span_runs_forward_from_zero(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=f"not a span: {start}..{end}"):
        Span(start, end)


def test_an_empty_span_is_a_place() -> None:
    assert Span(3, 3)
    assert len(Span(3, 3)) == 0


@given(SPANS, SPANS)
def test_spans_compare_as_sets_of_places_between_bytes(one: Span, other: Span) -> None:
    places, others = (set(range(span.start, span.end + 1)) for span in (one, other))
    assert one.contains(other) == (others <= places)
    assert one.touches(other) == other.touches(one) == bool(places & others)


@given(SPANS, st.binary(min_size=20, max_size=20))
def test_a_span_cuts_its_own_length(span: Span, source: bytes) -> None:
    assert len(span.cut(source)) == len(span)
    assert source[: span.start] + span.cut(source) + source[span.end :] == source


def test_spans_sort_by_start() -> None:
    assert sorted([Span(2, 3), Span(0, 9), Span(0, 1)]) == [Span(0, 1), Span(0, 9), Span(2, 3)]
