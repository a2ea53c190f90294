"""Short files are read once, and again as soon as they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from twolane_server.border.wholes import LARGEST
from twolane_server.recognition import shorts
from twolane_server.recognition.shorts import short_files, short_ones
from twolane_server.rules.remembered import Remembered

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.reading import Read

SHORT = "def rebate(a):\n    return a * TARIFF_OF_ACME\n"
LONG = SHORT * 9


@pytest.fixture
def kept() -> Remembered[str | None]:
    """For which no file counts as changed just now."""
    return Remembered(9, clock=lambda: 1 << 62)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read."""
    names: list[str] = []
    read_start = shorts.read_start

    def noted(path: Path, size: int) -> Read:
        names.append(path.name)
        return read_start(path, size)

    monkeypatch.setattr(shorts, "read_start", noted)
    return names


def test_each_file_is_read_once(
    tmp_path: Path, read: list[str], kept: Remembered[str | None]
) -> None:
    for name, text in (("a", SHORT), ("b", LONG), ("c", "x = 1\n"), ("d", SHORT), ("e", "")):
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "large").write_text(SHORT + " " * LARGEST, "utf-8")
    paths = [str(tmp_path / name) for name in ("a", "b", "c", "d", "e", "large", "gone", "a")]
    for _ in range(3):
        assert short_files(paths, kept) == [SHORT]
    assert read == ["a", "b", "c", "d", "e"]


def test_what_changes_is_read_anew(
    tmp_path: Path, read: list[str], kept: Remembered[str | None]
) -> None:
    file = tmp_path / "a"
    found: list[list[str]] = []
    for text in (LONG, SHORT, f"{SHORT}\n", LONG):
        file.write_text(text, "utf-8")
        found += [short_files([str(file)], kept), short_files([str(file)], kept)]
    assert found == [[], [], [SHORT], [SHORT], [f"{SHORT}\n"], [f"{SHORT}\n"], [], []]
    assert len(read) == 4


def test_what_cannot_be_read_is_tried_again(
    tmp_path: Path, read: list[str], kept: Remembered[str | None]
) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"\xff\xfe\xff")
    for _ in range(2):
        short_files([str(file), str(tmp_path), "\0"], kept)
    assert read.count("a") == 2
    file.unlink()
    file.write_text(SHORT, "utf-8")
    assert short_files([str(file)], kept) == [SHORT]


def test_of_texts_the_short_ones_are_told() -> None:
    assert short_ones([SHORT, LONG, "", SHORT, SHORT + " " * LARGEST]) == [SHORT]
