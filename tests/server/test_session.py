"""What is open, what is set, and what a request sees of it."""

from __future__ import annotations

import asyncio
from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_context.facts import Facts, extract
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.documents import Document
from twolane_server.rules.knowledge import Known
from twolane_server.session import Session
from twolane_server.settings.resolved import Folders, Mode
from twolane_server.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    import tree_sitter

    from twolane_context.languages import Language

URI = "file:///r/a.py"
CODE = "def f():\n    return 1\n"
LARGE = "".join(f"def f{i}(x):\n    return [x, {i}, 'é' * {i}]\n" for i in range(4_000))


def document(text: str = CODE, version: int = 1, uri: str = URI, path: str = "/r/a.py") -> Document:
    return Document(uri, path, "python", version, Text.of(text))


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(Folders(tmp_path, tmp_path, tmp_path), {})


def _language(path: str) -> Language:
    language = language_for(path, "")
    assert language is not None
    return language


def _shape(tree: tree_sitter.Tree) -> str:
    return str(tree.root_node)


def test_a_snapshot_does_not_follow_the_session(session: Session) -> None:
    session.put(document())
    then = session.snapshot(URI)
    assert then is not None
    session.change(URI, 2, lambda text: Text.of(f"# new\n{text}"))
    session.settings = replace(session.settings, mode=Mode.LOCAL)
    session.learn(URI, Known(None))
    assert str(then.document.text) == CODE
    assert (then.document.version, then.settings.mode, then.known) == (1, Mode.AUTO, None)
    now = session.snapshot(URI)
    assert now is not None
    assert (now.document.version, now.settings.mode, now.known) == (2, Mode.LOCAL, Known(None))
    assert str(now.document.text) == f"# new\n{CODE}"
    session.close(URI)
    assert str(then.document.text) == CODE
    with pytest.raises(FrozenInstanceError):
        then.known = Known(None)  # pyright: ignore[reportAttributeAccessIssue] - that is the test


def test_closing_forgets_everything(session: Session) -> None:
    session.put(document())
    session.learn(URI, Known(None))
    assert session.claim_reading(URI, 1.0, 60.0)
    session.close(URI)
    assert session.document(URI) is None
    assert session.snapshot(URI) is None
    session.put(document())
    now = session.snapshot(URI)
    assert now is not None
    assert now.known is None, "a label that was read for the document before is not this one's"
    assert session.claim_reading(URI, 2.0, 60.0), "and is read at once"


def test_what_is_not_open_is_left_alone(session: Session) -> None:
    session.change(URI, 2, lambda _: Text.of("x"))
    session.learn(URI, Known(None))
    session.close(URI)
    assert session.document(URI) is None
    assert not session.claim_reading(URI, 1.0, 2.0)
    session.put(document())
    now = session.snapshot(URI)
    assert now is not None
    assert now.known is None


def test_a_label_is_read_again_only_after_a_while(session: Session) -> None:
    session.put(document())
    asked = (0.0, 1.0, 1.9, 2.0, 3.0, 4.5)
    assert [session.claim_reading(URI, now, 2.0) for now in asked] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]


async def test_parsing_in_slices_gives_the_tree_and_lets_others_work(session: Session) -> None:
    session.put(document(LARGE))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    meanwhile = asyncio.create_task(others())
    await session.parse(URI)
    meanwhile.cancel()
    language = _language("a.py")
    tree = session.tree(document(LARGE), language)
    assert str(tree.text) == LARGE
    assert tree.parsed.source == LARGE.encode()
    assert _shape(tree.parsed.tree) == _shape(parse(language, LARGE.encode()).tree)
    assert turns > 5, "the loop got its turns"


@given(st.lists(st.text("def f(x):\n é#'\"", max_size=12), min_size=1, max_size=5))
async def test_parsing_again_and_again_gives_the_tree_of_the_last_text(texts: list[str]) -> None:
    session = Session(Folders(*(["/r"] * 3)), {})  # pyright: ignore[reportArgumentType] - nothing is read there
    language = _language("a.py")
    for version, text in enumerate(texts, 1):
        session.put(document(text, version))
        await session.parse(URI)
    tree = session.tree(document(texts[-1]), language)
    assert tree.parsed.source == texts[-1].encode()
    assert _shape(tree.parsed.tree) == _shape(parse(language, texts[-1].encode()).tree)


async def test_the_menu_gets_the_last_tree_there_is(session: Session) -> None:
    language = _language("a.py")
    session.put(document())
    first = session.tree(document(), language)
    session.change(URI, 2, lambda text: Text.of(f"# new\n{text}"))
    now = session.document(URI)
    assert now is not None
    assert session.tree(now, language) is first, "no parsing while somebody types"
    await session.parse(URI)
    assert str(session.tree(now, language).text) == f"# new\n{CODE}"
    other = _language("a.go")
    assert session.tree(now, other).parsed.language == other


async def test_what_requests_ask_of_a_tree_is_known_after_a_pause(session: Session) -> None:
    session.put(document())
    await session.parse(URI)
    parsed = session.tree(document(), _language("a.py")).parsed
    assert parsed.found[Facts] == extract(parse(parsed.language, parsed.source))


async def test_a_tree_of_a_closed_document_is_not_kept(session: Session) -> None:
    session.put(document(LARGE))
    parsing = asyncio.create_task(session.parse(URI))
    await asyncio.sleep(0)
    session.close(URI)
    await parsing
    assert not parsing.cancelled()
    session.put(document())
    language = _language("a.py")
    assert str(session.tree(document(), language).text) == CODE


async def test_what_cannot_be_parsed_is_passed_over(session: Session) -> None:
    await session.parse(URI)
    session.put(Document(URI, "/r/a.txt", "plaintext", 1, Text.of(CODE)))
    await session.parse(URI)
    session.close(URI)
    assert session.document(URI) is None


async def test_the_next_version_comes_with_a_change_or_with_the_end(session: Session) -> None:
    other = "file:///r/b.py"
    session.put(document())
    session.put(document(uri=other, path="/r/b.py"))
    first, again = session.next_version(URI), session.next_version(URI)
    gone = session.next_version(URI)
    gone.cancel()  # nobody waits any more: no reason to fail
    apart = session.next_version(other)
    session.change(URI, 2, lambda text: text)
    assert first.result() == again.result() == session.document(URI)
    assert not apart.done()
    last = session.next_version(URI)
    session.close(URI)
    assert last.result() is None
    session.close(other)
    assert apart.result() is None
    assert session.next_version(URI).done() is False


async def test_a_tree_that_somebody_made_is_not_made_again(session: Session) -> None:
    opened = document()
    session.put(opened)
    language = language_for(opened.path)
    assert language is not None
    made = parse(language, opened.text.source)
    session.take_tree(opened, made)
    await session.parse(URI)
    snapshot = session.snapshot(URI)
    assert snapshot is not None
    assert snapshot.earlier is made


async def test_a_tree_of_another_text_is_not_taken(session: Session) -> None:
    opened = document()
    session.put(opened)
    language = language_for(opened.path)
    assert language is not None
    made = parse(language, opened.text.source)
    session.change(URI, 2, lambda text: text.spliced((0, 0), (0, 0), "x = 1\n"))
    session.take_tree(opened, made)
    session.take_tree(document(uri="file:///r/closed.py"), made)
    snapshot = session.snapshot(URI)
    assert snapshot is not None
    assert snapshot.earlier is None
