"""What the border's tests from outside have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_fake_server import FakeServer, answer
from support_leaks import MODEL, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[World]:
    """A repository with a policy, a grant and a key; at the end nothing of NDA has left."""
    with FakeServer(answer("Greet ", "somebody."), models=(MODEL,)) as cloud:
        world = World(tmp_path, cloud, capfd)
        for name, value in world.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(world.root)
        yield world
        world.check()
