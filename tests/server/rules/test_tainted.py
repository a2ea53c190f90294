"""Which files stay NDA is noted for all processes, and only the owner's word takes it back."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_waiting import PATIENCE
from twolane_server.errors import SettingsError
from twolane_server.lanes.file_lock import try_lock
from twolane_server.rules import tainted as module
from twolane_server.rules.tainted import FILE, Tainted
from twolane_server.rules.taints import KEPT_DAYS

if TYPE_CHECKING:
    from pathlib import Path

FOUND = "it holds code of r/clients/a.py (about lines 1 to 4), which is NDA"
REASON = "(twolane label --open)"


def put(file: Path, text: str = "x = 1\n") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def is_tainted(state: Path, file: Path) -> bool:
    """As another process sees it."""
    return Tainted(state).why(str(file)) is not None


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return put(tmp_path / "r" / "a.py")


def test_another_process_knows_of_it_and_of_no_other_file(state: Path, file: Path) -> None:
    other = put(file.with_name("b.py"))
    first, second = Tainted(state), Tainted(state)
    assert second.why(str(file)) is None
    assert first.add(str(file), FOUND)
    assert (second.why(str(file)) or "").endswith(REASON)
    assert second.why(str(other)) is None
    assert is_tainted(state, file)


def test_nobody_else_can_read_it_and_no_text_is_in_it(state: Path, file: Path) -> None:
    before = os.umask(0)
    try:
        Tainted(state).add(str(file), FOUND)
    finally:
        os.umask(before)
    kept = list(state.iterdir())
    assert {stat.S_IMODE(each.stat().st_mode) for each in kept} == {0o600}
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert "x = 1" not in (state / FILE).read_text("utf-8")


def test_a_file_by_another_way(state: Path, file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    link.symlink_to(file)
    Tainted(state).add(str(link), FOUND)
    assert is_tainted(state, file)
    assert is_tainted(state, link)
    assert Tainted(state).why(str(put(tmp_path / "c.py")), [str(file)]) is not None


def test_a_file_that_is_moved_takes_it_along(state: Path, file: Path) -> None:
    """Also when an editor writes it anew afterwards, and when another file comes to the old place."""
    Tainted(state).add(str(file), FOUND)
    moved = file.with_name("moved.py")
    file.rename(moved)
    assert is_tainted(state, moved)
    fresh = put(file.with_name("fresh"), "y = 2\n")
    fresh.replace(moved)
    assert is_tainted(state, moved)
    assert is_tainted(state, put(file))


def test_a_file_that_is_written_anew_and_then_moved(state: Path, file: Path) -> None:
    Tainted(state).add(str(file), FOUND)
    put(file.with_name("fresh"), "derived = 2\n").replace(file)
    assert is_tainted(state, file)  # somebody looks
    moved = file.with_name("moved.py")
    file.rename(moved)
    put(file, "z = 1\n")
    assert is_tainted(state, moved)
    put(file.with_name("fresh"), "more = 3\n").replace(moved)
    assert is_tainted(state, moved)


def test_who_saw_a_file_move_makes_it_known_to_all(state: Path, file: Path) -> None:
    """Not where the old path has a file: then a link leads elsewhere by now, and this is another's text."""
    moved, other = put(file.with_name("moved.py")), put(file.with_name("other.py"))
    Tainted(state).add(str(file), FOUND)
    assert Tainted(state).why(str(other), [str(file)]) is not None
    assert not is_tainted(state, other)
    file.unlink()
    assert Tainted(state).why(str(moved), [str(file)]) is not None
    assert is_tainted(state, moved)


def test_a_file_that_only_looks_like_it_is_none(state: Path, file: Path) -> None:
    """Systems give the inode of what is gone to others."""
    Tainted(state).add(str(file), FOUND)
    status = file.stat()
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    other = file.with_name("other.py")
    file.rename(other)
    put(file)
    assert not is_tainted(state, other)


def test_the_owner_clears_one_and_no_other(state: Path, file: Path) -> None:
    other = put(file.with_name("b.py"))
    known = Tainted(state)
    known.add(str(file), FOUND)
    known.add(str(other), FOUND)
    Tainted(state).clear([str(file)])
    assert known.why(str(file)) is None
    assert known.why(str(other)) is not None
    file.rename(file.with_name("moved.py"))
    assert not is_tainted(state, file.with_name("moved.py"))


def test_one_that_was_moved_is_cleared_for_good(state: Path, file: Path) -> None:
    known = Tainted(state)
    known.add(str(file), FOUND)
    moved = file.with_name("moved.py")
    file.rename(moved)
    assert known.why(str(moved)) is not None
    known.clear([str(moved)])
    assert not is_tainted(state, moved)
    assert is_tainted(state, put(file)), "what another branch may bring back"


def test_what_did_not_change_is_read_once(
    state: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many files are asked about."""
    known = Tainted(state)
    known.add(str(file), FOUND)
    first = known.read()
    reads: list[Path] = []

    def read(file: Path, largest: int) -> None:
        del largest
        reads.append(file)

    monkeypatch.setattr(module, "read_text", read)
    for number in range(1_000):
        assert known.why(f"/nowhere/{number}.py") is None
    assert known.read() is first
    assert reads == []


def test_one_that_is_gone_is_kept_for_a_while(state: Path, file: Path) -> None:
    other = put(file.with_name("b.py"))
    Tainted(state, lambda: 0).add(str(file), FOUND)
    file.unlink()
    Tainted(state, lambda: 100).add(str(other), FOUND)
    assert is_tainted(state, file)
    later = 100 + KEPT_DAYS * 86_400
    Tainted(state, lambda: later).add(str(put(file.with_name("c.py"))), FOUND)
    assert is_tainted(state, file)
    Tainted(state, lambda: later + 1).add(str(put(file.with_name("d.py"))), FOUND)
    assert not is_tainted(state, file)
    assert is_tainted(state, other)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def _emptied(file: Path) -> None:
    file.write_bytes(b"")


def _no_text(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\0")


def _of_a_later_version(file: Path) -> None:
    file.write_text(file.read_text("utf-8").replace('"version": 1', '"version": 2'), "utf-8")


def _a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _writable_by_others(file: Path) -> None:
    file.chmod(0o666)


def _a_link_to_nowhere(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere")


@pytest.mark.parametrize(
    "spoil",
    [
        _cut,
        _emptied,
        _no_text,
        _of_a_later_version,
        _a_folder,
        _writable_by_others,
        _a_link_to_nowhere,
    ],
    ids=lambda spoil: spoil.__name__,
)
def test_where_it_cannot_be_read_every_file_is_nda(state: Path, file: Path, spoil: object) -> None:
    assert callable(spoil)
    known = Tainted(state)
    known.add(str(file), FOUND)
    spoil(state / FILE)
    for each in (known, Tainted(state)):
        why = each.why("/some/other.py") or ""
        assert why.startswith("nobody can tell which files code was pasted into")
        assert str(state / FILE) in why
        assert "move it away" in why
    assert not known.add(str(file), FOUND), "nothing is written over it"
    with pytest.raises(SettingsError, match="nothing was opened"):
        known.clear([str(file)])
    assert Tainted(state).why("/some/other.py")


def test_what_cannot_be_noted_holds_in_this_process_and_is_told(state: Path, file: Path) -> None:
    state.write_text("no folder", "utf-8")
    known = Tainted(state)
    assert not known.add(str(file), FOUND)
    assert known.why(str(file)) is not None
    assert "cannot be noted" in (known.problem or "")
    state.unlink()
    assert known.why(str(file)) is not None, "which tries again"
    assert known.problem is None
    assert is_tainted(state, file)


def test_one_that_is_held_by_another_process_is_not_waited_for_long(
    state: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.0)
    state.mkdir()
    known = Tainted(state)
    with (state / "pasted.lock").open("ab") as lock:
        assert try_lock(lock)
        assert not known.add(str(file), FOUND)
        assert known.why(str(file)) is not None
        with pytest.raises(SettingsError, match="another process holds it"):
            known.clear([str(file)])
        assert not is_tainted(state, file)
    assert known.why(str(file)) is not None
    assert is_tainted(state, file)


def test_many_at_once_lose_nothing(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAIT_SECONDS", PATIENCE)  # all want it, and the disk may be slow
    files = [put(tmp_path / f"{number}.py") for number in range(24)]

    def add(file: Path) -> bool:
        return Tainted(state).add(str(file), FOUND)

    program = (
        "import sys, pathlib; import twolane_server.rules.tainted as module\n"
        f"module._WAIT_SECONDS, Tainted = {PATIENCE}, module.Tainted\n"
        "state, *files = sys.argv[1:]\n"
        "sys.exit(not all(Tainted(pathlib.Path(state)).add(file, 'x') for file in files))\n"
    )
    halves = (files[:8], files[8:16])
    others = [
        subprocess.Popen([sys.executable, "-c", program, str(state), *map(str, half)])
        for half in halves
    ]
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(add, files[16:]))
    assert [other.wait(2 * PATIENCE) for other in others] == [0, 0]
    assert {one.path for one in Tainted(state).read().rows} == set(map(str, files))


class Simple:
    """Three files, what is noted of them, and a set in the place of all that."""

    def __init__(self, top: Path) -> None:
        self.top, self.state = top, top / "state"
        self.known = Tainted(self.state)
        self.model: set[str] = set()
        self.count = 0
        for name in NAMES:
            self.rewrite(name, name)

    def add(self, name: str, _: str) -> None:
        self.known.add(str(self.top / name), FOUND)
        self.model.add(name)

    def rename(self, name: str, other: str) -> None:
        if (self.top / name).exists() and name != other:
            (self.top / name).rename(self.top / other)
            self.model |= {other} if name in self.model else set()

    def rewrite(self, name: str, _: str) -> None:
        """At another moment each time, however fast it goes: a new file may get the number of an old."""
        self.count += 1
        file = put(self.top / name, f"{name} = {self.count}\n")
        moment = 1_770_000_000 + self.count
        os.utime(file, (moment, moment))

    def save(self, name: str, _: str) -> None:
        """As careful editors do."""
        self.rewrite("fresh", name)
        (self.top / "fresh").replace(self.top / name)

    def clear(self, name: str, _: str) -> None:
        self.known.clear([str(self.top / name)])
        self.model.discard(name)

    def delete(self, name: str, _: str) -> None:
        (self.top / name).unlink(missing_ok=True)

    def restart(self, *_: str) -> None:
        self.known = Tainted(self.state)

    def look(self) -> set[str]:
        """As each label that is read does."""
        return {name for name in NAMES if self.known.why(str(self.top / name)) is not None}


NAMES = ("a", "b", "c")
WHAT = ("add", "rename", "rewrite", "save", "clear", "delete", "restart")
STEP = st.tuples(st.sampled_from(WHAT), st.sampled_from(NAMES), st.sampled_from(NAMES))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEP, max_size=14))
def test_whatever_happens_it_is_as_a_simple_mind_has_it(
    steps: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A path keeps it until the owner's word; a file that moves brings it to another path."""
    simple = Simple(tmp_path_factory.mktemp("t"))
    for what, one, other in steps:
        getattr(simple, what)(one, other)
        assert simple.look() == simple.model, (what, one, other)


def test_one_who_asks_for_many_at_one_moment_is_told_the_same(state: Path, file: Path) -> None:
    known, other = Tainted(state), str(put(file.with_name("other.py")))
    assert known.now()(str(file), ()) is None
    Tainted(state).add(str(file), FOUND)
    now = known.now()
    assert now(str(file), ()) == known.why(str(file)) is not None
    assert now(other, ()) is None
    assert now(str(file.with_name("gone.py")), [str(file)]) is not None
    Tainted(state).clear([str(file), str(file.with_name("gone.py"))])
    assert known.now()(str(file), ()) is None
    (state / "pasted.json").write_bytes(b"{")
    assert known.now()(other, ()) == known.why(other) is not None
