from __future__ import annotations

from support_sources import parsed
from twolane_context.spans import Span
from twolane_server.actions.excerpt import within


def test_within_gives_the_nodes_that_lie_in_a_span() -> None:
    tree = parsed("a.py", "a = b\nc = d\ne = f\n")
    nodes = [node for node in within(tree, Span(4, 11)) if node.type == "identifier"]
    assert [node.text for node in nodes] == [b"b", b"c", b"d"]
    assert not list(within(tree, Span(2, 2)))
