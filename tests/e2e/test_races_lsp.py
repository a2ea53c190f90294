"""An editor at the real server while a person types, saves and closes, and other programs write files.

`TWOLANE_RACES` says how many are tried in all editors together: four tenths are of one file here, and
one tenth of many files. What was typed is there afterwards, and the edit is there as it was meant or not
at all; what is half is told.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lsprotocol import types

from support_counts import how_many
from support_git import Repo
from support_lsp import editing, path_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from support_lsp import Editor

RACES = how_many("TWOLANE_RACES", 90, 2_000, part=0.4)
OF_MANY = how_many("TWOLANE_RACES", 30, 300, part=0.1)
BEFORE = "# é 😀\r\n\r\n\r\ndef join(a):\r\n\treturn '😀' + a  # é"
AFTER = BEFORE.replace("(a):\r\n", '(a):\r\n\t"""Join 😀."""\r\n')
MARK = "\u2317"  # what the person types; nothing else holds it
USES = "from a import join\n\nprint('😀', join('é'))\n"
DOCS = "Call `join`. 😀\r\n"


def block(path: str, search: str) -> str:
    new = search.replace("join", "fuse")
    return f"{path}\n<<<<<<< SEARCH\n{search}\n=======\n{new}\n>>>>>>> REPLACE\n\n"


FILES = {"a.py": BEFORE, "b.py": USES, "c.py": USES, "docs.md": DOCS}
REPLY = (
    "".join(
        block(path, "from a import join\n\nprint('😀', join('é'))") for path in ("b.py", "c.py")
    )
    + block("a.py", "def join(a):")
    + block("docs.md", "Call `join`. 😀")
    + "RENAME docs.md -> guide.md\n"
)


@asynccontextmanager
async def at_server(folder: Path, reply: str) -> AsyncGenerator[tuple[Editor, Path]]:
    """An editor with a.py and b.py open, and the repository."""
    root = Repo(folder / "repository").root
    put_all(root)
    replies = folder / "replies.json"
    replies.write_text(json.dumps([{"chunks": [reply[:9], reply[9:]], "delay_seconds": 0.001}]))
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        **{f"TWOLANE_{name}_DIR": str(folder / name) for name in ("CONFIG", "STATE", "CACHE")},
    }
    async with editing(environ, root, local={"url": f"scripted:{replies}"}) as editor:
        for name in ("a.py", "b.py"):
            editor.open((root / name).as_uri(), "python", FILES[name])
        yield editor, root


def put_all(root: Path) -> None:
    for name in ("guide.md", "theirs.md"):
        (root / name).unlink(missing_ok=True)
    for name, text in FILES.items():
        (root / name).write_bytes(text.encode())


def become(editor: Editor, uri: str, text: str) -> None:
    """All of a document is another text."""
    editor.edits.append((uri, text))
    editor.undo()


def type_in(editor: Editor, uri: str, chance: random.Random) -> None:
    row = chance.randrange(editor.texts[uri].count("\n") + 1)
    at = types.Position(row, 0)
    editor.replace(uri, types.Range(at, at), MARK)


async def test_typing_while_a_docstring_comes(tmp_path: Path) -> None:
    outcomes = {True: 0, False: 0}
    spread = 0.03
    async with at_server(tmp_path, "Join 😀.") as (editor, root):
        uri = (root / "a.py").as_uri()
        action = next(
            one
            for one in await editor.labelled(uri, 4)
            if one.title.startswith("Write docstring  ")
        )
        for number in range(RACES):
            chance = random.Random(number)  # noqa: S311 - for tests, not for secrets
            become(editor, uri, BEFORE)
            running = editor.run(action)
            typed = chance.choice((0, 1, 1, 2))
            for _ in range(typed):
                await asyncio.sleep(chance.random() * spread)
                type_in(editor, uri, chance)
            answer = await running
            text = editor.texts[uri]
            assert text.count(MARK) == typed
            assert text.replace(MARK, "") == (AFTER if answer["applied"] else BEFORE), answer
            assert answer["applied"] or answer["message"]
            outcomes[answer["applied"]] += 1
            spread *= 0.97 if answer["applied"] else 1.03
    assert min(outcomes.values()) > RACES / 20, outcomes


def write_c(root: Path) -> None:
    (root / "c.py").write_text("# theirs\n")


def delete_c(root: Path) -> None:
    (root / "c.py").unlink(missing_ok=True)


def rename_docs(root: Path) -> None:
    if (root / "docs.md").exists():
        (root / "docs.md").rename(root / "theirs.md")


def make_guide(root: Path) -> None:
    if not (root / "guide.md").exists():
        (root / "guide.md").write_text("# theirs\n")


def nothing(root: Path) -> None:
    del root


ELSEWHERE: tuple[Callable[[Path], None], ...] = (
    *(write_c, delete_c, rename_docs, make_guide),
    *(nothing, nothing, nothing, nothing),
)


async def test_typing_and_other_programs_while_many_files_change(tmp_path: Path) -> None:
    outcomes = {"all": 0, "none": 0, "part": 0}
    spread = 0.1
    async with at_server(tmp_path, REPLY) as (editor, root):
        uris = [(root / name).as_uri() for name in ("a.py", "b.py")]
        for number in range(OF_MANY):
            chance = random.Random(number)  # noqa: S311 - for tests, not for secrets
            _begin(editor, root, uris)
            action = await _offered(editor, uris[0])
            running = editor.run(action, instruction="name it fuse")
            await asyncio.sleep(chance.random() * spread)
            typed = chance.choice((0, 0, 1))
            if typed:
                type_in(editor, chance.choice(uris), chance)
            theirs = chance.choice(ELSEWHERE)
            theirs(root)
            answer = await running
            came = _came(editor, root, uris, answer)
            assert sum(editor.texts[uri].count(MARK) for uri in uris) == typed
            assert answer["applied"] or answer["message"]
            outcomes[came] += 1
            # Some come to nothing however late the other is, so it must not grow for ever.
            spread = min(spread * (1.03 if came == "none" else 0.97), 0.2)
            _nothing_of_theirs_is_lost(root, theirs)
    assert outcomes["all"] > 3, outcomes
    assert outcomes["none"] > 3, outcomes
    assert outcomes["part"] <= sum(outcomes.values()) / 10, outcomes


async def _offered(editor: Editor, uri: str) -> types.CodeAction:
    """The action in the menu, which goes by the tree that there is: that of the text, a moment later."""
    for _ in range(500):
        for one in await editor.labelled(uri, 3):
            if one.title.startswith("Refactor across"):
                return one
        await asyncio.sleep(0.01)
    raise AssertionError("it was never offered")


def _begin(editor: Editor, root: Path, uris: list[str]) -> None:
    """All as it was, in the editor and on disk."""
    for uri in [*editor.texts.keys() - set(uris)]:
        editor.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )
        del editor.texts[uri]
    put_all(root)
    for uri in uris:
        become(editor, uri, FILES[path_of(uri).name])


def _came(editor: Editor, root: Path, uris: list[str], answer: dict[str, object]) -> str:
    """How much of it came; what is half must have been told."""
    texts = {path_of(uri).name: editor.texts[uri].replace(MARK, "") for uri in uris}
    changed = [texts[name] == FILES[name].replace("join", "fuse") for name in texts]
    for name, is_changed in zip(texts, changed, strict=True):
        assert is_changed or texts[name] == FILES[name], (name, texts[name])
    moved = not (root / "docs.md").exists() and (root / "guide.md").exists()
    if answer["applied"]:
        assert all(changed), texts
        assert moved
        return "all"
    if not any(changed) and not moved:
        return "none"
    assert "only in part" in str(answer["message"]) or "as it should be" in str(answer["message"])
    return "part"


def _nothing_of_theirs_is_lost(root: Path, theirs: Callable[[Path], None]) -> None:
    """What another program wrote is on disk, as it wrote it."""
    if theirs is write_c:
        assert (root / "c.py").read_text() == "# theirs\n"
    if theirs is delete_c:
        assert not (root / "c.py").exists()
    if theirs is make_guide:
        assert (root / "guide.md").read_text() in ("# theirs\n", DOCS, DOCS.replace("\r\n", "\n"))
