"""Code quoted in any of the usual ways has the tokens that it had."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.border.tokens import all_tokens, lines, readings
from twolane_server.border.tokens import tokens as tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable

CODE = """\
class Ledger:
    def settle(self, rate: float = 0.5) -> "Delta":
        '''How much is due, and "when".'''
        if not self.rows and rate != 1:
            return [row["x"] << 2 for row in rows]
        print(f"{rate}\\n", 'é', a.b->c)
"""


def tokens(text: str) -> list[str]:
    return [token for line in lines(text) for token in line.tokens]


def numbered(form: str) -> Callable[[str], str]:
    return lambda text: "\n".join(form.format(n, row) for n, row in enumerate(text.split("\n"), 98))


def behind(form: str) -> Callable[[str], str]:
    return lambda text: "\n".join(form % n + row for n, row in enumerate(text.split("\n"), 98))


PREFIXES = {
    "numbers in a comment": "    // %d -> ",
    "blame": "3f2a9c1e (A. Person 2026-01-05 10:11:12 +0100 %d) ",
    "blame of a move": "^3f2a9c1 src/old.py (A. Person 2026-01-05 10:11:12 +0100 %d) ",
    "blame, short": "3f2a9c1e %d) ",
    "grep": "src/x.py:%d:",
    "grep's context": "src/x.py-%d-",
    "blame in a comment": "  # 3f2a9c1e (A. Person 2026-01-05 10:11:12 +0100 %d) ",
    "a log": "[2026-01-05 10:11:%d] INFO ",
    "a log of a server": "2026-01-05T10:11:%d.123Z ",
    "a traceback": '  File "/a/x.py", line %d, in settle\n',
    "a traceback of JavaScript": "    at settle (/a/x.js:%d)\n",
}


@pytest.mark.parametrize("form", PREFIXES)
def test_what_a_tool_puts_between_the_lines_can_be_left_out(form: str) -> None:
    read = [tokens(reading) for reading in readings(behind(PREFIXES[form])(CODE))]
    assert tokens(CODE) in read


def each_line(start: str) -> Callable[[str], str]:
    return lambda text: re.sub("(?m)^", start, text)


def notebook(text: str) -> str:
    return json.dumps({"source": text.splitlines(keepends=True)}, indent=1)


QUOTING: dict[str, Callable[[str], str]] = {
    "dedent": lambda text: re.sub("(?m)^    ", "", text),
    "tabs": lambda text: re.sub("(?m)^ +", "\t\t", text),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "blank lines": lambda text: text.replace("\n", "\n  \n"),
    "spaces": lambda text: re.sub(r"(?<!\\)\b", " ", text),
    "added": each_line("+"),
    "removed": each_line("-"),
    "context": each_line(" "),
    "quoted": each_line("> > "),
    "commented #": each_line("# "),
    "commented //": each_line("    // "),
    "commented *": each_line(" * "),
    "commented --": each_line("-- "),
    "other quotes": lambda text: text.replace('"', "\0").replace("'", '"').replace("\0", "'"),
    "curly quotes": lambda text: text.replace('"', "\u201c").replace("'", "\u2019"),
    "invisible": lambda text: re.sub(r"(\w)(\w)", "\\1\u200b\\2", text),
    "look-alikes": lambda text: text.replace("e", "\u0435").replace("a", "\u0430"),
    "wide": lambda text: text.replace("self", "\uff53\uff45\uff4c\uff46"),
    "composed otherwise": lambda text: text.replace("é", "e\u0301"),
    "HTML": html.escape,
    "JSON": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in ASCII": lambda text: json.dumps(text)[1:-1],
}


@pytest.mark.parametrize("how", QUOTING)
def test_quoting_changes_no_token(how: str) -> None:
    quoted = QUOTING[how](CODE)
    assert quoted != CODE
    assert tokens(quoted) == tokens(CODE)


def contains(whole: list[str], part: list[str]) -> bool:
    return any(whole[at : at + len(part)] == part for at in range(len(whole)))


def test_a_notebooks_lines_are_code() -> None:
    assert contains(tokens(notebook(CODE)), tokens(CODE))


@pytest.mark.parametrize(
    "form", ["{:4} | {}", "{}: {}", "{:>6}\t{}", "{:>5}\u2192{}", "{}  {}", "L{}: {}", "[{}] {}"]
)
def test_line_numbers_are_left_out_in_one_reading(form: str) -> None:
    read = [tokens(reading) for reading in readings(numbered(form)(CODE))]
    assert tokens(CODE) in read


def test_numbers_that_do_not_count_the_lines_are_code() -> None:
    table = "7 | 1.5\n9 | 2.5\n12 | 0.5\n"
    assert list(readings(table)) == [table]
    assert tokens("7, 8\n") == ["7", ",", "8"]


@pytest.mark.parametrize("before", ["", "    # ", "// ", "> "])
def test_each_side_of_a_diff_is_a_reading(before: str) -> None:
    diff = "@@ -1,3 +1,3 @@ def f():\n a = 1\n-b = 2\n+b = 3\n c = 4"
    diff = each_line(before)(diff)
    read = [tokens(reading) for reading in readings(diff)]
    assert any(contains(each, tokens("a = 1\nb = 2\nc = 4")) for each in read)
    assert any(contains(each, tokens("a = 1\nb = 3\nc = 4")) for each in read)
    assert not contains(tokens(diff), tokens("a = 1\nb = 2\nc = 4"))


def test_lines_have_their_numbers() -> None:
    assert [(line.number, line.tokens) for line in lines("\n a\n\r\n\tb.c\r#\n")] == [
        (2, ["a"]),
        (4, ["b", ".", "c"]),
    ]


WORD = st.from_regex(r"[A-Za-z_][A-Za-z_0-9]{0,8}", fullmatch=True)
SIGN = st.sampled_from([*"()[]{}.,:=<+-*/%@!", '"'])
LINES = st.lists(st.tuples(WORD, st.lists(WORD | SIGN, max_size=8)), min_size=3, max_size=12)


@given(LINES, st.sampled_from(sorted(QUOTING)))
def test_any_lines_that_start_with_words_keep_their_tokens(
    rows: list[tuple[str, list[str]]], how: str
) -> None:
    text = "\n".join(" ".join((first, *rest)) for first, rest in rows)
    assert tokens(text) == [token for first, rest in rows for token in (first, *rest)]
    assert tokens(QUOTING[how](text)) == tokens(text)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    for reading in readings(text):
        numbers = [line.number for line in lines(reading)]
        assert numbers == sorted(set(numbers))
        assert all(line.tokens for line in lines(reading))


PARTS = st.characters(max_codepoint=127) | st.sampled_from(["\\n", "&lt;", "...", "\n# "])
ASCII = st.lists(PARTS).map("".join)


@given(ASCII)
def test_a_text_in_ascii_is_read_as_if_it_were_not(text: str) -> None:
    found = [line.tokens for line in lines(text)]
    assert [line.tokens for line in lines(f"{text}\n\u4e2d")] == [*found, ["\u4e2d"]]
    for row in text.split("\n"):
        assert [*tokens_of(row), "\u4e2d"] == tokens_of(f"{row} \u4e2d")


@given(ASCII | st.text())
def test_each_line_is_read_as_if_it_were_alone(text: str) -> None:
    alone = [line.tokens for row in text.split("\n") for line in lines(row)]
    assert [line.tokens for line in lines(text)] == alone


@pytest.mark.parametrize("space", [c for c in map(chr, range(0x3001)) if c.isspace()])
def test_no_space_hides_a_comments_sign(space: str) -> None:
    assert tokens(f"{space}#{space}a") == ["a"]
    assert tokens(f"b\\n{space}#{space}a") == ["b", "a"]


@given(st.lists(ASCII | st.text()))
def test_rows_together_have_the_tokens_that_each_has(rows: list[str]) -> None:
    assert list(all_tokens(rows)) == list(map(tokens_of, rows))
