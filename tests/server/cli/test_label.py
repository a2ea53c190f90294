"""`twolane label`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from support_repository import make_repository, put
from twolane_server.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"TWOLANE_{name}_DIR", str(tmp_path / name.lower()))


def test_one_object_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_repository(tmp_path / "r", '[nda]\npaths = ["clients/**"]\n')
    files = [put(root / "clients" / "a.py"), put(root / "a.py"), tmp_path / "none.py"]
    assert main(["label", "--json", *map(str, files)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {"path": str(files[0]), "label": "NDA", "reasons": ["clients/** in twolane.toml"]},
        {"path": str(files[1]), "label": "OPEN", "reasons": ["no rule of twolane.toml matches"]},
        {
            "path": str(files[2]),
            "label": "NDA",
            "reasons": ["not in a repository", "its text is unknown: there is no such file"],
        },
    ]


def test_a_person_reads_a_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_repository(tmp_path / "r")
    odd = root / "a\x1b[31m\udcff.py"
    assert main(["label", str(put(root / "a.py")), str(odd)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == f"OPEN  {root}/a.py: no rule of twolane.toml matches"
    assert "\\x1b[31m\\udcff.py: its text is unknown" in out
    assert "\x1b" not in out


def test_problems_are_told_once_and_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_repository(tmp_path / "r", "[nda")
    put(tmp_path / "config" / "settings.toml", "moed = 'x'")
    assert main(["label", "--json", str(put(root / "a.py")), str(put(root / "b.py"))]) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 2
    assert all(json.loads(line)["label"] == "NDA" for line in told.out.splitlines())
    assert [line.split(": ")[1] for line in told.err.splitlines()] == [
        "settings.toml",
        f"{root}{os.sep}twolane.toml",
    ]


def test_no_file_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["label"])
    assert stopped.value.code == 2
    assert "FILE" in capsys.readouterr().err
