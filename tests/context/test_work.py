"""Workers: all files come back, whatever one of them does to the process."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import venv
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_disk import stamp
from support_repository import put
from support_waiting import PATIENCE
from twolane_context import names, outline
from twolane_context.work import examine_all

if TYPE_CHECKING:
    from twolane_context.disk import Row

_HOUSE = Path(__file__).parent.parent.parent
_OBEY = "support_work:obey"
_WHERE = "support_work:where"


def examined(root: Path, paths: list[str], function: str = _OBEY) -> list[Row]:
    """The rows of one process that gives a file three seconds."""
    return list(examine_all(root, paths, 1, seconds=3.0, function=function))


def facts(rows: list[Row]) -> dict[str, bytes | None]:
    return {row.path: row.facts for row in rows}


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def until_dead(pid: int) -> bool:
    end = time.monotonic() + PATIENCE
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def test_a_row_says_what_the_file_is(tmp_path: Path) -> None:
    source = b"def f(a):\n    return a\n"
    put(tmp_path / "a" / "x.py", source)
    [row] = examine_all(tmp_path, ["a/x.py"], 1)
    words, made = outline.examine("a/x.py", source)
    digest = blake2b(source, digest_size=16).digest()
    assert row == ("a/x.py", stamp(tmp_path, "a/x.py"), digest, words, made, ())
    assert made


def test_files_that_are_gone_are_left_out_and_binary_ones_are_empty(tmp_path: Path) -> None:
    put(tmp_path / "x.py", "a")
    put(tmp_path / "x.png", b"\x89PNG\0")
    rows = examined(tmp_path, ["gone.py", "x.py", "no/x.py", "x.png", "x.py/y"])
    assert sorted((row.path, row.words) for row in rows) == [("x.png", b"\n"), ("x.py", b"\na\n")]


@pytest.mark.parametrize("name", ["a\nb.py", "é.py", " x.py", os.fsdecode(b"caf\xe9.py")])
def test_any_name_comes_back(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, "a")
    assert [row.path for row in examined(tmp_path, [name])] == [name]


@pytest.mark.parametrize("deed", ["crash", "exit", "raise", "hang", "hang with the GIL"])
def test_a_file_that_ends_the_process_costs_no_other(tmp_path: Path, deed: str) -> None:
    paths = [f"x{number}.py" for number in range(40)]
    for path in paths:
        put(tmp_path / path, "a b")
    put(tmp_path / "x7.py", deed)
    put(tmp_path / "x33.py", deed)
    rows = examined(tmp_path, paths)
    expected = {path: b"facts of " + path.encode() for path in paths}
    assert facts(rows) == expected | {"x7.py": b"", "x33.py": b""}
    assert len(rows) == len(paths)
    assert {row.path: row.words for row in rows}["x7.py"] == names.words(deed.encode())
    assert {row.path: row.stamp for row in rows}["x7.py"] == stamp(tmp_path, "x7.py")


def test_after_many_crashes_files_wait_for_better_times(tmp_path: Path) -> None:
    paths = [f"x{number}.py" for number in range(60)]
    for path in paths:
        put(tmp_path / path, "crash")
    before = _children()
    assert list(facts(examined(tmp_path, paths)).values()) == [b""] * 20
    assert not _children() - before


def test_what_is_printed_is_no_answer(tmp_path: Path) -> None:
    put(tmp_path / "x.py", "print")
    assert facts(examined(tmp_path, ["x.py", "x.py"])) == {"x.py": b"facts of x.py"}


def test_a_slow_file_within_its_time_is_waited_for(tmp_path: Path) -> None:
    for number in range(12):  # longer than one file may take, in all
        put(tmp_path / f"x{number}.py", "slow")
    rows = examined(tmp_path, [f"x{number}.py" for number in range(12)])
    assert all(row.facts for row in rows)


def test_an_owner_that_takes_its_time_costs_no_file(tmp_path: Path) -> None:
    paths = [f"x{number}.py" for number in range(100)]
    for path in paths:
        put(tmp_path / path, "a " * 10 + "long" * 10_000)  # more than a pipe holds
    before = _children()
    found = examine_all(tmp_path, paths, 2, seconds=2.0, function=_OBEY)
    rows = [next(found)]
    started = _children() - before
    time.sleep(2.5)
    for row in found:
        assert _children() - before <= started
        rows.append(row)
    assert len([row for row in rows if row.facts]) == len(paths)


def test_a_process_that_is_killed_is_replaced_and_no_file_blamed(tmp_path: Path) -> None:
    paths = [f"x{number}.py" for number in range(100)]
    for path in paths:
        put(tmp_path / path)
    found = examine_all(tmp_path, paths, 1, function=_WHERE)
    first = next(found)
    os.kill(int(first.words), signal.SIGKILL)
    assert until_dead(int(first.words))
    rows = [first, *found]
    assert sorted(row.path for row in rows) == sorted(paths)
    assert all(row.facts for row in rows)
    assert len({row.words for row in rows}) == 2


def test_all_files_come_with_any_number_of_processes(tmp_path: Path) -> None:
    paths = [f"x{number}.py" for number in range(150)]
    for path in paths:
        put(tmp_path / path, path)
    put(tmp_path / "x9.py", "crash")
    put(tmp_path / "x140.py", "crash")
    for processes in (-1, 1, 2, 9):
        rows = list(examine_all(tmp_path, paths, processes, function=_OBEY))
        assert sorted(row.path for row in rows) == sorted(paths)
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr("twolane_context.work.Popen")  # nobody is started for nothing
        assert list(examine_all(tmp_path, [], 2)) == []


def test_all_use_several_processes_that_stand_back(tmp_path: Path) -> None:
    paths = [f"x{number}.py" for number in range(400)]
    for number, path in enumerate(paths):  # so slow that one that starts late finds some left
        put(tmp_path / path, "slow" if number % 32 == 0 else "")
    rows = list(examine_all(tmp_path, paths, 2, function=_WHERE))
    assert len({row.words for row in rows}) == 2
    assert {(row.facts or b"").rpartition(b"\n")[2] for row in rows} == {b"10"}
    assert not any(alive(int(row.words)) for row in rows)


def test_files_of_one_language_come_together(tmp_path: Path) -> None:
    paths = [f"x{number}.{suffix}" for number in range(40) for suffix in ("py", "js")]
    for path in paths:
        put(tmp_path / path)
    found = [row.path.rpartition(".")[2] for row in examine_all(tmp_path, paths, 1)]
    assert found == ["js"] * 40 + ["py"] * 40


@pytest.mark.parametrize("deed", ["", "hang"])
def test_closing_the_iterator_ends_the_processes_at_once(tmp_path: Path, deed: str) -> None:
    paths = [f"x{number}.py" for number in range(200)]
    for path in paths:
        put(tmp_path / path, "a")
    put(tmp_path / "x100.py", deed)
    before = _children()
    rows = examine_all(tmp_path, paths, 2, seconds=600, function=_OBEY)
    assert next(rows).path
    assert _children() - before
    start = time.monotonic()
    rows.close()  # type: ignore[attr-defined]
    assert time.monotonic() - start < PATIENCE
    assert not _children() - before


def _children() -> set[int]:
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(pid) for each in listed for pid in each.read_text().split()}


def test_nothing_of_the_repository_can_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "x.py")
    for name in ("json", "sitecustomize", "usercustomize", "tree_sitter", "twolane_context"):
        put(tmp_path / f"{name}.py", "import os\nos._exit(9)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "json.py"))
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    [row] = examined(tmp_path, ["x.py"], _WHERE)
    *folders, _, cwd, nice = (row.facts or b"").decode().split("\n")
    assert folders
    assert not {"", ".", str(tmp_path)} & set(folders)
    assert (cwd, nice) == ("/", "10")


_OWNER = """
import sys, time
from pathlib import Path
from twolane_context.work import examine_all
paths = [*(f"x{number}.py" for number in range(32)), sys.argv[2]]
rows = examine_all(Path(sys.argv[1]), paths, 1, seconds=5, function="support_work:where")
print(next(rows).words.decode(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("last", ["idle", "busy"])
def test_a_worker_ends_with_its_owner_however_that_ends(tmp_path: Path, last: str) -> None:
    for number in range(32):
        put(tmp_path / f"x{number}.py")
    put(tmp_path / "idle")
    put(tmp_path / "busy", "hang with the GIL")
    path = os.pathsep.join([str(_HOUSE / "context"), str(_HOUSE / "tests")])
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER, tmp_path, last],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        time.sleep(0.5)  # until it is
        assert alive(pid)
        owner.kill()
    assert until_dead(pid)


def test_an_interrupt_of_the_terminal_is_the_owners(tmp_path: Path) -> None:
    paths = [f"x{number}.py" for number in range(100)]
    for path in paths:
        put(tmp_path / path)
    found = examine_all(tmp_path, paths, 1, function=_WHERE)
    first = next(found)
    os.kill(int(first.words), signal.SIGINT)
    assert {row.words for row in found} == {first.words}


def test_without_descriptors_nothing_is_examined(tmp_path: Path) -> None:
    put(tmp_path / "x.py", "a")
    before, lowest = resource.getrlimit(resource.RLIMIT_NOFILE), os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, before[1]))
    try:
        assert examined(tmp_path, ["x.py"]) == []
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_without_processes_nothing_is_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "x.py", "a")
    for python in ("", "/no/python", "/bin/false"):
        monkeypatch.setattr(sys, "executable", python)
        assert examined(tmp_path, ["x.py"]) == []


@pytest.mark.slow
@pytest.mark.parametrize("how", ["editable", "normal"])
def test_a_worker_starts_from_any_install(tmp_path: Path, how: str) -> None:
    """A virtual environment holds the engine by a `.pth` file, or as copied files."""
    put(tmp_path / "repository" / "x.py", "def f(): ...\n")
    home = tmp_path / "venv"
    venv.create(home)
    site = next(home.glob("lib/python*/site-packages"))
    if how == "editable":
        put(site / "engine.pth", str(_HOUSE / "context"))
    else:
        shutil.copytree(_HOUSE / "context" / "twolane_context", site / "twolane_context")
    put(site / "others.pth", str(Path(pytest.__file__).parent.parent))
    program = (
        "import sys; from pathlib import Path; from twolane_context.work import examine_all\n"
        "[row] = examine_all(Path(sys.argv[1]), ['x.py'], 1); print(len(row.facts))\n"
    )
    done = subprocess.run(
        [home / "bin" / "python", "-c", program, tmp_path / "repository"],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    assert int(done.stdout) > 2
