"""One generated example of a leak channel, and the bench that holds it against the fake cloud.

Each example is built twice over: with its code under NDA, when no trace of its canary may reach the
cloud; and now and then with the same code open, when the canary must reach it. So a channel that
carries nothing is noticed.
"""

from __future__ import annotations

import random
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from support_channel_desk import ChannelDesk
from support_fake_server import MODEL as LOCAL_MODEL
from support_fake_server import FakeServer, answer
from support_generated import generated, mark_of, word
from support_leaks import MODEL, World, traces
from support_repository import put
from support_trust import grant
from support_wire import TWOLANE
from twolane_server.border.ledger import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

    from support_fake_server import Received
    from support_generated import Code
    from support_leaks import Done

__all__ = ["Bench", "Trial", "open_bench"]

TWIN_EVERY = 8
DOCSTRING = "Take it as it is."


class Cloud(FakeServer):
    """A fake cloud that can do something at the moment when it is asked for its models."""

    def __init__(self) -> None:
        super().__init__(answer(DOCSTRING), models=(MODEL,))
        self.on_models: Callable[[], object] | None = None

    def _chosen(self, request: Received) -> Any:  # noqa: ANN401 - as of the original
        if request.method == "GET" and self.on_models is not None:
            meanwhile, self.on_models = self.on_models, None
            meanwhile()
        return super()._chosen(request)


@dataclass
class Bench:
    """What all examples of a channel share: one world, one cloud, at most one language server.

    Attributes:
        world: repository, grant, key and cloud.
        elsewhere: a server that nobody may come to.
        local: a real server for the local lane; most examples have a scripted one.
        patch: undone after each example.
        server: starts the language server.
        sent: how many open twins got there.
        seeds: the examples' numbers.
    """

    world: World
    cloud: Cloud
    elsewhere: FakeServer
    local: FakeServer
    patch: pytest.MonkeyPatch
    server: tuple[str, ...] = TWOLANE
    sent: int = 0
    seeds: range = range(0)
    _desk: ChannelDesk | None = None
    _stock: dict[tuple[int, bool], tuple[Path, Code, str]] = field(
        default_factory=dict[tuple[int, bool], "tuple[Path, Code, str]"]
    )
    _marks: list[str] = field(default_factory=list[str])

    def run(self, channel: Callable[[Trial], None], seeds: range) -> None:
        """Run all examples of a channel and their open twins; then hold the ledger against all."""
        name, self.seeds = channel.__name__, seeds
        for number in seeds:
            self._try(channel, Trial(self, random.Random(f"{name} {number}"), number))  # noqa: S311
            if number % TWIN_EVERY == 0:
                twin = random.Random(f"{name} {number} open")  # noqa: S311 - for tests
                self._try(channel, Trial(self, twin, number, secret=False))
        self.close()
        self._conclude()

    def _try(self, channel: Callable[[Trial], None], trial: Trial) -> None:
        before = len(self.cloud.received)
        try:
            with self.patch.context() as patch:
                trial.patch = patch
                channel(trial)
        finally:
            trial.tidy()
        received = bytes(self.cloud.received[before:])
        if trial.secret:
            self._marks.append(trial.mark)
            assert traces(received, trial.mark) == [], (trial.number, trial.mark)
            for hidden in trial.hidden:
                assert hidden not in received, (trial.number, hidden)
        else:
            self.sent += 1
            assert traces(received, trial.mark), (trial.number, trial.mark, received)
        assert self.elsewhere.connections == 0, trial.number

    def _conclude(self) -> None:
        assert self.sent, "no example of this channel was let through"
        world = self.world
        chats = [chat.body for chat in world.chats]
        texts = [row.text.encode() for row in world.rows if row.text is not None]
        assert sorted(texts) == sorted(chats), "the ledger and what was received differ"
        assert len(chats) >= self.sent
        assert verify(world.folders.state / "ledger").whole
        world.check()
        everything = bytes(self.cloud.received)
        kept = [
            file.read_bytes()
            for file in (world.top / "own").rglob("*")
            if file.is_file() and world.folders.cache not in file.parents
        ]
        for half in (half for mark in self._marks for half in mark.split("é")):
            assert all(half.encode() not in each for each in (everything, *kept)), half

    @property
    def desk(self) -> ChannelDesk:
        """The language server, started at first use."""
        if self._desk is None:
            self._desk = ChannelDesk(self.world, self.server)
        return self._desk

    def stock(self, number: int, *, secret: bool) -> tuple[Path, Code, str]:
        """A file for an example of a language server's, with its canary.

        All are there before the server starts: what comes later it notices only later, as it notices
        what another program writes.
        """
        if not self._stock:
            for each in (each for each in self.seeds for _ in range(2)):
                kind = (each, (each, True) not in self._stock)
                chance = random.Random(f"stock {kind}")  # noqa: S311 - for tests
                mark = mark_of(chance)
                code = generated(chance, mark, language="python")
                folder = "clients" if kind[1] else "lib"
                file = put(
                    self.world.root / folder / "stock" / f"{word(chance)}{each}.py", code.text
                )
                self._stock[kind] = file, code, mark
        return self._stock[number, secret]

    def close(self) -> None:
        """End the language server, if there is one."""
        desk, self._desk = self._desk, None
        if desk is not None:
            desk.close()


@contextmanager
def open_bench(
    top: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Iterator[Bench]:
    """A bench with all its servers, and this process's environment as its world needs it."""
    elsewhere = FakeServer(answer("I am somebody else."), models=(MODEL, LOCAL_MODEL))
    local = FakeServer(answer(DOCSTRING), models=(LOCAL_MODEL,))
    with Cloud() as cloud, elsewhere, local:
        world = World(top, cloud, capture)
        for name, value in world.variables.items():
            patch.setenv(name, value)
        patch.chdir(world.root)
        bench = Bench(world, cloud, elsewhere, local, patch)
        try:
            yield bench
        finally:
            bench.close()


@dataclass
class Trial:
    """One example.

    Attributes:
        bench: of its channel.
        chance: where everything in it comes from.
        number: of the example.
        secret: whether its code is under NDA; else it is the open twin.
        mark: its canary.
        hidden: what else must not reach the cloud where the code is under NDA.
    """

    bench: Bench
    chance: random.Random
    number: int
    secret: bool = True
    mark: str = ""
    hidden: list[bytes] = field(default_factory=list[bytes])
    _made: list[Path] = field(default_factory=list["Path"])
    patch: pytest.MonkeyPatch = field(init=False)

    def __post_init__(self) -> None:
        self.mark = mark_of(self.chance)
        self.stem = f"{word(self.chance)}{self.number}{'s' if self.secret else 'o'}"
        self.world = self.bench.world
        self.root = self.world.root
        self.cloud = self.bench.cloud
        self.cloud.answers = (answer(DOCSTRING),)
        self.cloud.models_answer = None
        self.patch = self.bench.patch

    # Where things are.

    def home(self, *, fixed: bool = False) -> Path:
        """A folder under NDA by one of the rules; in the twin, an open one.

        Args:
            fixed: by the first rule, so that it is a package `clients`.
        """
        names = ("clients",) if fixed else ("clients", "société", "Clients", "lib/société")
        name = self.chance.choice(names) if self.secret else "lib"
        return self.made(self.root / name / self.stem)

    @property
    def shelf(self) -> Path:
        """An open folder."""
        return self.made(self.root / "lib" / f"{self.stem}x")

    def made(self, path: Path) -> Path:
        """The same path, which goes when the example ends."""
        self._made.append(path)
        return path

    def tidy(self) -> None:
        """Leave the repository as it was."""
        for path in self._made:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for folder in ("lib/société", "société", "Clients"):
            with suppress(OSError):
                (self.root / folder).rmdir()

    # What is in them.

    def code(self, language: str | None = None, calls: str | None = None) -> Code:
        """Code with the canary in it."""
        return generated(self.chance, self.mark, language=language, calls=calls)

    def other(self, language: str | None = None, calls: str | None = None) -> Code:
        """Open code of any kind, with a mark that does not matter."""
        return generated(self.chance, mark_of(self.chance), language=language, calls=calls)

    def named(self, code: Code) -> str:
        """A file name for it."""
        return word(self.chance) + code.language.suffix

    def planted(self, code: Code | None = None, name: str = "") -> tuple[Path, Code]:
        """A file with the canary, under NDA by a rule or by a marker in it; open in the twin."""
        code = code or self.code()
        if self.secret and not name and self.chance.random() < 0.2:
            marker = self.chance.choice(("CONFIDENTIAL", "TRADE SECRET", "NDA"))
            code = code.below(f"{code.language.comment} {marker}\n")
            return put(self.shelf / self.named(code), code.text), code
        return put(self.home() / (name or self.named(code)), code.text), code

    def stocked(self) -> tuple[Path, Code]:
        """A Python file with the canary that a language server has known from its start."""
        file, code, self.mark = self.bench.stock(self.number, secret=self.secret)
        return file, code

    def pasted_into(self, text: str) -> Code:
        """Open Python code with a text in its function: as a string, in a comment or as it is."""
        host = self.other("python")
        rows = host.text.split("\n")
        at = self.chance.randint(host.first, host.last - 1)
        safe = text.replace("\\", "/").replace("'''", "")
        string = [f"    {word(self.chance)} = r'''", *safe.split("\n"), "    '''"]
        comment = [f"    # {row}" for row in text.split("\n")]
        put_in = string if "\n@@ " in f"\n{text}" else self.chance.choice((string, comment))
        rows[at:at] = put_in
        return replace(host, text="\n".join(rows), last=host.last + len(put_in))

    def known(self) -> None:
        """Have the code under NDA read, as any earlier command has."""
        self.ask(self.world.tool, None)

    # What is done with them.

    def ask(
        self,
        file: Path,
        code: Code | None,
        *,
        lane: str | None = None,
        instruction: str = "",
        action: str = "",
    ) -> str:
        """Run an action in a file and give its lane: any action, and in any way to ask for one."""
        first, last = (code.first, code.last) if code else (1, 2)
        suffix = code.language.comment if code else "#"
        action = action or (
            "rewrite" if instruction else self.chance.choice(("docstring", "rewrite"))
        )
        if action == "rewrite":
            self.cloud.answers = (answer(f"```\n{suffix} x\n```"),)
            self.world.script({"reply": f"```\n{suffix} x\n```"})
            place = f"{file}:{first}-{last}" if self.chance.random() < 0.5 else f"{file}:{first}"
            words = ["--instruction", instruction or word(self.chance)]
        else:
            self.cloud.answers = (
                (answer(DOCSTRING),) if not self.cloud.answers else self.cloud.answers
            )
            self.world.script({"reply": DOCSTRING})
            place, words = f"{file}:{first}", []
        lane = lane or self.chance.choice(("auto", "cloud"))
        done = self.run("do", action, place, "--json", "--lane", lane, *words)
        assert done.status == 0, (done.err, self.number)
        return str(done.json["decision"]["lane"])

    def run(self, *words: str | Path) -> Done:
        """Any command; what it says of an NDA example tells no more than it may."""
        return self.world.run(*words)

    def expect(self, lane: str) -> None:
        """The lane of code that is what this example plays: local under NDA, else the cloud."""
        assert lane == ("local" if self.secret else "cloud"), (self.number, lane)

    @contextmanager
    def policy(self, text: str) -> Iterator[None]:
        """The repository's rules for a while, with a grant for them; then as before, granted anew."""
        file = self.root / "twolane.toml"
        before = file.read_bytes()
        try:
            put(file, text)
            grant(self.root, self.world.folders)
            yield
        finally:
            if file.is_dir():
                file.rmdir()
            else:
                file.unlink(missing_ok=True)
            put(file, before)
            grant(self.root, self.world.folders)

    def by_local_server(self) -> FakeServer:
        """Have a real server answer on the local lane."""
        local = self.bench.local
        local.answers, local.models_answer = (answer(DOCSTRING),), None
        self.patch.setenv("TWOLANE_LOCAL_URL", local.url)
        assert LOCAL_MODEL in local.models
        return local
