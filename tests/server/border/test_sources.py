"""A file that holds several texts at once is known again by each, and what stays is read once."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from twolane_server.border import fingerprints
from twolane_server.border.fingerprints import PART, Fingerprints, Source

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.border.prints import Hasher

SAVED = "\n".join(f"settled_{n} = rows.overdrawn({n}, quota_of_meter)" for n in range(9))
UNSAVED = "\n".join(f"reopened_{n} = meter.readings({n}, by_hand)" for n in range(9))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts whose fingerprints were made."""
    texts: list[str] = []
    distinctive = fingerprints.distinctive

    def noted(text: str, hasher: Hasher) -> dict[int, int]:
        texts.append(text)
        return distinctive(text, hasher)

    monkeypatch.setattr(fingerprints, "distinctive", noted)
    return texts


@pytest.mark.parametrize(
    "raw", [b"\0" * 5_000, b"\xed\xa0\x80", b"\xff\xfe\0\xd8", "\x1c\u2028".encode()]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_whatever_stands_in_a_file_is_one_text(
    tmp_path: Path, read: list[str], raw: bytes, encoding: str
) -> None:
    text = (SAVED.encode() + raw + UNSAVED.encode()).decode(encoding, "replace")
    with closing(Fingerprints(tmp_path / "p", bytes(32))) as prints:
        prints.sync([Source("r/a.py", b"1", lambda: text)])
    assert read == [text]


def test_what_an_unsaved_text_lies_over_is_read_once(tmp_path: Path, read: list[str]) -> None:
    with closing(Fingerprints(tmp_path / "p", bytes(32))) as prints:
        for number in range(4):
            typed = f"{UNSAVED}\nadded = {number}"
            held = f"{typed}{PART}{SAVED}"
            prints.sync([Source("r/a.py", b"%d" % number, lambda held=held: held)])
            assert prints.match(SAVED) is not None
            assert prints.match(typed) is not None
    assert read.count(SAVED) == 1
    assert len(read) == 5
