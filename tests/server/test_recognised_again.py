"""What passed once passes again as long as nothing of it came under NDA: as one with no memory would say."""

from __future__ import annotations

from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_trust import make_folders
from twolane_server.border.fingerprints import Fingerprints, Source
from twolane_server.border.print_store import read_key
from twolane_server.recognition.recognised import SUFFIX, Recognised
from twolane_server.repositories.indexing import cache_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from twolane_server.border.print_sieve import Newest
    from twolane_server.settings.resolved import Folders

CODE = """\
def settle(rows, quota, gateway):
    overdrawn = gateway.overdrawn(rows, quota)
    for meter in overdrawn:
        gateway.throttle(meter, quota[meter.kind] * 0.375)
    return gateway.settled(rows, overdrawn)

def reopened_by_hand(meter, reason):
    meter.reopen(reason, by="hand", at=meter.clock())
    return [each.number for each in meter.readings if each > 4]
"""
ROWS = CODE.splitlines()
WORDS = ("sync", "sync theirs", "release", "release code")
Step: TypeAlias = "tuple[str, list[str], list[str]]"
_PART = st.tuples(st.integers(0, 9), st.integers(1, 5)).map(
    lambda part: "\n".join(ROWS[part[0] : part[0] + part[1]])
)
_TEXT = st.lists(_PART | st.sampled_from(["x = 1", "# é", "other(that)"]), max_size=3).map(
    "\n".join
)
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(WORDS),
        st.lists(_PART, max_size=2),
        st.lists(_TEXT, min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=6,
)


def sources(root: Path, codes: list[str]) -> list[Source]:
    return [
        Source(f"{root.name}/{number}.py", sha256(code.encode()).digest(), lambda code=code: code)
        for number, code in enumerate(codes)
    ]


def take(ours: Recognised, theirs: Recognised, step: Step, roots: tuple[Path, Path]) -> None:
    """Change what is under NDA."""
    what, codes, _ = step
    match what:
        case "sync":
            ours.sync(sources(roots[0], codes))
        case "sync theirs":
            theirs.sync(sources(roots[1], codes))
        case "release":
            theirs.release(["0.py"])
        case _:
            for code in codes:
                ours.release_code(code, ours.held(code))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
    deadline=None,
)
@given(_STEPS)
def test_each_answer_is_as_if_nothing_was_remembered(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    top = tmp_path_factory.mktemp("course")
    folders, roots = make_folders(top / "own"), (top / "ours", top / "theirs")
    with (
        closing(Recognised(roots[0], folders)) as ours,
        closing(Recognised(roots[1], folders)) as theirs,
    ):
        ours.sync([])
        for step in steps:
            take(ours, theirs, step, roots)
            for text in (*step[2], *step[2], CODE, "x = 1\ny = 2"):
                assert (ours.found(text) is None) == clean(text, roots, folders)


def clean(text: str, roots: tuple[Path, Path], folders: Folders) -> bool:
    """Whether a text holds no code under NDA, by one who remembers nothing."""
    key = read_key(folders.state / "fingerprints.key")
    for root in roots:
        with closing(Fingerprints.look(cache_file(root, folders, SUFFIX), key)) as prints:
            if prints.match(text) is not None:
                return False
    return True


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_when_code_under_nda_is_typed_what_passed_is_not_compared_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    folders, roots = make_folders(tmp_path / "own"), (tmp_path / "ours", tmp_path / "theirs")
    asked: list[int] = []
    knows = Fingerprints.knows

    def noted(prints: Fingerprints, hashes: list[int]) -> bool:
        asked.append(len(hashes))
        return knows(prints, hashes)

    monkeypatch.setattr(Fingerprints, "knows", noted)
    text = "\n".join(f"value_{n} = {n} + step({n})" for n in range(50))
    with (
        closing(Recognised(roots[0], folders)) as ours,
        closing(Recognised(roots[1], folders)) as theirs,
    ):
        typed, root = {"ours": (ours, roots[0]), "theirs": (theirs, roots[1])}[whose]
        ours.sync([])
        typed.sync(sources(root, ["\n".join(ROWS[:3])]))
        assert ours.found(text) is None
        asked.clear()
        for number in range(4, 9):
            typed.sync(sources(root, ["\n".join(ROWS[:number])]))
            assert ours.found(text) is None
        assert not asked
        assert ours.found(f"{text}\n{CODE}") is not None
        typed.sync(sources(root, ["\n".join(ROWS[:8]), text]))
        assert ours.found(text) is not None


def test_what_passed_is_held_against_what_is_new_before_anybody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    added = Fingerprints.added

    def noted(prints: Fingerprints, since: Newest) -> Sequence[int] | None:
        asked.append(since)
        return added(prints, since)

    monkeypatch.setattr(Fingerprints, "added", noted)
    root = tmp_path / "ours"
    with closing(Recognised(root, make_folders(tmp_path / "own"))) as ours:
        ours.sync([])
        assert ours.found("x = 1") is None
        ours.sync(sources(root, [CODE]))
        assert len(asked) == 1
        assert ours.found("x = 1") is None
        assert ours.found(CODE) is not None
        assert len(asked) == 1
