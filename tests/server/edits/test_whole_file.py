"""Whole files in replies: taken for the file only if nothing is missing."""

from __future__ import annotations

import pytest

from twolane_server.edits.changes import Changes
from twolane_server.edits.from_reply import changes_from
from twolane_server.text import Text

A = """\
\"\"\"A shop.\"\"\"

import os
import re

RATE = 2
print(os.name)


class Cart:
    def total(self):
        return RATE

    def clear(self):
        return re.sub("a", "b", "c")


def main():
    return Cart().total()
"""


def outcome(text: str, path: str = "a.py", before: str = A) -> str:
    """What the file becomes, or the reasons why it does not."""
    found = changes_from(f"{path}\n```\n{text.rstrip()}\n```\n", {path: Text.of(before)})
    if isinstance(found, Changes):
        return "".join(str(one.after) for one in found)
    return f"REFUSED {' '.join(map(str, found))}"


def test_a_file_that_is_all_there_takes_the_old_ones_place() -> None:
    after = A.replace("RATE", "FACTOR").replace("import os\n", "import os\nimport sys\n")
    assert outcome(after) == after


def test_line_ends_and_blanks_at_line_ends_stay() -> None:
    before = A.replace("\n", "\r\n").replace("RATE = 2", "RATE = 2  ")
    after = outcome(A.replace("total", "sum_of"), before=before)
    assert after == before.replace("total", "sum_of")


@pytest.mark.parametrize(
    "lost",
    [
        "print(os.name)\n",
        '"""A shop."""\n',
        '    def clear(self):\n        return re.sub("a", "b", "c")\n',
        "def main():\n    return Cart().total()\n",
        "RATE = 2\n",
        "import os\nimport re\n",
    ],
)
def test_a_part_of_a_file_never_takes_its_place(lost: str) -> None:
    assert lost in A
    assert outcome(A.replace(lost, "")).startswith("REFUSED")


def test_two_names_that_go_are_too_many_although_two_come() -> None:
    after = A.replace("total", "sum_of").replace("clear", "empty")
    assert outcome(after).startswith("REFUSED")


def test_a_member_of_one_class_does_not_stand_for_that_of_another() -> None:
    before = "x = 1\n\n\nclass A:\n    def m(self): ...\n\n    a = 1\n\n\nclass B:\n    def m(self): ...\n\n    b = 1\n"
    after = before.replace("class B:\n    def m(self): ...\n\n", "class B:\n").replace(
        "x = 1", "x = 2"
    )
    assert outcome(after, before=before).startswith("REFUSED")


def test_what_has_no_grammar_is_not_judged() -> None:
    assert outcome("# Title\n\nText.", "a.md", "# Title\n\nOld.\n").startswith("REFUSED")
