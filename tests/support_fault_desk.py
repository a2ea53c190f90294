"""A real server process at a desk: a trusted repository, code of both labels, two lanes that may fail."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from support_faults import CLOUD_MODEL, KEY, PROMPT, Limits
from support_lsp import Editor, editing
from support_repository import put
from support_trust import make_folders, trusted_repository
from twolane_server.border.ledger import read_rows, verify
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from lsprotocol import types

    from support_fake_server import FakeServer
    from twolane_server.border.records import Row

__all__ = ["LINE", "SENTENCE", "Desk", "Process"]

LINE = 4
"""In the one function of either file; as all lines from 0."""

SENTENCE = "Put a separator behind the name."
_VARIABLE = "LANE_KEY"
CONCURRENCY = 10
_TEXTS = {
    LaneName.CLOUD: (
        f"import os\n\n\ndef join_{PROMPT}(a: str) -> str:\n    return a + os.sep  # é 😀\n"
    ),
    # Another one: a copy of it would be known for code under NDA.
    LaneName.LOCAL: (
        f"TARIFF = 7\n\n\ndef price_{PROMPT}(count: int) -> int:\n    return count * TARIFF + 9\n"
    ),
}


@dataclass
class Desk:
    """A repository with a file for each lane, and the settings that lead to two servers.

    Attributes:
        top: everything is in there.
        cloud: the server on the cloud lane.
        local: the server on the local lane.
    """

    top: Path
    cloud: FakeServer
    local: FakeServer
    files: dict[LaneName, Path] = field(init=False)

    def __post_init__(self) -> None:
        self.folders = make_folders(self.top / "own")
        policy = '[nda]\npaths = ["clients/**"]\n'
        self.root = trusted_repository(self.top / "r", self.folders, policy)
        self.files = {
            LaneName.CLOUD: put(self.root / "lib" / "a.py", _TEXTS[LaneName.CLOUD]),
            LaneName.LOCAL: put(self.root / "clients" / "b.py", _TEXTS[LaneName.LOCAL]),
        }
        self.configure()

    def configure(
        self, cloud: Limits | None = None, local: Limits | None = None, more: str = ""
    ) -> None:
        """Write the user's settings: each lane's limits, and further tables of them."""
        put(
            self.folders.config / "settings.toml",
            f'[cloud]\nurl = "{self.cloud.url}"\nmodel = "{CLOUD_MODEL}"\n{_numbers(cloud)}'
            f'[local]\nurl = "{self.local.url}"\n{_numbers(local)}'
            f"[embedded]\nenabled = false\n{more}",
        )

    @property
    def environ(self) -> dict[str, str]:
        """Of a process of its own."""
        kept = {name: os.environ[name] for name in ("PATH", "KF_RULE_CACHE_DIR", "PYTHONPATH")
                if name in os.environ}  # fmt: skip
        return {
            **kept,
            _VARIABLE: KEY,
            "TWOLANE_CONFIG_DIR": str(self.folders.config),
            "TWOLANE_STATE_DIR": str(self.folders.state),
            "TWOLANE_CACHE_DIR": str(self.folders.cache),
            "HOME": str(self.top / "home"),
        }

    @property
    def rows(self) -> list[Row]:
        """What the ledger has."""
        return list(read_rows(self.folders.state / "ledger"))

    @property
    def whole(self) -> bool:
        """Whether the ledger is."""
        return verify(self.folders.state / "ledger").whole

    def text(self, lane: LaneName) -> str:
        """What the lane's file says at first."""
        return _TEXTS[lane]

    def server(self, lane: LaneName) -> FakeServer:
        """The server on a lane."""
        return self.cloud if lane is LaneName.CLOUD else self.local

    @asynccontextmanager
    async def editor(self) -> AsyncGenerator[Editor]:
        """An editor on a server process of its own."""
        async with editing(self.environ, self.root, preview=True) as editor:
            yield editor

    async def opened(self, editor: Editor, lane: LaneName) -> types.CodeAction:
        """Open the lane's file; the action *Write docstring* in it."""
        uri = self.files[lane].as_uri()
        editor.open(uri, "python", _TEXTS[lane])
        (action, *_) = await editor.labelled(uri, LINE)
        assert action.title.startswith(f"Write docstring  [{lane.value}"), action.title
        return action


def _numbers(limits: Limits | None) -> str:
    limits = limits or Limits()
    return (
        f'key_environment = "{_VARIABLE}"\nconnect_seconds = {limits.connect}\n'
        f"idle_seconds = {limits.idle}\ndeadline_seconds = {limits.deadline}\n"
        f"concurrency = {CONCURRENCY}\nretries = 0\n"
    )


@dataclass(frozen=True)
class Process:
    """What `/proc` says of a process."""

    pid: int

    @classmethod
    def behind(cls, editor: Editor) -> Process:
        """An editor's server."""
        process = editor._server  # pyright: ignore[reportPrivateUsage] - pytest-lsp tells it nowhere else
        assert process is not None
        return cls(process.pid)

    @property
    def memory(self) -> int:
        """Resident, in KB."""
        return self._status("VmRSS")

    @property
    def threads(self) -> int:
        """How many."""
        return self._status("Threads")

    @property
    def files(self) -> int:
        """How many descriptors are open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))  # noqa: PTH208 - a count

    def _status(self, name: str) -> int:
        text = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        (line,) = (line for line in text.splitlines() if line.startswith(f"{name}:"))
        return int(line.split()[1])
