"""The live index, one thing at a time; `test_freshness` has the rest."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from support_disk import ordinary_user
from support_repository import put
from twolane_context import disk
from twolane_context.cache import Cache
from twolane_context.index import Changed
from twolane_context.repository import Repository
from twolane_context.work import examine_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from twolane_context.disk import Examine, Row


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are read, in order."""
    paths: list[str] = []
    rows = disk.rows

    def noted(root: Path, listed: Sequence[str], examine: Examine) -> Iterator[Row | None]:
        paths.extend(listed)
        return rows(root, listed, examine)

    monkeypatch.setattr(disk, "rows", noted)
    return paths


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """An entry for each time that the repository is listed."""
    roots: list[Path] = []
    paths: Callable[[Path], Iterator[str]] = disk.paths

    def noted(root: Path) -> Iterator[str]:
        roots.append(root)
        return paths(root)

    monkeypatch.setattr(disk, "paths", noted)
    return roots


@pytest.fixture
def _trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is so young that its stamp is not trusted."""
    monkeypatch.setattr("twolane_context.repository._FRESH_NS", 0)


def opened(root: Path) -> Repository:
    repository = Repository(root)
    repository.refresh()
    return repository


def shown(repository: Repository, path: str) -> bytes | None:
    file = repository.index.files.get(path)
    return file and file.source()


def test_a_file_so_young_that_its_stamp_may_stay_is_read_again(
    tmp_path: Path, reads: list[str]
) -> None:
    put(tmp_path / "a.py")
    repository = opened(tmp_path)
    repository.refresh()
    assert reads == ["a.py", "a.py"]


@pytest.mark.usefixtures("_trusted")
def test_what_did_not_change_is_not_read_again(tmp_path: Path, reads: list[str]) -> None:
    put(tmp_path / "a.py")
    repository = opened(tmp_path)
    repository.refresh()
    repository.refresh(["a.py"])
    assert reads == ["a.py"]


def test_a_save_lists_nothing_and_looks_at_one_file(
    tmp_path: Path, reads: list[str], lists: list[Path]
) -> None:
    for name in ("a.py", "b.py", "c.py"):
        put(tmp_path / name)
    repository = opened(tmp_path)
    reads.clear()
    lists.clear()
    put(tmp_path / "b.py", "saved = 1\n")
    repository.refresh(["b.py", "gone.py"])
    assert shown(repository, "b.py") == b"saved = 1\n"
    assert (reads[0], lists) == ("b.py", [])


def test_what_is_ignored_is_asked_for_once(tmp_path: Path, lists: list[Path]) -> None:
    put(tmp_path / ".gitignore", "*.log\n")
    repository = opened(tmp_path)
    put(tmp_path / "x.log")
    for _ in range(3):
        repository.refresh(["x.log"])
    assert len(lists) == 2
    assert "x.log" not in repository.index.files


def test_a_folder_that_came_may_be_named(tmp_path: Path) -> None:
    repository = opened(tmp_path)
    put(tmp_path / "new" / "deep" / "x.py")
    repository.refresh(["new"])
    assert list(repository.index.files) == ["new/deep/x.py"]


def test_very_many_paths_are_looked_at_in_one_go(tmp_path: Path, lists: list[Path]) -> None:
    repository = opened(tmp_path)
    for number in range(300):
        put(tmp_path / f"x{number}.py")
    repository.refresh([f"x{number}.py" for number in range(300)])
    assert (len(repository.index.files), len(lists)) == (300, 2)


def test_closing_shows_what_is_on_disk_now(tmp_path: Path) -> None:
    put(tmp_path / "a.py", "old = 1\n")
    repository = opened(tmp_path)
    repository.overlay("a.py", b"unsaved = 1\n")
    put(tmp_path / "a.py", "saved = 1\n")  # of which nobody told
    assert shown(repository, "a.py") == b"unsaved = 1\n"
    repository.overlay("a.py", None)
    assert shown(repository, "a.py") == b"saved = 1\n"


def test_an_opened_file_needs_no_new_outline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a.py", "def f(): pass\n")
    repository = opened(tmp_path)
    outline = repository.index.files["a.py"].outline
    monkeypatch.delattr("twolane_context.index.examine")
    repository.overlay("a.py", b"def f(): pass\n")
    assert repository.index.files["a.py"].outline == outline
    put(tmp_path / "a.py", "def g(): pass\n")
    repository.refresh(["a.py"])
    assert shown(repository, "a.py") == b"def f(): pass\n"


def test_outlines_that_questions_needed_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "r" / "a.py", "def f(): pass\n")
    for turn in range(3):
        cache = Cache(tmp_path / "index.sqlite", "1")
        repository = Repository(tmp_path / "r", cache)
        repository.refresh()
        if turn == 1:  # asked for only after it was saved without
            assert repository.index.files["a.py"].facts is None
            assert repository.index.files["a.py"].outline.symbols[0].name == "f"
        if turn == 2:
            monkeypatch.delattr("twolane_context.index.examine")
            assert repository.index.files["a.py"].outline.symbols[0].name == "f"
        repository.save()
        cache.close()


def test_a_file_that_may_not_be_read_any_more_is_gone_and_comes_back() -> None:
    with ordinary_user() as root:
        put(root / "p" / "a.py")
        put(root / "b.py")
        repository = opened(root)
        for named in (None, ["p", "b.py"]):
            (root / "p").chmod(0)
            (root / "b.py").chmod(0)
            repository.refresh(named)
            assert list(repository.index.files) == []
            (root / "p").chmod(0o700)
            (root / "b.py").chmod(0o600)
            repository.refresh(named)
            assert sorted(repository.index.files) == ["b.py", "p/a.py"]
        (root / "p").chmod(0)
        repository.refresh(["p/a.py", "p/new.py"])
        assert list(repository.index.files) == ["b.py"]


@pytest.mark.parametrize("first", [0, 1])
def test_a_file_in_the_place_of_another_on_disk_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    """Systems give the inode of what is gone to the next file."""
    monkeypatch.setattr(disk, "_63_BITS", 0)  # all inodes are 0, and all times
    words = "alpha beta gamma delta"
    put(tmp_path / "secret.py", words)
    repository = opened(tmp_path)
    (tmp_path / "secret.py").unlink()
    put(tmp_path / "a.py", "something else")
    put(tmp_path / "b.py", f"{words} epsilon")
    batches = [["a.py", "b.py"], ["secret.py"]]
    repository.refresh(batches[first])
    repository.refresh(batches[1 - first])
    assert repository.former("a.py") == ()
    if first == 0:  # what came was seen first, so its inode was still another's
        assert repository.former("b.py") == ("secret.py",)


def test_all_paths_of_equal_files_that_went_are_former_ones(tmp_path: Path) -> None:
    for name in ("open.py", "secret.py"):
        put(tmp_path / name, "def f(): pass\n")
    repository = opened(tmp_path)
    (tmp_path / "open.py").rename(tmp_path / "c.py")
    (tmp_path / "secret.py").rename(tmp_path / "d.py")
    repository.refresh()
    for path in ("c.py", "d.py"):
        assert set(repository.former(path)) == {"open.py", "secret.py"}


def test_former_paths_that_are_forgotten_stay_so_in_the_next_process(tmp_path: Path) -> None:
    root = tmp_path / "r"
    for name in ("one.py", "two.py"):
        put(root / name, f"def {name[:3]}(): pass\n")
    cache = Cache(tmp_path / "index.sqlite", "1")
    repository = Repository(root, cache)
    repository.refresh()
    (root / "one.py").rename(root / "c.py")
    (root / "two.py").rename(root / "d.py")
    repository.refresh()
    repository.save()
    assert repository.former("c.py") == ("one.py",)
    repository.forget_former("c.py")
    repository.forget_former("never.py")
    assert repository.former("c.py") == ()
    repository.save()
    cache.close()
    cache = Cache(tmp_path / "index.sqlite", "1")
    again = Repository(root, cache)
    assert again.former("c.py") == ()
    assert again.former("d.py") == ("two.py",)
    cache.close()


def test_of_what_is_gone_only_the_last_is_kept_until_all_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twolane_context.repository._GONE", 3)
    for number in range(9):
        put(tmp_path / "r" / f"a{number}.py", f"x{number} = 1\n")
    cache = Cache(tmp_path / "cache", "1")
    repository = Repository(tmp_path / "r", cache)
    repository.refresh()
    for number in range(8):
        (tmp_path / "r" / f"a{number}.py").unlink()
        repository.refresh([f"a{number}.py"])
    repository.save()
    assert {row.path for row in cache.rows()} == {"a5.py", "a6.py", "a7.py", "a8.py"}
    repository.refresh()
    repository.save()
    assert {row.path for row in cache.rows()} == {"a8.py"}
    cache.close()


@pytest.mark.parametrize(("most", "former"), [(1, ()), (2, ("a.py",))])
def test_of_what_went_elsewhere_only_the_last_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, former: tuple[str, ...]
) -> None:
    monkeypatch.setattr("twolane_context.repository._GONE", most)
    put(tmp_path / "a.py", "one = two = three\n")
    put(tmp_path / "other.py", "four = 4\n")
    repository = opened(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    (tmp_path / "b.py").write_text("one = two = three = 3\n")
    (tmp_path / "other.py").unlink()
    for path in ("a.py", "other.py", "b.py"):
        repository.refresh([path])
    assert repository.former("b.py") == former


def test_what_changes_while_it_is_read_is_not_taken_for_what_was_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twolane_context.repository._FRESH_NS", -(1 << 62))  # its stamp is trusted
    put(tmp_path / "a.py", "x = 1\n")
    repository = opened(tmp_path)

    def changed_between(root: Path, path: str) -> tuple[disk.Stamp, bytes] | None:
        found = read(root, path)
        time.sleep(0.02)  # a tick of the clock that stamps files
        put(root / path, "x = 2\n")
        return found and (found[0], b"x = 2\n")

    read = disk.read
    monkeypatch.setattr("twolane_context.disk.read", changed_between)
    with pytest.raises(Changed):
        repository.index.files["a.py"].source()


def test_empty_files_are_nobodys(tmp_path: Path) -> None:
    put(tmp_path / "secret" / "__init__.py", "")
    repository = opened(tmp_path)
    (tmp_path / "secret" / "__init__.py").unlink()
    repository.refresh()
    put(tmp_path / "a" / "__init__.py", "")
    repository.refresh()
    assert repository.former("a/__init__.py") == ()


def test_what_others_found_in_a_file_that_is_known_is_taken(tmp_path: Path) -> None:
    put(tmp_path / "a.py", "def f(): pass\n")
    repository = opened(tmp_path)
    rows = list(examine_all(tmp_path, ["a.py"], 1))
    repository.adopt([*rows, *rows, rows[0]._replace(path="b.py")])
    assert list(repository.index.files) == ["a.py"]
    assert repository.index.files["a.py"].facts == rows[0].facts


def test_how_large_the_code_is_follows_the_disk(tmp_path: Path) -> None:
    repository = opened(tmp_path)
    assert repository.code_bytes == 0
    put(tmp_path / "a.py", "x = 1\n")
    put(tmp_path / "b.rs", "fn b() {}\n")
    put(tmp_path / "c.txt", "no code\n")
    repository.refresh()
    assert repository.code_bytes == 6 + 10
    put(tmp_path / "a.py", "x = 100\n")
    repository.refresh(["a.py"])
    repository.overlay("b.rs", b"")
    assert repository.code_bytes == 8 + 10
    (tmp_path / "b.rs").unlink()
    repository.refresh(["b.rs"])
    assert repository.code_bytes == 8


def test_how_large_the_code_is_is_known_to_the_next_process(tmp_path: Path) -> None:
    put(tmp_path / "r" / "a.py", "x = 1\n")
    cache = Cache(tmp_path / "cache", "f")
    repository = Repository(tmp_path / "r", cache)
    repository.refresh()
    repository.save()
    later = Repository(tmp_path / "r", cache)
    assert later.code_bytes == 6
    later.refresh()
    assert later.code_bytes == 6
