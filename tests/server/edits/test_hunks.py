from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from twolane_server.edits.hunks import changes
from twolane_server.text import Text

OLD = "".join(f"line {n}\n" for n in range(1, 31))


def _shown(old: str, new: str) -> list[str]:
    return [one.shown for one in changes(Text.of(old), Text.of(new))]


def test_lines_are_shown_with_the_numbers_that_they_have_now() -> None:
    new = OLD.replace("line 10\n", "ten\nand more\n").replace("line 25\n", "")
    first, second = _shown(OLD, new)
    assert first == (
        "     7| line 7\n     8| line 8\n     9| line 9\n-     | line 10\n+   10| ten\n"
        "+   11| and more\n    12| line 11\n    13| line 12\n    14| line 13\n"
    )
    assert second.count("\n-") == 1
    assert "-     | line 25\n    26| line 26\n" in second


def test_near_changes_are_shown_together_and_line_endings_do_not_count() -> None:
    new = OLD.replace("line 10\n", "ten\n").replace("line 16\n", "sixteen\n")
    assert len(_shown(OLD, new.replace("\n", "\r\n"))) == 1
    assert _shown(OLD, OLD.replace("\n", "\r\n")) == []
    assert _shown(OLD, OLD.removesuffix("\n")) == []
    assert _shown("", "a\n") == ["+    1| a\n"]
    assert _shown("a\n", "") == ["-     | a\n"]


_TEXT = st.lists(st.sampled_from(["a", "b", "", "😀", "c"]), max_size=30).map("\n".join)


@given(_TEXT, _TEXT)
def test_what_is_shown_is_true(old: str, new: str) -> None:
    """Every numbered line is that line now, every new one is among them, and rows do not repeat."""
    lines = Text.of(new).lines
    seen: list[int] = []
    for one in changes(Text.of(old), Text.of(new)):
        for row in one.shown.splitlines():
            found = re.fullmatch(r"([ +-]) *(\d*)\| (.*)", row)
            assert found is not None
            if found[2]:
                number = int(found[2])
                assert lines[number - 1].rstrip("\n") == found[3]
                assert one.first < number <= one.last
                seen.append(number)
    assert seen == sorted(set(seen))
    kept = [line.rstrip("\n") for at, line in enumerate(lines, 1) if at not in seen]
    old_lines = iter(line.rstrip("\n") for line in Text.of(old).lines)
    assert all(line in old_lines for line in kept if line), "what is not shown was there, in order"
