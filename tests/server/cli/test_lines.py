from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twolane_server.cli.lines import lines_by_file
from twolane_server.fragments import Origin


def test_ranges_that_touch_become_one() -> None:
    origins = [
        Origin("/a.py", 40, 60),
        Origin(),
        Origin("/b.py", 1, 1),
        Origin("/a.py", 3, 4),
        Origin("/a.py", 6, 7),
        Origin("/a.py", 10, 10),
    ]
    assert lines_by_file(origins) == {"/a.py": "3-7, 10, 40-60", "/b.py": "1"}


RANGES = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda r: (r[0], r[0] + r[1])), min_size=1
)


@given(RANGES)
def test_no_line_is_lost_and_only_single_blanks_are_added(ranges: list[tuple[int, int]]) -> None:
    shown = lines_by_file(Origin("/a", *lines) for lines in ranges)["/a"]
    told: set[int] = set()
    for part in shown.split(", "):
        start, _, end = part.partition("-")
        told |= set(range(int(start), int(end or start) + 1))
    given_lines = {line for start, end in ranges for line in range(start, end + 1)}
    assert given_lines <= told
    assert all({line - 1, line + 1} <= given_lines for line in told - given_lines)
