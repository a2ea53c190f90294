"""One generated example of a leak channel: where its code lies, what it says, what is done with it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from support_fake_server import answer
from support_generated import generated, mark_of, word
from support_repository import put
from support_trust import grant

if TYPE_CHECKING:
    import random
    from collections.abc import Generator
    from pathlib import Path

    import pytest

    from support_bench import Bench
    from support_fake_server import FakeServer
    from support_generated import Code
    from support_leaks import Done

__all__ = ["DOCSTRING", "Trial"]

DOCSTRING = "Take it as it is."


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

    def code(
        self, language: str | None = None, calls: str | None = None, *, terse: bool = False
    ) -> Code:
        """Code with the canary in it."""
        return generated(self.chance, self.mark, language=language, calls=calls, terse=terse)

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
        """Open Python code with a text in its function: as a string or in a comment."""
        host = self.other("python")
        rows = host.text.split("\n")
        at = self.chance.randint(host.first, host.last - 1)
        safe = text.replace("\\", "/").replace("'''", "")
        string = [f"    {word(self.chance)} = r'''", *safe.split("\n"), "    '''"]
        comment = [f"    # {row}" for row in text.split("\n")]
        put_in = self.chance.choice((string, comment))
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
    def policy(self, text: str) -> Generator[None]:
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
        return local
