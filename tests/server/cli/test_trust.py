"""`twolane trust`."""

from __future__ import annotations

import io
import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from support_repository import make_repository, put
from twolane_server.cli import main

if TYPE_CHECKING:
    from pathlib import Path

POLICY = '[nda]\npaths = ["clients/**"]\nwords = ["Acme"]\n'


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"TWOLANE_{name}_DIR", str(tmp_path / name.lower()))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "r", POLICY)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _granted(root: Path, capsys: pytest.CaptureFixture[str]) -> bool:
    capsys.readouterr()
    assert main(["trust", "--show", "--json", str(root)]) == 0
    granted = json.loads(capsys.readouterr().out)["granted"]
    assert isinstance(granted, bool)
    return granted


def test_granted_shown_taken_back(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not _granted(root, capsys)
    (root / "clients").mkdir()
    assert main(["trust", "--yes", str(root / "clients")]) == 0
    out = capsys.readouterr().out
    assert "clients/**  (twolane.toml)" in out
    assert f"{root} may use the cloud lane: granted since" in out
    policy = re.search(r", policy ([0-9a-f]{12})$", out, re.MULTILINE)
    assert policy, "for which policy"
    put(root / ".aiexclude", "more/\n")
    assert main(["trust", "--show", str(root)]) == 0
    assert policy[1] not in capsys.readouterr().out
    assert _granted(root, capsys)
    assert main(["trust", "--revoke", str(root)]) == 0
    assert not _granted(root, capsys)
    assert main(["trust", "--revoke", str(root)]) == 1


def test_a_misspelt_folder_is_not_the_repository_around_it(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for word in ("--yes", "--revoke"):
        assert main(["trust", word, str(root / "clinets")]) == 1
        assert "clinets is not there; nothing was changed." in capsys.readouterr().err
    assert not _granted(root, capsys)


def test_files_are_counted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / ".git").rmdir()
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for name in ("clients/a.py", "clients/b.py", "c.py"):
        put(root / name)
    assert main(["trust", "--yes", str(root)]) == 0
    # the policy itself is NDA
    assert "That makes 3 files NDA and 1 open." in capsys.readouterr().out


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("yes\n", 0), ("\n", 1), ("", 1)])
def test_a_person_is_asked(
    root: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    status: int,
) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal(answer))
    assert main(["trust", str(root)]) == status
    assert "[y/N]" in capsys.readouterr().err
    assert _granted(root, capsys) == (status == 0)


def test_nobody_to_ask_grants_nothing(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main(["trust", str(root)]) == 1
    assert "--yes" in capsys.readouterr().err
    assert not _granted(root, capsys)


@pytest.mark.parametrize("policy", [None, "[nda"])
def test_without_a_readable_policy_it_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], policy: str | None
) -> None:
    bare = make_repository(tmp_path / "bare", policy)
    assert main(["trust", "--yes", str(bare)]) == 1
    told = capsys.readouterr()
    assert told.out == "" or policy is not None
    assert ("[nda]\npaths" in told.err) == (policy is None)
    assert not _granted(bare, capsys)


def test_outside_of_a_repository_it_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trust", str(tmp_path)]) == 1
    assert "not in a git repository" in capsys.readouterr().err


def test_json_is_one_object(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "--json", "--yes", str(root)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"root", "granted", "reason", "since", "policy_hash"}
    assert told["root"] == str(root)


def test_a_loosened_policy_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["trust", "--yes", str(root)])
    put(root / "twolane.toml", '[nda]\nwords = ["Acme"]\n')
    capsys.readouterr()
    assert main(["trust", "--show", str(root)]) == 0
    assert "stays local: lapsed because the policy loosened: clients/**" in capsys.readouterr().out


def test_one_thing_at_a_time(root: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["trust", "--show", "--revoke", str(root)])
    assert stopped.value.code == 2
