from __future__ import annotations

from support_sources import parsed


def test_a_tree_does_not_show_its_source() -> None:
    assert "secret" not in repr(parsed("a.py", "secret = 1\n"))
