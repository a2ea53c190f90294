"""Workers: all files come back, whatever one of them does to the process."""

from __future__ import annotations

import asyncio
import os
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
from twolane_context import outline
from twolane_context.work import Worker, examine_all

if TYPE_CHECKING:
    from collections.abc import Generator

    from twolane_context.disk import Row

_HOUSE = Path(__file__).parent.parent.parent
_OBEY = "support_work:obey"
_WHERE = "support_work:where"


@pytest.fixture
def worker(tmp_path: Path) -> Generator[Worker]:
    one = Worker(tmp_path, seconds=1.5, function=_OBEY)
    yield one
    one.close()


def facts(rows: list[Row]) -> dict[str, bytes | None]:
    return {row.path: row.facts for row in rows}


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def until_dead(pid: int) -> bool:
    end = time.monotonic() + 5
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def test_a_row_says_what_the_file_is(tmp_path: Path) -> None:
    source = b"def f(a):\n    return a\n"
    put(tmp_path / "a" / "x.py", source)
    worker = Worker(tmp_path)
    try:
        [row] = worker.examine(["a/x.py"])
    finally:
        worker.close()
    words, made = outline.examine("a/x.py", source)
    digest = blake2b(source, digest_size=16).digest()
    assert row == ("a/x.py", stamp(tmp_path, "a/x.py"), digest, words, made, ())
    assert made


def test_files_that_are_gone_are_left_out_and_binary_ones_are_empty(
    tmp_path: Path, worker: Worker
) -> None:
    put(tmp_path / "x.py", "a")
    put(tmp_path / "x.png", b"\x89PNG\0")
    rows = worker.examine(["gone.py", "x.py", "no/x.py", "x.png", "x.py/y"])
    assert [(row.path, row.words) for row in rows] == [("x.py", b"a"), ("x.png", b"")]


@pytest.mark.parametrize("name", ["a\nb.py", "é.py", " x.py", os.fsdecode(b"caf\xe9.py")])
def test_any_name_comes_back(tmp_path: Path, worker: Worker, name: str) -> None:
    put(tmp_path / name, "a")
    assert [row.path for row in worker.examine([name])] == [name]


@pytest.mark.parametrize(
    "deed", ["crash", "exit", "raise", "hang", "hang with the GIL", "crash always"]
)
def test_a_file_that_ends_the_process_costs_no_other(
    tmp_path: Path, worker: Worker, deed: str
) -> None:
    paths = [f"x{number}.py" for number in range(40)]
    for path in paths:
        put(tmp_path / path, "a b")
    put(tmp_path / "x7.py", deed)
    put(tmp_path / "x33.py", deed)
    start = time.monotonic()
    rows = worker.examine(paths)
    assert time.monotonic() - start < 10
    expected = {path: b"facts of " + path.encode() for path in paths}
    assert facts(rows) == expected | {"x7.py": b"", "x33.py": b""}
    words = {row.path: row.words for row in rows}
    known = b"" if deed == "crash always" else b"\n".join(sorted(set(deed.encode().split())))
    assert words["x7.py"] == known
    assert {row.path: row.stamp for row in rows}["x7.py"] == stamp(tmp_path, "x7.py")
    assert facts(worker.examine(["x1.py"])) == {"x1.py": b"facts of x1.py"}


def test_after_many_crashes_files_wait_for_better_times(tmp_path: Path, worker: Worker) -> None:
    paths = [f"x{number}.py" for number in range(60)]
    for path in paths:
        put(tmp_path / path, "crash")
    found = facts(worker.examine(paths))
    assert list(found.values()) == [b""] * 20 + [None] * 40


def test_what_is_printed_is_no_answer(tmp_path: Path, worker: Worker) -> None:
    put(tmp_path / "x.py", "print")
    assert facts(worker.examine(["x.py", "x.py"])) == {"x.py": b"facts of x.py"}


def test_a_slow_file_within_its_time_is_waited_for(tmp_path: Path, worker: Worker) -> None:
    for number in range(8):  # longer than one file may take, in all
        put(tmp_path / f"x{number}.py", "slow")
    rows = worker.examine([f"x{number}.py" for number in range(8)])
    assert all(row.facts for row in rows)


def test_a_process_that_was_killed_while_idle_is_replaced_and_no_file_blamed(
    tmp_path: Path,
) -> None:
    put(tmp_path / "x.py")
    worker = Worker(tmp_path, function=_WHERE)
    try:
        [first] = worker.examine(["x.py"])
        os.kill(int(first.words), signal.SIGKILL)
        assert until_dead(int(first.words))
        [second] = worker.examine(["x.py"])
    finally:
        worker.close()
    assert second.words != first.words
    assert second.facts


def test_the_same_process_answers_again_and_ends_when_closed(tmp_path: Path) -> None:
    put(tmp_path / "x.py")
    worker = Worker(tmp_path, function=_WHERE)
    worker.examine([])
    pids = {int(worker.examine(["x.py"])[0].words) for _ in range(3)}
    assert len(pids) == 1
    worker.close()
    assert not alive(pids.pop())
    assert worker.examine(["x.py"]) == []
    worker.close()


async def test_the_loop_runs_on_while_a_file_is_examined(tmp_path: Path, worker: Worker) -> None:
    put(tmp_path / "x.py", "slow")
    worker.examine([])
    asked = asyncio.create_task(asyncio.to_thread(worker.examine, ["x.py"]))
    turns = 0
    while not asked.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 10
    assert len(asked.result()) == 1


def test_several_threads_may_ask(tmp_path: Path, worker: Worker) -> None:
    paths = [f"x{number}.py" for number in range(20)]
    for path in paths:
        put(tmp_path / path, path)

    async def ask() -> list[list[Row]]:
        return await asyncio.gather(*(asyncio.to_thread(worker.examine, [p]) for p in paths))

    assert [[row.path for row in rows] for rows in asyncio.run(ask())] == [[p] for p in paths]


def test_all_files_come_with_any_number_of_processes(tmp_path: Path) -> None:
    paths = [f"x{number}.py" for number in range(150)]
    for path in paths:
        put(tmp_path / path, path)
    put(tmp_path / "x9.py", "crash")
    for processes in (-1, 1, 2, 9):
        rows = list(examine_all(tmp_path, paths, processes, function=_OBEY))
        assert sorted(row.path for row in rows) == sorted(paths)
    assert list(examine_all(tmp_path, [], 2)) == []


def test_all_use_several_processes_that_stand_back(tmp_path: Path) -> None:
    paths = [f"x{number}.py" for number in range(400)]
    for path in paths:
        put(tmp_path / path)
    rows = list(examine_all(tmp_path, paths, 2, function=_WHERE))
    assert len({row.words for row in rows}) == 2
    assert {(row.facts or b"").rpartition(b"\n")[2] for row in rows} == {b"10"}
    assert not any(alive(int(row.words)) for row in rows)


@pytest.mark.parametrize("deed", ["", "hang"])
def test_closing_the_iterator_ends_the_processes_at_once(tmp_path: Path, deed: str) -> None:
    paths = [f"x{number}.py" for number in range(200)]
    for path in paths:
        put(tmp_path / path, "a")
    put(tmp_path / "x100.py", deed)
    before = _children()
    rows = examine_all(tmp_path, paths, 2, seconds=60, function=_OBEY)
    assert next(rows).path
    assert _children() - before
    start = time.monotonic()
    rows.close()  # type: ignore[attr-defined]
    assert time.monotonic() - start < 2
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
    worker = Worker(tmp_path, function=_WHERE)
    try:
        [row] = worker.examine(["x.py"])
    finally:
        worker.close()
    *folders, _, cwd, nice = (row.facts or b"").decode().split("\n")
    assert folders
    assert not {"", ".", str(tmp_path)} & set(folders)
    assert (cwd, nice) == ("/", "10")


_OWNER = """
import sys, time
from pathlib import Path
from twolane_context.work import Worker
worker = Worker(Path(sys.argv[1]), seconds=float(sys.argv[2]), function="support_work:where")
print(worker.examine(["x.py"])[0].words.decode(), flush=True)
if sys.argv[3] == "busy":
    worker._command[worker._command.index("where")] = "obey"
    worker._process.kill()
    worker._process.wait()
    worker.examine([])
    print(worker._process.pid, flush=True)
    worker.examine(["hang.py"])
time.sleep(60)
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_a_worker_ends_with_its_owner_however_that_ends(tmp_path: Path, state: str) -> None:
    put(tmp_path / "x.py")
    put(tmp_path / "hang.py", "hang with the GIL")
    path = os.pathsep.join([str(_HOUSE / "context"), str(_HOUSE / "tests")])
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER, tmp_path, "2", state],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        if state == "busy":
            pid = int(owner.stdout.readline())
            time.sleep(0.5)  # until it is
        assert alive(pid)
        owner.kill()
    assert until_dead(pid)


def test_an_interrupt_of_the_terminal_is_the_owners(tmp_path: Path) -> None:
    put(tmp_path / "x.py")
    worker = Worker(tmp_path, function=_WHERE)
    try:
        [first] = worker.examine(["x.py"])
        os.kill(int(first.words), signal.SIGINT)
        assert worker.examine(["x.py"])[0].words == first.words
    finally:
        worker.close()


def test_without_processes_the_work_is_done_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "x.py", "a")
    for python in ("", "/bin/false"):
        monkeypatch.setattr(sys, "executable", python)
        worker = Worker(tmp_path, function=_OBEY)
        assert facts(worker.examine(["x.py", "gone.py"])) == {"x.py": b"facts of x.py"}
        worker.close()


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
        "import sys; from pathlib import Path; from twolane_context.work import Worker\n"
        "worker = Worker(Path(sys.argv[1])); [row] = worker.examine(['x.py'])\n"
        "assert worker._process is not None; worker.close(); print(len(row.facts))\n"
    )
    done = subprocess.run(
        [home / "bin" / "python", "-c", program, tmp_path / "repository"],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    assert int(done.stdout) > 2
