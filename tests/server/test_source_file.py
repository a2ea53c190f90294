"""Files named on a command line."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_repository import put
from support_waiting import PATIENCE
from twolane_context.spans import Span
from twolane_server import source_file
from twolane_server.errors import ActionError, StaleDocument, WrongUse
from twolane_server.source_file import read_place, write_back
from twolane_server.text import Text

LINES = "one\r\ntwo\r\nthree"
NEW = "one\r\n2 é\r\nthree"


def digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("lines", "span"),
    [
        ("1", Span(0, 0)),
        ("2", Span(5, 5)),
        ("3", Span(10, 10)),
        ("1-1", Span(0, 5)),
        ("2-3", Span(5, 15)),
        ("1-3", Span(0, 15)),
        ("002-003", Span(5, 15)),
    ],
)
def test_a_place_is_a_file_and_a_selection(lines: str, span: Span, tmp_path: Path) -> None:
    file = put(tmp_path / "a.py", LINES)
    place = read_place(f"{file}:{lines}")
    assert place.selection == span
    assert str(place.document.text) == LINES
    assert place.document.path == str(file)
    assert place.document.uri == file.as_uri()
    assert place.sha256 == sha256(LINES.encode()).hexdigest()


def test_the_path_may_be_relative_and_hold_colons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a:3-7.py:12", "x\ny\n")
    monkeypatch.chdir(tmp_path)
    place = read_place("a:3-7.py:12:2")
    assert place.document.path == str(tmp_path / "a:3-7.py:12")
    assert place.selection == Span(2, 2)
    with pytest.raises(ActionError, match="cannot be read"):
        read_place("a:3-7.py:12")  # the file `a:3-7.py`, line 12


def test_spans_count_bytes_and_a_byte_order_mark_stays(tmp_path: Path) -> None:
    file = put(tmp_path / "a.py", "\ufeffé😀\ny\n")
    place = read_place(f"{file}:2-2")
    assert place.selection == Span(10, 12)
    assert place.document.text.source == file.read_bytes()


@pytest.mark.parametrize("place", ["", "a.py", "a.py:", ":3", "a.py:x", "a.py:-1", "a.py:1-", "a.py:1-2-x", "a.py:1:", "a.py:²", "a.py:" + "9" * 5_000])  # fmt: skip
def test_what_is_no_place_is_wrong_use(place: str) -> None:
    with pytest.raises(WrongUse, match=r"is not a place; write FILE:LINE"):
        read_place(place)


@pytest.mark.parametrize("lines", ["0", "0-2", "4", "2-4", "3-2", "999999999"])
def test_lines_that_are_not_there(lines: str, tmp_path: Path) -> None:
    file = put(tmp_path / "a.py", LINES)
    with pytest.raises(ActionError, match=r"a\.py has 3 lines, .* count from 1"):
        read_place(f"{file}:{lines}")


BAD: dict[str, tuple[bytes, str]] = {
    "binary": (b"x = 1\n\0\0", "binary file"),
    "UTF-16": ("x = 1\n".encode("utf-16"), "binary file"),
    "Latin-1": ("# caf\xe9\n".encode("latin-1"), r"not valid UTF-8 \(byte 5\)"),
    "cut": ("é".encode()[:1], "not valid UTF-8"),
    "a lone surrogate": (b"# \xed\xa0\x80\n", "not valid UTF-8"),
    "large": (b"#" * (20 * 1024 * 1024 + 1), "larger than 20 MB"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_is_no_text_is_a_sentence(case: str, tmp_path: Path) -> None:
    content, told = BAD[case]
    file = put(tmp_path / "a.py", content)
    with pytest.raises(ActionError, match=told):
        read_place(f"{file}:1")
    assert file.read_bytes() == content


def test_what_is_no_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to(tmp_path / "none")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    for name, told in {
        "none": "cannot be read: No such file",
        "nowhere": "cannot be read: No such file",
        "round": "cannot be read: Too many levels",
        "folder": "is not a file",
        "pipe": "is not a file",
    }.items():
        with pytest.raises(ActionError, match=told):
            read_place(f"{tmp_path / name}:1")
    with pytest.raises(ActionError, match="is not a file"):
        read_place("/dev/zero:1")


def test_writing_keeps_the_mode(tmp_path: Path) -> None:
    file = put(tmp_path / "a.py", LINES)
    for mode in (0o755, 0o640, 0o600):
        file.chmod(mode)
        write_back(file, Text.of(NEW), expected_sha256=digest(file))
        assert stat.S_IMODE(file.stat().st_mode) == mode
    assert file.read_bytes() == NEW.encode()
    assert list(tmp_path.iterdir()) == [file]


def test_writing_through_a_link_keeps_the_link(tmp_path: Path) -> None:
    file = put(tmp_path / "real" / "a.py", LINES)
    link = tmp_path / "link.py"
    link.symlink_to("real/a.py")
    place = read_place(f"{link}:1")
    write_back(link, Text.of(NEW), expected_sha256=place.sha256)
    assert link.is_symlink()
    assert str(link.readlink()) == "real/a.py"
    assert file.read_bytes() == NEW.encode()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.py", "link.py", "real"]


def test_a_name_as_long_as_names_may_be_is_written(tmp_path: Path) -> None:
    file = put(tmp_path / ("a" * 252 + ".py"), LINES)
    write_back(file, Text.of(NEW), expected_sha256=digest(file))
    assert file.read_bytes() == NEW.encode()


@pytest.mark.parametrize("change", ["content", "gone", "end of line"])
def test_a_file_that_changed_meanwhile_is_left_alone(change: str, tmp_path: Path) -> None:
    file = put(tmp_path / "a.py", LINES)
    place = read_place(f"{file}:1")
    now = {"content": b"new\n", "gone": None, "end of line": LINES.replace("\r", "").encode()}[
        change
    ]
    if now is None:
        file.unlink()
    else:
        file.write_bytes(now)
    told = "cannot be read" if now is None else "changed while the model was writing"
    with pytest.raises((StaleDocument, ActionError), match=told):
        write_back(file, Text.of(NEW), expected_sha256=place.sha256)
    assert (file.read_bytes() if file.exists() else None) == now
    assert len(list(tmp_path.iterdir())) == (now is not None)


@pytest.mark.parametrize("step", ["mkstemp", "fsync", "chmod", "replace"])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
def test_a_failure_at_any_step_leaves_the_file_and_nothing_else(
    step: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(tmp_path / "a.py", LINES)

    def fail(*_: object, **__: object) -> None:
        raise error

    owner = {"mkstemp": source_file.tempfile, "fsync": source_file.os}.get(step, Path)
    monkeypatch.setattr(owner, step, fail)
    with pytest.raises(BaseException) as failed:  # noqa: PT011 - either of two, looked at below
        write_back(file, Text.of(NEW), expected_sha256=digest(file))
    monkeypatch.undo()
    if isinstance(error, OSError):
        assert isinstance(failed.value, ActionError)
        assert str(failed.value) == f"{file} cannot be written: No space left on device."
    else:
        assert failed.value is error
    assert file.read_bytes() == LINES.encode()
    assert list(tmp_path.iterdir()) == [file]


def test_a_disk_that_fills_up_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    """A real limit on the size of files, in a process of its own."""
    file = put(tmp_path / "a.py", LINES)
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from twolane_server.text import Text\n"
        "from twolane_server.errors import ActionError\n"
        "from twolane_server.source_file import write_back\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    write_back(Path(sys.argv[1]), Text.of('x' * 5000), expected_sha256=sys.argv[2])\n"
        "except ActionError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(file), digest(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{file} cannot be written: File too large.\n"
    assert file.read_bytes() == LINES.encode()
    assert list(tmp_path.iterdir()) == [file]


def test_a_killed_writer_leaves_one_whole_content(tmp_path: Path) -> None:
    """Whoever looks at the file at any moment, also after a kill, sees all of one version."""
    old, new = "o" * 300_000, "n" * 300_000
    file = put(tmp_path / "a.py", old)
    program = (
        "import sys, hashlib\n"
        "from pathlib import Path\n"
        "from twolane_server.text import Text\n"
        "from twolane_server.source_file import write_back\n"
        "file, texts = Path(sys.argv[1]), ['o' * 300_000, 'n' * 300_000]\n"
        "print(flush=True)\n"
        "while True:\n"
        "    for now, then in (texts, texts[::-1]):\n"
        "        known = hashlib.sha256(now.encode()).hexdigest()\n"
        "        write_back(file, Text.of(then), expected_sha256=known)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE, bufsize=0
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    seen: set[str] = set()
    now = time.monotonic()
    soon, last = now + 0.5, now + PATIENCE
    while (now := time.monotonic()) < soon or (len(seen) < 2 and now < last):
        seen.add(file.read_text())
    writer.send_signal(signal.SIGKILL)
    writer.wait(PATIENCE)
    writer.stdout.close()
    seen.add(file.read_text())
    assert seen == {old, new}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_what_is_read_is_written_back_byte_for_byte(text: str) -> None:
    with source_file.tempfile.TemporaryDirectory() as folder:
        file = put(Path(folder, "a.py"), text)
        before = file.read_bytes()
        place = read_place(f"{file}:1")
        assert place.document.text.source == before
        write_back(file, place.document.text, expected_sha256=place.sha256)
        assert file.read_bytes() == before


@pytest.mark.parametrize("how", ["protected", "linked"])
def test_a_file_that_a_rename_would_harm_is_left_alone(tmp_path: Path, how: str) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n", "utf-8")
    if how == "protected":
        file.chmod(0o444)
    else:
        (tmp_path / "b.py").hardlink_to(file)
    digest = sha256(b"x = 1\n").hexdigest()
    with pytest.raises(ActionError, match=r"write-protected|hard link"):
        write_back(file, Text.of("x = 2\n"), expected_sha256=digest)
    assert file.read_text("utf-8") == "x = 1\n"
    assert not list(tmp_path.glob(".twolane-*"))
