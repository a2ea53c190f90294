"""What the repository says, as fragments: each with its file's label, and for the cloud only what is open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_context.pack import Piece
from twolane_context.repository_map import Entry, MapState
from twolane_server.border.tokens import whole_readings
from twolane_server.border.words import find_word
from twolane_server.fragments import Fragment, Label, disclose
from twolane_server.lanes.base import LaneName
from twolane_server.repositories.shown import Shown
from twolane_server.repositories.surroundings import (
    LOCAL_MAP_TOKENS,
    MAP_TOKENS,
    PIECES_TOKENS,
    Seen,
    Wanted,
    surroundings,
)
from twolane_server.rules.verdicts import UNKNOWN, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_server.actions.base import Surroundings

ROOT = Path("/repo")
OPEN, NDA = Verdict(Label.OPEN), Verdict(Label.NDA)


def piece(path: str, text: str = "def f(): ...\n", lines: tuple[int, int] = (3, 3)) -> Piece:
    return Piece(path, *lines, text, 5)


def entry(path: str, first: int = 0, last: int = 0) -> Entry:
    return Entry(path, "00", ("function f",), f"{path}\n  def f()\n", first, last)


def wanted(audience: LaneName = LaneName.LOCAL, **more: object) -> Wanted:
    usual: dict[str, object] = {"model": "Qwen3-Coder", "window": 65_536, "label": Label.OPEN}
    return Wanted("/repo/a.py", 0, 0, audience, **(usual | more))  # pyright: ignore[reportArgumentType] - a test's shorthand


def said(
    verdicts: dict[str, Verdict], *pieces: Piece, asked: Wanted, entries: tuple[Entry, ...] = ()
) -> Surroundings:
    seen = Seen(ROOT, "a.py", pieces, MapState(entries, 3))
    return surroundings(seen, asked, lambda path: verdicts.get(path, UNKNOWN))


def texts(fragments: tuple[Fragment, ...]) -> str:
    return "".join(map(disclose, fragments))


def test_a_piece_stands_in_a_fence_below_its_place() -> None:
    (one,) = said({"b.py": OPEN}, piece("b.py"), asked=wanted()).pieces
    assert texts((one,)) == "b.py, line 3\n```python\ndef f(): ...\n```\n"
    assert (one.origin.path, one.origin.start_line, one.origin.end_line) == ("/repo/b.py", 3, 3)


def test_the_places_of_pieces_are_not_read_as_what_a_tool_put_before_lines() -> None:
    some = [piece(f"{name}.py", lines=(3, last)) for name in "bcdef" for last in (3, 5)]
    found = said(dict.fromkeys((one.path for one in some), OPEN), *some, asked=wanted())
    shown = texts(found.pieces)
    assert shown.count(".py, line") == 10
    assert list(whole_readings(shown)) == [shown]


def test_no_line_of_a_piece_closes_its_fence() -> None:
    (one,) = said({"b.md": OPEN}, piece("b.md", "````\nx\n````\n"), asked=wanted()).pieces
    assert texts((one,)) == "b.md, line 3\n`````\n````\nx\n````\n`````\n"


@pytest.mark.parametrize(("verdict", "label"), [(OPEN, Label.OPEN), (NDA, Label.NDA)])
def test_on_the_local_lane_each_piece_has_its_files_label(verdict: Verdict, label: Label) -> None:
    found = said({"b.py": verdict}, piece("b.py"), asked=wanted(), entries=(entry("b.py"),))
    assert [one.label for one in found.pieces] == [label]
    assert [one.label for one in found.map if one.origin.path] == [label]


def test_a_file_of_which_nothing_is_known_is_nda() -> None:
    (one,) = said({}, piece("b.py"), asked=wanted()).pieces
    assert one.label is Label.NDA


def test_what_is_of_the_documents_own_file_has_at_least_its_label() -> None:
    (one,) = said({"a.py": OPEN}, piece("a.py"), asked=wanted(label=Label.NDA)).pieces
    assert one.label is Label.NDA
    assert one.origin.path == "/repo/a.py"


@pytest.mark.parametrize("verdict", [NDA, UNKNOWN, Verdict(Label.OPEN, own=False)])
def test_for_the_cloud_what_is_not_open_does_not_exist(verdict: Verdict) -> None:
    found = said(
        {"b.py": verdict, "c.py": OPEN},
        piece("b.py"),
        piece("c.py"),
        asked=wanted(LaneName.CLOUD),
        entries=(entry("b.py", 3, 3), entry("c.py", 3, 4)),
    )
    assert [one.origin.path for one in found.pieces] == ["/repo/c.py"]
    assert "b.py" not in texts(found.map)
    assert "c.py" in texts(found.map)


def test_for_the_cloud_what_holds_a_forbidden_word_is_left_out() -> None:
    verdicts = {"b.py": Verdict(Label.OPEN, ("Acme Corp",)), "c.py": OPEN, "d.py": OPEN}
    found = said(
        verdicts,
        piece("b.py", "acme_corp = 1\n"),
        piece("c.py", "AcmeCorp()\n"),
        piece("d.py"),
        asked=wanted(LaneName.CLOUD, words=("Zeta Bank",)),
        entries=(entry("zeta_bank.py"),),
    )
    assert [one.origin.path for one in found.pieces] == ["/repo/d.py"]
    assert not found.map
    local = said(verdicts, piece("c.py", "AcmeCorp()\n"), asked=wanted(words=("Acme Corp",)))
    assert local.pieces, "on the local lane words may be said"


@pytest.mark.parametrize(("audience", "shown"), [(LaneName.LOCAL, 1), (LaneName.CLOUD, 2)])
def test_what_the_local_lanes_map_shows_is_not_shown_again(audience: LaneName, shown: int) -> None:
    signature, body = "def tool(\n    a: int,\n) -> str:\n", "def tool(a): ...\n"
    text = "b.py\n  def tool( a: int, ) -> str:\n"
    there = Entry("b.py", "00", ("tool",), text, 3, 5)
    asked = wanted(audience)
    found = said(
        {"b.py": OPEN}, piece("b.py", signature), piece("b.py", body), asked=asked, entries=(there,)
    )
    assert len(found.pieces) == shown
    assert "def tool(a): ..." in texts(found.pieces)


def test_a_path_that_would_steer_a_terminal_is_left_out() -> None:
    assert not said({"b\x1b.py": OPEN}, piece("b\x1b.py"), asked=wanted()).pieces


def test_a_map_of_the_document_alone_says_nothing() -> None:
    own = {"a.py": OPEN}
    assert not said(own, asked=wanted(), entries=(entry("a.py", 3, 3),))


def test_small_windows_get_small_surroundings() -> None:
    cloud, local = wanted(LaneName.CLOUD), wanted()
    assert (cloud.map_tokens, cloud.pieces_tokens) == (MAP_TOKENS, PIECES_TOKENS)
    assert (local.map_tokens, local.pieces_tokens) == (LOCAL_MAP_TOKENS, PIECES_TOKENS)
    small = wanted(LaneName.CLOUD, window=4_096)
    assert (small.map_tokens, small.pieces_tokens) == (256, 512)
    assert wanted(window=4_096).map_tokens == 1_024
    assert wanted(budget=77).pieces_tokens == 77


NAMES = st.sampled_from(["a.py", "b.py", "c.py", "d/e.py"])
VERDICTS = st.builds(
    Verdict, st.sampled_from(Label), st.sampled_from([(), ("secret word",)]), st.booleans()
)
TEXTS = st.sampled_from(["x = 1\n", "Secret_Word\n", "```\n", "secretword()\n", ""])


@given(
    st.dictionaries(NAMES, VERDICTS),
    st.lists(st.builds(piece, NAMES, TEXTS)),
    st.lists(st.builds(entry, NAMES)),
    st.sampled_from(Label),
)
def test_nothing_for_the_cloud_is_nda_or_forbidden(
    verdicts: dict[str, Verdict], pieces: list[Piece], entries: list[Entry], label: Label
) -> None:
    asked = wanted(LaneName.CLOUD, label=label)
    found = said(verdicts, *pieces, asked=asked, entries=tuple(entries))
    shown = (*found.map, *found.pieces)
    assert all(one.label is Label.OPEN for one in shown)
    for one in shown:
        if one.origin.path:
            path = one.origin.path.removeprefix("/repo/")
            assert verdicts[path].open
    words = {
        word for path in {p.path for p in pieces} for word in verdicts.get(path, UNKNOWN).words
    }
    assert find_word(texts(shown), tuple(words)) is None


def test_what_holds_nda_code_is_looked_for_when_asked_and_once_some_was_found() -> None:
    seen = Seen(ROOT, "a.py", (piece("b.py", "def b(): ...\n"), piece("c.py")), MapState())
    shown, looked = Shown(), list[int]()

    def holding(some: Sequence[str]) -> set[str]:
        looked.append(len(some))
        return {text for text in some if "def b" in text}

    def files_of(asked: Wanted) -> list[str]:
        found = surroundings(seen, asked, lambda _: OPEN, holding, shown)
        return [one.origin.path for one in found.pieces]

    both, one = ["/repo/b.py", "/repo/c.py"], ["/repo/c.py"]
    assert files_of(wanted(LaneName.CLOUD, sift=False)) == both
    assert files_of(wanted(LaneName.LOCAL)) == both
    assert not looked
    assert files_of(wanted(LaneName.CLOUD)) == one
    assert files_of(wanted(LaneName.CLOUD, sift=False)) == one
    assert looked == [2, 2]
