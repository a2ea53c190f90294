"""Listing, stamping and reading: right for any content of a disk, and nothing of it is run."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_disk import ordinary_user, stamp
from support_repository import put
from twolane_context.disk import LARGEST, Row, Stamp, paths, read, stamps

_WHO = ("-c", "user.name=n", "-c", "user.email=e@localhost", "-c", "protocol.file.allow=always")


def git(root: Path, *words: str | Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-C", root, *_WHO, *words]
    subprocess.run(command, check=True, capture_output=True, env=environment)


def repository(root: Path, *files: str) -> Path:
    git(root, "init", "--quiet")
    for file in files:
        put(root / file)
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--allow-empty", "-m", "x")
    return root


# Listing with git


def test_git_lists_what_it_knows_and_what_it_would_add(tmp_path: Path) -> None:
    root = repository(tmp_path, "b.py", "a/x.py", ".github/run.py")
    put(root / ".gitignore", "*.log\n/out/\n")
    for new in ("new.py", "x.log", "out/x.py", "a/new name.py"):
        put(root / new)
    expected = [".github/run.py", ".gitignore", "a/new name.py", "a/x.py", "b.py", "new.py"]
    assert list(paths(root)) == expected


def test_an_ignored_file_that_git_knows_takes_part(tmp_path: Path) -> None:
    root = repository(tmp_path, "x.py")
    put(root / ".gitignore", "*.py\n")
    assert "x.py" in list(paths(root))


def test_what_tools_make_takes_no_part_even_where_nothing_ignores_it(tmp_path: Path) -> None:
    root = repository(tmp_path, "x.py", "node_modules/known/x.js")
    for made in ("node_modules/x.js", ".cache/x.py", "a/__pycache__/x.py", ".eslintrc.js"):
        put(root / made)
    assert list(paths(root)) == [".eslintrc.js", "x.py"]


def test_a_deleted_file_is_listed_by_git_and_has_no_stamp(tmp_path: Path) -> None:
    root = repository(tmp_path, "x.py", "y.py")
    (root / "x.py").unlink()
    assert list(stamps(root, paths(root))) == [None, stamp(root, "y.py")]
    assert read(root, "x.py") is None
    assert stamp(root, "y.py") is not None


def test_each_side_of_a_conflict_is_one_file(tmp_path: Path) -> None:
    root = repository(tmp_path, "x.py")
    git(root, "checkout", "-q", "-b", "other")
    put(root / "x.py", "a\n")
    git(root, "commit", "-qam", "a")
    git(root, "checkout", "-q", "-")
    put(root / "x.py", "b\n")
    git(root, "commit", "-qam", "b")
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "other")
    assert list(paths(root)) == ["x.py"]


def test_submodules_take_part_by_their_own_rules(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", "i.py")
    middle = repository(tmp_path / "middle", "m.py")
    git(middle, "submodule", "--quiet", "add", inner, "deep/inner")
    git(middle, "commit", "-qm", "s")
    root = repository(tmp_path / "root", "r.py")
    git(root, "submodule", "--quiet", "add", middle, "sub")
    git(root, "submodule", "--quiet", "update", "--init", "--recursive")
    put(root / "sub" / "new.py")
    put(root / "sub" / ".gitignore", "*.log")
    put(root / "sub" / "x.log")
    assert [p for p in paths(root) if p.endswith(".py")] == [
        "r.py",
        "sub/deep/inner/i.py",
        "sub/m.py",
        "sub/new.py",
    ]
    assert not [p for p in paths(root) if p.endswith(".log")]
    assert stamp(root, "sub/deep/inner/i.py") is not None


def test_a_submodule_that_was_not_fetched_is_empty(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", "i.py")
    root = repository(tmp_path / "root", "r.py")
    git(root, "submodule", "--quiet", "add", inner, "sub")
    git(root, "submodule", "--quiet", "deinit", "--force", "sub")
    assert list(paths(root)) == [".gitmodules", "r.py"]


def test_a_submodule_that_became_a_link_leads_nowhere(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", "i.py")
    root = repository(tmp_path / "root", "r.py")
    git(root, "submodule", "--quiet", "add", inner, "sub")
    (root / "sub").rename(tmp_path / "elsewhere")
    (root / "sub").symlink_to(tmp_path / "elsewhere")
    assert list(paths(root)) == [".gitmodules", "r.py"]


def test_another_repository_within_is_not_this_one(tmp_path: Path) -> None:
    root = repository(tmp_path, "x.py")
    repository(root / "vendor" / "other", "o.py")
    assert list(paths(root)) == ["x.py"]


def test_links_are_not_listed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "known").symlink_to("x.py")
    repository(root, "x.py")
    (root / "new").symlink_to("x.py")
    listed = list(paths(root))
    assert "known" not in listed
    assert [p for p in listed if stamp(root, p)] == ["x.py"]


@pytest.mark.parametrize("name", ["a\nb.py", "a\tb.py", '"q".py', "é.py", "-x.py", ":(top)x.py"])
@pytest.mark.parametrize("with_git", [True, False])
def test_any_name_is_listed_as_it_is(tmp_path: Path, name: str, with_git: bool) -> None:  # noqa: FBT001 - a parameter of the test
    root = repository(tmp_path) if with_git else tmp_path
    put(root / name)
    assert list(paths(root)) == [name]
    assert read(root, name) == (stamp(root, name), b"x = 1\n")


@pytest.mark.parametrize("with_git", [True, False])
def test_a_name_that_is_no_utf8_comes_back_to_its_file(tmp_path: Path, with_git: bool) -> None:  # noqa: FBT001 - a parameter of the test
    root = repository(tmp_path) if with_git else tmp_path
    name = os.fsdecode(b"caf\xe9.py")
    put(root / name)
    assert list(paths(root)) == [name]
    assert read(root, name) is not None


def test_a_repository_cannot_have_its_programs_run(tmp_path: Path) -> None:
    root = repository(tmp_path / "root", "x.py")
    trace = tmp_path / "trace"
    program = put(tmp_path / "evil", f"#!/bin/sh\necho run >> '{trace}'\n")
    program.chmod(0o755)
    for name in ("fsmonitor", "sshCommand", "pager", "editor", "alternateRefsCommand"):
        git(root, "config", f"core.{name}", program)
    git(root, "config", "filter.evil.clean", program)
    git(root, "config", "pager.ls-files", program)
    put(root / ".git" / "hooks" / "post-index-change", program.read_bytes()).chmod(0o755)
    put(root / ".gitattributes", "* filter=evil\n")
    put(root / "x.py", "changed = 1\n")
    assert list(paths(root)) == [".gitattributes", "x.py"]
    assert not trace.exists()
    git(root, "status")
    assert trace.exists(), "the programs are not such as git runs"


def test_a_git_in_the_repository_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "root", "x.py")
    trace = tmp_path / "trace"
    put(root / "git", f"#!/bin/sh\necho run > '{trace}'\n").chmod(0o755)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    assert list(paths(root)) == ["git", "x.py"]
    assert not trace.exists()


def test_the_environment_does_not_lead_git_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository(tmp_path / "other", "other.py")
    root = repository(tmp_path / "root", "x.py")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert list(paths(root)) == ["x.py"]


def test_listing_leaves_no_trace_in_the_repository(tmp_path: Path) -> None:
    root = repository(tmp_path, "x.py")
    os.utime(root / "x.py", (1, 1))  # so that git would write its index anew
    before = {p: p.stat().st_mtime_ns for p in (root / ".git").rglob("*")}
    list(paths(root))
    assert {p: p.stat().st_mtime_ns for p in (root / ".git").rglob("*")} == before


# Without git


def test_without_git_on_the_path_a_walk_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "root", "x.py", "a/y.py")
    put(root / ".gitignore", "*.log\n")
    put(root / "x.log")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(paths(root)) == [".gitignore", "a/y.py", "x.py"]


def test_a_broken_repository_is_walked_and_not_the_one_around_it(tmp_path: Path) -> None:
    outer = repository(tmp_path, "outer.py")
    put(outer / ".gitignore", "inner/\n")
    put(outer / "inner" / "x.py")
    (outer / "inner" / ".git").mkdir()
    assert list(paths(outer / "inner")) == ["x.py"]


def test_a_git_that_fails_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path / "root", "x.py")
    put(tmp_path / "bin" / "git", "#!/bin/sh\nexit 129\n").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert list(paths(root)) == ["x.py"]


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert list(paths(tmp_path / "missing")) == []
    assert stamp(tmp_path / "missing", "x.py") is None


@pytest.mark.slow
@pytest.mark.parametrize("with_git", [True, False])
def test_a_hundred_thousand_files_are_listed_in_seconds(tmp_path: Path, with_git: bool) -> None:  # noqa: FBT001 - a parameter of the test
    root = repository(tmp_path) if with_git else tmp_path
    put(root / ".gitignore", "*.log\n/out/\nbuild/\n!keep.log\n*.py[co]\ndist/**\n")
    for folder in range(1_000):
        at = root / f"package{folder % 20}" / f"part{folder}"
        at.mkdir(parents=True)
        for file in range(100):
            (at / f"module{file}.py").touch()
    start = os.times()
    listed = list(paths(root))
    between = os.times()
    assert sum(one is not None for one in stamps(root, listed)) == 100_001
    # Of the processor, git's included: how long the disk takes is the machine's affair.
    assert _used(start, between) < 10.0
    assert _used(between, os.times()) < 10.0


def _used(start: os.times_result, end: os.times_result) -> float:
    return sum(end[:4]) - sum(start[:4])


# Stamping and reading


def test_a_stamp_tells_that_a_file_is_another(tmp_path: Path) -> None:
    put(tmp_path / "x.py", "one")
    first = stamp(tmp_path, "x.py")
    assert stamp(tmp_path, "x.py") == first
    put(tmp_path / "y.py", "two")
    (tmp_path / "y.py").replace(tmp_path / "x.py")
    assert stamp(tmp_path, "x.py") != first
    second, modified = stamp(tmp_path, "x.py"), (tmp_path / "x.py").stat().st_mtime_ns
    time.sleep(0.02)
    put(tmp_path / "x.py", "six")
    os.utime(tmp_path / "x.py", ns=(modified, modified))  # as `rsync` and `cp -p` do
    assert stamp(tmp_path, "x.py") != second


def test_stamps_come_in_the_order_asked_for(tmp_path: Path) -> None:
    asked = ["b/x", "a", "b/y", "c/d/z", "b/x", "gone/x", "b", "a/x"]
    for number, path in enumerate(asked[:4]):
        put(tmp_path / path, "x" * number)
    sizes = [one and one.size for one in stamps(tmp_path, asked)]
    assert sizes == [0, 1, 2, 3, 0, None, None, None]


_DEEP = "/".join("d" * 40)
_THERE = ("x", "a/x", "a/b/x", "a/b/c/x", "ab/x", f"{_DEEP}/x", f"{_DEEP}/y")
_ODD = ("a/no/x", "a/b/../x", "a//x", "b", "/x", "link/x", "link/b/x", f"{_DEEP}/no/x")


@given(asked=st.lists(st.sampled_from((*_THERE, *_ODD))))
def test_each_stamp_is_what_it_is_alone_whatever_was_asked_before(
    tmp_path_factory: pytest.TempPathFactory, asked: list[str]
) -> None:
    root = tmp_path_factory.getbasetemp() / "together"
    if not root.exists():
        for path in _THERE:
            put(root / path, path)
        (root / "link").symlink_to("a")
    assert list(stamps(root, asked)) == [stamp(root, path) for path in asked]


def test_a_deep_folder_takes_few_descriptors(tmp_path: Path) -> None:
    deep = "/".join("d" * 200)
    (tmp_path / deep).mkdir(parents=True)
    put(tmp_path / deep / "x.py")
    put(tmp_path / "a.py")
    before = len(list(Path("/dev/fd").iterdir()))
    found = stamps(tmp_path, ["a.py", f"{deep}/x.py", f"{deep}/x.py"])
    for _ in range(2):
        assert next(found) is not None
        assert len(list(Path("/dev/fd").iterdir())) < before + 50
    assert [one is not None for one in found] == [True]
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    put(tmp_path / "a" / "x.py")
    before = len(list(Path("/dev/fd").iterdir()))
    for path in ("a/x.py", "a/no.py", "no/x.py", "a/../a/x.py", "a/x.py/y", "a\0/x", ""):
        read(tmp_path, path)
        stamp(tmp_path, path)
    next(iter(stamps(tmp_path, ["a/x.py", "a/x.py"])))
    assert len(list(Path("/dev/fd").iterdir())) == before


@pytest.mark.parametrize("content", [b"", b"x" * 8_191 + b"y\0", b"\xff\xfe\x80 no utf-8", b"\r\n"])
def test_text_of_any_encoding_reads_as_it_is(tmp_path: Path, content: bytes) -> None:
    put(tmp_path / "x", content)
    got = stamp(tmp_path, "x")
    expected = content if b"\0" not in content[:8_192] else b""
    assert read(tmp_path, "x") == (got, expected)


@pytest.mark.parametrize("at", [0, 100, 8_191])
def test_a_binary_file_reads_as_empty(tmp_path: Path, at: int) -> None:
    put(tmp_path / "x.png", b"a" * at + b"\0" + b"b" * 10_000)
    assert read(tmp_path, "x.png") == (stamp(tmp_path, "x.png"), b"")


def test_a_file_of_a_hundred_megabytes_takes_no_part(tmp_path: Path) -> None:
    with (tmp_path / "large.py").open("wb") as file:
        file.truncate(100_000_000)
    assert stamp(tmp_path, "large.py") is None
    assert read(tmp_path, "large.py") is None


def test_the_largest_file_is_read_whole(tmp_path: Path) -> None:
    put(tmp_path / "x.py", b"x" * LARGEST)
    got = read(tmp_path, "x.py")
    assert got is not None
    assert len(got[1]) == LARGEST
    put(tmp_path / "x.py", b"x" * (LARGEST + 1))
    assert read(tmp_path, "x.py") is None


def test_no_path_leads_out_of_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    put(root / "in" / "x.py")
    put(tmp_path / "secret.py", "s = 1\n")
    put(tmp_path / "out" / "x.py")
    (root / "link").symlink_to(tmp_path / "out")
    (root / "file.py").symlink_to(tmp_path / "secret.py")
    (root / "self").symlink_to(root)
    for path in (
        "../secret.py",
        "in/../../secret.py",
        str(tmp_path / "secret.py"),
        "link/x.py",
        "file.py",
        "self/in/x.py",
        "./in/x.py",
        "in//x.py",
        "in/..",
        "..",
    ):
        assert (stamp(root, path), read(root, path)) == (None, None), path
    assert read(root, "in/x.py") is not None


def test_a_root_may_itself_be_a_link(tmp_path: Path) -> None:
    put(tmp_path / "real" / "a" / "x.py")
    (tmp_path / "root").symlink_to(tmp_path / "real")
    assert list(paths(tmp_path / "root")) == ["a/x.py"]
    assert read(tmp_path / "root", "a/x.py") is not None


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    put(tmp_path / "a" / "x.py")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "round").symlink_to("round")
    assert list(paths(tmp_path)) == ["a/x.py"]
    assert read(tmp_path, "round") is None


def test_pipes_devices_and_folders_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / ".gitignore")
    for name in ("pipe", "folder"):
        assert (stamp(tmp_path, name), read(tmp_path, name)) == (None, None)
    assert list(paths(tmp_path)) == []


def test_what_one_may_not_read_is_left_out() -> None:
    with ordinary_user() as root:
        put(root / "open.py")
        put(root / "shut" / "x.py")
        put(root / "secret.py").chmod(0)
        put(root / "blind" / "x.py")
        (root / "shut").chmod(0)
        (root / "blind").chmod(0o600)
        listed = list(paths(root))
        assert [path for path in listed if read(root, path)] == ["open.py"]
        assert stamp(root, "shut/x.py") is None


def test_a_file_that_comes_and_goes_is_there_or_not(tmp_path: Path) -> None:
    """Also as a link, a pipe and a folder; what is read is always one of its contents."""
    outside = put(tmp_path / "outside.py", "secret = 1\n")
    root = tmp_path / "root"
    target = put(root / "a" / "x.py")
    contents = {b"x = 1\n", b"y" * 100_000, b""}
    stop = threading.Event()

    def stir() -> None:
        while not stop.is_set():
            for content in contents:
                put(target, content)
            target.unlink()
            target.symlink_to(outside)
            target.unlink()
            os.mkfifo(target)
            target.unlink()
            target.mkdir()
            target.rmdir()
            (root / "a").rename(root / "b")
            (root / "a").symlink_to(tmp_path)
            (root / "a").unlink()
            (root / "b").rename(root / "a")

    thread = threading.Thread(target=stir)
    thread.start()
    try:
        seen = [read(root, "a/x.py") for _ in range(3_000)]
        while None not in seen:
            seen.append(read(root, "a/x.py"))
    finally:
        stop.set()
        thread.join()
    assert None in seen
    for one in seen:
        assert one is None or one[1] in contents or set(one[1]) == set(b"y")


@given(
    st.text()
    | st.lists(st.sampled_from(["a", "..", ".", "", "x.py", "\0", "\ud800"])).map("/".join)
)
def test_no_path_is_too_odd_to_ask_for(path: str) -> None:
    root = Path(__file__).parent
    got = stamp(root, path)
    assert got is None or isinstance(got, Stamp)
    assert (read(root, path) is None) == (got is None)


# Rows as bytes


def test_bytes_too_short_for_a_row_are_none() -> None:
    row = Row("a.py", Stamp(1, 2, 3), b"d" * 16, b"\nx\n", None, ("b.py", "c/\udcff.py"))
    assert Row.unpacked(row.packed()) == row
    for size in range(44):
        with pytest.raises(ValueError, match="b'"):
            Row.unpacked(row.packed()[:size])
