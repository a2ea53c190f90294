from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING

import pytest

from twolane_server.actions.outcomes import Page
from twolane_server.errors import ActionError
from twolane_server.pages import Pages

if TYPE_CHECKING:
    from pathlib import Path


def test_a_page_is_its_owners_alone_and_goes(tmp_path: Path) -> None:
    pages = Pages(tmp_path / "cache")
    file = pages.write(Page("Explain ../x/\ny", "é 😀\n"))
    assert file.parent.parent == tmp_path / "cache"
    assert file.name == "Explain-..-x-y.md"
    assert file.read_text("utf-8") == "é 😀\n"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (file, file.parent)] == [0o600, 0o700]
    assert pages.write(Page("Explain ../x/\ny", "new\n")) == file
    assert pages.write(Page("...", "x", "gitcommit")).name == "page.txt"
    pages.remove()
    assert not file.parent.exists()
    assert pages.write(Page("a", "x")).exists(), "and can begin again"


def test_what_a_dead_server_left_goes_after_a_day(tmp_path: Path) -> None:
    old = Pages(tmp_path).write(Page("a", "x"))
    yesterday = time.time() - 90_000
    os.utime(old.parent, (yesterday, yesterday))
    living = Pages(tmp_path)
    fresh = living.write(Page("b", "x"))
    assert not old.exists()
    other = Pages(tmp_path).write(Page("c", "x"))
    assert fresh.exists()
    assert other.exists()


def test_a_page_is_written_also_where_its_folder_is_gone(tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    file = pages.write(Page("a", "x"))
    Pages(tmp_path).remove()
    file.unlink()
    file.parent.rmdir()
    assert pages.write(Page("a", "y")).read_text() == "y"


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ActionError, match="cannot be shown"):
        Pages(tmp_path / "cache").write(Page("a", "x"))
