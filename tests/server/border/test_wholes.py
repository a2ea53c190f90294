"""A short file is known again in whole, and what everybody has is not."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from twolane_server.border.fingerprints import PART, Fingerprints, Source
from twolane_server.border.prints import Kind
from twolane_server.border.wholes import may_be_whole

if TYPE_CHECKING:
    from pathlib import Path

SHORT = "def rebate(a):\n    return a * TARIFF_OF_ACME\n"


@pytest.mark.parametrize(
    "text",
    [
        *("", "pass\n", "x = 1\n", "from .tariffs import rebate_of_acme\n", "{}\n", "# Title\n"),
        *('__version__ = "1.4.17"\n', "TIMEOUT = 47\n", "class Foo:\n    pass\n"),
        *("# Copyright 2026 Turbine GmbH\n", "print('hello world')\n", "export default {}\n"),
        SHORT * 2,
    ],
)
def test_what_is_everybodys_or_longer_is_no_whole(text: str) -> None:
    assert not may_be_whole(text)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (SHORT, True),
        (SHORT.replace("    ", "\t").replace("\n", "\r\n"), True),
        (f"# Copyright 2026 Turbine GmbH\n\n{SHORT}", True),
        (SHORT.replace("rebate", "discount"), False),
        (f"{SHORT}x = 1\n", False),
    ],
)
def test_a_file_that_is_the_same_in_whole_is_known_again(
    tmp_path: Path, text: str, *, same: bool
) -> None:
    with closing(Fingerprints(tmp_path / "p", bytes(32))) as prints:
        prints.sync([Source("r/a.py", b"1", lambda: f"x = 1{PART}{SHORT}")])
        match = prints.whole(text)
        assert (match is not None) is same
        if match is not None:
            assert (match.kind, match.path) == (Kind.WHOLE, "r/a.py")
            assert str(match) == "it is the same as r/a.py, which is NDA"
            assert prints.matches(text) == (match,)
            prints.release_code(text, ["r/a.py"])
            assert prints.whole(text) is None
