"""A repository can only tighten: zero network calls before the grant, and nothing loosened after it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_fake_server import FakeServer, answer
from support_leaks import MODEL, World, code
from support_lsp import editing
from support_malice import CASES, Prey
from support_repository import make_repository, put
from support_trust import grant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Case = Callable[[Prey], None]

POLICY = '[nda]\npaths = ["clients/**"]\n'
TWOLANE = str(Path(sys.executable).with_name("twolane"))
LONGEST_SECONDS = 20.0
pytestmark = pytest.mark.slow


@pytest.fixture
def elsewhere() -> Iterator[FakeServer]:
    """A server that nobody may come to."""
    with FakeServer(answer("I am somebody else."), models=(MODEL,)) as server:
        yield server
        assert (server.connections, bytes(server.received)) == (0, b"")


@pytest.fixture
def prey(world: World, elsewhere: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Prey]:
    """An honest repository of a real git, without a grant."""
    root = world.top / "prey"
    root.mkdir()
    outside = make_repository(world.top / "outside", '[nda]\npaths = ["*"]\n')
    put(outside / "secret.py", f"def told(a):\n    return '{world.secret}'\n")
    prey = Prey(root, elsewhere.url, world.top / "sprung", outside)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    put(root / "clients" / "acme.py", code(world.secret))
    put(root / "tool.py", code(world.open))
    prey.policy(POLICY)
    prey.git("add", ".")
    prey.git("commit", "-qm", "x")
    monkeypatch.chdir(root)
    yield prey
    assert not prey.sprung.exists(), "a program of the repository ran"


def _commands(prey: Prey) -> list[tuple[str, ...]]:
    nda, tool = f"{prey.root / 'clients' / 'acme.py'}:2", f"{prey.root / 'tool.py'}:2"
    places = [place for place in (nda, tool) if Path(place.rpartition(":")[0]).exists()]
    runs = [
        ("do", "docstring", place, "--lane", lane) for place in places for lane in ("auto", "cloud")
    ]
    shows = [("route", "docstring", place) for place in places]
    return [
        *shows,
        ("label", *(place.rpartition(":")[0] for place in places)),
        ("index", "--repo", str(prey.root), "--stats"),
        ("context", "--repo", str(prey.root), "--audience", "cloud", "tool.py:2"),
        ("trust", "--show", str(prey.root)),
        *runs,
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_before_the_grant_nobody_is_called(world: World, prey: Prey, case: Case) -> None:
    case(prey)
    for words in _commands(prey):
        began = time.monotonic()
        done = world.run(*words)
        assert "Traceback" not in done.err, words
        assert "\x1b" not in done.out
        assert time.monotonic() - began < LONGEST_SECONDS, words
    assert world.cloud.connections == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_after_the_grant_nothing_is_loosened(world: World, prey: Prey, case: Case) -> None:
    grant(prey.root, world.folders)
    case(prey)
    nda = prey.root / "clients" / "acme.py"
    for lane in ("auto", "cloud"):
        done = world.run("do", "docstring", f"{nda}:2", "--lane", lane, "--json")
        if done.status == 0:
            assert done.json["decision"]["lane"] == "local"
    assert world.cloud.connections == 0
    for words in _commands(prey):
        world.run(*words)  # open code may leave now; what did is searched when the test ends


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_in_an_editor_nobody_is_called_before_the_grant(
    world: World, prey: Prey, case: Case
) -> None:
    case(prey)
    async with editing({**world.environ, "PYTHONSAFEPATH": "1"}, prey.root) as editor:
        # The installed program does not look for modules in the working folder; `python -m` would.
        for file in (prey.root / "tool.py", prey.root / "clients" / "acme.py"):
            text = file.read_text("utf-8")
            editor.open(file.as_uri(), "python", text)
            last = text.count("\n") - 1
            for action in await editor.labelled(file.as_uri(), last):
                assert "cloud" not in action.title
                await editor.run(action, lane="cloud", instruction="shorten")
    assert world.cloud.connections == 0


def test_what_lies_in_the_folder_is_not_imported(world: World, prey: Prey) -> None:
    """The installed program, started in the folder as a person would."""
    next(case for case in CASES if case.__name__ == "modules_that_shadow_ours")(prey)
    for words in (["index", "--stats"], ["context", "tool.py:2"], ["refs", "tool.py:1:4"]):
        done = subprocess.run(
            [TWOLANE, *words], cwd=prey.root, env=world.environ, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert not prey.sprung.exists()


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len(set(CASES)) == len(CASES) >= 25
