"""The fingerprints of all repositories on a machine, as one repository asks them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from support_trust import make_folders
from twolane_server.border.fingerprints import UNREADABLE, Fingerprints, Source
from twolane_server.border.print_store import Edition, PrintStore
from twolane_server.errors import FingerprintsUnusable
from twolane_server.recognition.recognised import SUFFIX, Recognised
from twolane_server.repositories.indexing import cache_file

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.settings.resolved import Folders

NDA_CODE = """\
def settle(rows, quota, gateway):
    overdrawn = gateway.overdrawn(rows, quota)
    for meter in overdrawn:
        gateway.throttle(meter, quota[meter.kind] * 0.375)
    return gateway.settled(rows, overdrawn)
"""
FOUND = "it holds code of theirs/a.py (about lines 1 to 4), which is NDA"


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return make_folders(tmp_path / "own")


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    return tmp_path / "ours"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return tmp_path / "theirs"


def source(path: str, text: str) -> Source:
    return Source(path, sha256(text.encode()).digest(), lambda: text)


def learn(root: Path, folders: Folders, text: str = NDA_CODE) -> None:
    with closing(Recognised(root, folders)) as made:
        made.sync([source(f"{root.name}/a.py", text)])


def test_code_of_other_repositories_is_recognised(
    ours: Path, theirs: Path, folders: Folders
) -> None:
    learn(theirs, folders)
    with closing(Recognised(ours, folders)) as made:
        made.sync([])
        assert made.found(f"Explain\n{NDA_CODE}") == FOUND
        assert made.found("Explain") is None
        assert made.problem is None


def test_a_repository_that_comes_later_is_recognised_at_once(
    ours: Path, theirs: Path, folders: Folders
) -> None:
    with closing(Recognised(ours, folders)) as made:
        made.sync([])
        assert made.found(NDA_CODE) is None
        learn(theirs, folders)
        assert made.found(NDA_CODE) == FOUND


def test_nothing_passes_before_our_own_code_was_read(ours: Path, folders: Folders) -> None:
    with closing(Recognised(ours, folders)) as made:
        assert "not all read yet" in (made.found("open") or "")


def test_without_a_key_there_are_none_and_one_sentence_says_so(
    ours: Path, folders: Folders
) -> None:
    (folders.state / "fingerprints.key").mkdir(parents=True)
    with pytest.raises(
        FingerprintsUnusable, match=r"^The key .* nothing is sent to the cloud; see"
    ):
        Recognised(ours, folders)


def test_where_nothing_can_be_kept_code_is_recognised_all_the_same(
    ours: Path, folders: Folders
) -> None:
    folders.cache.mkdir(parents=True)
    (folders.cache / "index").write_text("in the way", "utf-8")
    with closing(Recognised(ours, folders)) as made:
        assert "cannot be kept" in (made.problem or "")
        assert "not all read yet" in (made.found(NDA_CODE) or "")
        made.sync([source("ours/a.py", NDA_CODE)])
        assert "ours/a.py" in (made.found(NDA_CODE) or "")


def test_a_store_that_fails_lets_nothing_pass(ours: Path, folders: Folders) -> None:
    made = Recognised(ours, folders)
    made.sync([])
    assert made.found("open") is None
    made.close()
    assert made.found("open") == UNREADABLE
    assert made.newest() is None
    for fails in (lambda: made.held("open"), lambda: made.sync([]), lambda: made.release(["a"])):
        with pytest.raises(FingerprintsUnusable, match="`twolane doctor` tells what to do"):
            fails()


def test_our_damaged_store_is_made_anew_and_nothing_passes_until_all_is_read(
    ours: Path, folders: Folders
) -> None:
    learn(ours, folders)
    file = cache_file(ours, folders, SUFFIX)
    file.write_bytes(file.read_bytes()[:100] + b"\xff" * 8_000)
    with closing(Recognised(ours, folders)) as made:
        assert "damaged" in (made.problem or "")
        assert "not all read yet" in (made.found("open") or "")
        made.sync([source("ours/a.py", NDA_CODE)])
        assert "ours/a.py" in (made.found(NDA_CODE) or "")


@pytest.mark.parametrize("damage", [b"no database" * 500, b""])
def test_anothers_damaged_store_lets_nothing_pass_and_is_left_as_it_is(
    ours: Path, theirs: Path, folders: Folders, damage: bytes
) -> None:
    learn(theirs, folders)
    file = cache_file(theirs, folders, SUFFIX)
    whole = file.read_bytes()
    broken = whole[:100] + damage + whole[100 + len(damage) :] if damage else damage
    file.write_bytes(broken)
    with closing(Recognised(ours, folders)) as made:
        made.sync([])
        # An empty file is one that another process is about to fill.
        assert made.found("open") == (UNREADABLE if damage else None)
        assert file.read_bytes() == broken
        file.unlink()
        assert made.found("open") is None


def test_rows_of_another_version_stay_and_are_told(
    ours: Path, theirs: Path, folders: Folders
) -> None:
    file = cache_file(theirs, folders, SUFFIX)
    with closing(PrintStore(file, "another")) as store:
        store.put([Edition("theirs/a.py", b"1", {1: 1})], 1)
    with closing(Recognised(ours, folders)) as made:
        made.sync([])
        assert made.found("open") is None
        assert "`twolane index`" in (made.problem or "")
        with closing(PrintStore(file, "another")) as store:
            assert store.live() == {"theirs/a.py": b"1"}
        learn(theirs, folders)
        assert made.found(NDA_CODE) == FOUND
        assert made.problem is None


def test_what_a_text_holds_is_told_with_the_files_that_have_it(
    ours: Path, theirs: Path, folders: Folders
) -> None:
    learn(theirs, folders)
    with closing(Recognised(ours, folders)) as made:
        made.sync([source("ours/deep/b.py", NDA_CODE)])
        held = made.held(NDA_CODE)
        assert [each.file for each in held] == [ours / "deep" / "b.py", theirs / "a.py"]
        made.release_code(NDA_CODE, held[:1])
        assert made.found(NDA_CODE) == FOUND
        made.release_code(NDA_CODE, made.held(NDA_CODE))
        assert made.found(NDA_CODE) is None


def test_the_owner_opens_files_of_our_own_repository_only(
    ours: Path, theirs: Path, folders: Folders
) -> None:
    learn(theirs, folders)
    with closing(Recognised(ours, folders)) as made:
        made.sync([source("ours/a.py", NDA_CODE)])
        made.release(["a.py"])
        assert [each.match.path for each in made.held(NDA_CODE)] == ["theirs/a.py"]


def test_whoever_adds_code_is_noticed(ours: Path, theirs: Path, folders: Folders) -> None:
    with closing(Recognised(ours, folders)) as made:
        made.sync([])
        seen = [made.newest()]
        assert made.newest() == seen[0]
        made.sync([source("ours/a.py", NDA_CODE)])
        seen.append(made.newest())
        learn(theirs, folders)
        seen.append(made.newest())
        with closing(Recognised(theirs, folders)) as other:
            other.sync([source("theirs/a.py", f"{NDA_CODE}\nx = 1\n")])
        seen.append(made.newest())
        assert len(set(seen)) == 4
        assert None not in seen


def test_fingerprints_of_another_user_say_nothing(
    ours: Path, theirs: Path, folders: Folders
) -> None:
    file = cache_file(theirs, folders, SUFFIX)
    with closing(Fingerprints.open(file, bytes(32), theirs)) as other:
        other.sync([source("theirs/a.py", NDA_CODE)])
    with closing(Recognised(ours, folders)) as made:
        made.sync([])
        assert made.found(NDA_CODE) is None
        assert made.problem is not None


def test_what_passed_once_passes_no_more_when_its_code_comes_under_nda(
    ours: Path, theirs: Path, folders: Folders
) -> None:
    with closing(Recognised(ours, folders)) as made:
        made.sync([])
        assert made.found(NDA_CODE) is None
        assert made.found(NDA_CODE) is None
        learn(theirs, folders)
        assert made.found(NDA_CODE) == FOUND
        with closing(Recognised(theirs, folders)) as other:
            other.release(["a.py"])
        assert made.found(NDA_CODE) is None
        made.sync([source("ours/b.py", NDA_CODE)])
        assert made.found("x = 1") is None
        assert "ours/b.py" in str(made.found(NDA_CODE))


def test_of_texts_asked_about_together_those_that_hold_code_are_told(
    ours: Path, theirs: Path, folders: Folders
) -> None:
    learn(theirs, folders)
    with closing(Recognised(ours, folders)) as made:
        assert made.holding(["x = 1", "y = 2"]) == {"x = 1", "y = 2"}  # nothing is read yet
        made.sync([])
        assert made.holding(["x = 1", NDA_CODE, "y = 2"]) == {NDA_CODE}
        assert made.holding([]) == set()
        head, tail = NDA_CODE[:60], NDA_CODE[60:]
        assert made.holding([head, tail]) >= {tail}


def test_who_will_ask_much_gets_ready_with_what_all_repositories_know(
    ours: Path, theirs: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(theirs, folders)
    ready: list[PrintStore] = []

    def is_ready(one: PrintStore) -> None:
        ready.append(one)

    monkeypatch.setattr(PrintStore, "expect_many", is_ready)
    with closing(Recognised(ours, folders)) as asked:
        asked.expect_many()
        assert len(set(map(id, ready))) == 2


def test_getting_ready_may_fail_and_then_the_question_tells(
    ours: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise sqlite3.OperationalError

    with closing(Recognised(ours, folders)) as asked:
        asked.sync([])
        monkeypatch.setattr(PrintStore, "expect_many", fails)
        asked.expect_many()
        monkeypatch.setattr(PrintStore, "newest", fails)
        assert asked.found(NDA_CODE) == UNREADABLE
