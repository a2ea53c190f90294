from __future__ import annotations

import gc
import sys
from math import inf
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_sources import SOURCES, parsed
from twolane_context.facts import extract
from twolane_context.languages import language_for
from twolane_context.spans import Span
from twolane_context.trees import changed, parse, walk
from twolane_server.reparse import parse_in_slices
from twolane_server.text import encode

if TYPE_CHECKING:
    from collections.abc import Generator

    import tree_sitter

    from twolane_context.trees import Parsed

# Some keep the code whole (then the old tree is used again), some break it.
NEW = (
    *("", "x", "y1", " ", "\n", "\r\n", "# é\n", "// 😀\n", "/* é */", "'", '"""', "`"),
    *("(", ")", "{", "}", "[", ";", "\\", "def f(): pass\n", "fn f() {}\n", "\ud83d"),
    *("interface I<in T> { a: T }\n", "in ", "\n  <T>(x: T): T\n"),
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 3) | st.integers(0, 40), st.sampled_from(NEW)),
    min_size=1,
    max_size=12,
)


def again(path: str, source: str | bytes, previous: Parsed) -> Parsed:
    """The source parsed with the help of an earlier tree, in one slice."""
    language = language_for(path)
    assert language is not None
    encoded = source if isinstance(source, bytes) else encode(source)
    results: list[Parsed] = []

    def keep() -> Generator[None, None, None]:
        results.append((yield from parse_in_slices(language, encoded, previous, inf)))

    assert not list(keep())
    return results[0]


def shape(tree: Parsed) -> list[tuple[object, ...]]:
    return [_shape(node) for node in walk(tree.tree.root_node)]


def _shape(node: tree_sitter.Node) -> tuple[object, ...]:
    place = (node.start_byte, node.end_byte, *node.start_point, *node.end_point)
    return (node.type, node.is_missing, node.child_count, *place)


@settings(max_examples=150)
@given(path=st.sampled_from(sorted(SOURCES)), edits=EDITS)
def test_an_incremental_parse_equals_a_fresh_one(
    path: str, edits: list[tuple[float, int, str]]
) -> None:
    tree = parsed(path, SOURCES[path])
    for place, length, new in edits:
        start = round(place * len(tree.source))  # at any byte, so through characters too
        inserted = new.encode("utf-8", "surrogatepass")
        source = tree.source[:start] + inserted + tree.source[start + length :]
        before = shape(tree)
        after = again(path, source, tree)
        fresh = parsed(path, source)
        assert shape(tree) == before, "parsing again changed the older tree"
        assert str(after.tree.root_node) == str(fresh.tree.root_node)
        assert shape(after) == shape(fresh)
        tree = after


def test_an_unchanged_source_keeps_its_tree() -> None:
    tree = parsed("a.py", "x = 1\n")
    assert again("a.py", "x = 1\n", tree) is tree


def test_a_tree_of_another_language_is_no_help() -> None:
    before = parsed("a.py", "x = 1\n")
    assert shape(again("a.js", "x = 2\n", before)) == shape(parsed("a.js", "x = 2\n"))


def test_a_broken_source_gives_the_same_tree_whatever_came_before() -> None:
    # After this edit tree-sitter mends the code in another way than it does from scratch.
    path = "a.ts"
    head = 'import {a} from "b";\n//*/\nexport class A<T> { m\r\n: void { return `a>b}` } }\n'
    before = parsed(path, head + "const f = (x: number) => x < 1\n")
    after = head + "const f = (x`: number) => x < 1\n"
    assert shape(again(path, after, before)) == shape(parsed(path, after))


def test_what_the_grammar_does_not_know_is_mended_as_in_one_parse() -> None:
    rows = "const f = g\n  <T>(x)\n"
    plain, varied = (f"interface A<{word}T> {{ a: T }}\n{rows}" for word in ("", "in "))
    before, after = parsed("a.ts", plain), parsed("a.ts", varied)
    for tree in (again("a.ts", varied, before), again("a.ts", varied, after)):
        assert tree.mended
        assert shape(tree) == shape(after) != shape(before)
    assert shape(again("a.ts", plain, after)) == shape(before)


@given(st.binary(max_size=12), st.binary(max_size=12), st.binary(max_size=4), st.binary(max_size=4))
def test_changed_is_the_one_range_that_differs(a: bytes, z: bytes, mid: bytes, new: bytes) -> None:
    old_source, new_source = a + mid + z, a + new + z
    old, fresh = changed(old_source, new_source)
    assert old.start == fresh.start
    assert old_source[: old.start] == new_source[: fresh.start]
    assert old_source[old.end :] == new_source[fresh.end :]
    assert len(old) <= len(mid)
    # It cannot be smaller at either end.
    if len(old) and len(fresh):
        assert old_source[old.start] != new_source[fresh.start]
        assert old_source[old.end - 1] != new_source[fresh.end - 1]


def test_equal_sources_differ_nowhere() -> None:
    assert changed(b"abc", b"abc") == (Span(3, 3), Span(3, 3))


def test_parsing_in_slices_keeps_no_source_alive() -> None:
    """py-tree-sitter holds on to what a read callback returns; a session parses at every pause."""
    language = language_for("a.py")
    assert language is not None
    source = bytes(f"x = {list(range(3_000))}\n" * 10, "ascii")
    before = sys.getrefcount(source)
    for seconds in (0.0001, 10.0):
        for previous in (None, parse(language, b"y = 1\n")):
            work = parse_in_slices(language, source, previous, seconds)
            assert sum(1 for _ in work) > 0 or seconds > 1
    work = parse_in_slices(language, source, None, 0.0001)
    next(work)
    work.close()
    del work
    gc.collect()
    assert sys.getrefcount(source) == before


@pytest.mark.parametrize("path", sorted(SOURCES))
def test_a_tree_that_was_parsed_in_slices_gives_the_same_facts(path: str) -> None:
    # Its text is not tree-sitter's to ask for: that would end the process.
    whole = parsed(path, SOURCES[path])
    results: list[Parsed] = []

    def keep() -> Generator[None, None, None]:
        results.append((yield from parse_in_slices(whole.language, whole.source, None, 0.01)))

    assert list(keep()) in ([], [None])
    assert extract(results[0]) == extract(whole)
