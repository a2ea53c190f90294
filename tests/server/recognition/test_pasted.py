"""A document into which code under NDA was pasted becomes NDA and stays it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twolane_server.border.fingerprints import UNREADABLE, Fingerprints, Source
from twolane_server.recognition.pasted import Watched
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twolane_server.border.print_sieve import Newest

NDA_CODE = """\
def settle(rows, quota, gateway):
    overdrawn = gateway.overdrawn(rows, quota)
    for meter in overdrawn:
        gateway.throttle(meter, quota[meter.kind] * 0.375)
    return gateway.settled(rows, overdrawn)
"""
OPEN = "".join(f"area_{n} = width[{n}] * height[{n}]\n" for n in range(400))


def source(path: str, text: str) -> Source:
    return Source(path, sha256(text.encode()).digest(), lambda: text)


@dataclass
class Prints:
    """Fingerprints, and what they were asked."""

    prints: Fingerprints
    asked: list[str] = field(default_factory=list[str])

    def whole(self, text: str, /) -> str | None:
        match = self.prints.whole(text)
        return None if match is None else str(match)

    def found(self, text: str, /) -> str | None:
        self.asked.append(text)
        return self.prints.found(text)

    def newest(self) -> tuple[Newest, ...]:
        return (self.prints.newest(),)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fingerprints]:
    file = tmp_path_factory.mktemp("prints") / "p"
    with closing(Fingerprints(file, bytes(32))) as made:
        made.sync([source("r/a.py", NDA_CODE)])
        yield made


@pytest.fixture
def prints(known: Fingerprints) -> Prints:
    return Prints(known)


def test_a_paste_makes_it_nda_and_to_take_it_out_does_not_open_it(prints: Prints) -> None:
    watched = Watched()
    assert watched.look(OPEN, prints) is None
    reason = watched.look(OPEN + NDA_CODE, prints)
    assert reason == "it holds code of r/a.py (about lines 1 to 4), which is NDA"
    assert watched.look(OPEN, prints) == reason
    assert watched.look("", prints) == reason


def test_what_was_there_at_first_counts(prints: Prints) -> None:
    assert Watched().look(f"{OPEN}{NDA_CODE}{OPEN}", prints) is not None


def test_only_what_changed_is_looked_at_with_a_little_around_it(prints: Prints) -> None:
    watched = Watched()
    watched.look(OPEN, prints)
    watched.look(OPEN, prints)
    assert prints.asked == [OPEN]
    edited = OPEN.replace("area_200 =", "volume_200 =")
    watched.look(edited, prints)
    assert "volume_200" in prints.asked[1]
    assert prints.asked[1] in edited
    assert prints.asked[1].count("\n") < 40


@pytest.mark.parametrize("gap", ["\n" * 500, " \n" * 200, "\n\n# \n" * 200])
def test_a_copy_with_many_empty_lines_in_it_is_found_when_its_last_piece_comes(
    prints: Prints, gap: str
) -> None:
    words = NDA_CODE.split()
    watched = Watched()
    for count in range(1, len(words) + 1):
        text = OPEN + gap.join(words[:count]) + "\n" + OPEN
        whole = prints.prints.found(text) is not None
        assert (watched.look(text, prints) is not None) == whole
        if whole:
            return
    pytest.fail("it was never found")


def test_a_line_that_makes_the_rest_a_diff_has_all_looked_at(prints: Prints) -> None:
    rows = NDA_CODE.splitlines()
    mixed = "".join(f"-{row}\n+changed_{n} = {n}\n" for n, row in enumerate(rows))
    broken = "\n".join(f"-{word}\n+{n}" for n, word in enumerate(" ".join(rows).split()))
    for body in (mixed, broken):
        watched = Watched()
        before = watched.look(f"{OPEN}{body}", prints)
        assert watched.look(f"@@ -1,9 +1,9 @@\n{OPEN}{body}", prints) is not None
    assert before is None


def test_what_is_not_known_yet_does_not_stick(tmp_path: Path) -> None:
    watched = Watched()
    with closing(Fingerprints(tmp_path / "p", bytes(32))) as made:
        prints = Prints(made)
        assert "not all read yet" in (watched.look(OPEN, prints) or "")
        made.sync([source("r/a.py", NDA_CODE)])
        assert watched.look(OPEN, prints) is None
        assert watched.look(OPEN + NDA_CODE, prints) is not None


def test_what_was_there_before_anything_could_be_recognised_counts(tmp_path: Path) -> None:
    """While a repository is read for the first time, or the fingerprints are not all read."""
    waited, asked, clean = Watched(), Watched(), Watched()
    with closing(Fingerprints(tmp_path / "p", bytes(32))) as made:
        prints = Prints(made)
        for text in (OPEN, OPEN + NDA_CODE, OPEN):
            assert (waited.wait(text) is None) == (text != OPEN or not prints.asked)
            assert "not all read yet" in (asked.look(text, prints) or "")
        clean.wait(OPEN)
        made.sync([source("r/a.py", NDA_CODE)])
        prints.asked.clear()
        assert waited.look(OPEN, prints) is not None
        assert asked.look(OPEN, prints) is not None
        prints.asked.clear()
        assert clean.look(OPEN, prints) is None
        assert prints.asked == [OPEN], "once will do"


def test_what_was_there_for_a_moment_counts_until_the_owner_says_otherwise(prints: Prints) -> None:
    """Also where nobody looked at it meanwhile."""
    watched = Watched()
    assert watched.look(OPEN, prints) is None
    for text in (OPEN + NDA_CODE, OPEN):
        watched.notice(Text.of(text))
    prints.asked.clear()
    assert watched.look(OPEN, prints) is not None
    assert max(map(len, prints.asked)) < 4 * len(NDA_CODE), "no more than what changed"
    watched.notice(Text.of(OPEN + NDA_CODE))
    watched.forget()
    assert watched.look(OPEN, prints) is None


def test_a_check_is_of_all_that_it_held(prints: Prints) -> None:
    never, now, once = Watched(), Watched(), Watched()
    assert never.check(prints) is None
    now.notice(Text.of(OPEN + NDA_CODE))
    assert now.check(prints) is not None
    for text in (OPEN + NDA_CODE, OPEN):
        once.wait(text)
    assert once.check(prints) is not None
    never.wait(OPEN)
    assert never.check(prints) is None


def test_what_is_noticed_and_never_looked_at_does_not_grow(prints: Prints) -> None:
    watched = Watched()
    for number in range(1_000):
        watched.notice(Text.of(f"{OPEN}{number}"))
    assert watched.look(OPEN, prints) is None
    assert len(prints.asked) < 20


def test_while_nothing_can_be_read_it_is_nda_and_then_all_is_looked_at() -> None:
    class Broken:
        reason: str | None = UNREADABLE
        asked: list[str]

        def __init__(self) -> None:
            self.asked = []

        def whole(self, text: str, /) -> None:
            del text

        def found(self, text: str, /) -> str | None:
            self.asked.append(text)
            return self.reason

        def newest(self) -> None:
            return None

    watched, broken = Watched(), Broken()
    assert watched.look(OPEN, broken) == UNREADABLE
    broken.reason = None
    assert watched.look(f"{OPEN}x = 1\n", broken) is None
    assert broken.asked == [OPEN, f"{OPEN}x = 1\n"]


def test_code_that_comes_under_nda_later_is_found_where_it_stands_already(tmp_path: Path) -> None:
    watched = Watched()
    with closing(Fingerprints(tmp_path / "p", bytes(32))) as made:
        made.sync([])
        prints = Prints(made)
        text = f"{OPEN}{NDA_CODE}{OPEN}"
        assert watched.look(text, prints) is None
        with closing(Fingerprints(tmp_path / "p", bytes(32))) as other:
            other.sync([source("r/a.py", NDA_CODE)])
        assert watched.look(text, prints) is not None


def test_only_the_owners_word_on_that_code_opens_the_document_again(tmp_path: Path) -> None:
    other_code = NDA_CODE.replace("gateway", "turbine").replace("0.375", "0.5 - turbine.slack")
    held, was = Watched(), Watched()
    with closing(Fingerprints(tmp_path / "p", bytes(32))) as made:
        made.sync([source("r/a.py", NDA_CODE), source("r/b.py", "".join(sorted(OPEN)))])
        prints = Prints(made)
        reason = held.look(OPEN + NDA_CODE, prints)
        assert reason is not None
        assert was.look(OPEN + NDA_CODE, prints) == reason
        assert was.look(OPEN, prints) == reason
        with closing(Fingerprints(tmp_path / "p", bytes(32))) as other:
            other.release(["r/b.py"])
            assert was.look(OPEN, prints) == held.look(OPEN + NDA_CODE, prints) == reason
            other.release(["r/a.py"])
        assert was.look(OPEN, prints) is None
        assert held.look(OPEN + NDA_CODE, prints) is None
        made.sync([source("r/c.py", other_code)])
        assert held.look(OPEN + other_code, prints) is not None


PIECES = st.one_of(
    st.sampled_from(NDA_CODE.split(" ")),
    st.sampled_from(NDA_CODE.splitlines(keepends=True)),
    st.sampled_from(["\n", "\n" * 30, "+", "-", "# ", "12 ", "13 ", "x = 1\n", "\ud800", "\u00e9"]),
    st.sampled_from(["@@ -1 +1 @@\n", "\r\n", "\\n", "&amp;", "\u200b"]),
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 6), st.lists(PIECES, max_size=6).map(" ".join)),
    min_size=1,
    max_size=14,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=150,
)
@given(st.lists(PIECES, max_size=20).map(" ".join), EDITS)
def test_edit_by_edit_nothing_is_missed_that_the_whole_text_shows(
    known: Fingerprints, text: str, edits: list[tuple[float, int, str]]
) -> None:
    watched, prints = Watched(), Prints(known)
    ever = False
    for place, removed, added in [(0.0, 0, ""), *edits]:
        at = round(place * len(text))
        text = text[:at] + added + text[at + removed :]
        ever = ever or known.found(text) is not None
        assert (watched.look(text, prints) is not None) == ever


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
)
@given(st.data())
def test_a_paste_in_pieces_is_found_once_16_tokens_stand_together(
    known: Fingerprints, data: st.DataObject
) -> None:
    words = NDA_CODE.split()
    order = data.draw(st.permutations(range(len(words))))
    shown: set[int] = set()
    watched, prints = Watched(), Prints(known)
    ever = False
    for place in order:
        shown.add(place)
        middle = " ".join(word if at in shown else "..." for at, word in enumerate(words))
        text = f"{OPEN[:2000]}{middle}\n{OPEN[:2000]}"
        ever = ever or known.found(text) is not None
        assert (watched.look(text, prints) is not None) == ever
    assert ever
