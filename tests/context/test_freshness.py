"""The live index is what one built from nothing would be, whatever happened to the files.

Each example is a sequence of deeds in a real git repository. Of what each changes on disk, the live
index hears what `watch` would say, now and then all at once or in two parts.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_repository import put
from twolane_context import repository as module
from twolane_context.answers import Answers
from twolane_context.cache import Cache
from twolane_context.disk import Row, digest_of, paths, read
from twolane_context.outline import examine
from twolane_context.question import Selection
from twolane_context.repository import Repository
from twolane_context.tokens import estimate
from twolane_server.repositories.watching import watch, what_changed

if TYPE_CHECKING:
    from collections.abc import Generator

EXAMPLES = int(os.environ.get("TWOLANE_EXAMPLES", "200"))

PATHS = ["a.py", "b.py", "p/a.py", "x.log", "p"]
FOLDERS = ["p", "p/q", "s"]
SOURCES = [
    *(f"def f{n}(a):\n    return f{(n + 1) % 3}(a)\n" for n in range(3)),
    "from p.a import f1\n\n\ndef f0(a):\n    return f1(a)\n",
    "import b\n\n\nclass C:\n    def f2(self):\n        return b.f0(self)\n",
    "",
]
RULES = ["", "*.log\n", "p/\n", "/a.py\n", "p/*\n!p/a.py\n", "*.py\n!p/a.py\n"]
IGNORES = [".gitignore", "p/.gitignore", ".git/info/exclude"]

Deed = tuple[str, str, str]
_path, _source, _nothing = st.sampled_from(PATHS), st.sampled_from(SOURCES), st.just("")
_folder = st.sampled_from(FOLDERS)


def _deed(names: str, one: st.SearchStrategy[str], other: st.SearchStrategy[str]) -> Deeds:
    return st.tuples(st.sampled_from(names.split(", ")), one, other)


Deeds = st.SearchStrategy[Deed]
EDITS = st.one_of(
    _deed("write, replace, quiet, overlay, overlay", _path, _source),
    _deed("rename, rename, copy, link", _path, _path),
    _deed("rename", _folder, _folder),
    _deed("delete, append, force, uncache, close, close", _path, _nothing),
    _deed("delete, nest, shut", _folder, _nothing),
    _deed("write", st.sampled_from(IGNORES), st.sampled_from(RULES)),
    _deed("switch", st.sampled_from(["main", "other"]), _nothing),
    _deed("add, commit", _nothing, _nothing),
)
LISTENING = _deed(
    "hear, hear, half, other, look, ask, work, work, save, reopen", _nothing, _nothing
)
DEEDS = st.lists(st.one_of(EDITS, EDITS, LISTENING), min_size=1, max_size=14)


def git(root: Path, *words: str) -> None:
    """Run git; what it refuses, it refuses."""
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(root)}
    who = ("-c", "user.name=n", "-c", "user.email=e@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(
        ["git", "-C", root, *who, *words], check=False, capture_output=True, env=environment
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two branches that differ in content, names and folders."""
    root = tmp_path_factory.mktemp("template")
    git(root, "init", "--quiet", "--template=", "--initial-branch=main")
    for path, source in zip(
        ["a.py", "p/a.py", "p/q/a.py", "r/notes.txt"], SOURCES[2:], strict=False
    ):
        put(root / path, source)
    put(root / ".gitignore", "*.log\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "one")
    git(root, "switch", "--quiet", "-c", "other")
    git(root, "mv", "p/q", "s")
    git(root, "rm", "--quiet", "a.py")
    put(root / "p" / "a.py", SOURCES[0])
    put(root / "b.py", SOURCES[3])
    put(root / ".gitignore", "/x.log\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "two")
    git(root, "switch", "--quiet", "main")
    return root


class Before(NamedTuple):
    """What the live index knew of a file on disk when it last heard of all."""

    content: bytes
    former: frozenset[str]


class World:
    """A repository on disk, its live index, and what the index has yet to hear of."""

    def __init__(self, root: Path) -> None:
        self.root, self.kept = root, root.with_suffix(".sqlite")
        self.cache = Cache(self.kept, "1")
        self.live = Repository(root, self.cache)
        self.answers = Answers(self.live)
        self.overlays: dict[str, bytes] = {}
        self.unheard: list[tuple[str, str]] = []
        self.rows: list[Row] = []
        self.origins: dict[str, str] = {}  # by path: where the file there was when all was heard
        self.before: dict[str, Before] = {}
        self.parts = False  # whether some of it was heard before the rest
        self.live.refresh()
        self.settle()

    # Deeds

    def do(self, deed: str, one: str, other: str) -> None:
        """Do it, and note what `watch` would see of it."""
        deeds = {"hear": self.hear, "look": self.look, "ask": self.ask, "work": self.work}
        deeds |= {"half": self.hear_part, "save": self.live.save, "reopen": self.reopen}
        deeds |= {"other": lambda: self.hear_part(0)}
        if deed in deeds:
            deeds[deed]()
        elif deed == "overlay":
            self.overlays[one] = other.encode()
            self.live.overlay(one, other.encode())
        elif deed == "close":
            self.overlays.pop(one, None)
            self.live.overlay(one, None)
        else:
            before = snapshot(self.root)
            with suppress(OSError):
                self.change(deed, one, other)
            self.note(before, snapshot(self.root))

    def change(self, deed: str, path: str, other: str) -> None:
        """Change the disk, as far as it can be."""
        file, new = self.root / path, self.root.with_suffix(".new")
        if deed == "write":
            write(file, other)
        elif deed == "replace":
            write(new, other)
            file.parent.mkdir(parents=True, exist_ok=True)
            new.rename(file)
            self.origins.pop(path, None)
        elif deed == "quiet":
            times = file.stat()
            write(file, other)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        elif deed == "append":
            write(file, file.read_text() + "x = f0(f1)\n")
        elif deed == "copy":
            write(self.root / other, file.read_text())
        else:
            self.change_names(deed, path, other)

    def change_names(self, deed: str, path: str, other: str) -> None:
        """The same for deeds that write no content."""
        file = self.root / path
        if deed == "rename":
            (self.root / other).parent.mkdir(parents=True, exist_ok=True)
            file.rename(self.root / other)
            self.moved(path, other)
        elif deed == "delete":
            shutil.rmtree(file) if file.is_dir() else file.unlink()
        elif deed == "link":
            file.unlink()
            file.symlink_to(self.root / other)
        elif deed == "shut":
            file.chmod(file.stat().st_mode & 0o777 ^ 0o070)
        else:
            self.run_git(deed, path)

    def run_git(self, deed: str, path: str) -> None:
        """The same for git."""
        if deed == "switch":
            self.origins.clear()
        if deed == "nest":
            (self.root / path).mkdir(parents=True, exist_ok=True)
        words = {
            "commit": ["commit", "--quiet", "--all", "-m", "x"],
            "add": ["add", "."],
            "switch": ["switch", "--quiet", "--force", path],
            "force": ["add", "--force", "--", path],
            "uncache": ["rm", "--cached", "-r", "--quiet", "--", path],
            "nest": ["-C", path, "init", "--quiet", "--template="],
        }
        git(self.root, *words[deed])

    def moved(self, old: str, new: str) -> None:
        """Files keep their origin when they or their folder are renamed."""
        for path in [*self.origins]:
            if path == old or path.startswith(f"{old}/"):
                self.origins[new + path[len(old) :]] = self.origins.pop(path)

    def note(self, before: dict[str, tuple[int, ...]], after: dict[str, tuple[int, ...]]) -> None:
        """The events of the difference: of a folder that came or went as a whole, only its own."""
        came = {path for path in after.keys() - before.keys() if after[path][0]}
        gone = {path for path in before.keys() - after.keys() if before[path][0]}
        for path in sorted(before.keys() | after.keys()):
            old, new = before.get(path), after.get(path)
            above = {str(one) for one in Path(path).parents}
            if old == new or above & came or (above & gone and new is None):
                continue
            kind = "added" if old is None else "deleted" if new is None else "modified"
            self.unheard.append((kind, path))

    def hear(self) -> None:
        """Everything that is unheard of, at once."""
        changes, self.unheard = self.unheard, []
        heard = what_changed(self.root, changes)
        if heard is None or heard:
            self.live.refresh(heard)
        self.settle()

    def hear_part(self, first: int = 1) -> None:
        """Half of it; the rest comes later."""
        self.parts = True
        changes, self.unheard = self.unheard[first::2], self.unheard[1 - first :: 2]
        heard = what_changed(self.root, changes)
        if heard is None or heard:
            self.live.refresh(heard)

    def look(self) -> None:
        """At everything."""
        self.unheard = []
        self.live.refresh()
        self.settle()

    def work(self) -> None:
        """Workers examine files; what they found is taken later."""
        if self.rows:
            rows, self.rows = self.rows, []
            self.live.adopt(rows)
        else:
            for path in self.live.unexamined():
                if found := read(self.root, path):
                    facts = examine(path, found[1])
                    self.rows.append(Row(path, found[0], digest_of(found[1]), *facts))

    def ask(self) -> None:
        """Some question, while not all was heard: any answer, but one."""
        for path in sorted(self.live.index.files)[:2]:
            self.answers.context([Selection(path, 0, 9)], 500, estimate)

    def reopen(self) -> None:
        """Another process goes on with what this one has saved."""
        self.live.save()
        self.cache.close()
        self.cache = Cache(self.kept, "1")
        self.live = Repository(self.root, self.cache)
        self.answers = Answers(self.live)
        for path, source in self.overlays.items():
            self.live.overlay(path, source)
        self.rows = []
        if len(self.live.index.files) % 2:
            self.work()
            self.work()
        self.look()

    # What must be true

    def settle(self) -> None:
        """All was heard: the files are the same as for an index built from nothing."""
        fresh = self.fresh()
        assert content(self.live) == content(fresh)
        now: dict[str, Before] = {}
        for path in paths(self.root):
            found = read(self.root, path)
            if found is None:
                continue
            former: frozenset[str] = frozenset()
            origin = self.origins.get(path, path)
            old = self.before.get(origin)
            if old and old.content.strip() and path != origin:
                same = old.content == found[1]
                if same or (found[1].startswith(old.content) and not self.parts):
                    former = old.former | {origin}
            elif old and path == origin:
                former = old.former
            former -= {path}
            assert former <= set(self.live.former(path))
            now[path] = Before(found[1], former)
        self.before, self.origins, self.parts = now, {path: path for path in now}, False

    def fresh(self) -> Repository:
        fresh = Repository(self.root)
        fresh.refresh()
        for path, source in self.overlays.items():
            fresh.overlay(path, source)
        return fresh

    def compare(self) -> None:
        """The same facts, and the same answers."""
        fresh = self.fresh()
        assert content(self.live) == content(fresh)
        other = Answers(fresh)
        for path, file in sorted(fresh.index.files.items()):
            assert self.live.index.files[path].outline == file.outline
            assert self.live.index.files[path].source() == file.source()
            selection = Selection(path, 0, 9)
            pieces = other.context([selection], 500, estimate, instruction="f2")
            assert self.answers.context([selection], 500, estimate, instruction="f2") == pieces
        for name in ("f0", "f1", "f2", "C", "b"):
            for index, others in ((self.live.index, fresh.index),):
                assert [f.path for f in index.holding(name)] == [
                    f.path for f in others.holding(name)
                ]
                found = [(file.path, at) for file, at in index.defining(name)]
                assert found == [(file.path, at) for file, at in others.defining(name)]
                assert index.modules(name) == others.modules(name)


def content(repository: Repository) -> dict[str, tuple[bytes, bytes]]:
    return {path: (file.digest, file.words) for path, file in repository.index.files.items()}


def write(file: Path, text: str) -> None:
    """Write it, so that the system's clock tells it from what was there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.stat() if file.is_file() else None
    while True:
        file.write_text(text)
        if before is None or file.stat().st_ctime_ns != before.st_ctime_ns:
            return
        time.sleep(0.001)


def snapshot(root: Path) -> dict[str, tuple[int, ...]]:
    """All that is there; first whether it is a folder."""
    found: dict[str, tuple[int, ...]] = {}
    for file in root.rglob("*"):
        status = file.lstat()
        times = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
        is_folder = stat.S_ISDIR(status.st_mode)
        key = str(file)[len(str(root)) + 1 :]
        found[key] = (is_folder, status.st_mode, *(() if is_folder else times))
    return found


@contextmanager
def world(template: Path, *, aged: bool) -> Generator[World]:
    """A world; `aged`: where all files seem old, so that their stamps are trusted."""
    top = Path(tempfile.mkdtemp())
    try:
        shutil.copytree(template, top / "r", symlinks=True)
        with pytest.MonkeyPatch.context() as patch:
            if aged:
                patch.setattr(module, "_FRESH_NS", -(1 << 62))
            one = World(top / "r")
            yield one
            assert one.cache.problem is None
            one.cache.close()
    finally:
        shutil.rmtree(top)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(deeds=DEEDS, aged=st.booleans())
def test_the_live_index_is_what_one_built_from_nothing_is(
    template: Path,
    deeds: list[Deed],
    aged: bool,  # noqa: FBT001 - drawn
) -> None:
    with world(template, aged=aged) as one:
        for deed in deeds:
            one.do(*deed)
        one.hear()
        one.compare()
        one.reopen()
        one.compare()


CASES = {
    "ignored later, and its stamp is the same": "uncache p/a.py, hear, write .gitignore 2",
    "ignored by the first file of a folder of git's": "write b.py 0, hear, write .git/info/exclude 5",
    "a path that was a folder": "shut p, hear, delete p, hear, write p 0",
    "changed while examined": "write a.py 1, work, write a.py 2, hear, work",
    "ignored while examined": "write b.py 1, work, write .gitignore 5, hear, work",
    "gone while examined": "work, delete a.py, hear, work",
    "opened and closed": "overlay a.py 1, close a.py",
    "opened and closed though ignored": "write x.log 1, overlay x.log 2, close x.log",
    "renamed beneath unsaved text": "overlay a.py 1, rename a.py b.py, half, hear",
    "renamed, and heard in the other order": "rename a.py b.py, other, hear",
    "renamed and edited": "rename p/a.py b.py, append b.py",
    "renamed and edited, and seen to be gone first": "rename a.py b.py, append b.py, ask",
    "renamed, edited and replaced, which is seen first": "rename a.py b.py, append b.py, write a.py 1, ask",
    "renamed over another": "write b.py 1, hear, rename p/a.py b.py",
    "renamed and made anew": "rename p/a.py b.py, write p/a.py 1",
    "renamed while nobody looked": "save, rename p/a.py b.py, reopen",
    "renamed, and known to the next process": "rename p/a.py b.py, hear, reopen",
    "renamed, of which the last process heard one half": "rename p s, other, reopen",
    "renamed, of which the last process heard the other half": "rename p s, half, reopen",
    "renamed, and examined only then": "rename p s, work, reopen",
    "ignored no longer": "write x.log 0, hear, write .gitignore 0, hear, write x.log 1",
    "ignored, gone, and there again": "write x.log 0, hear, delete x.log, write .gitignore 0, hear, write x.log 1",
    "a folder moved away": "rename p s",
    "a folder deleted": "delete p",
    "new, gone, and there again": "write b.py 0, hear, delete b.py, hear, write b.py 1",
    "another repository comes and goes": "nest s, write s/a.py 1, hear, delete s/.git",
    "a link in its place": "link a.py p/a.py, hear, replace a.py 0",
    "a file becomes a folder": "delete a.py, write a.py/a.py 0",
    "the same size and time": "hear, quiet a.py 1",
    "a branch with other files": "switch other, half, hear, switch main",
}


def read_deed(text: str) -> Deed:
    """A deed, as the cases write it: its text by number."""
    name, place, other = [*text.split(), "", ""][:3]
    if other.isdecimal():
        other = (RULES if place in IGNORES else SOURCES)[int(other)]
    return name, place, other


@pytest.mark.parametrize("aged", [True, False])
@pytest.mark.parametrize("deeds", CASES.values(), ids=CASES.keys())
def test_cases_that_are_easily_got_wrong(template: Path, deeds: str, aged: bool) -> None:  # noqa: FBT001 - a parameter of the test
    with world(template, aged=aged) as one:
        for deed in deeds.split(", "):
            one.do(*read_deed(deed))
        one.hear()
        one.compare()
        one.reopen()
        one.compare()


def test_what_is_really_heard_keeps_the_index_live(template: Path) -> None:
    """The same deeds with the system's own events."""
    heard: SimpleQueue[frozenset[str] | None] = SimpleQueue()
    stop = threading.Event()

    def listen(root: Path) -> None:
        for changes in watch(root, stop):
            heard.put(changes)

    with world(template, aged=True) as one:
        thread = threading.Thread(target=listen, args=(one.root,))
        thread.start()
        try:
            for number, deeds in enumerate(["hear", *CASES.values()]):
                for deed in deeds.split(", "):
                    name, place, text = read_deed(deed)
                    if name not in {"hear", "half", "other", "work", "reopen"}:
                        one.do(name, place, text)
                one.unheard = []
                until_heard(one, heard, f"probe{number}.txt")
                one.compare()
        finally:
            stop.set()
            thread.join()


def until_heard(one: World, heard: SimpleQueue[frozenset[str] | None], probe: str) -> None:
    """Look at what is heard, until a last change is; the first may come before anybody listens."""
    for _ in range(300):
        put(one.root / probe, "x")
        with suppress(Empty):
            while True:
                changes = heard.get(timeout=0.2)
                one.live.refresh(changes)
                if probe in one.live.index.files and (changes is None or probe in changes):
                    return
    pytest.fail("nothing was heard")
