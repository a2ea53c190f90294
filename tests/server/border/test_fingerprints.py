"""Code under NDA is known again, whatever stands around it and however it is quoted."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from twolane_server.border import asked, fingerprints
from twolane_server.border.distinctive import distinctive
from twolane_server.border.fingerprints import KEPT_DAYS, Fingerprints, Source
from twolane_server.border.matching import Match
from twolane_server.border.prints import GRAM, Hasher, Kind, prints
from twolane_server.border.public import everyday, public, short
from twolane_server.border.tokens import lines
from twolane_server.border.variants import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from twolane_server.border.variants import Piece

KEY = bytes(range(32))
DAY = 86_400
CODE = """\
def settle(rows, rate, limit):
    total = 0
    for row in rows:
        amount = row.amount * rate[row.kind]
        if amount > limit:
            raise Overdrawn(row, amount)
        total += amount - row.paid
    return total / len(rows)


@job(every=15)
def push(gateway, delta=0.375, retries=3):
    while retries and not gateway.send(delta, retries):
        retries -= 1
        gateway.pause(2 ** (3 - retries))
"""
OTHER = """\
def area(shape):
    return shape.width * shape.height
"""


class Clock:
    """Seconds of the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def source(path: str, text: str) -> Source:
    return Source(path, sha256(text.encode("utf-8", "surrogatepass")).digest(), lambda: text)


def opened(folder: Path, *files: Source, clock: Clock | None = None) -> Fingerprints:
    made = Fingerprints(folder / "nda.prints", KEY, clock or Clock())
    made.sync(files)
    return made


def part(first: int, last: int) -> str:
    return "\n".join(CODE.split("\n")[first - 1 : last])


def test_a_copy_is_found_and_its_place_told(tmp_path: Path) -> None:
    with closing(opened(tmp_path, source("acme/a.py", CODE), source("b.py", OTHER))) as found:
        assert found.problem is None
        assert found.found(OTHER.replace("area", "size")) is None
        assert found.match(f"Explain\n{part(4, 8)}\n") == Match(Kind.GRAM, "acme/a.py", 4, 6)
        reason = "it holds code of acme/a.py (about lines 4 to 6), which is NDA"
        assert found.found(f"Explain\n{part(4, 8)}\n") == reason


QUOTING: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "fenced": lambda text: f"~~~\n```python\n{text}\n```",
    "indented": lambda text: re.sub("(?m)^", "        ", text),
    "dedented": lambda text: re.sub("(?m)^ +", "", text),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "added": lambda text: re.sub("(?m)^", "+", text),
    "removed": lambda text: "@@ -1,9 +0,0 @@\n" + re.sub("(?m)^", "-", text),
    "commented": lambda text: re.sub("(?m)^", "# ", text),
    "invisible": lambda text: re.sub(r"(\w)(\w)", "\\1\u200b\\2", text),
    "look-alike": lambda text: text.replace("a", "\u0430").replace("o", "\u043e"),
    "numbered": lambda text: "\n".join(
        f"{n:>6}\t{row}" for n, row in enumerate(text.split("\n"), 41)
    ),
}


@pytest.mark.parametrize("how", QUOTING)
def test_a_quoted_copy_is_found(tmp_path: Path, how: str) -> None:
    with closing(opened(tmp_path, source("a.py", CODE))) as found:
        match = found.match(f"{OTHER}\n{QUOTING[how](part(3, 7))}\n{OTHER}")
        assert match is not None
        assert match[:3] == (Kind.GRAM, "a.py", 4)  # the line before is of everyday words


def test_a_copy_with_other_names_is_found_by_its_shape(tmp_path: Path) -> None:
    keep = {"def", "for", "in", "if", "raise", "return"}
    other = re.sub(
        r"[a-z]\w*", lambda word: word[0] if word[0] in keep else f"{word[0]}_x", part(1, 8)
    )
    with closing(opened(tmp_path, source("a.py", CODE))) as found:
        assert (
            found.found(other)
            == "it holds code with other names but the shape of a.py (about lines 1 to 3), which is NDA"
        )


def test_a_rare_name_and_a_long_line_are_found_by_themselves(tmp_path: Path) -> None:
    text = (
        "def reconcile_settlement_batches(): ...\n\nURL = 'settlement-gateway.internal/acme/eu'\n"
    )
    with closing(opened(tmp_path, source("a.py", text))) as found:
        assert (
            found.found("What does reconcile_settlement_batches do?")
            == "it holds a name of a.py (line 1), which is NDA"
        )
        line = "at\n> URL = 'settlement-gateway.internal/acme/eu'"
        assert found.found(line) == "it holds code of a.py (line 3), which is NDA"


def test_the_reason_has_no_word_of_the_code(tmp_path: Path) -> None:
    with closing(opened(tmp_path, source("p", CODE))) as found:
        reason = found.found(CODE) or ""
        words = set(re.findall(r"\w{4,}", CODE))
        assert words.isdisjoint(re.findall(r"\w{4,}", reason))


def test_of_several_files_the_one_with_most_is_told(tmp_path: Path) -> None:
    files = (source("a.py", part(1, 3)), source("b.py", CODE))
    with closing(opened(tmp_path, *files)) as found:
        match = found.match(CODE)
        assert match is not None
        assert match.path == "b.py"


def test_nothing_passes_before_all_files_were_read(tmp_path: Path) -> None:
    with closing(Fingerprints.open(tmp_path / "p", KEY)) as found:
        assert "not all read yet" in (found.found("open") or "")
        found.sync([])
        assert found.found("open") is None

        def fails() -> str:
            assert "not all read yet" in (found.found("open") or "")
            raise PermissionError

        with pytest.raises(PermissionError):
            found.sync([Source("a.py", b"1", fails)])
        assert "not all read yet" in (found.found("open") or "")


def test_a_store_that_fails_lets_nothing_pass(tmp_path: Path) -> None:
    found = opened(tmp_path, source("a.py", CODE))
    found.close()
    assert found.found("open") == "the fingerprints of NDA code cannot be read"
    with pytest.raises(sqlite3.Error):
        found.sync([])


def test_what_is_known_is_not_read_again(tmp_path: Path) -> None:
    def never() -> str:
        raise AssertionError

    opened(tmp_path, source("a.py", CODE)).close()
    with closing(Fingerprints.open(tmp_path / "nda.prints", KEY)) as found:
        done = found.sync([Source("a.py", source("a.py", CODE).digest, never)])
        assert done == ((), (), ())
        assert found.match(CODE) is not None


def test_a_file_that_is_new_changed_gone_or_no_text(tmp_path: Path) -> None:
    with closing(opened(tmp_path, source("a.py", CODE), source("b.py", OTHER))) as found:
        new = [source("a.py", OTHER), source("c.py", CODE), Source("d.png", b"1", lambda: None)]
        assert found.sync(new) == (("a.py", "c.py"), ("b.py",), ("d.png",))
        assert found.sync(new) == ((), (), ("d.png",))


@pytest.mark.parametrize("after", [(), (source("a.py", OTHER),), (source("b.py", CODE[:40]),)])
def test_code_that_is_gone_stays_known_for_a_while(
    tmp_path: Path, after: tuple[Source, ...]
) -> None:
    clock = Clock()
    with closing(opened(tmp_path, source("a.py", CODE), clock=clock)) as found:
        found.sync(after)
        clock.now += KEPT_DAYS * DAY
        found.sync(after)
        assert found.match(part(4, 8)) is not None
        clock.now += 1
        found.sync(after)
        assert found.match(part(4, 8)) is None


def test_an_edit_keeps_what_is_still_there(tmp_path: Path) -> None:
    clock = Clock()
    with closing(opened(tmp_path, source("a.py", CODE), clock=clock)) as found:
        edited = source("a.py", part(9, 15) + "\nthreshold = 7\n")
        found.sync([edited])
        clock.now += KEPT_DAYS * DAY + 1
        found.sync([edited])
        assert found.match(part(12, 14)) == Match(Kind.GRAM, "a.py", 4, 5)


def test_only_the_owners_word_opens_code_at_once(tmp_path: Path) -> None:
    with closing(opened(tmp_path, source("a.py", CODE), source("b.py", part(11, 15)))) as found:
        found.sync([source("b.py", part(11, 15))])
        assert found.match(part(3, 7)) is not None
        found.release(["a.py"])
        assert found.match(part(3, 7)) is None
        match = found.match(part(12, 15))
        assert match is not None
        assert match.path == "b.py"


def test_all_files_that_a_short_one_is_the_same_as_are_told(tmp_path: Path) -> None:
    """As where it was moved: the owner's word opens it under both names, or it stays NDA."""
    short = "def zorblat(a):\n    return quiffle\n"
    known = opened(tmp_path, source("clients/q.py", short), source("q.py", short))
    assert [each.path for each in known.matches(short)] == ["clients/q.py", "q.py"]
    known.release_code(short, [each.path for each in known.matches(short)])
    assert known.matches(short) == ()
    known.close()


def test_the_file_tells_nothing_without_the_key(tmp_path: Path) -> None:
    opened(tmp_path, source("a.py", CODE)).close()
    stored = (tmp_path / "nda.prints").read_bytes()
    assert b"settle" not in stored
    for key in (b"", KEY):
        for series in prints(CODE, Hasher(key)):
            assert not any(each.to_bytes(8, "big", signed=True) in stored for each in series.hashes)
    with closing(Fingerprints.open(tmp_path / "nda.prints", bytes(32))) as found:
        found.sync([])
        assert found.match(CODE) is None


def test_public_code_is_not_kept() -> None:
    public_code = (
        "    def __init__(self, *args, **kwargs):\n        super().__init__(*args, **kwargs)"
    )
    everything = prints(public_code + "\n" + CODE, Hasher(KEY), declared=True)
    kept = distinctive(public_code + "\n" + CODE, Hasher(KEY))
    assert 0 < len(kept) < sum(len(set(series.hashes)) for series in everything)


def runs(text: str) -> set[int]:
    """Each run of 16 tokens of a text that is not public, as a hash without a key."""
    dull = everyday((token for line in lines(text) for token in line.tokens), GRAM)
    found = zip(prints(text, Hasher())[Kind.GRAM].hashes, dull, strict=True)
    return {each for each, skip in found if not skip and short(each) not in public()}


def test_of_a_file_of_data_every_eighth_hash_is_kept_after_the_first_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twolane_server.border.distinctive._WHOLE", 400)
    rows = [f"{{meter{n}: {n * n}, quota_{n}: [{n}.5, {n * 7}]}}," for n in range(400)]
    with closing(opened(tmp_path, source("a.json", "\n".join(rows)))) as found:
        matches = [found.match("\n".join(rows[at : at + 5])) is not None for at in range(395)]
    kept = len(distinctive("\n".join(rows), Hasher(KEY)))
    every = len(prints("\n".join(rows), Hasher(KEY))[Kind.GRAM].hashes)
    assert all(matches[:15])
    assert sum(matches) >= 0.95 * len(matches)
    assert kept < 400 + every / 6


def test_the_hashes_of_a_text_are_made_once_for_all_who_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    class Counted(Pieces):
        def of(self, texts: Iterable[str]) -> Iterator[Piece]:
            read.extend(known := list(texts))
            return super().of(known)

    monkeypatch.setattr(asked, "Pieces", Counted)
    text = f"{part(3, 7)}\n# asked twice"
    with (
        closing(Fingerprints(tmp_path / "a", KEY)) as one,
        closing(Fingerprints(tmp_path / "b", KEY)) as other,
        closing(Fingerprints(tmp_path / "c", bytes(32))) as another,
    ):
        assert one.match(text) is other.match(text) is None
        assert read == [text]
        assert another.match(text) is None
        assert read == [text, text]


def test_of_several_texts_each_is_looked_at(tmp_path: Path) -> None:
    copy = part(3, 7)
    with closing(opened(tmp_path, source("a.py", CODE))) as found:
        for texts in ((copy, OTHER), (OTHER, copy), (OTHER, OTHER + copy, OTHER)):
            assert found.match(*texts) == found.match(copy)
        half = len(copy) // 2
        assert found.match(copy[:half], OTHER, copy[half:], "") is not None
        assert found.match(part(4, 4), OTHER, part(5, 5)) is None


def test_what_was_asked_before_is_answered_as_it_is_now(tmp_path: Path) -> None:
    text = part(3, 7)
    with closing(opened(tmp_path)) as found:
        assert found.match(text) is None
        with closing(Fingerprints(tmp_path / "nda.prints", KEY)) as other:
            other.sync([source("a.py", CODE)])
            assert found.match(text) is not None
            other.release(["a.py"])
            assert found.match(text) is None


def test_the_owner_may_open_a_part_of_what_a_file_holds(tmp_path: Path) -> None:
    with closing(opened(tmp_path, source("a.py", CODE), source("b.py", CODE))) as found:
        assert [each.path for each in found.matches(part(1, 8))] == ["a.py", "b.py"]
        found.release_code(part(1, 8), ["a.py", "c.py"])
        assert [each.path for each in found.matches(part(1, 8))] == ["b.py"]
        assert [each.path for each in found.matches(part(11, 15))] == ["a.py", "b.py"]
        found.release_code(part(1, 8), ["b.py"])
        assert found.match(part(1, 8)) is None


def test_whose_they_are_is_kept(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as found:
        assert found.root() is None
    for root in (tmp_path / "r", tmp_path / "moved\udcff"):
        with closing(Fingerprints.open(tmp_path / "nda.prints", KEY, root)) as found:
            found.sync([])
        with closing(Fingerprints.open(tmp_path / "nda.prints", KEY)) as found:
            assert found.root() == root


WORD = st.from_regex(r"[a-z][a-z_0-9]{0,8}", fullmatch=True)
SIGN = st.sampled_from([*"()[]{}.,:=<+-*/%@!", '"'])
STORE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
)


@pytest.fixture
def empty(tmp_path: Path) -> Callable[[str], Fingerprints]:
    """Fingerprints of one file, in memory."""
    (tmp_path / "file").touch()
    return lambda text: opened(tmp_path / "file" / "x", source("a.py", text))


TOKENS = st.lists(WORD | SIGN, max_size=40)


@STORE
@given(
    st.tuples(WORD, st.lists(WORD | SIGN, min_size=GRAM - 1, max_size=GRAM - 1)),
    st.tuples(st.lists(WORD, max_size=20), TOKENS),
    st.tuples(st.text(), st.text()),
    st.sampled_from(sorted(QUOTING)),
)
def test_every_run_of_16_tokens_is_found_whatever_stands_around_it(
    empty: Callable[[str], Fingerprints],
    run: tuple[str, list[str]],
    around: tuple[list[str], list[str]],
    beside: tuple[str, str],
    how: str,
) -> None:
    copied = " ".join((run[0], *run[1]))
    (lead, rest), (before, after) = around, beside
    with closing(empty(f"{' '.join(lead)} {copied} {' '.join(rest)}")) as found:
        rows = re.sub(r" (?=[a-z])", "\n", copied, count=2)
        text = f"{before}\n{QUOTING[how](rows)}\n{after}"
        # Only three lines or more can be seen to be numbered.
        if runs(copied) and (how != "numbered" or rows.count("\n") == 2):
            assert found.match(text) is not None


@STORE
@given(
    st.lists(st.sampled_from(["qzx", "b", "(", ")"]), min_size=16, max_size=40),
    st.lists(st.sampled_from(["qzx", "b", "(", ")"]), min_size=16, max_size=30),
)
def test_found_is_what_shares_a_run_and_nothing_else(
    empty: Callable[[str], Fingerprints], nda: list[str], asked: list[str]
) -> None:
    code, text = "a " + " ".join(nda), "a " + " ".join(asked)
    with closing(empty(code)) as found:
        assert (found.match(text) is not None) == (not runs(code).isdisjoint(runs(text)))


def alike(code: str, text: str) -> bool:
    """Whether two texts share a run that is not public, or a shape, a long line or a long name."""
    (_, *ours), (_, *theirs) = prints(code, Hasher()), prints(text, Hasher())
    return not runs(code).isdisjoint(runs(text)) or any(
        not set(one.hashes).isdisjoint(other.hashes)
        for one, other in zip(ours, theirs, strict=True)
    )


@STORE
@given(st.text(), st.text())
@example("0" * 40, "0" * 40)  # a long line is found without a run
def test_any_text_gets_an_answer(
    empty: Callable[[str], Fingerprints], code: str, text: str
) -> None:
    with closing(empty(code)) as found:
        assert found.found(text) is None or alike(code, text)


def test_large_sets_are_written_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "_BATCH", 50)
    files = [source(f"{n}.py", CODE.replace("row", f"row{n}")) for n in range(5)]
    with closing(opened(tmp_path, *files)) as found:
        for n in range(5):
            match = found.match(part(3, 7).replace("row", f"row{n}"))
            assert match is not None
            assert match.path == f"{n}.py"
