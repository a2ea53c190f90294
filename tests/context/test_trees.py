from __future__ import annotations

from support_sources import parsed
from twolane_context.trees import Parsed, once


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
