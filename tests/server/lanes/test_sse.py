"""Event streams in pieces of any size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.lanes.sse import BadEvents, Events


def read(stream: bytes, cuts: tuple[int, ...] = (), longest: int = 1_000) -> list[str]:
    """All events of `stream` when it comes in pieces that end at `cuts`."""
    events, at = Events(longest), 0
    found: list[str] = []
    for cut in (*sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)):
        found += events.feed(stream[at:cut])
        at = cut
    rest = events.end()
    return found if rest is None else [*found, rest]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a\n\n", [" a"]),
        (b"data\n\n", [""]),
        (b": keep-alive\n\n: keep-alive\n\ndata: a\n\n", ["a"]),
        (b"event: x\nid: 1\nretry: 5\ndata: a\nother: b\n\n", ["a"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"\n\n\n", []),
        (b"", []),
    ],
)
def test_what_the_standard_says(stream: bytes, expected: list[str]) -> None:
    assert read(stream) == expected


def test_what_was_left_open_at_the_end() -> None:
    events = Events()
    assert list(events.feed(b'data: a\n\ndata: {"half')) == ["a"]
    assert events.end() == '{"half'
    assert events.end() is None


@given(
    texts=st.lists(st.text(alphabet="aé🙂\u2028 :x", max_size=8), max_size=5),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(0, 500), max_size=12).map(tuple),
)
def test_pieces_of_any_size_give_the_same_events(
    texts: list[str], end: str, cuts: tuple[int, ...]
) -> None:
    stream = "".join(f": {text}{end}data: {text}{end}{end}" for text in texts).encode()
    assert read(stream, cuts) == texts


@given(stream=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=6).map(tuple))
def test_any_bytes_give_events_or_a_plain_refusal(stream: bytes, cuts: tuple[int, ...]) -> None:
    try:
        whole = read(stream)
    except BadEvents:
        with pytest.raises(BadEvents):
            read(stream, cuts)
    else:
        assert read(stream, cuts) == whole


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(BadEvents, match="not UTF-8"):
        read(b"data: \xff\xfe\n\n")


@pytest.mark.parametrize("head", [b"data: ", b": ", b""])
def test_a_line_without_end_is_refused_before_it_fills_the_memory(head: bytes) -> None:
    events = Events(longest=1_000)
    list(events.feed(head + b"x" * 100))
    for _ in range(8):
        assert list(events.feed(b"x" * 100)) == []
    with pytest.raises(BadEvents, match="1,000 bytes"):
        list(events.feed(b"x" * 101))


def test_an_event_of_many_lines_has_the_same_limit() -> None:
    with pytest.raises(BadEvents, match="event"):
        read(b"data: 0123456789\n" * 200)


PIECES = (
    b"data: a\n\n",
    b"data: b\r\n\r\n",
    b"data: c\r\r",
    b"data: d\n",
    b"data: \n\n",
    b"data: e\r\n\n",
    b"data:f\n\n",
    b"data: g",
    b": keep-alive\n\n",
    b"event: error\n",
    b"\n",
    b"\r",
    b"\n\n",
    "data: é🙂\n\n".encode(),
    b"data: x\n\ndata: y\n\n",
)


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=12))
def test_events_in_pieces_of_their_own_are_the_same_events(pieces: list[bytes]) -> None:
    """As most servers send them, for which there is a shorter way."""
    events = Events()
    found = [event for piece in pieces for event in events.feed(piece)]
    rest = events.end()
    assert (found if rest is None else [*found, rest]) == read(b"".join(pieces))
