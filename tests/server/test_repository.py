"""Roots, and the names a file can be reached by."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support_repository import make_repository, put
from twolane_server.folders import folders
from twolane_server.repository import (
    RealPaths,
    between,
    find_root,
    outer_roots,
    real_path,
    spellings,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_the_nearest_root_is_found_by_folder_or_file(tmp_path: Path) -> None:
    outer = make_repository(tmp_path / "outer")
    module = outer / "vendor" / "module"
    put(module / ".git", "gitdir: elsewhere\n")
    assert find_root(outer / "a" / "b.py") == outer
    assert find_root(module / "deep" / "c.py") == module
    assert find_root(outer) == outer
    assert outer_roots(module) == (outer,)
    assert outer_roots(outer) == ()


def test_no_root_is_none(tmp_path: Path) -> None:
    assert find_root(tmp_path / "a.py") is None


def test_dots_are_taken_away(tmp_path: Path) -> None:
    make_repository(tmp_path / "in")
    assert find_root(tmp_path / "in" / ".." / "out" / "a.py") is None


def test_folders_between_go_down(tmp_path: Path) -> None:
    assert between(tmp_path, tmp_path / "a" / "b") == (
        tmp_path,
        tmp_path / "a",
        tmp_path / "a" / "b",
    )
    assert between(tmp_path, tmp_path) == (tmp_path,)


def test_a_real_path_is_as_the_system_has_it_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = put(tmp_path / "a" / "x.py"), put(tmp_path / "b" / "x.py")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "circle").symlink_to("circle")
    names = (
        "a/x.py",
        "./a/x.py",
        "b/../a/x.py",
        "link/x.py",
        "link/../b/x.py",
        "a/none",
        "circle/x",
    )
    every = (*names, *(f"{tmp_path}/{name}" for name in names), "/", "//", "/..", "", ".")
    for several in (every, every[::-1]):
        now = RealPaths()
        for name in (*several, *several):
            assert real_path(name) == now.of(name) == os.path.realpath(name)
    assert real_path(str(file)) == str(file)
    (tmp_path / "a").rename(tmp_path / "c")
    (tmp_path / "a").symlink_to("b")
    assert real_path(str(file)) == RealPaths().of(str(file)) == str(other)


def test_what_several_paths_go_through_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, looked, look = [put(tmp_path / f"{n}.py") for n in range(5)], list[str](), os.lstat

    def counted(path: str) -> os.stat_result:
        looked.append(path)
        return look(path)

    monkeypatch.setattr(os, "lstat", counted)
    now = RealPaths()
    assert [now.of(str(file)) for file in files] == [*map(str, files)]
    assert len(looked) == len(set(looked)) == len(tmp_path.parts) - 1 + len(files)


def test_each_link_on_the_way_is_a_spelling(tmp_path: Path) -> None:
    real = put(tmp_path / "store" / "x.py")
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "y.py").symlink_to(real)
    (tmp_path / "folder").symlink_to("clients")
    assert spellings(tmp_path / "folder" / "y.py") == (
        tmp_path / "folder" / "y.py",
        tmp_path / "clients" / "y.py",
        real,
    )


def test_dots_behind_a_link_lead_where_the_link_leads(tmp_path: Path) -> None:
    real = put(tmp_path / "there" / "x.py")
    (tmp_path / "there" / "inner").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "there" / "inner")
    found = spellings(tmp_path / "here" / "link" / ".." / "x.py")
    assert found[0] == tmp_path / "here" / "x.py"
    assert found[-1] == real


def test_a_circle_of_links_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="links"):
        spellings(tmp_path / "a")


def test_folders_can_be_chosen(tmp_path: Path) -> None:
    chosen = folders({"TWOLANE_CONFIG_DIR": str(tmp_path), "TWOLANE_STATE_DIR": " "})
    assert chosen.config == tmp_path
    assert chosen.state.name == "twolane"
    assert chosen.cache.name == "twolane"
