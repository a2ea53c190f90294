"""A shell, and who listens beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_cli import Shell, make_cloud
from support_fake_server import FakeServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    return Shell(tmp_path, capsys, monkeypatch)


@pytest.fixture
def cloud() -> Iterator[FakeServer]:
    with make_cloud().start_in_thread() as server:
        yield server


@pytest.fixture
def local() -> Iterator[FakeServer]:
    with FakeServer().start_in_thread() as server:
        yield server
