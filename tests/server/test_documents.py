"""Documents as values, and when an edit that was made for one is still good."""

from __future__ import annotations

import pytest

from twolane_context.spans import Span
from twolane_server.documents import Document, check_fresh, fingerprint
from twolane_server.errors import StaleDocument
from twolane_server.text import Text

THEN = Document("file:///a.py", "/a.py", "python", 3, Text.of("x = 1\ny = 2\n"))
LINE = Span(6, 12)


def test_a_change_leaves_the_old_document_as_it_was() -> None:
    now = THEN.changed(4, Text.of("z"))
    assert (now.version, str(now.text), now.uri, now.path) == (4, "z", THEN.uri, THEN.path)
    assert (THEN.version, str(THEN.text)) == (3, "x = 1\ny = 2\n")


def test_the_same_version_and_bytes_are_fresh() -> None:
    check_fresh(THEN, THEN.changed(3, Text.of("x = 9\ny = 2\n")), LINE)
    assert fingerprint(THEN, LINE) != fingerprint(THEN, Span(0, 6))


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (None, "was closed"),
        (THEN.changed(4, THEN.text), "run the action again"),
        (THEN.changed(3, Text.of("x = 1\ny = 3\n")), "run the action again"),
        (THEN.changed(3, Text.of("x = 1\n\ny = 2\n")), "run the action again"),
    ],
    ids=["closed", "another version", "other bytes", "moved bytes"],
)
def test_each_sign_of_staleness_is_enough(now: Document | None, told: str) -> None:
    with pytest.raises(StaleDocument, match=told) as stale:
        check_fresh(THEN, now, LINE)
    assert "y = " not in str(stale.value)


def test_a_document_does_not_show_its_text() -> None:
    assert "x = 1" not in repr(THEN)
