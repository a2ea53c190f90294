from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_sources import SOURCES, parsed
from twolane_context.languages import language_for
from twolane_context.spans import Span
from twolane_context.trees import changed, errors, parse, parse_in_slices, walk, within

if TYPE_CHECKING:
    import tree_sitter

    from twolane_context.trees import Parsed

# Some keep the code whole (then the old tree is used again), some break it.
NEW = (
    *("", "x", "y1", " ", "\n", "\r\n", "# é\n", "// 😀\n", "/* é */", "'", '"""', "`"),
    *("(", ")", "{", "}", "[", ";", "\\", "def f(): pass\n", "fn f() {}\n", "\ud83d"),
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 3) | st.integers(0, 40), st.sampled_from(NEW)),
    min_size=1,
    max_size=12,
)


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
        again = parsed(path, source, tree)
        fresh = parsed(path, source)
        assert shape(tree) == before, "parsing again changed the older tree"
        assert str(again.tree.root_node) == str(fresh.tree.root_node)
        assert shape(again) == shape(fresh)
        tree = again


@pytest.mark.parametrize("path", sorted(SOURCES))
def test_sources_of_every_language_parse(path: str) -> None:
    assert errors(parsed(path, SOURCES[path])) == 0


def test_an_unchanged_source_keeps_its_tree() -> None:
    tree = parsed("a.py", "x = 1\n")
    assert parsed("a.py", "x = 1\n", tree) is tree


def test_a_tree_of_another_language_is_no_help() -> None:
    before = parsed("a.py", "x = 1\n")
    assert shape(parsed("a.js", "x = 2\n", before)) == shape(parsed("a.js", "x = 2\n"))


def test_a_broken_source_gives_the_same_tree_whatever_came_before() -> None:
    # After this edit tree-sitter mends the code in another way than it does from scratch.
    path = "a.ts"
    head = 'import {a} from "b";\n//*/\nexport class A<T> { m\r\n: void { return `a>b}` } }\n'
    before = parsed(path, head + "const f = (x: number) => x < 1\n")
    after = head + "const f = (x`: number) => x < 1\n"
    assert shape(parsed(path, after, before)) == shape(parsed(path, after))


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


def test_errors_counts_broken_and_missing_nodes() -> None:
    assert errors(parsed("a.py", "def f(:\n  pass\n")) > 0
    assert errors(parsed("a.go", "package m\nfunc f() {")) > 0
    # The missing end of a statement is broken without a node of its own.
    assert errors(parsed("a.go", "package a\n\nvaxext string\n")) > 0


def test_within_gives_the_nodes_that_lie_in_a_span() -> None:
    tree = parsed("a.py", "a = b\nc = d\ne = f\n")
    nodes = [node for node in within(tree, Span(4, 11)) if node.type == "identifier"]
    assert [node.text for node in nodes] == [b"b", b"c", b"d"]
    assert not list(within(tree, Span(2, 2)))


def test_a_tree_does_not_show_its_source() -> None:
    assert "secret" not in repr(parsed("a.py", "secret = 1\n"))


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
