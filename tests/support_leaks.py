"""A world with everything that would let code leave, canaries in it, and a search for their traces.

The repository has a policy and a grant, there is a key, and the cloud lane is a server that keeps
every byte. Whatever stays local then does so because of the border, and of nothing else.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import textwrap
import zlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from support_repository import make_repository, put
from support_trust import grant, make_folders
from twolane_server.border.ledger import read_rows, verify
from twolane_server.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from support_fake_server import FakeServer, Received
    from twolane_server.border.records import Row

MODEL = "deepseek-v3.2"
KEY_VARIABLE = "RELAY_KEY"
POLICY = '[nda]\npaths = ["clients/**", "tariff.py", "société/"]\nwords = ["Acme Corp"]\n'
REPLY = "Say what it does."
FIXED = "```python\n    pass\n```"


def canary() -> str:
    """A text that occurs nowhere else, with a letter that encodings spell in different ways."""
    return f"zq{secrets.token_hex(4)}é{secrets.token_hex(4)}"


def code(mark: str) -> str:
    """A Python file that is full of `mark`: its second line is in a function."""
    return f"def f_{mark}(a):\n    return a + '{mark}'  # {mark}\n"


def tariff(mark: str) -> str:
    """NDA code of ten lines."""
    return textwrap.dedent(f"""\
        def tariff_for(account, volume):
            base = account.rate * volume
            if volume > account.threshold_{mark}:
                base -= account.rebate(volume, "{mark}")
            elif account.is_frozen and not volume:
                raise Frozen(account.number, base)
            for surcharge in account.surcharges[1:]:
                base += surcharge.apply(base, volume)
            audit.log("{mark}", base, account.number)
            return round(base, account.digits)
        """)


def disguises(mark: str) -> dict[str, bytes]:
    """What of `mark` to look for: in each encoding, a part that does not depend on what is beside it."""
    raw = mark.encode()
    found = {
        "as it is": raw,
        "escaped in JSON": json.dumps(mark)[1:-1].encode(),
        "URL-encoded": quote(mark).encode(),
        "hexadecimal": raw.hex().encode(),
        "UTF-16 LE": mark.encode("utf-16-le"),
        "UTF-16 BE": mark.encode("utf-16-be"),
    }
    for shift in range(3):
        # The first and the last group of four also hold the neighbours' bits.
        encoded = base64.b64encode(b"\0" * shift + raw)
        found[f"base64, shifted by {shift}"] = encoded[4 if shift else 0 : -4]
    # Each half alone, since a cut may go through the whole; and without its case.
    found |= {f"half {at}": half.encode() for at, half in enumerate(mark.split("é"))}
    return found


def traces(received: bytes, mark: str) -> list[str]:
    """In which disguises `received` holds `mark`; compressed streams in it are looked into."""
    texts = [received, received.lower(), *_unpacked(received)]
    return [name for name, form in disguises(mark).items() if any(form in text for text in texts)]


def _unpacked(received: bytes) -> Iterator[bytes]:
    """Whatever in it starts like gzip or zlib and can be unpacked."""
    for start, width in ((b"\x1f\x8b", 31), (b"\x78", 15)):
        at = received.find(start)
        while at >= 0:
            with suppress(zlib.error):
                yield zlib.decompressobj(width).decompress(received[at:])
            at = received.find(start, at + 1)


@dataclass
class Done:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.out)


@dataclass
class World:
    """The repository, its cloud, and a person at the command line."""

    top: Path
    cloud: FakeServer
    capture: pytest.CaptureFixture[str]
    secret: str = field(default_factory=canary)
    open: str = field(default_factory=canary)
    key: str = field(default_factory=lambda: "sk-" + secrets.token_hex(12))

    def __post_init__(self) -> None:
        self.folders = make_folders(self.top / "own")
        self.root = make_repository(self.top / "root-zq7", POLICY)
        self.nda = put(self.root / "clients" / "acme.py", code(self.secret))
        self.tool = put(self.root / "tool.py", code(self.open))
        grant(self.root, self.folders)
        self.replies = self.top / "replies.json"
        # One that a server has read holds for as long as it runs.
        self.script({"match": "fix this problem", "reply": FIXED}, {"reply": REPLY})
        self.settings(f'[cloud]\nurl = "{self.cloud.url}"\n')

    def script(self, *replies: dict[str, object]) -> None:
        """What the local lane answers."""
        put(self.replies, json.dumps(replies))

    def settings(self, more: str) -> None:
        """The user's settings: with a scripted local lane and a key, and a `[cloud]` that `more` starts."""
        put(
            self.folders.config / "settings.toml",
            f'{more}model = "{MODEL}"\nkey_environment = "{KEY_VARIABLE}"\n'
            f'[local]\nurl = "scripted:{self.replies}"\n[embedded]\nenabled = false\n',
        )

    @property
    def environ(self) -> dict[str, str]:
        """For a process of its own."""
        kept = {name: os.environ[name] for name in ("PATH", "KF_RULE_CACHE_DIR")}
        return {**kept, **self.variables}

    @property
    def variables(self) -> dict[str, str]:
        return {
            KEY_VARIABLE: self.key,
            "TWOLANE_CONFIG_DIR": str(self.folders.config),
            "TWOLANE_STATE_DIR": str(self.folders.state),
            "TWOLANE_CACHE_DIR": str(self.folders.cache),
            "HOME": str(self.top / "home"),
        }

    def run(self, *words: str | Path) -> Done:
        """Run a command in this process; the environment must have been set."""
        self.capture.readouterr()
        status = main([str(word) for word in words])
        out, err = self.capture.readouterr()
        return Done(status, out, err)

    def docstring(self, file: Path, *words: str, line: int = 2) -> Done:
        """`twolane do docstring FILE:2 --json`."""
        return self.run("do", "docstring", f"{file}:{line}", "--json", *words)

    @property
    def rows(self) -> list[Row]:
        return list(read_rows(self.folders.state / "ledger"))

    @property
    def chats(self) -> list[Received]:
        return self.cloud.chats

    def check(self, *, in_order: bool = True) -> None:
        """What holds after each test, whatever happened in it.

        Nothing of the NDA source is in what the cloud received; what it received is on record, byte
        for byte and, unless requests were made at the same time, in order; and the key went nowhere
        but into its header.
        """
        received = bytes(self.cloud.received)
        assert traces(received, self.secret) == []
        recorded = [row.text.encode() for row in self.rows if row.text is not None]
        sent = [chat.body for chat in self.chats]
        assert not Counter(sent) - Counter(recorded), "sent and not recorded"
        left = iter(recorded)
        assert not in_order or all(body in left for body in sent), "recorded in another order"
        assert verify(self.folders.state / "ledger").whole
        keys = sum(f"Bearer {self.key}" == r.headers["authorization"] for r in self.cloud.requests)
        assert received.count(self.key.encode()) == keys == len(self.cloud.requests)
        for file in (each for each in (self.top / "own").rglob("*") if each.is_file()):
            content = file.read_bytes()
            assert self.key.encode() not in content, file
            if self.folders.cache / "index" in file.parents:  # it knows the code: its owner's alone
                assert file.stat().st_mode & 0o077 == 0, file
                assert file.parent.stat().st_mode & 0o077 == 0, file.parent
            else:
                assert traces(content, self.secret) == [], file
