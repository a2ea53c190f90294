"""The licence notice at a file's start is nobody's secret; all else is as before."""

from __future__ import annotations

from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.border.fingerprints import Fingerprints, Source
from twolane_server.border.notices import MOST_LINES, without_notice

if TYPE_CHECKING:
    from pathlib import Path

NOTICE = (
    "Copyright (c) 2026 Umbrella Metering GmbH, Kiel. All rights reserved.",
    "Licensed to members of the Umbrella purchasing pool under the pool's terms,",
    "which stand in TERMS.md; whoever received the file otherwise deletes it.",
)
CODE = """\
def settle(rows, ledger, quota):
    overdrawn = ledger.overdrawn(rows, quota)
    return overdrawn.amend(quota, ledger.settled(rows))
"""
STYLES = {
    "hash": "#!/usr/bin/env python3\n" + "".join(f"# {row}\n" for row in NOTICE),
    "slashes": "".join(f"// {row}\n" for row in NOTICE),
    "block": "/*\n" + "".join(f" * {row}\n" for row in NOTICE) + " */\n",
    "bare block": "/* " + "\n   ".join(NOTICE) + " */\n",
    "markup": "<?xml version='1.0'?>\n<!--\n" + "\n".join(NOTICE) + "\n-->\n",
    "docstring": '"""\n' + "\n".join(NOTICE) + '\n"""\n',
    "dashes": "".join(f"-- {row}\n" for row in NOTICE),
}


@pytest.mark.parametrize("style", STYLES)
def test_a_notice_is_left_out_and_lines_keep_their_numbers(style: str) -> None:
    left = without_notice(f"{STYLES[style]}\n{CODE}")
    assert "Umbrella" not in left
    assert left.endswith(f"\n\n{CODE}")
    assert left.count("\n") == f"{STYLES[style]}\n{CODE}".count("\n")


@pytest.mark.parametrize("style", STYLES)
def test_an_open_file_with_the_same_notice_stays_open(tmp_path: Path, style: str) -> None:
    text = f"{STYLES[style]}\n{CODE}"
    with closing(Fingerprints(tmp_path / "p", bytes(32))) as prints:
        prints.sync([Source("r/a.py", sha256(text.encode()).digest(), lambda: text)])
        assert prints.match(f"{STYLES[style]}\nimport os\n\nprint(os.sep)\n") is None
        match = prints.match(CODE)
        assert match is not None
        assert match.first_line == text[: text.index(CODE)].count("\n") + 1


@pytest.mark.parametrize(
    "text",
    [
        "# The quota's corridor narrows by 0.375 with each retry of the metering gateway.\n" + CODE,
        "x = 1\n# Copyright 2026 Umbrella\n" + CODE,
        CODE + "# Copyright 2026 Umbrella\n",
        "copyright = 'Umbrella'\n",
        "/* no notice */ copyright = settle(rows)\n",
        "",
    ],
)
def test_what_is_no_notice_stays(text: str) -> None:
    assert without_notice(text) == text


def test_of_the_comments_only_the_paragraphs_that_speak_of_it_go() -> None:
    first, last = "# The quota's corridor narrows by 0.375.", "# It never widens, see settle()."
    text = f"{first}\n#\n# Copyright 2026 Umbrella\n# Kiel\n#\n{last}\n{CODE}"
    assert without_notice(text) == f"{first}\n#\n\n\n#\n{last}\n{CODE}"


def test_a_notice_is_not_looked_for_deep_in_a_file() -> None:
    text = "# a word\n" * MOST_LINES + "# Copyright 2026 Umbrella\n"
    assert without_notice(text) == text


@given(st.lists(st.sampled_from(["# Copyright", "# x", "/*", "*/", '"""', "x = 1", "", "\r"])))
def test_what_stands_after_the_first_line_of_code_is_never_touched(rows: list[str]) -> None:
    text = "\n".join(["y = 2", *rows])
    assert without_notice(text) == text
    whole = "\n".join(rows)
    left = without_notice(whole).split("\n")
    pairs = zip(left, whole.split("\n"), strict=True)
    assert all(row in {"", before} for row, before in pairs)
    assert all(
        row == "x = 1" or before != "x = 1" or '"""' in whole or "/*" in whole
        for row, before in zip(left, whole.split("\n"), strict=True)
    )
