"""The repositories around an editor's documents: filled in the background, fresh, never in the way."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from support_repository import make_repository, put
from support_trust import make_folders
from support_waiting import PATIENCE
from twolane_context.cache import Cache
from twolane_context.repository import Repository
from twolane_server.actions.base import NOTHING
from twolane_server.documents import Document
from twolane_server.errors import FingerprintsUnusable
from twolane_server.fragments import Label, disclose
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.file_lock import try_lock
from twolane_server.recognition.recognised import Recognised
from twolane_server.repositories import home as homes
from twolane_server.repositories.indexed import Indexed
from twolane_server.repositories.indexing import cache_file, fingerprint
from twolane_server.repositories.live import Live
from twolane_server.repositories.surroundings import Wanted
from twolane_server.rules.tainted import Tainted
from twolane_server.settings.resolved import NdaRules
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from twolane_server.actions.base import Surroundings
    from twolane_server.border.fingerprints import Source

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
    changed: list[tuple[Path, Sequence[str] | None]] = field(
        default_factory=list[tuple["Path", "Sequence[str] | None"]]
    )

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
            changed=lambda root, paths: self.changed.append((root, paths)),
        )
        yield live
        await live.aclose()

    def wanted(self) -> Wanted:
        path, lane = str(self.root / "tool.py"), LaneName.LOCAL
        return Wanted(path, 4, 4, lane, "deepseek-v3.2", 65_536, Label.OPEN)

    def kept(self) -> dict[str, bytes | None]:
        """The files of which the cache has facts."""
        cache = Cache(cache_file(self.root.resolve(), self.folders, ".sqlite"), fingerprint())
        try:
            return {row.path: row.facts for row in cache.rows()}
        finally:
            cache.close()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Questions wait for as long as a busy machine may take."""
    monkeypatch.setattr("twolane_server.repositories.live._PATIENCE_SECONDS", PATIENCE)
    return Desk(tmp_path)


def text(found: Surroundings) -> str:
    return "".join(map(disclose, (*found.map, *found.pieces)))


async def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
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
        await until(lambda: _watches(live))
        put(desk.root / "new.py", "def other(a): ...\n")
        put(
            desk.root / "lib.py",
            "from new import other\n\n\ndef fold(text):\n    return other(text)\n",
        )
        put(desk.root / "tool.py", TOOL.replace("fold", "other").replace("lib", "new"))

        async def seen() -> bool:
            return "def other" in text(await live.around(desk.wanted()))

        end = time.monotonic() + PATIENCE
        while not await seen():
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
    told = {path for root, paths in desk.changed for path in paths or () if root == desk.root}
    assert {"new.py", "lib.py", "tool.py"} <= told


async def test_a_rename_while_it_watches_is_known(desk: Desk) -> None:
    new = desk.root / "renamed.py"
    async with desk.live() as live:
        await live.around(desk.wanted())
        await until(lambda: _watches(live))
        (desk.root / "lib.py").rename(new)
        end = time.monotonic() + PATIENCE
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
    assert (desk.root, None) in desk.changed


def _saved(live: Live) -> bool:
    (home,) = live._homes.values()  # pyright: ignore[reportPrivateUsage] - nothing shows it but an answer
    indexed = home._indexed  # pyright: ignore[reportPrivateUsage] - as above
    return indexed is not None and "m.py" in indexed.repository.index.files


async def test_a_repository_that_takes_too_long_is_left_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, release = Indexed.ask, threading.Event()

    def ask(self: Indexed, wanted: Wanted, *, patient: bool = False) -> Surroundings:
        assert release.wait(PATIENCE)
        return slow(self, wanted, patient=patient)

    monkeypatch.setattr("twolane_server.repositories.live._PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(Indexed, "ask", ask)
    async with desk.live() as live:
        began = time.monotonic()
        assert await live.around(desk.wanted()) == NOTHING
        assert time.monotonic() - began < PATIENCE / 2
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
        end = time.monotonic() + PATIENCE
        while (reason := await live.pasted(tool, f"{TOOL}\n\n{TARIFF}")) is None:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
        assert "r/secret.py" in reason
        assert await live.pasted(tool, TOOL) == reason, "it stays NDA"
        known = await asyncio.to_thread(live.known_code, tool, desk.rules)
        assert known.found(TARIFF)
        assert known.found(TOOL) is None
    assert desk.told == []


async def test_what_was_typed_into_code_under_nda_is_read_before_somebody_asks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(desk.root / "twolane.toml", '[nda]\npaths = ["secret.py"]\n')
    file, tool = put(desk.root / "secret.py", "x = 1\n"), str(desk.root / "tool.py")
    async with desk.live() as live:
        assert not await live.catch_up(tool)  # before anything is known
        await live.around(desk.wanted())
        (home,) = live._homes.values()  # pyright: ignore[reportPrivateUsage] - to wait for it
        await until(lambda: home.recognised is not None)
        desk.documents.append(Document(file.as_uri(), str(file), "python", 2, Text.of(TARIFF)))
        assert await live.catch_up(str(file))
        assert not await live.catch_up(str(file))

        def never(_: Recognised, files: object) -> None:
            raise AssertionError(files)

        monkeypatch.setattr(Recognised, "sync", never)
        known = await asyncio.to_thread(live.known_code, tool, desk.rules)
        assert known.found(TARIFF)


async def test_what_was_typed_is_in_the_index_before_somebody_asks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk.root / "tool.py"
    async with desk.live() as live:
        await live.take_in(str(file))
        assert not live._homes, "nobody has asked for that repository"  # pyright: ignore[reportPrivateUsage]
        await live.around(desk.wanted())
        typed = Text.of(f"{file.read_text('utf-8')}# typed\n")
        desk.documents.append(Document(file.as_uri(), str(file), "python", 2, typed))
        await live.take_in(str(file))

        def never(_: Repository, path: str, source: bytes | None) -> None:
            raise AssertionError(path, source)

        monkeypatch.setattr(Repository, "overlay", never)
        await live.around(desk.wanted())
        monkeypatch.undo()


async def test_no_question_waits_until_it_can_be_answered_fast(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready: list[Recognised] = []

    def is_ready(one: Recognised) -> None:
        ready.append(one)

    monkeypatch.setattr(Recognised, "expect_many", is_ready)
    put(desk.root / "twolane.toml", '[nda]\npaths = ["secret.py"]\n')
    async with desk.live() as live:
        await live.around(desk.wanted())
        (home,) = live._homes.values()  # pyright: ignore[reportPrivateUsage] - to wait for it
        await until(lambda: ready == [home.recognised])


async def test_a_file_that_git_ignores_counts_when_the_watcher_tells_of_it(desk: Desk) -> None:
    put(desk.root / ".gitignore", "secrets/\n")
    put(desk.root / "twolane.toml", '[nda]\npaths = ["secrets/**"]\n')
    put(desk.root / "secrets" / "old.py", "x = 1\n")
    tool = str(desk.root / "tool.py")
    async with desk.live() as live:
        await live.around(desk.wanted())
        await until(lambda: _watches(live))
        known = await asyncio.to_thread(live.known_code, tool, desk.rules)
        assert known.found(TARIFF) is None
        put(desk.root / "secrets" / "new.py", TARIFF)
        end = time.monotonic() + PATIENCE
        while known.found(TARIFF) is None:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
            known = await asyncio.to_thread(live.known_code, tool, desk.rules)


def _watches(live: Live) -> bool:
    (home,) = live._homes.values()  # pyright: ignore[reportPrivateUsage] - git's list is kept by then
    indexed = home._indexed  # pyright: ignore[reportPrivateUsage] - as above
    home.submit(lambda one: one)
    return indexed is not None and indexed.hidden.watched


async def test_much_code_under_nda_that_is_not_read_yet_lets_nothing_leave(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: object) -> None:
        await asyncio.sleep(3_600)

    monkeypatch.setattr(homes.Home, "_index_beside", never)
    monkeypatch.setattr(homes, "A_MOMENT", 0)
    monkeypatch.setattr("twolane_server.repositories.indexed.A_MOMENT", 0)
    put(desk.root / "twolane.toml", '[nda]\npaths = ["secret.py"]\n')
    put(desk.root / "secret.py", TARIFF)
    tool = str(desk.root / "tool.py")
    async with desk.live() as live:
        assert await live.pasted(tool, TARIFF) is None
        with pytest.raises(FingerprintsUnusable, match="not all read yet"):
            await asyncio.to_thread(live.known_code, tool, desk.rules)
        assert "not all read yet" in (await live.pasted(tool, TOOL) or ""), "it may have been NDA"


async def test_a_rename_before_the_start_is_known_at_once(desk: Desk) -> None:
    """What an earlier process has seen is read first, and the question waits for it."""
    old, new = desk.root / "lib.py", desk.root / "new.py"
    indexed = Indexed(desk.root, desk.folders)
    indexed.refresh()
    indexed.save()
    indexed.close()
    old.rename(new)
    async with desk.live() as live:
        assert await live.before(str(new)) == (str(old),)


async def test_what_a_question_had_read_is_not_taken_for_gone_at_the_start(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first question may come while the repository's code under NDA waits to be read."""
    put(desk.root / "twolane.toml", '[nda]\npaths = ["secret.py"]\n')
    put(desk.root / "secret.py", TARIFF)
    tool, first = str(desk.root / "tool.py"), Indexed.recognised

    def asked_before(indexed: Indexed) -> Recognised:
        found = first(indexed)
        monkeypatch.setattr(Indexed, "recognised", first)
        indexed.known_code(desk.rules)
        return found

    monkeypatch.setattr(Indexed, "recognised", asked_before)
    synced: list[list[Source]] = []
    sync = Recognised.sync

    def counted(one: Recognised, files: Iterable[Source]) -> None:
        synced.append(list(files))
        sync(one, synced[-1])

    monkeypatch.setattr(Recognised, "sync", counted)
    async with desk.live() as live:
        await live.before(tool)
        (home,) = live._homes.values()  # pyright: ignore[reportPrivateUsage] - to wait for it
        await until(lambda: home.recognised is not None)
        known = await asyncio.to_thread(live.known_code, tool, desk.rules)
        assert known.found(TARIFF)
    assert [[one.path for one in some] for some in synced] == [["r/secret.py"]]


async def test_code_of_another_repository_that_is_being_read_may_be_in_what_is_sent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has opened a file there, and there is no policy."""
    read = asyncio.Event()

    async def late(_: object) -> None:
        await read.wait()

    monkeypatch.setattr(homes.Home, "_index_beside", late)
    monkeypatch.setattr(homes, "A_MOMENT", 0)
    tool, secret = str(desk.root / "tool.py"), desk.top / "other" / "secret.py"
    put(make_repository(desk.top / "other", None) / "secret.py", TARIFF)
    async with desk.live() as live:

        async def told(text: str) -> str:
            try:
                prints = await asyncio.to_thread(live.known_code, tool, desk.rules)
            except FingerprintsUnusable as error:
                return str(error)
            return prints.found(text) or ""

        await live.before(tool)
        assert await told(TARIFF) == ""
        await live.before(str(secret))
        assert "in other is not all read yet" in await told(TARIFF)
        read.set()
        end = time.monotonic() + PATIENCE
        while "not all read yet" in await told(TARIFF):
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
        assert "code of other/secret.py" in await told(TARIFF)
        rows = (f"    blade_{n} = turbine.feather({n}, wind={n + 1})\n" for n in range(9))
        written = "".join(rows)
        desk.documents = [Document(secret.as_uri(), str(secret), "python", 1, Text.of(written))]
        await live.around(replace(desk.wanted(), path=str(secret)))
        assert "code of other/secret.py" in await told(written)


async def test_what_another_document_held_long_ago_counts_for_what_is_saved_from_it(
    desk: Desk,
) -> None:
    """A buffer without a file that was changed often since; and a file that another process noted."""
    put(desk.root / "twolane.toml", '[nda]\npaths = ["secret.py"]\n')
    put(desk.root / "secret.py", TARIFF)
    tool, lib, other = (str(desk.root / name) for name in ("tool.py", "lib.py", "other.py"))
    Tainted(desk.folders.state).add(lib, "it holds code of r/secret.py")
    async with desk.live() as live:
        end = time.monotonic() + PATIENCE
        while "r/secret.py" not in (await live.pasted(other, TARIFF) or ""):
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
        untitled = Document("untitled:1", "", "python", 0, Text.of(TARIFF))
        for number in range(20):
            if number:
                untitled = untitled.changed(number, Text.of(f"{TOOL}{number}\n"))
            live.pastes.notice(untitled)
            await live.pastes.remember(untitled)
        for file, origin in ((tool, untitled), (other, replace(untitled, path=lib))):
            live.tainted.clear([file])
            assert await live.pasted(file, str(origin.text)) is None
            live.pastes.copies.filled(replace(origin, path=file), [origin])
            assert "it came from" in (await live.pasted(file, str(origin.text)) or "")
            assert live.tainted.why(file) is not None


async def test_before_anything_is_read_a_copy_of_another_document_waits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether that other one ever held code under NDA, nobody can tell yet."""

    async def never(_: object) -> None:
        await asyncio.sleep(3_600)

    monkeypatch.setattr(homes.Home, "_recognise", never)
    file, other = desk.root / "tool.py", desk.root / "lib.py"
    async with desk.live() as live:
        opened = Document("file:///x", str(file), "python", 1, Text.of(TOOL))
        live.pastes.copies.filled(opened, [replace(opened, path=str(other))])
        assert "not known before" in (await live.pasted(str(file), TOOL) or "")
        assert await live.pasted(str(other), TOOL) is None


@pytest.mark.parametrize("kept", [True, False])
async def test_what_a_document_held_for_a_moment_is_noted_for_all(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    kept: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Where that cannot be written, it holds here all the same, and is told once."""
    monkeypatch.setattr("twolane_server.rules.tainted._WAIT_SECONDS", 0.0)
    put(desk.root / "twolane.toml", '[nda]\npaths = ["secret.py"]\n')
    put(desk.root / "secret.py", TARIFF)
    tool, lib = desk.root / "tool.py", desk.root / "lib.py"
    async with desk.live() as live:
        other, end = str(desk.root / "other.py"), time.monotonic() + PATIENCE
        while "r/secret.py" not in (await live.pasted(other, TARIFF) or ""):
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
        with (desk.folders.state / "pasted.lock").open("ab") as lock:
            assert kept or try_lock(lock)
            for file in (tool, lib):
                for held in (f"{TOOL}\n{TARIFF}", TOOL):
                    live.pastes.notice(Document("file:///x", str(file), "python", 1, Text.of(held)))
                assert "r/secret.py" in (await live.pasted(str(file), TOOL) or "")
                assert live.tainted.why(str(file)) is not None
                assert (Tainted(desk.folders.state).why(str(file)) is not None) is kept
    assert len(desk.told) == (0 if kept else 1)
    assert all("cannot be noted" in each for each in desk.told)


@pytest.mark.parametrize("how", ["refused", "broken", "slow", "soon"])
async def test_of_a_repository_that_cannot_be_read_you_are_told_which_and_what_to_do(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Nothing passes from any other one meanwhile; and that it will be soon is said only if it may be."""
    other, read = make_repository(desk.top / "other"), homes.Home._recognise  # pyright: ignore[reportPrivateUsage]

    async def recognise(home: homes.Home) -> None:
        if how == "refused":
            raise PermissionError(13, "Permission denied")
        if how == "broken":
            monkeypatch.setattr(Indexed, "recognised", unusable)
            await read(home)
        await asyncio.sleep(3_600 if how in {"slow", "soon"} else 0)

    def unusable(_: Indexed) -> Recognised:
        raise FingerprintsUnusable("The fingerprints cannot be written, so nothing is sent.")

    monkeypatch.setattr(homes.Home, "_recognise", recognise)
    if how == "slow":
        monkeypatch.setattr(homes, "_LONG_SECONDS", 0.0)
    why = {"refused": "Permission denied", "broken": "cannot be written", "slow": "minutes"}
    async with desk.live() as live:
        await live.pasted(str(desk.root / "tool.py"), TOOL)
        await live.pasted(str(put(other / "a.py", TOOL)), TOOL)
        if how in why and how != "slow":
            home = live._homes[other]  # pyright: ignore[reportPrivateUsage]
            await asyncio.wait(home._tasks[-1:])  # pyright: ignore[reportPrivateUsage]
            await asyncio.sleep(0)
        with pytest.raises(FingerprintsUnusable) as told:
            await asyncio.to_thread(live.known_code, str(desk.root / "tool.py"), desk.rules)
        assert ("try again in a moment" in str(told.value)) is (how == "soon")
        assert how == "soon" or (str(other) in str(told.value) and why[how] in str(told.value))


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


async def test_how_large_a_repositorys_code_is_is_known_once_it_was_read(desk: Desk) -> None:
    async with desk.live() as live:
        assert live.code_bytes([desk.root]) is None
        await live.around(desk.wanted())
        assert live.code_bytes([desk.top / "other", desk.root]) == len(TOOL) + len(LIB)
        assert live.code_bytes([desk.top / "other"]) is None
