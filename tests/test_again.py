"""What is run once more, and what is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support_again import MOST

TESTS = Path(__file__).parent
ONCE = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_late(number: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    came = tmp_path_factory.getbasetemp() / f"came-{{number}}"
    first = not came.exists()
    came.touch()
    assert not first, "came too late"
"""


def run(tmp_path: Path, file: str, text: str) -> subprocess.CompletedProcess[str]:
    """One file of tests, run as ours are."""
    path = tmp_path / "tests" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    words = ("-p", "support_again", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "base"))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *words, path],
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTEST_ADDOPTS": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_failed_once_is_run_again_and_shown(tmp_path: Path) -> None:
    done = run(tmp_path, "test_clock.py", ONCE.format(count=1))
    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 rerun" in done.stdout
    assert "came too late" in done.stdout


def test_what_fails_twice_fails(tmp_path: Path) -> None:
    done = run(tmp_path, "test_clock.py", "def test_never() -> None:\n    assert 1 == 2\n")
    assert done.returncode == 1, done.stdout
    assert "1 failed, 1 rerun" in done.stdout


@pytest.mark.parametrize("file", ["border/test_gate.py", "test_leaks.py", "rules/test_ways.py"])
def test_a_test_of_the_border_is_never_run_again(tmp_path: Path, file: str) -> None:
    (tmp_path / "tests").mkdir()
    done = run(tmp_path, file, ONCE.format(count=1))
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout
    assert "rerun" not in done.stdout


@pytest.mark.parametrize(("count", "status"), [(MOST, 0), (MOST + 1, 1)])
def test_too_many_fail_the_run(tmp_path: Path, count: int, status: int) -> None:
    done = run(tmp_path, "test_clock.py", ONCE.format(count=count))
    assert done.returncode == status, done.stdout
    assert f"{count} passed, {count} rerun" in done.stdout


def test_our_own_run_does_so(request: pytest.FixtureRequest) -> None:
    assert request.config.pluginmanager.has_plugin("support_again")
    assert request.node.get_closest_marker("flaky").kwargs == {"reruns": 1}
