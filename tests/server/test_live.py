"""The repositories around an editor's documents: filled in the background, fresh, never in the way."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from support_repository import make_repository, put
from support_trust import make_folders
from twolane_context.cache import Cache
from twolane_context.languages import fingerprint
from twolane_server import home as homes
from twolane_server.actions.base import NOTHING
from twolane_server.documents import Document
from twolane_server.errors import FingerprintsUnusable
from twolane_server.fragments import Label, disclose
from twolane_server.indexed import Indexed
from twolane_server.indexing import cache_file
from twolane_server.lanes.base import LaneName
from twolane_server.live import Live
from twolane_server.settings.resolved import NdaRules
from twolane_server.surroundings import Wanted
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator
    from pathlib import Path

    from twolane_server.actions.base import Surroundings

TOOL = "from lib import fold\n\n\ndef tool(a):\n    return fold(a)\n"
LIB = "def fold(text):\n    return text.lower()\n"


@dataclass
class Shown:
    """What an editor shows of progress."""

    titles: list[str] = field(default_factory=list[str])
    shares: list[float | None] = field(default_factory=list[float | None])
    ended: int = 0

    @asynccontextmanager
    async def __call__(self, title: str) -> AsyncGenerator[Shown]:
        self.titles.append(title)
        yield self
        self.ended += 1

    def report(self, message: str, share: float | None = None) -> None:
        assert "files" in message
        self.shares.append(share)


@dataclass
class Desk:
    """A repository, an editor's documents, and what keeps the one ready for the other."""

    top: Path
    documents: list[Document] = field(default_factory=list[Document])
    shown: Shown = field(default_factory=Shown)
    told: list[str] = field(default_factory=list[str])
    rules: NdaRules = field(default_factory=NdaRules)

    def __post_init__(self) -> None:
        self.folders = make_folders(self.top / "own")
        self.root = make_repository(self.top / "r")
        put(self.root / "tool.py", TOOL)
        put(self.root / "lib.py", LIB)

    @asynccontextmanager
    async def live(self) -> AsyncGenerator[Live]:
        live = Live(
            self.folders,
            lambda: tuple(self.documents),
            lambda: self.rules,
            self.shown,
            self.told.append,
        )
        yield live
        await live.aclose()

    def wanted(self) -> Wanted:
        path, lane = str(self.root / "tool.py"), LaneName.LOCAL
        return Wanted(path, 4, 4, lane, "deepseek-v3.2", 65_536, Label.OPEN)

    def kept(self) -> dict[str, bytes | None]:
        """The files of which the cache has facts."""
        cache = Cache.open(cache_file(self.root.resolve(), self.folders, ".sqlite"), fingerprint())
        try:
            return {row.path: row.facts for row in cache.rows()}
        finally:
            cache.close()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def text(found: Surroundings) -> str:
    return "".join(map(disclose, (*found.map, *found.pieces)))


async def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it never came about"
        await asyncio.sleep(0.02)


async def test_the_first_question_is_answered(desk: Desk) -> None:
    async with desk.live() as live:
        assert "def fold" in text(await live.around(desk.wanted()))


async def test_a_document_outside_of_a_repository_has_no_surroundings(desk: Desk) -> None:
    alone = put(desk.top / "alone.py", TOOL)
    async with desk.live() as live:
        for path in ("", str(alone)):
            wanted = Wanted(path, 4, 4, LaneName.LOCAL, "m", 65_536, Label.OPEN)
            assert await live.around(wanted) == NOTHING
            assert await live.before(path) == ()


async def test_everything_is_examined_and_kept_in_the_background(desk: Desk) -> None:
    for number in range(150):
        put(desk.root / f"m{number}.py", f"def f{number}(): ...\n")
    async with desk.live() as live:
        assert await live.before(str(desk.root / "tool.py")) == ()
        await until(lambda: desk.shown.ended == 1)
    assert desk.shown.titles == ["Indexing r"]
    assert desk.shown.shares[-1] == 1
    facts = desk.kept()
    assert len([path for path, one in facts.items() if one and path.endswith(".py")]) == 152
    async with desk.live() as live:
        assert "def fold" in text(await live.around(desk.wanted()))
    assert desk.shown.titles == ["Indexing r"], "there is nothing to do the second time"


async def test_a_few_files_are_nothing_to_tell_of(desk: Desk) -> None:
    async with desk.live() as live:
        await live.around(desk.wanted())
        await until(lambda: bool(desk.kept().get("lib.py")))
    assert desk.shown.titles == []


async def test_unsaved_text_lies_over_the_disk(desk: Desk) -> None:
    file = desk.root / "lib.py"
    new = Text.of(LIB.replace("lower", "casefold"))
    async with desk.live() as live:
        desk.documents.append(Document(file.as_uri(), str(file), "python", 2, new))
        assert "casefold" in text(await live.around(desk.wanted()))
        desk.documents.clear()
        assert "casefold" not in text(await live.around(desk.wanted()))


async def test_what_changes_on_disk_is_seen_without_a_word_of_the_editor(desk: Desk) -> None:
    async with desk.live() as live:
        assert "other" not in text(await live.around(desk.wanted()))
        await asyncio.sleep(0.2)  # the watcher has begun by then
        put(desk.root / "new.py", "def other(a): ...\n")
        put(
            desk.root / "lib.py",
            "from new import other\n\n\ndef fold(text):\n    return other(text)\n",
        )
        put(desk.root / "tool.py", TOOL.replace("fold", "other").replace("lib", "new"))

        async def seen() -> bool:
            return "def other" in text(await live.around(desk.wanted()))

        end = time.monotonic() + 20
        while not await seen():
            assert time.monotonic() < end
            await asyncio.sleep(0.05)


async def test_a_rename_while_it_watches_is_known(desk: Desk) -> None:
    new = desk.root / "renamed.py"
    async with desk.live() as live:
        await live.around(desk.wanted())
        await asyncio.sleep(0.2)
        (desk.root / "lib.py").rename(new)
        end = time.monotonic() + 20
        while await live.before(str(new)) != (str(desk.root / "lib.py"),):
            assert time.monotonic() < end
            await asyncio.sleep(0.05)


async def test_where_nothing_can_be_watched_it_looks_now_and_then(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Iterator[frozenset[str]]:
        raise OSError("so many folders")
        yield frozenset()

    monkeypatch.setattr(homes, "watch", refuse)
    monkeypatch.setattr(homes, "_LOOK_AGAIN_SECONDS", 0.05)
    async with desk.live() as live:
        await live.around(desk.wanted())
        put(desk.root / "m.py", "def added(): ...\n")
        await until(lambda: "m.py" in desk.kept() or _saved(live))
    assert "m.py" in desk.kept()


def _saved(live: Live) -> bool:
    (home,) = live._homes.values()  # pyright: ignore[reportPrivateUsage] - nothing shows it but an answer
    indexed = home._indexed  # pyright: ignore[reportPrivateUsage] - as above
    return indexed is not None and "m.py" in indexed.repository.index.files


async def test_a_repository_that_takes_too_long_is_left_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, release = Indexed.ask, threading.Event()

    def ask(self: Indexed, wanted: Wanted, *, patient: bool = False) -> Surroundings:
        assert release.wait(20)
        return slow(self, wanted, patient=patient)

    monkeypatch.setattr("twolane_server.live._PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(Indexed, "ask", ask)
    async with desk.live() as live:
        began = time.monotonic()
        assert await live.around(desk.wanted()) == NOTHING
        assert time.monotonic() - began < 10
        release.set()


async def test_a_cancelled_question_leaves_the_repository_usable(desk: Desk) -> None:
    async with desk.live() as live:
        asked = asyncio.ensure_future(live.around(desk.wanted()))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert "def fold" in text(await live.around(desk.wanted()))


async def test_a_damaged_cache_is_told_once_and_built_anew(desk: Desk) -> None:
    file = cache_file(desk.root.resolve(), desk.folders, ".sqlite")
    async with desk.live() as live:
        await live.around(desk.wanted())
    with file.open("r+b") as damaged:
        damaged.seek(100)
        damaged.write(b"\xff" * 4_000)
    for _ in range(2):
        async with desk.live() as live:
            assert "def fold" in text(await live.around(desk.wanted()))
            await asyncio.sleep(0.1)
    assert len(desk.told) == 1
    assert "built anew" in desk.told[0]


TARIFF = """\
def tariff_for(account, volume):
    base = account.rate * volume - account.rebate(volume, account.tier)
    for surcharge in account.surcharges[1:]:
        base += surcharge.apply(base, volume, account.digits)
    return audit.rounded(base, account.number, account.digits)
"""


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_code_under_nda_is_read_in_the_background_and_known_again(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    monkeypatch.setattr(homes, "A_MOMENT", 0 if elsewhere else 50)
    put(desk.root / "twolane.toml", '[nda]\npaths = ["secret.py"]\n')
    put(desk.root / "secret.py", TARIFF)
    tool = str(desk.root / "tool.py")
    async with desk.live() as live:
        end = time.monotonic() + 30
        while (reason := await live.pasted(tool, f"{TOOL}\n\n{TARIFF}")) is None:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
        assert "r/secret.py" in reason
        assert await live.pasted(tool, TOOL) == reason, "it stays NDA"
        known = await asyncio.to_thread(live.known_code, tool, desk.rules)
        assert known.found(TARIFF)
        assert known.found(TOOL) is None
    assert desk.told == []


async def test_much_code_under_nda_that_is_not_read_yet_lets_nothing_leave(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: object) -> None:
        await asyncio.sleep(3_600)

    monkeypatch.setattr(homes.Home, "_index_beside", never)
    monkeypatch.setattr(homes, "A_MOMENT", 0)
    monkeypatch.setattr("twolane_server.indexed.A_MOMENT", 0)
    put(desk.root / "twolane.toml", '[nda]\npaths = ["secret.py"]\n')
    put(desk.root / "secret.py", TARIFF)
    tool = str(desk.root / "tool.py")
    async with desk.live() as live:
        assert await live.pasted(tool, TARIFF) is None
        with pytest.raises(FingerprintsUnusable, match="not all read yet"):
            await asyncio.to_thread(live.known_code, tool, desk.rules)


async def test_nobody_knows_code_outside_of_a_repository(desk: Desk) -> None:
    async with desk.live() as live:
        for path in ("", str(put(desk.top / "alone.py", TOOL))):
            assert await live.pasted(path, TARIFF) is None
            with pytest.raises(FingerprintsUnusable, match="taken as NDA"):
                live.known_code(path, desk.rules)


async def test_closing_at_once_ends_everything(desk: Desk) -> None:
    for number in range(300):
        put(desk.root / f"m{number}.py", f"def f{number}(): ...\n")
    async with desk.live() as live:
        await live.before(str(desk.root / "tool.py"))
        began = time.monotonic()
    assert time.monotonic() - began < 5
