from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from twolane_context.spans import Span
from twolane_server import convert
from twolane_server.convert import Encoding, check_rows
from twolane_server.errors import ActionError
from twolane_server.text import Text, encode

ENCODINGS = [Encoding.Utf8, Encoding.Utf16, Encoding.Utf32]
PIECES = [
    "a",
    "é",
    "\u0301",
    "😀",
    "\u2028",
    "\x0c",
    "\x85",
    "\t",
    "\ufeff",
    "漢",
    "\ud83d",
    "\n",
    "\r",
    "\r\n",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


def _width(character: str, encoding: Encoding) -> int:
    """The reference: widths straight from the codecs."""
    codec, unit = {
        Encoding.Utf8: ("utf-8", 1),
        Encoding.Utf16: ("utf-16-le", 2),
        Encoding.Utf32: ("utf-32-le", 4),
    }[encoding]
    return len(character.encode(codec, "surrogatepass")) // unit


def _reference_offset(text: str, line: int, character: int, encoding: Encoding) -> int:
    """An index in code points, by walking the text one character at a time."""
    index = 0
    for _ in range(line):
        while index < len(text) and text[index] not in "\r\n":
            index += 1
        if index == len(text):
            return index
        index += 2 if text.startswith("\r\n", index) else 1
    seen = 0
    while index < len(text) and text[index] not in "\r\n":
        seen += _width(text[index], encoding)
        if seen > character:
            break
        index += 1
    return index


def _reference_lines(text: str) -> int:
    return len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


@given(TEXTS, st.sampled_from(ENCODINGS), st.integers(0, 12), st.integers(0, 60))
def test_a_position_is_where_a_walk_finds_it(
    text: str, encoding: Encoding, line: int, character: int
) -> None:
    line = min(line, _reference_lines(text) - 1)
    found = convert.offset(Text.of(text), types.Position(line, character), encoding)
    expected = _reference_offset(text, line, character, encoding)
    assert found == len(encode(text[:expected]))


@given(TEXTS, st.sampled_from(ENCODINGS), st.data())
def test_a_position_comes_back(text: str, encoding: Encoding, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(text)))
    if text[max(index - 1, 0) : index + 1] == "\r\n":
        index -= 1  # the middle of a CRLF is no position
    at = len(encode(text[:index]))
    position = convert.position(Text.of(text), at, encoding)
    assert convert.offset(Text.of(text), position, encoding) == at


def _random_edit(rng: random.Random, text: str, encoding: Encoding) -> tuple[types.Range, str, str]:
    """A range in the editor's units, the new text, and what the whole text must be after it."""
    lines = _reference_lines(text)
    ends: list[tuple[types.Position, int]] = []
    for _ in range(2):
        line = rng.randrange(lines)
        character = rng.choice([0, 1, 2, 3, rng.randrange(30), 10_000])
        ends.append(
            (types.Position(line, character), _reference_offset(text, line, character, encoding))
        )
    (first, low), (last, high) = sorted(ends, key=lambda end: end[1])
    new = "".join(rng.choice(PIECES) for _ in range(rng.choice([0, 1, 1, 2, 3, 6])))
    return types.Range(first, last), new, text[:low] + new + text[high:]


@pytest.mark.parametrize("encoding", [Encoding.Utf8, Encoding.Utf16])
@pytest.mark.parametrize("seed", range(5))
def test_no_drift_over_random_edits(encoding: Encoding, seed: int) -> None:
    """10,000 steps a case, 100,000 in all; a fresh start now and then keeps texts small."""
    rng = random.Random(f"{seed} {encoding}")  # noqa: S311 - a test's dice
    text, document = "", Text.of("")
    for step in range(10_000):
        if step % 200 == 0:
            text = "".join(rng.choice(PIECES) for _ in range(rng.randrange(60)))
            document = Text.of(text)
        area, new, text = _random_edit(rng, text, encoding)
        change = types.TextDocumentContentChangePartial(range=area, text=new)
        document = convert.changed(document, change, encoding)
        assert str(document) == text
        assert document.lines == Text.of(text).lines


@given(TEXTS, st.sampled_from(ENCODINGS), st.data())
def test_a_span_becomes_the_range_it_came_from(
    text: str, encoding: Encoding, data: st.DataObject
) -> None:
    spots = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    if any(text[max(spot - 1, 0) : spot + 1] == "\r\n" for spot in spots):
        return
    where = Span(*(len(encode(text[:spot])) for spot in spots))
    document = Text.of(text)
    assert convert.span(document, convert.area(document, where, encoding), encoding) == where


def test_a_whole_document_change_replaces_all() -> None:
    change = types.TextDocumentContentChangeWholeDocument(text="b\r")
    assert convert.changed(Text.of("a\n"), change, Encoding.Utf16).lines == ("b\r", "")


@pytest.mark.parametrize("text", ["", "a", "a\n\nb\r\n", "\r\n", "a\x0b\x85\u2028b\n"])
def test_rows_are_sure_where_no_cr_stands_alone(text: str) -> None:
    check_rows("a.py", Text.of(text))


@pytest.mark.parametrize(
    ("text", "line"), [("a\rb\n", 1), ("a\n\r", 2), ("\r\r\n", 1), ("a\r\nb\rc\rd", 2)]
)
def test_rows_are_unsure_where_one_does(text: str, line: int) -> None:
    with pytest.raises(ActionError, match=rf"^a.py has a carriage return .* \(line {line}\)"):
        check_rows("a.py", Text.of(text))


def test_a_line_behind_the_end_means_the_end() -> None:
    assert convert.offset(Text.of("ab\ncd"), types.Position(9, 0), Encoding.Utf8) == 5


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b.py", "/a/b.py"),
        ("file:///a/b%20c%2Fd.py", "/a/b c/d.py"),
        ("file://localhost/a.py", "/a.py"),
        ("file:///caf%C3%A9.py", "/café.py"),
        ("file://server/share/a.py", ""),
        ("untitled:Untitled-1", ""),
        ("git:/a/b.py?ref=HEAD", ""),
        ("file:///a/b.py?x", ""),
        ("file:///a%00b", ""),
        ("file:///a/\nb.py", ""),
        ("file:///a/b.py\t", ""),
        ("vscode-notebook-cell:/a.ipynb#W0", ""),
        ("file://[broken", ""),
        ("", ""),
    ],
)
def test_only_a_local_file_has_a_path(uri: str, path: str) -> None:
    assert convert.path_of(uri) == path


def test_a_path_that_is_no_unicode_comes_back() -> None:
    path = os.fsdecode(b"/a/\xff.py")
    assert convert.path_of(Path(path).as_uri()) == path


def test_dots_mean_what_the_file_system_says(tmp_path: Path) -> None:
    (tmp_path / "nda" / "deep").mkdir(parents=True)
    (tmp_path / "open").symlink_to(tmp_path / "nda" / "deep")
    uri = f"file://{tmp_path}/open/%2E%2E/x.py"
    assert convert.path_of(uri) == str(tmp_path.resolve() / "nda" / "x.py")


def test_dots_and_links_in_a_circle_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert convert.path_of(f"file://{tmp_path}/x/../loop/x.py") == ""
