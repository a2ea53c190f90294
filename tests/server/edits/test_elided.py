"""Lines that stand for others: see also test_from_reply.py."""

from __future__ import annotations

from typing import NoReturn

import pytest

from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.edits import elided
from twolane_server.edits.elided import elisions
from twolane_server.text import Text


def found(source: str) -> int:
    language = language_for("a.py")
    assert language is not None
    return elisions(Text.of(source), parse(language, source.encode())).total()


def test_dots_as_a_statement_among_others() -> None:
    assert found("def f():\n    x = 1\n    ...\n    return x\n") == 1
    assert found("def f(): ...\n") == 0


def test_a_file_without_dots_is_not_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of 20,000 lines has as many nodes as would take a tenth of a second."""

    def walk(_: object) -> NoReturn:
        pytest.fail("walked")

    monkeypatch.setattr(elided, "walk", walk)
    assert found("def f():\n    return 1\n") == 0
    assert found("# rest of the code\n") == 1


def test_dots_of_an_example_in_a_document_stand_for_no_lines_of_it() -> None:
    assert elisions(Text.of("Write\n\n    def f():\n        ...\n"), None).total() == 0
    assert elisions(Text.of("One\n\n...\n\nFour\n"), None).total() == 1
    assert elisions(Text.of("...\nFour\n"), None).total() == 1
