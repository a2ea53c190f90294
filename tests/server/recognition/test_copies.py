"""Which documents came from which others, by their text when they were opened."""

from __future__ import annotations

from twolane_server.documents import Document
from twolane_server.recognition.copies import Copies, key_of
from twolane_server.text import Text

TEXT = "area = width * height\n"


def document(name: str, text: str = TEXT) -> Document:
    """One with a file where the name is a path."""
    path = name if name.startswith("/") else ""
    return Document(f"file://{name}" if path else name, path, "python", 1, Text.of(text))


def origins(opened: Document, *others: Document) -> tuple[str, ...]:
    copies = Copies()
    copies.filled(opened, (opened, *others))
    return copies.origins(key_of(opened))


def test_a_document_is_known_by_its_file_or_else_by_the_editors_name() -> None:
    assert key_of(document("/a.py")) == "/a.py"
    assert key_of(document("untitled:1")) == "untitled:1"


def test_who_has_the_same_text_is_where_it_may_be_from() -> None:
    untitled, file, other = document("untitled:1"), document("/b.py"), document("/c.py", "x = 1\n")
    assert origins(document("/a.py"), untitled, other, file) == ("untitled:1", "/b.py")
    assert origins(document("/a.py"), other) == ()
    assert origins(document("/a.py")) == ()


def test_a_text_of_nothing_is_nobodys() -> None:
    for text in ("", "\n", " \n\t\n"):
        assert origins(document("/a.py", text), document("/b.py", text)) == ()


def test_one_that_was_closed_is_remembered_for_a_while() -> None:
    copies, opened = Copies(), document("/a.py")
    copies.closed(document("untitled:1"))
    copies.filled(opened, ())
    assert copies.origins("/a.py") == ("untitled:1",)
    copies.settled("/a.py")
    assert copies.origins("/a.py") == ()
    for number in range(100):
        copies.closed(document(f"/{number}.py", "x = 1\n"))
    copies.filled(opened, ())
    assert copies.origins("/a.py") == ()


def test_one_that_is_opened_again_is_no_copy_of_itself() -> None:
    copies, opened = Copies(), document("/a.py")
    copies.closed(opened)
    copies.filled(opened, (opened,))
    assert copies.origins("/a.py") == ()
