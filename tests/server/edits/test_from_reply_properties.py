"""Arbitrary replies: never an exception, never a byte changed that no block speaks of.

`TWOLANE_REPLIES` says how many are tried; the property is to hold for 50,000 and more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from support_actions import chances
from support_counts import how_many
from twolane_server.edits.changes import Changes, Sort
from twolane_server.edits.from_reply import changes_from
from twolane_server.edits.paths import fault
from twolane_server.text import Text, split_lines

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

REPLIES = how_many("TWOLANE_REPLIES", 3_000)
MARKERS = (
    "<<<<<<< SEARCH",
    "=======",
    ">>>>>>> REPLACE",
    "<<<<<<<<< SEARCH",
    "=========",
    ">>>>>>>>> REPLACE",
    "------- SEARCH",
    "+++++++ REPLACE",
    "<<<<<<< HEAD",
    ">>>>>>>",
    "```",
    "```python",
    "~~~",
    "````md",
    "@@ -1,2 +1,2 @@",
    "<think>",
    "</think>",
)
NAMES = (
    "a.py",
    "src/b.ts",
    "./a.py",
    "`src/b.ts`:",
    "### notes.txt",
    "/r/a.py",
    "../x.py",
    "new/c.py",
    "DELETE a.py",
    "RENAME a.py -> d.py",
    "RENAME src/b.ts -> a.py",
    "In `a.py` and `src/b.ts`, that is:",
    "Well.",
)
LINES = (
    "",
    "x = 1",
    "    x = 1",
    "\tx = 1",
    "def f():",
    "    return x",
    "        return x",
    "x = 1  ",
    "\x0c",
    "é = '😀'",
    "# ...",
    "...",
    "=======",
    "const y = 1;",
    "function g() {",
    "}",
)
ENDS = ("\n", "\r\n", "\r")


def any_text(chance: random.Random) -> str:
    end = chance.choice(ENDS)
    mixed = chance.random() < 0.2
    lines = [chance.choice(LINES) for _ in range(chance.randrange(9))]
    text = "".join(line + (chance.choice(ENDS) if mixed else end) for line in lines)
    text = text.removesuffix(end) if chance.random() < 0.3 else text
    return ("\ufeff" if chance.random() < 0.1 else "") + text


def any_files(chance: random.Random) -> dict[str, Text]:
    return {
        path: Text.of(any_text(chance)) for path in ("a.py", "src/b.ts", "notes.txt", "empty.py")
    }


def piece_of(chance: random.Random, text: Text) -> list[str]:
    """Some lines of a text, more or less as they are."""
    start = chance.randrange(len(text.lines))
    lines = [line.rstrip("\r\n") for line in text.lines[start : start + chance.randrange(1, 5)]]
    shift = chance.choice(("", "", "", "    ", "\t"))
    return [shift + line.removeprefix("\ufeff") for line in lines]


def any_block(chance: random.Random, files: Mapping[str, Text]) -> list[str]:
    """A block that most often is about a piece of the file that it names."""
    path = chance.choice(sorted(files))
    old = piece_of(chance, files[path if chance.random() < 0.9 else "a.py"])
    kept = [line for line in old if chance.random() < 0.7]
    new = chance.choice(
        (kept, [*old, "y = 2"], ["y = 2", "z = 3"], [], piece_of(chance, files[path]))
    )
    name = path if chance.random() < 0.9 else chance.choice(NAMES)
    return [name, MARKERS[0], *old, MARKERS[1], *new, MARKERS[2]]


def any_reply(chance: random.Random, files: Mapping[str, Text]) -> str:
    lines: list[str] = []
    wild = chance.random()
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if chance.random() < wild * wild:
            lines += [chance.choice((*NAMES, *MARKERS, *LINES)) for _ in range(5)]
        else:
            lines += any_block(chance, files)
    if chance.random() < wild * wild:
        at = chance.randrange(len(lines) + 1)
        lines[at : at + chance.randrange(2)] = [chance.choice((*NAMES, *MARKERS, *LINES))]
    if chance.random() < 0.1:
        lines = lines[: chance.randrange(len(lines) + 1)]
    return chance.choice(ENDS).join(lines)


def check(files: Mapping[str, Text], reply: str) -> bool:
    """Whether something was changed; fails when something was that no line speaks of."""
    outcome = changes_from(reply, files)
    if not isinstance(outcome, Changes):
        assert outcome
        assert all(problem.reason for problem in outcome)
        return False
    assert len(outcome)
    spoken = {line.strip() for line in split_lines(reply)}
    for one in outcome:
        if one.sort is Sort.CREATE:
            assert one.path not in files
            assert not fault(one.path)
            continue
        assert files[one.path] == one.before
        assert not one.to or (one.to not in files and not fault(one.to))
        if one.before is None or one.after is None:
            continue
        keeps_form(str(one.before), str(one.after))
        old, fresh = (
            split_lines(str(text).removeprefix("\ufeff")) for text in (one.before, one.after)
        )
        kept = [line for line in old if line and line.strip() not in spoken]
        if kept:
            kept[-1] = kept[-1].rstrip("\r\n")  # a line that comes to the end may lose its own
        rest = iter(fresh)
        for n, line in enumerate(kept):
            last = n == len(kept) - 1
            assert any((new.rstrip("\r\n") if last else new) == line for new in rest), line
    outcome.applied(files)
    return True


def keeps_form(before: str, after: str) -> None:
    assert before.startswith("\ufeff") == after.startswith("\ufeff")
    if before.strip("\ufeff") and after.strip("\ufeff"):
        assert before.endswith(("\r", "\n")) == after.endswith(("\r", "\n"))
    ends = {line[len(line.rstrip("\r\n")) :] for line in split_lines(before)} - {""}
    new = {line[len(line.rstrip("\r\n")) :] for line in split_lines(after)} - {""}
    assert new <= ends or not ends


def test_arbitrary_replies_change_nothing_that_they_do_not_speak_of() -> None:
    changed = 0
    for chance in chances(REPLIES):
        files = any_files(chance)
        changed += check(files, any_reply(chance, files))
    assert changed > REPLIES / 8  # else nothing was tried


@given(st.text(max_size=300), st.text(max_size=100))
@settings(max_examples=300)
def test_any_text_at_all_is_a_reply(reply: str, text: str) -> None:
    check({"a.py": Text.of(text), "b.txt": Text.of(text)}, reply)
    check(
        {"a.txt": Text.of(text)},
        f"a.txt\n<<<<<<< SEARCH\n{text}\n=======\n{reply}\n>>>>>>> REPLACE",
    )


words = st.text(alphabet="ab \t(é😀", min_size=0, max_size=4)


@given(
    st.lists(words, min_size=1, max_size=12),
    st.lists(words, max_size=5),
    st.sampled_from(("\n", "\r\n", "\r")),
    st.data(),
)
@settings(max_examples=500)
def test_an_exact_block_is_carried_out_to_the_byte(
    lines: list[str], new: list[str], end: str, data: st.DataObject
) -> None:
    final = data.draw(st.booleans()) or not lines[-1]
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first, len(lines) - 1))
    search = lines[first : last + 1]
    text = end.join(lines) + (end if final else "")
    places = [n for n in range(len(lines)) if lines[n : n + len(search)] == search]
    reply = "\n".join(["a.txt", "<<<<<<< SEARCH", *search, "=======", *new, ">>>>>>> REPLACE"])
    outcome = changes_from(reply, {"a.txt": Text.of(text)})
    if not any(line.strip() for line in search):
        assert not isinstance(outcome, Changes) or not text.strip()
    elif len(places) > 1:
        assert not isinstance(outcome, Changes)
        assert "fits" in outcome[0].reason
    elif new == search:
        assert not isinstance(outcome, Changes)
    else:
        end = end if end in text else "\n"
        expected = [*lines[:first], *new, *lines[last + 1 :]]
        whole = end.join(expected) + (end if final and expected else "")
        if whole == text or (not final and len(expected) > 1 and not expected[-1]):
            # A blank line that comes to the end of a text without a last line ending cannot be told.
            assert not isinstance(outcome, Changes)
            return
        assert isinstance(outcome, Changes), outcome
        assert str(outcome.files[0].after) == whole
