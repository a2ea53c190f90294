"""What keeps cached prefixes apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.border.salt import salt_for
from twolane_server.fragments import Label

if TYPE_CHECKING:
    from pathlib import Path


def test_open_code_shares_with_everybody(tmp_path: Path) -> None:
    assert salt_for(Label.OPEN, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_code_under_nda_has_a_salt_that_lasts_and_is_its_users_own(tmp_path: Path) -> None:
    mine, yours = tmp_path / "mine", tmp_path / "yours"
    salt = salt_for(Label.NDA, mine)
    assert salt is not None
    assert len(salt) == 32
    assert salt_for(Label.NDA, mine) == salt
    assert salt_for(Label.NDA, yours) != salt
    (key,) = mine.iterdir()
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_bytes().hex() != salt


def test_without_a_place_for_the_key_nothing_is_shared(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file", "utf-8")
    salts = {salt_for(Label.NDA, tmp_path / "state") for _ in range(3)}
    assert len(salts) == 3
    assert None not in salts
