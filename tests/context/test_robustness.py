"""Repositories as they should not be: no crash, no hang, and the answers of a clean one.

What concerns listing, reading, the cache or the workers alone is tested with these; here it is all
of them together, from the files to the answer.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_disk import ordinary_user
from support_repository import put
from twolane_context.answers import Answers
from twolane_context.cache import Cache
from twolane_context.question import Selection
from twolane_context.repository import Repository
from twolane_context.tokens import estimate

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 1_000
SHOP = {
    "shop/__init__.py": "",
    "shop/price.py": "RATE = 2\n\n\ndef net(price):\n    return price\n\n\n"
    "def gross(price):\n    return RATE * net(price)\n",
    "shop/cart.py": "from shop.price import gross\n\n\nclass Cart:\n    def cost(self):\n"
    "        return gross(self.price)\n",
    "web/price.ts": "export function gross(price: number): number {\n    return price;\n}\n",
    "web/cart.ts": 'import { gross } from "./price";\n\nexport class Cart {\n    cost(): number {\n'
    "        return gross(1);\n    }\n}\n",
}
PIECES = {
    ("shop/cart.py", 5): {("shop/price.py", 8, 9)},
    ("web/cart.ts", 4): {("web/price.ts", 1, 3)},
    ("shop/price.py", 7): {
        ("shop/cart.py", 5, 5),
        ("shop/price.py", 4, 5),
        ("shop/price.py", 1, 1),
    },
}
SITES = {("shop/price.py", 7), ("shop/cart.py", 0), ("shop/cart.py", 5)}


def make_shop(root: Path) -> Path:
    for path, text in SHOP.items():
        put(root / path, text)
    return root


def check(answers: Answers) -> None:
    """The answers are those of the shop alone."""
    for (path, row), expected in PIECES.items():
        pieces = answers.context([Selection(path, row, row)], BUDGET, estimate)
        assert {(one.path, one.start_line, one.end_line) for one in pieces} == expected
    sites = answers.references("shop/price.py", 7, 4)
    assert {(site.path, site.row) for site in sites} == SITES


def looked_at(root: Path, cache: Cache | None = None) -> Repository:
    repository = Repository(root, cache)
    repository.refresh()
    return repository


def opened(root: Path, cache: Cache | None = None) -> Answers:
    return Answers(looked_at(root, cache))


def test_the_shop_is_what_these_tests_take_it_for(tmp_path: Path) -> None:
    check(opened(make_shop(tmp_path)))


# Files


_CALL = "gross(net(price),cost);"
_DEEP = "(" * 100_000 + "gross" + ")" * 100_000


def _sparse(file: Path) -> None:
    put(file, b"def gross(price): pass\n")
    os.truncate(file, 100_000_000)


def _whole(file: Path) -> None:
    with file.open("wb") as out:
        for _ in range(100):
            out.write(b"def gross(price): pass\n" * 50_000)


def _pipe(file: Path) -> None:
    os.mkfifo(file)


def _socket(file: Path) -> None:
    there = Path.cwd()
    os.chdir(file.parent)  # the path of a socket has few characters
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(file.name)
    finally:
        os.chdir(there)


def _loop(file: Path) -> None:
    file.symlink_to(file.parent, target_is_directory=True)
    (file.parent / "round.py").symlink_to("round.py")
    (file.parent / "shop" / "again").symlink_to("..")


def _deep_folders(file: Path) -> None:
    for _ in range(200):
        file = file / "folder"
    put(file / "x.py", "gross = net\n")


ODD: dict[str, tuple[str, str | bytes | Callable[[Path], None]]] = {
    "a bundle": ("x.js", "!function(a){" + "a.b=function(c){return c};" * 20_000 + "}();"),
    "one line of names": ("x.js", _CALL * 2_000),
    "one word of a megabyte": ("x.py", "gross" * 300_000),
    "very many words": ("x.py", "\n".join(f"w{n} = {n}" for n in range(90_000))),
    "very many uses": ("x.py", "w = gross\n" * 1_000),
    "very many definitions": ("x.py", "\n".join(f"def w{n}(): cost" for n in range(20_000))),
    "binary": ("x.py", b"def gross(price):\0\n" * 1_000),
    "another encoding": ("x.py", "def gross(price): pass\n".encode("utf-16")),
    "no UTF-8": ("x.py", b"caf\xe9 = '\xff\xfe\x80 \xed\xa0\x80'\ndef caf\xe9(): pass\n" * 100),
    "100 MB, sparse": ("x.py", _sparse),
    "100 MB of text": ("x.py", _whole),
    "only carriage returns": ("x.py", "y = 1\rz = cost\r" * 1_000),
    "nothing but an open string": ("x.py", '"""' + "gross " * 10_000),
    "a pipe": ("x.py", _pipe),
    "a socket": ("x.py", _socket),
    "links in a circle": ("loop", _loop),
    "deep folders": ("deep", _deep_folders),
    "a name of lines": ("x\n+++ b/shop/price.py\n.py", "y = 1\n"),
    "a name that is no UTF-8": (os.fsdecode(b"\xff\xfe.py"), "y = 1\n"),
    "a name that looks like an option": ("--help.py", "y = 1\n"),
    "nested brackets, py": ("x.py", _DEEP),
    "nested brackets, ts": ("x.ts", _DEEP),
    "nested blocks": ("x.js", "function f(){" * 100_000),
}
DEEP = {
    **dict.fromkeys(("rs", "tsx", "js", "go", "c", "cpp", "java"), _DEEP),
    # At each broken token, Lua's scanner looks for the end of a long string, up to the file's end.
    "lua": "(" * 10_000 + "gross" + ")" * 10_000,
}


@pytest.mark.parametrize(("path", "content"), ODD.values(), ids=ODD.keys())
def test_an_odd_file_changes_no_answer(
    tmp_path: Path, path: str, content: str | bytes | Callable[[Path], None]
) -> None:
    root = make_shop(tmp_path / "r")
    began = time.process_time()
    if callable(content):
        content(root / path)
    else:
        put(root / path, content)
    answers = opened(root)
    check(answers)
    files = answers.steady(lambda: [*answers.resolver().index.files])
    for odd in [one for one in files if one not in SHOP]:
        pieces = answers.context([Selection(odd, 0, 0)], BUDGET, estimate, instruction="gross")
        assert sum(piece.tokens for piece in pieces) <= BUDGET
    check(answers)
    assert time.process_time() - began < 40  # a quarter of that where nothing else runs


@pytest.mark.slow
@pytest.mark.parametrize("suffix", DEEP)
def test_nested_brackets_change_no_answer(tmp_path: Path, suffix: str) -> None:
    test_an_odd_file_changes_no_answer(tmp_path, f"x.{suffix}", DEEP[suffix])


def test_bytes_that_are_no_utf8_move_no_line(tmp_path: Path) -> None:
    root = make_shop(tmp_path)
    old = SHOP["shop/price.py"].encode()
    put(root / "shop" / "price.py", old.replace(b"return price", b"return price  # \xff\xe9\x80"))
    answers = opened(root)
    check(answers)
    [piece] = answers.context([Selection("shop/cart.py", 5, 5)], BUDGET, estimate)
    assert piece.text == "def gross(price):\n    return RATE * net(price)\n"


# Disks


def test_files_that_vanish_while_they_are_read(tmp_path: Path) -> None:
    root = make_shop(tmp_path / "r")
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            for path in ("shop/price.py", "web/price.ts", "shop/cart.py"):
                (root / path).rename(tmp_path / "aside")
                put(root / path, "def gross(): pass\n")
                (root / path).unlink()
                (tmp_path / "aside").rename(root / path)
            (root / "web").rename(tmp_path / "web")
            (tmp_path / "web").rename(root / "web")

    answers = opened(root)
    thread = threading.Thread(target=churn)
    thread.start()
    try:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            repository = Repository(root)
            repository.refresh()
            for one in (answers, Answers(repository)):
                for path, row in PIECES:
                    one.context([Selection(path, row, row)], BUDGET, estimate)
                one.references("shop/price.py", 7, 4)
    finally:
        stop.set()
        thread.join()
    answers.steady(lambda: None)
    Repository(root).refresh()
    fresh = opened(root)
    check(fresh)


def test_what_one_may_not_read_is_as_if_it_were_not_there() -> None:
    with ordinary_user() as top:
        root = make_shop(top / "r")
        put(root / "own" / "x.py", "from shop.price import gross\ngross(1)\n").chmod(0)
        put(root / "closed" / "x.py", "from shop.price import gross\ngross(1)\n")
        (root / "closed").chmod(0)
        answers = opened(root)
        check(answers)
        # While a server runs.
        live = Repository(root)
        live.refresh()
        asked = Answers(live)
        check(asked)
        (root / "shop" / "price.py").chmod(0)
        asked.context([Selection("shop/cart.py", 5, 5)], BUDGET, estimate)
        (root / "shop" / "price.py").chmod(0o600)
        live.refresh()
        check(asked)


def git(root: Path, *words: str | Path) -> None:
    who = ("-c", "user.name=n", "-c", "user.email=e@localhost", "-c", "protocol.file.allow=always")
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(
        ["git", "-C", root, *who, *words], check=True, capture_output=True, env=environment
    )


@pytest.mark.parametrize("how", ["no git", "a repository", "git is not installed", "broken"])
def test_with_git_and_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    root = make_shop(tmp_path / "r")
    put(root / "shop" / ".gitignore", "old/\n")
    put(root / "shop" / "old" / "price.py", "from shop.price import gross\n\n\ngross(1)\n")
    if how != "no git":
        git(root, "init", "--quiet")
    if how == "git is not installed":
        monkeypatch.setenv("PATH", str(tmp_path))
    if how == "broken":
        put(root / ".git" / "HEAD", "nonsense")
    check(opened(root))


def test_answers_reach_into_submodules_and_out_of_them(tmp_path: Path) -> None:
    part = tmp_path / "part"
    put(part / "price.py", SHOP["shop/price.py"])
    put(part / ".gitignore", "*.log\n")
    git(part, "init", "--quiet")
    git(part, "add", ".")
    git(part, "commit", "--quiet", "-m", "x")
    root = make_shop(tmp_path / "r")
    (root / "shop" / "price.py").unlink()
    put(root / "shop" / "cart.py", SHOP["shop/cart.py"].replace("shop.price", "part.price"))
    git(root, "init", "--quiet")
    git(root, "submodule", "--quiet", "add", part, "part")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "x")
    answers = opened(root)
    [piece] = answers.context([Selection("shop/cart.py", 5, 5)], BUDGET, estimate)
    assert (piece.path, piece.start_line) == ("part/price.py", 8)
    pieces = answers.context([Selection("part/price.py", 7, 7)], BUDGET, estimate)
    assert ("shop/cart.py", 5) in {(one.path, one.start_line) for one in pieces}


# Caches


_SERVER = """
import sys
from pathlib import Path
from test_robustness import Cache, Answers, Repository, check, put
root, file, own = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
cache = Cache(file, "1")
repository = Repository(root, cache)
answers = Answers(repository)
for turn in range(25):
    put(root / f"{own}.py", f"def {own}_{turn}():\\n    return {own}_{turn}\\n")
    if turn % 2:
        repository.refresh([f"{own}.py"])
    else:
        repository.refresh()
    check(answers)
    (file,) = answers.resolver().index.defining(f"{own}_{turn}")
    repository.save()
cache.close()
sys.exit(cache.problem)
"""


def run(program: str, *words: str | Path, stdout: int | None = None) -> subprocess.Popen[bytes]:
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(here)])}
    # What cannot be written for two seconds is left out; on a busy machine another may write for so long.
    patient = "import twolane_context.cache as module; module._WAIT_SECONDS = 600.0\n" + program
    return subprocess.Popen([sys.executable, "-c", patient, *words], env=environment, stdout=stdout)


def test_two_servers_on_one_cache_answer_right(tmp_path: Path) -> None:
    root, file = make_shop(tmp_path / "r"), tmp_path / "index.sqlite"
    with run(_SERVER, root, file, "one") as one, run(_SERVER, root, file, "two") as two:
        assert (one.wait(), two.wait()) == (0, 0)
    check(opened(root, cache := Cache(file, "1")))
    assert cache.problem is None
    cache.close()


_KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from test_robustness import Cache, Repository, check, opened
root, file, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
dice = random.Random(1)
broken_off = 0
for _ in range(times):
    reading, writing = os.pipe()
    writer = os.fork()
    if not writer:
        cache = Cache(file, "1")
        repository = Repository(root, cache)
        repository.refresh()
        while True:
            repository._kept.clear()
            os.write(writing, b"(")
            repository.save()
            os.write(writing, b")")
    os.close(writing)
    assert os.read(reading, 1), "the writer fell over"
    time.sleep(dice.random() * 0.02)
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    broken_off += os.read(reading, 1_000_000)[-1:] != b")"
    os.close(reading)
    cache = Cache(file, "1")
    kept = len(cache.rows())
    assert kept in (0, 305), kept
    check(opened(root, cache))
    assert cache.problem is None, cache.problem
    cache.close()
assert broken_off > times // 4, broken_off
"""


def test_a_writer_that_is_killed_50_times(tmp_path: Path) -> None:
    root = make_shop(tmp_path / "r")
    for number in range(300):
        put(root / "more" / f"x{number}.py", f"def x{number}():\n    return x{number}\n" * 20)
    with run(_KILLED, root, tmp_path / "index.sqlite", "50") as process:
        assert process.wait() == 0


@pytest.mark.parametrize("damage", ["cut", "overwritten", "not a database", "older", "empty"])
def test_a_cache_that_is_no_good_is_built_anew_and_that_is_said_once(
    tmp_path: Path, damage: str
) -> None:
    root, file = make_shop(tmp_path / "r"), tmp_path / "index.sqlite"
    for number in range(100):
        put(root / "more" / f"x{number}.py", f"def x{number}():\n    return x{number}\n" * 20)
    cache = Cache(file, "0" if damage == "older" else "1")
    repository = looked_at(root, cache)
    check(Answers(repository))
    repository.save()
    cache.close()
    whole = file.read_bytes()
    if damage == "cut":
        os.truncate(file, len(whole) // 2)
    elif damage == "overwritten":
        file.write_bytes(whole[:4_096] + bytes(len(whole) - 4_096))
    elif damage == "not a database":
        file.write_bytes(whole[:72] + b"nonsense" * 1_000)
    elif damage == "empty":
        file.write_bytes(b"")
    said: list[str | None] = []
    for _ in range(2):
        cache = Cache(file, "1")
        repository = looked_at(root, cache)
        check(Answers(repository))
        repository.save()
        said.append(cache.problem)
        cache.close()
    assert said[1] is None
    assert (said[0] is None) == (damage == "empty"), said
    assert said[0] is None or "anew" in said[0]


# Size


@pytest.mark.slow
def test_a_repository_of_a_hundred_thousand_files(tmp_path: Path) -> None:
    program = """
import json, re, sys, time
from pathlib import Path
from test_robustness import Answers, Cache, Repository, check, put
root, file = Path(sys.argv[1]), Path(sys.argv[2])
took = {}
def clock(name, work):
    began = time.process_time()
    result = work()
    took[name] = time.process_time() - began
    return result
cache = Cache(file, "1")
repository = clock("open", lambda: Repository(root, cache))
clock("look", lambda: repository.refresh())
answers = Answers(repository)
check(answers)
clock("ask", lambda: check(answers))
put(root / "shop" / "new.py", "def brand_new(): pass\\n")
clock("come", lambda: repository.refresh(["shop/new.py"]))
assert answers.resolver().index.defining("brand_new")
put(root / "shop" / "new.py", "def brand_newer(): pass\\n")
clock("save", lambda: repository.refresh(["shop/new.py"]))
assert answers.resolver().index.defining("brand_newer")
clock("keep", lambda: repository.save())
cache.close()
# Not `ru_maxrss`, in which the process that started this one has its part.
status = open("/proc/self/status").read()
took["megabytes"] = int(re.search(r"VmHWM:\\s*(\\d+) kB", status)[1]) / 1024
print(json.dumps(took))
"""
    root = make_shop(tmp_path / "r")
    for folder in range(400):
        (root / f"more{folder}").mkdir()
        for number in range(250):
            text = f"def f{folder}_{number}(a):\n    return f{folder}_{number - 1}(a)\n"
            (root / f"more{folder}" / f"x{number}.py").write_text(text)
    for turn in ("cold", "warm"):
        with run(program, root, tmp_path / "index.sqlite", stdout=subprocess.PIPE) as process:
            took = json.loads(process.communicate(timeout=1_200)[0])
        assert process.returncode == 0
        # Several times what a machine needs that does nothing else.
        assert took["open"] + took["look"] < (20 if turn == "cold" else 8)
        assert took["ask"] < 2
        assert took["come"] < 2
        assert took["save"] < 0.5
        assert took["megabytes"] < 500
