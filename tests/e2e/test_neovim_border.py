"""What a listening cloud gets to hear of a file under NDA, from a real Neovim: nothing at all."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support_fake_server import FakeServer, answer
from support_neovim import Neovim

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.neovim

MODEL = "deepseek-v3.2"
KEY_VARIABLE = "TWOLANE_TEST_CLOUD"
UNDER_NDA = "def tariff(zebra):\n    return zebra * 42  # quokka\n"
OPEN = "def greet(name):\n    return 'hello ' + name\n"
CANARIES = (b"zebra", b"tariff", b"quokka", b"clients", b"acme")
NDA_TITLE = "Write docstring  [local: NDA clients/**]"
OPEN_TITLE = f"Write docstring  [cloud {MODEL}]"


@pytest.fixture
def cloud() -> Iterator[FakeServer]:
    """A cloud lane that keeps every byte."""
    with FakeServer(answer("Greet ", "somebody."), models=(MODEL,)).start_in_thread() as server:
        yield server


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with a policy, one file under NDA and one open file."""
    root = tmp_path / "repository"
    (root / "clients").mkdir(parents=True)
    (root / "twolane.toml").write_text('[nda]\npaths = ["clients/**"]\n')
    (root / "clients" / "acme.py").write_text(UNDER_NDA)
    (root / "open.py").write_text(OPEN)
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    return root


def _room(tmp_path: Path, repository: Path, cloud: FakeServer, *, granted: bool = True) -> Neovim:
    """A Neovim with a granted repository, a key and a scripted local lane."""
    script = tmp_path / "replies.json"
    script.write_text(json.dumps([{"reply": "Multiply by the answer."}]))
    room = Neovim(
        tmp_path,
        settings={
            "local": {"url": f"scripted:{script}"},
            "cloud": {"url": cloud.url, "model": MODEL, "key_environment": KEY_VARIABLE},
        },
        environ={KEY_VARIABLE: "sk-" + "x" * 20},
    )
    if granted:
        subprocess.run(
            [sys.executable, "-m", "twolane_server.cli", "trust", "--yes", str(repository)],
            env=room.environment(),
            check=True,
            capture_output=True,
        )
    return room


def _run(path: Path, title: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"file": str(path), "at": "def ", "title": title, **more}


@pytest.mark.parametrize("lane", [None, "cloud"], ids=["auto", "forced"])
def test_nothing_of_a_file_under_nda_reaches_the_cloud(
    lane: str | None, tmp_path: Path, repository: Path, cloud: FakeServer
) -> None:
    path = repository / "clients" / "acme.py"
    room = _room(tmp_path, repository, cloud)
    drove = room.drive("border.lua", runs=[_run(path, NDA_TITLE, lane=lane)])
    assert path.read_text() == UNDER_NDA.replace("):\n", '):\n    """Multiply by the answer."""\n')
    assert drove.report["decisions"][0].startswith("local: NDA (clients/** in twolane.toml)")
    assert cloud.connections == 0
    assert bytes(cloud.received) == b""
    drove.check_clean()


def test_the_mode_cloud_does_not_open_the_border(
    tmp_path: Path, repository: Path, cloud: FakeServer
) -> None:
    path = repository / "clients" / "acme.py"
    room = _room(tmp_path, repository, cloud)
    room = Neovim(tmp_path, {**(room.settings or {}), "mode": "cloud"}, room.environ)
    drove = room.drive("border.lua", runs=[_run(path, NDA_TITLE)])
    assert drove.report["decisions"][0].startswith("local: NDA")
    assert cloud.connections == 0


def test_the_cloud_sees_the_open_file_and_nothing_of_its_neighbour(
    tmp_path: Path, repository: Path, cloud: FakeServer
) -> None:
    secret, path = repository / "clients" / "acme.py", repository / "open.py"
    room = _room(tmp_path, repository, cloud)
    runs = [_run(secret, NDA_TITLE), _run(path, OPEN_TITLE)]
    drove = room.drive("border.lua", runs=runs)
    assert path.read_text() == OPEN.replace("):\n", '):\n    """Greet somebody."""\n')
    assert drove.report["decisions"][1].startswith(f"cloud {MODEL}")
    assert len(cloud.chats) == 1
    assert b"greet" in cloud.chats[0].body
    assert {request.path for request in cloud.requests} <= {"/v1/models", "/v1/chat/completions"}
    for canary in CANARIES:
        assert canary not in bytes(cloud.received).lower()
    drove.check_clean()


@pytest.mark.parametrize(("says", "second"), [(1, f"cloud {MODEL}"), (2, "local"), (0, "local")])
def test_the_editor_asks_once_for_the_grant(
    says: int, second: str, tmp_path: Path, repository: Path, cloud: FakeServer
) -> None:
    room = _room(tmp_path, repository, cloud, granted=False)
    drove = room.drive("grant.lua", file=str(repository / "open.py"), at="def ", says=says)
    (asked,) = drove.report["asked"]
    assert (
        asked["prompt"].count("May open code of repository go to deepseek-v3.2 at 127.0.0.1") == 1
    )
    assert asked["count"] == 2
    first, then = drove.report["decisions"]
    assert first.startswith("local: this repository may not use the cloud lane")
    assert then.startswith(second)
    assert len(cloud.chats) == (says == 1)
