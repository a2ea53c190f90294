from __future__ import annotations

import pytest
import tree_sitter

from support_sources import parsed
from twolane_context.languages import grammar
from twolane_context.trees import Parsed, edited, once, parse, walk


def test_a_tree_does_not_show_its_source() -> None:
    tree = parsed("a.py", "secret = 1\n")
    assert once(tree, "text", lambda one: one.source) == b"secret = 1\n"
    assert "secret" not in repr(tree)


def test_what_was_found_out_about_a_tree_is_found_out_once() -> None:
    trees = [parsed("a.py", "x = 1\n"), parsed("a.py", "x = 2\n")]
    asked: list[Parsed] = []

    def find(one: Parsed) -> int:
        asked.append(one)
        return len(asked)

    found = [once(tree, what, find) for tree in trees for what in "aab"]
    assert found == [1, 1, 2, 3, 3, 4]
    assert [id(one) for one in asked] == [id(tree) for tree in trees for _ in range(2)]


@pytest.mark.parametrize("typed", ["  # é", "x", " + 1", "\n", "\n        return 2"])
def test_what_follows_a_change_at_the_end_of_a_block_is_used_again(typed: str) -> None:
    methods = [f"    def f{number}(self, a):\n        return a\n" for number in range(60)]
    old = parsed("a.py", "\n".join(["class A:", *methods]))
    methods[2] = methods[2][:-1] + f"{typed}\n"
    source = "\n".join(["class A:", *methods]).encode()
    read: list[str] = []

    def log(_: object, message: str) -> None:
        if message.startswith("lexed_lookahead"):
            read.append(message)

    parser = tree_sitter.Parser(grammar(old.language), logger=log)
    again = parser.parse(source, old_tree=edited(old, source))
    assert not again.root_node.has_error
    assert str(again.root_node) == str(parsed("a.py", source.decode()).tree.root_node)
    assert len(read) < 100, "of some 800 tokens"


@pytest.mark.parametrize("row", ["interface B {\n  <T>(x: T): T\n}\n", "const a = b\n  <T>(x)\n"])
def test_a_tree_that_was_mended_is_not_used_again(row: str) -> None:
    old = parsed("a.ts", f"interface A<in T> {{ a: T }}\n{row}")
    assert old.mended
    new = parsed("a.ts", f"interface A<T> {{ a: T }}\n{row}")
    again = parse(old.language, new.source, old)
    assert _shape(again) == _shape(new) != _shape(old)
    assert [one.mended for one in (again, new)] == [False, False]


def _shape(tree: Parsed) -> list[tuple[str, int, int]]:
    return [(node.type, node.start_byte, node.end_byte) for node in walk(tree.tree.root_node)]
