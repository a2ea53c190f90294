"""What is seen of a document at the moment at which it changed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from twolane_server.documents import Document
from twolane_server.features import labels
from twolane_server.recognition.copies import Copies
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from twolane_server.server import TwolaneServer


def test_what_was_pasted_is_kept_before_anything_waits() -> None:
    # The next message may take it out again, before any task of the loop had its turn.
    pasted = Document("file:///r/a.py", "/r/a.py", "python", 2, Text.of("def secret(): ...\n"))
    seen, waiting = list[Document](), list[object]()

    def background(work: Coroutine[object, object, None]) -> None:
        waiting.append(work)
        work.close()

    server = SimpleNamespace(
        session=SimpleNamespace(document={pasted.uri: pasted}.get, documents=(pasted,)),
        live=SimpleNamespace(pastes=SimpleNamespace(notice=seen.append, copies=Copies())),
        background=background,
    )
    labels.look(cast("TwolaneServer", server), pasted.uri)
    assert seen == [pasted]
    assert len(waiting) == 1
