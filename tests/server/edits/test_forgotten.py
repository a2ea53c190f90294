"""References that changes forgot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from support_writing import change
from twolane_context.trees import parse
from twolane_server.edits import forgotten as module
from twolane_server.edits.changes import Changes
from twolane_server.edits.forgotten import forgotten
from twolane_server.text import Text

if TYPE_CHECKING:
    import pytest

    from twolane_context.languages import Language
    from twolane_context.trees import Parsed

A = "def total(x):\n    return x\n\n\ndef other():\n    return total(1) + total(2)\n"
B = "from a import (\n    total,\n)\n\nprint(total(3))\n"
FILES = {"a.py": A, "b.py": B}


def left(after: dict[str, str | None], **more: str) -> list[tuple[str, int]]:
    """What is left when the files become these; a file that is not named stays."""
    files = FILES | {name.replace("_py", ".py"): text for name, text in more.items()}
    changes = [change(path, files.get(path), text) for path, text in after.items()]
    sites = {
        path: [len(text[: m.start()].encode()) for m in re.finditer(r"\btotal\b", text)]
        for path, text in files.items()
    }
    texts = {path: Text.of(text) for path, text in files.items()}
    return [(one.path, one.line) for one in forgotten("total", texts, sites, Changes.of(changes))]


def renamed(text: str, but: str = "") -> str:
    return "".join(
        line if but and but in line else line.replace("total", "sum_of")
        for line in text.splitlines(keepends=True)
    )


def test_nothing_is_left_when_all_is_renamed() -> None:
    assert left({"a.py": renamed(A), "b.py": renamed(B)}) == []


def test_a_file_that_does_not_hold_the_name_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of 20,000 lines would take a tenth of a second."""
    parsed: list[bytes] = []

    def kept(language: Language, source: bytes) -> Parsed:
        parsed.append(source)
        return parse(language, source)

    monkeypatch.setattr(module, "parse", kept)
    assert left({"a.py": renamed(A), "b.py": renamed(B)}) == []
    assert parsed
    assert all(b"total" in source for source in parsed)


def test_untouched_places_are_told_with_their_new_lines() -> None:
    assert left({"a.py": renamed(A)}) == [("b.py", 2), ("b.py", 5)]
    after = f"# one line more\n{renamed(A, but='return total')}"
    assert left({"a.py": after, "b.py": renamed(B)}) == [("a.py", 7)]


def test_a_line_of_which_one_place_was_changed_is_told() -> None:
    half = renamed(A).replace("sum_of(2)", "total(2)")
    assert left({"a.py": half, "b.py": renamed(B)}) == [("a.py", 6)]


def test_texts_and_other_names_in_a_changed_line_are_none() -> None:
    more = "total_of = total('total')  # of total\n"
    after = "total_of = sum_of('total')  # of total\n"
    changes = Changes.of(
        [change("a.py", A, renamed(A)), change("b.py", B, renamed(B)), change("c.py", more, after)]
    )
    texts = {path: Text.of(text) for path, text in (FILES | {"c.py": more}).items()}
    sites = {"a.py": (4, 59, 70), "b.py": (19, 35), "c.py": (11,)}
    assert forgotten("total", texts, sites, changes) == []


def test_while_the_symbol_stays_its_uses_may_stay() -> None:
    assert left({"a.py": A.replace("return x", "return x + 1")}) == []
    assert left({"a.py": A.replace("total(x)", "total(x, y=1)")}) == []


def test_of_a_symbol_that_moves_the_imports_must_change() -> None:
    gone = A.removeprefix("def total(x):\n    return x\n\n\n")
    there = "def total(x):\n    return x\n"
    assert left({"a.py": f"from c import total\n\n\n{gone}", "c.py": there}) == [("b.py", 2)]
    moved = B.replace("from a", "from c")
    assert left({"a.py": f"from c import total\n\n\n{gone}", "b.py": moved, "c.py": there}) == []


def test_a_file_that_goes_needs_no_change() -> None:
    assert left({"a.py": renamed(A), "b.py": None}) == []


def test_another_file_that_has_such_a_name_itself_is_no_new_home() -> None:
    """As the attribute of a class there, which takes its name from what is renamed."""
    other = "class Sum:\n    def __init__(self, x):\n        self.total = x.total\n"
    use = "print(total(3))\n"
    made: dict[str, str | None] = {
        "a.py": renamed(A),
        "b.py": renamed(B),
        "c.py": other.replace("x.total", "x.sum_of"),
    }
    assert left(made, c_py=other, d_py=use)[-1] == ("d.py", 1)
