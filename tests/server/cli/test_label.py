"""`twolane label`."""

from __future__ import annotations

import io
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

import twolane_server
from support_repository import make_repository, put
from twolane_server.cli import main
from twolane_server.errors import FingerprintsUnusable
from twolane_server.recognition.opened import Owned
from twolane_server.rules.tainted import Tainted

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = '[nda]\npaths = ["clients/**"]\n'
NDA_CODE = """\
def settle(rows, quota, gateway):
    overdrawn = gateway.overdrawn(rows, quota)
    for meter in overdrawn:
        gateway.throttle(meter, quota[meter.kind] * 0.375)
    return gateway.settled(rows, overdrawn)
"""
OTHER_NDA_CODE = """\
class Turbine(Machine):
    slack, blades = 0.0625, [Blade(pitch=7), Blade(pitch=9)]

    def feather(self, wind, *, brake=None):
        while wind.gust > self.slack and (brake or self.brake).engage(wind):
            self.blades[0].pitch += wind.gust / self.slack
"""
OPEN = "def area(shape):\n    return shape.width * shape.height\n"


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
        {
            "path": str(files[0]),
            "label": "NDA",
            "reasons": ["clients/** in twolane.toml"],
            "holds": [],
        },
        {
            "path": str(files[1]),
            "label": "OPEN",
            "reasons": ["no rule of twolane.toml matches"],
            "holds": [],
        },
        {
            "path": str(files[2]),
            "label": "NDA",
            "reasons": ["not in a repository", "its text is unknown: there is no such file"],
            "holds": [],
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


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a file under NDA and an open one into which its code was pasted."""
    made = make_repository(tmp_path / "r", POLICY)
    put(made / "clients" / "a.py", NDA_CODE)
    put(made / "b.py", f"{OPEN}\n\n{NDA_CODE}")
    put(made / "c.py", OPEN)
    return made


Labels: TypeAlias = "Callable[[Path], dict[str, object]]"


@pytest.fixture
def labelled(capsys: pytest.CaptureFixture[str]) -> Labels:
    """What `twolane label --json` says about a file."""

    def label(file: Path) -> dict[str, object]:
        capsys.readouterr()
        assert main(["label", "--json", str(file)]) == 0
        found: dict[str, object] = json.loads(capsys.readouterr().out)
        return found

    return label


def is_open(labelled: Labels, file: Path) -> bool:
    return labelled(file)["label"] == "OPEN"


def test_code_under_nda_in_an_open_file_is_told(
    root: Path, labelled: Labels, capsys: pytest.CaptureFixture[str]
) -> None:
    told = labelled(root / "b.py")
    assert told["label"] == "NDA"
    assert told["holds"] == [
        {"kind": "gram", "file": "r/clients/a.py", "first_line": 1, "last_line": 4, "now": "is NDA"}
    ]
    assert main(["label", str(root / "b.py"), str(root / "c.py")]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"NDA   {root}/b.py: it holds code of r/clients/a.py (about lines 1 to")
    assert "twolane label --open" in first
    assert second == f"OPEN  {root}/c.py: no rule of twolane.toml matches"


def test_a_copy_in_utf_16_is_told(root: Path, labelled: Labels) -> None:
    copy = put(root / "d.py", (root / "b.py").read_text("utf-8").encode("utf-16"))
    told = labelled(copy)
    assert told["label"] == "NDA"
    assert "holds code of r/clients/a.py" in str(told["reasons"])


def test_each_file_is_told_where_the_fingerprints_of_others_are_damaged(
    root: Path, labelled: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> tuple[()]:
        raise FingerprintsUnusable("The fingerprints cannot be read.")

    monkeypatch.setattr(Owned, "origins", damaged)
    assert labelled(root / "c.py")["reasons"] == ["The fingerprints cannot be read"]
    assert labelled(root / "clients" / "a.py")["reasons"] == ["clients/** in twolane.toml"]


def test_what_a_rule_keeps_is_not_opened_and_the_rule_is_named(
    root: Path, labelled: Labels, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in (root / "b.py", root):
        assert main(["label", "--open", "--yes", str(place)]) == 1
        told = capsys.readouterr().err
        assert "Nothing was opened" in told
        assert "r/clients/a.py is under NDA (clients/** in twolane.toml); change that rule" in told
    assert main(["label", "--open", "--yes", str(root / "clients" / "a.py")]) == 1
    assert "is NDA itself (clients/** in twolane.toml)" in capsys.readouterr().err
    assert not is_open(labelled, root / "b.py")


def test_code_of_a_file_that_is_gone_is_opened_for_good(root: Path, labelled: Labels) -> None:
    assert not is_open(labelled, root / "b.py")
    (root / "clients" / "a.py").unlink()
    assert not is_open(labelled, root / "b.py")
    assert main(["label", "--open", "--yes", str(root / "b.py")]) == 0
    assert is_open(labelled, root / "b.py")
    put(root / "b.py", f"{NDA_CODE}\n\n{OPEN}")
    assert is_open(labelled, root / "b.py")


def test_only_what_the_file_holds_is_opened(root: Path, labelled: Labels) -> None:
    put(root / "clients" / "d.py", OTHER_NDA_CODE)
    put(root / "e.py", OTHER_NDA_CODE)
    assert not is_open(labelled, root / "e.py")
    (root / "clients" / "a.py").unlink()
    (root / "clients" / "d.py").unlink()
    assert main(["label", "--open", "--yes", str(root / "b.py")]) == 0
    assert is_open(labelled, root / "b.py")
    assert not is_open(labelled, root / "e.py")


def test_a_file_that_was_moved_out_is_opened_for_good(root: Path, labelled: Labels) -> None:
    assert not is_open(labelled, root / "b.py")
    moved = root / "lib" / "a.py"
    moved.parent.mkdir()
    (root / "clients" / "a.py").rename(moved)
    assert not is_open(labelled, moved)
    assert main(["label", "--open", "--yes", str(moved)]) == 0
    assert is_open(labelled, moved)
    put(moved, f"{NDA_CODE}\n\ndef more(quota):\n    return quota\n")
    assert is_open(labelled, moved)


def test_a_folder_is_opened_and_what_is_nda_in_it_stays(root: Path, labelled: Labels) -> None:
    put(root / "clients" / "d.py", OTHER_NDA_CODE)
    assert not is_open(labelled, root / "b.py")
    (root / "clients" / "a.py").unlink()
    put(root / "sub" / "f.py", NDA_CODE)
    assert not is_open(labelled, root / "sub" / "f.py")
    assert main(["label", "--open", "--yes", str(root)]) == 0
    assert is_open(labelled, root / "sub" / "f.py")
    assert is_open(labelled, root / "b.py")
    assert not is_open(labelled, root / "clients" / "d.py")
    assert not is_open(labelled, put(root / "g.py", OTHER_NDA_CODE))


def test_a_loosened_rule_opens_with_the_owners_grant(root: Path, labelled: Labels) -> None:
    assert main(["trust", "--yes", str(root)]) == 0
    assert not is_open(labelled, root / "b.py")
    put(root / "twolane.toml", "[nda]\n")
    assert not is_open(labelled, root / "clients" / "a.py")
    assert not is_open(labelled, root / "b.py")
    assert main(["trust", "--yes", str(root)]) == 0
    assert is_open(labelled, root / "clients" / "a.py")
    assert is_open(labelled, root / "b.py")


def test_a_grant_opens_no_code_that_a_file_under_nda_has_too(root: Path, labelled: Labels) -> None:
    put(root / "clients" / "keep" / "a.py", NDA_CODE)
    assert not is_open(labelled, root / "b.py")
    put(root / "twolane.toml", '[nda]\npaths = ["clients/keep/**"]\n')
    assert main(["trust", "--yes", str(root)]) == 0
    assert not is_open(labelled, root / "b.py")


def test_a_grant_that_cannot_reach_the_fingerprints_says_so(
    root: Path, labelled: Labels, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not is_open(labelled, root / "b.py")
    key = tmp_path / "state" / "fingerprints.key"
    key.unlink()
    key.mkdir()
    assert main(["trust", "--yes", str(root)]) == 0
    assert "key of the fingerprints" in capsys.readouterr().err
    told = labelled(root / "b.py")
    assert told["label"] == "NDA"
    assert "key of the fingerprints" in str(told["reasons"])


def test_code_of_another_repository_is_that_ones_rules(
    root: Path, tmp_path: Path, labelled: Labels, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = make_repository(tmp_path / "q", POLICY)
    put(theirs / "clients" / "z.py", OTHER_NDA_CODE)
    put(theirs / "y.py", OPEN)
    assert is_open(labelled, theirs / "y.py")
    pasted = put(root / "p.py", OTHER_NDA_CODE)
    assert not is_open(labelled, pasted)
    assert main(["label", "--open", "--yes", str(pasted)]) == 1
    assert "q/clients/z.py is under NDA (clients/** in twolane.toml)" in capsys.readouterr().err
    (theirs / "clients" / "z.py").unlink()
    assert main(["label", "--open", "--yes", str(pasted)]) == 0
    assert is_open(labelled, pasted)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("yes\n", 0), ("\n", 1), ("", 1)])
def test_a_person_is_asked(
    root: Path, labelled: Labels, monkeypatch: pytest.MonkeyPatch, answer: str, status: int
) -> None:
    assert not is_open(labelled, root / "b.py")
    (root / "clients" / "a.py").unlink()
    monkeypatch.setattr("sys.stdin", _Terminal(answer))
    assert main(["label", "--open", str(root / "b.py")]) == status
    assert is_open(labelled, root / "b.py") == (status == 0)


def test_who_is_asked_sees_what_would_be_opened(
    root: Path,
    labelled: Labels,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not is_open(labelled, root / "b.py")
    (root / "clients" / "a.py").unlink()
    monkeypatch.setattr("sys.stdin", _Terminal("n\n"))
    assert main(["label", "--open", str(root / "b.py")]) == 1
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"{root}/b.py:",
        "  it holds code of r/clients/a.py (about lines 1 to 4), which is NDA, and is gone",
    ]
    assert "[y/N]" in told.err


def test_nobody_to_ask_opens_nothing(
    root: Path,
    labelled: Labels,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not is_open(labelled, root / "b.py")
    (root / "clients" / "a.py").unlink()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main(["label", "--open", str(root / "b.py")]) == 1
    assert "--yes" in capsys.readouterr().err
    assert not is_open(labelled, root / "b.py")


def test_where_nothing_is_held_nothing_is_asked(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["label", "--open", str(root / "c.py")]) == 0
    assert "nothing was changed" in capsys.readouterr().out


def test_a_place_that_cannot_be_opened_is_refused(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = put(make_repository(tmp_path / "q") / "a.py")
    for places, why in (
        ([root / "none.py"], "is not there"),
        ([tmp_path], "not in a git repository"),
        ([root / "c.py", other], "several repositories"),
    ):
        assert main(["label", "--open", "--yes", *map(str, places)]) == 1
        assert why in capsys.readouterr().err


def test_only_a_persons_command_opens_code() -> None:
    package = Path(twolane_server.__file__).parent
    word = re.compile(r"twolane_server\.recognition\.opened|release_(open|code)\(|forget_former")
    users = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if word.search(path.read_text("utf-8"))
    }
    commands = {"cli/label.py", "cli/trust.py"}
    assert users == {
        *commands,
        "border/fingerprints.py",
        "recognition/opened.py",
        "recognition/recognised.py",
    }


def tainted(tmp_path: Path, *files: Path) -> None:
    """As the editor does when NDA code is pasted into files and taken out again."""
    for file in files:
        assert Tainted(tmp_path / "state").add(str(file), "it holds code of r/clients/a.py")


def test_a_file_into_which_code_was_pasted_stays_nda_until_its_owner_opens_it(
    root: Path, tmp_path: Path, labelled: Labels, capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = root / "c.py", put(root / "d.py", OPEN)
    tainted(tmp_path, file, other)
    told = labelled(file)
    assert told["label"] == "NDA"
    assert str(told["reasons"]).endswith("(twolane label --open)']")
    assert told["holds"] == []
    assert main(["label", "--open", "--yes", str(file)]) == 0
    out = capsys.readouterr().out
    assert "it holds code of r/clients/a.py" in out
    assert f"{file} is open now." in out
    assert is_open(labelled, file)
    assert not is_open(labelled, other)


def test_one_that_still_holds_code_under_a_rule_is_not_opened(
    root: Path, tmp_path: Path, labelled: Labels
) -> None:
    tainted(tmp_path, root / "b.py")
    reasons = labelled(root / "b.py")["reasons"]
    assert "it holds code of r/clients/a.py" in str(reasons)
    assert "code pasted into it on" in str(reasons)
    assert main(["label", "--open", "--yes", str(root / "b.py")]) == 1
    put(root / "b.py", OPEN)
    assert not is_open(labelled, root / "b.py")


def test_nobody_to_ask_and_no_opens_nothing(
    root: Path, tmp_path: Path, labelled: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    tainted(tmp_path, root / "c.py")
    assert main(["label", "--open", str(root / "c.py")]) == 1
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdin.readline", lambda: "n\n")
    assert main(["label", "--open", str(root / "c.py")]) == 1
    assert not is_open(labelled, root / "c.py")


def test_a_folder_opens_also_what_is_gone_or_ignored_and_nothing_beside_it(
    root: Path, tmp_path: Path, labelled: Labels
) -> None:
    put(root / ".gitignore", "ignored.py\n")
    names = ("sub/here.py", "sub/gone.py", "sub/ignored.py", "beside.py")
    here, gone, ignored, beside = (put(root / name, OPEN) for name in names)
    tainted(tmp_path, here, gone, ignored, beside, root / "clients" / "a.py")
    gone.unlink()
    assert main(["label", "--open", "--yes", str(root / "sub")]) == 0
    assert all(is_open(labelled, put(file, OPEN)) for file in (here, gone, ignored))
    assert not is_open(labelled, beside)
    assert main(["label", "--open", "--yes", str(root)]) == 1, "b.py holds code under a rule"
    put(root / "b.py", OPEN)
    assert main(["label", "--open", "--yes", str(root)]) == 0
    assert is_open(labelled, beside)
    left = Tainted(tmp_path / "state").read().rows
    assert [one.path for one in left] == [str(root / "clients" / "a.py")]


def test_one_that_was_moved_is_opened_at_its_new_place(
    root: Path, tmp_path: Path, labelled: Labels
) -> None:
    tainted(tmp_path, root / "c.py")
    moved = root / "moved.py"
    (root / "c.py").rename(moved)
    assert not is_open(labelled, moved)
    assert main(["label", "--open", "--yes", str(moved)]) == 0
    assert is_open(labelled, moved)


def test_where_nobody_can_tell_all_is_nda_and_nothing_is_opened(
    root: Path, tmp_path: Path, labelled: Labels, capsys: pytest.CaptureFixture[str]
) -> None:
    tainted(tmp_path, root / "c.py")
    put(tmp_path / "state" / "pasted.json", "{")
    assert not is_open(labelled, put(root / "d.py", OPEN))
    assert main(["label", "--open", "--yes", str(root / "d.py")]) == 1
    assert "nobody can tell which files code was pasted into" in capsys.readouterr().err
