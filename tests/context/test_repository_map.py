"""The repository map: what it shows, and that its bytes last."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_index import file_of
from support_sources import SOURCES
from twolane_context import repository_map as repository_map_module
from twolane_context.definitions import Kind
from twolane_context.index import File, Index
from twolane_context.repository_map import MapState, dump, load, repository_map
from twolane_context.tokens import estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from twolane_context.outline import Outline

EMPTY = MapState()
HEADER = "Signatures by file. Of two entries for the same file, the later one holds.\n"
SHOP = {
    "README.md": "# Shop\n",
    "shop/basket.py": (
        "from shop.price import Price, total\n\n"
        "class Basket:\n"
        "    def add_item(self, item):\n        self.items.append(item)\n\n"
        "    def _unused(self): return 1\n"
    ),
    "shop/price.py": (
        "@frozen\nclass Price(Base):\n    amount = 1\n\n"
        "@cache\ndef total(\n    prices: list[Price],\n    tax: int = 0,\n) -> Price:\n"
        "    def inner(): pass\n    return prices[0]\n\n"
        "def quick(a): return a\n"
    ),
    "shop/till.py": "from shop.basket import Basket\nBasket().add_item(total)\n",
}
SHOP_MAP = HEADER + (
    "README.md\n"
    "shop/basket.py\n  class Basket:\n    def add_item(self, item):\n    def _unused(self):\n"
    "shop/price.py\n  class Price(Base):\n"
    "  def total( prices: list[Price], tax: int = 0, ) -> Price:\n  def quick(a):\n"
    "shop/till.py\n"
)


class Repository:
    """Texts by path, and their index."""

    def __init__(self, texts: Mapping[str, str], *, examined: bool = True) -> None:
        self.texts: dict[str, str] = dict(texts)
        self.reads: list[str] = []
        self.index = Index({path: self.file(path) for path in self.texts})
        for file in self.index.files.values() if examined else ():
            file.examined()

    def file(self, path: str) -> File:
        return file_of(path, self.texts[path].encode(), lambda at, _: self.texts[at].encode())

    def put(self, path: str, text: str | None) -> None:
        self.texts.pop(path, None)
        if text is not None:
            self.texts[path] = text
        self.index = self.index.changed({path: self.file(path) if text is not None else None})

    def replace(self, path: str, old: str, new: str) -> None:
        assert old in self.texts[path]
        self.put(path, self.texts[path].replace(old, new, 1))

    def lines(self, path: str) -> list[str]:
        self.reads.append(path)
        return self.texts[path].split("\n")

    def map(self, previous: MapState = EMPTY, budget: int = 1024) -> MapState:
        return repository_map(
            self.index, self.lines, budget, estimate, previous, allowed=lambda _: True
        )

    def visible(self, allowed: Callable[[str], bool], previous: MapState = EMPTY) -> MapState:
        index = self.index.visible(allowed)
        return repository_map(index, self.lines, 1024, estimate, previous, allowed=allowed)


def town() -> dict[str, str]:
    """A repository of 120 files, some of which many others import."""
    chance = random.Random(0)  # noqa: S311 - no secret
    texts: dict[str, str] = {"README.md": "# Town\n", "Makefile": "all:\n"}
    for number in range(120):
        others = sorted({int(number * chance.random() ** 2) for _ in range(6)} - {number})
        lines = [f"from town.part{n % 9}.m{n} import Street{n}, walk_{n}" for n in others]
        lines += ["", f"class Street{number}(Base):"]
        for method in range(chance.randint(1, 5)):
            lines += [f"    def step_{method}(self, a: int, b: str = '') -> None:", "        pass"]
        for function in (f"walk_{number}", f"find_{number}", f"_pave_{number}"):
            lines += ["", f"def {function}(", "    street,", "):", "    return street.step_0(1)"]
        texts[f"town/part{number % 9}/m{number}.py"] = "\n".join([*lines, ""])
    return texts


def survived(old: str, new: str) -> float:
    """How much of the old bytes the new ones begin with."""
    before, after = old.encode(), new.encode()
    same = (one == other for one, other in zip(before, after, strict=False))
    return sum(takewhile(bool, same)) / len(before)


def test_it_shows_what_others_use_then_all_paths_then_the_rest() -> None:
    made = Repository(SHOP).map()
    assert made.text == SHOP_MAP
    assert [(one.path, one.first, one.last) for one in made.entries] == [
        ("README.md", 0, 0),
        ("shop/basket.py", 3, 7),
        ("shop/price.py", 2, 13),
        ("shop/till.py", 0, 0),
    ]


def test_the_most_used_comes_first_into_a_small_budget() -> None:
    shown = "shop/price.py\n  def total( prices: list[Price], tax: int = 0, ) -> Price:\n"
    assert Repository(SHOP).map(budget=72).text == HEADER + shown


def test_every_language_shows_its_signatures_without_bodies() -> None:
    text = Repository(SOURCES).map(budget=4096).text
    for line in (
        "  function M.café(x)\n",
        "  namespace n\n    template <class T> class A : public B<T>\n",
        "    @Override public String café(int a)\n",
        "  const f = (x: number) =>\n",
        "  static int *café(const char *a, int b)\n",
        "  fn café<T>(a: &str) -> i32\n",
        "  func Café(a int) (int, error)\n",
        "  export const F = () =>\n",
        "  class A(B):\n    async def g(self):\n",
    ):
        assert line in text


def test_a_member_brings_what_holds_it() -> None:
    source = "struct A;\nimpl Clone for A {}\nimpl Drop for A {\n    fn drop(&mut self) {}\n}\n"
    users = {f"{n}.rs": "fn main() { drop }" for n in range(9)}
    text = Repository({"a.rs": source, **users}).map(budget=64).text
    assert "a.rs\n  impl Drop for A\n    fn drop(&mut self)\n" in text
    assert "Clone" not in text


def test_a_name_may_stand_behind_the_body() -> None:
    made = Repository({"a.c": "typedef struct {\n  int a;\n} Box;\n", "b.c": "Box x;\n"}).map()
    assert made.text == HEADER + "a.c\n  typedef struct Box\nb.c\n"
    assert (made.entries[0].first, made.entries[0].last) == (1, 1)


def test_what_is_too_long_or_cannot_be_printed_is_left_out() -> None:
    long = f"def long({', '.join(f'a{n}' for n in range(99))}): pass\ndef short(): pass\n"
    made = Repository({"a.py": long, "b\nc.py": "def f(): pass\n", "\udcff.py": "x = 1\n"}).map()
    assert made.text == HEADER + "a.py\n  def short():\n"


@pytest.mark.parametrize("budget", [-1, 0, 1, 20])
def test_a_budget_too_small_gives_no_map(budget: int) -> None:
    repository = Repository(SHOP)
    made = repository.map(budget=budget)
    assert made.text == ""
    assert repository.map(made, budget) == made


def test_an_empty_repository_has_no_map_until_it_has_files() -> None:
    repository = Repository({})
    made = repository.map()
    assert made.text == ""
    repository.put("a.txt", "words\n")
    made = repository.map(made)
    assert made.text == HEADER + "a.txt\n"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.integers(1, 9))
def test_it_keeps_to_the_budget_and_never_cuts(budget: int, dear: int) -> None:
    def count(text: str) -> int:
        return -(-len(text) // dear)

    repository = Repository(SHOP)
    made = repository_map(
        repository.index, repository.lines, budget, count, EMPTY, allowed=lambda _: True
    )
    assert count(made.text) <= max(0, budget)
    assert set(made.text.splitlines()) <= set(SHOP_MAP.splitlines())


def test_a_cold_repository_has_no_map_and_nothing_is_demanded() -> None:
    repository = Repository({f"a{n}.py": f"def f{n}(): pass\n" for n in range(51)}, examined=False)
    made = repository.map()
    assert made.text == ""
    assert not repository.reads
    assert all(file.facts is None for file in repository.index.files.values())
    for file in repository.index.files.values():
        file.examined()
    assert "a42.py\n  def f42():\n" in repository.map(made).text


def test_only_the_chosen_files_are_read_and_each_once() -> None:
    repository = Repository(town())
    made = repository.map()
    shown = {one.path for one in made.entries}
    assert 5 < len(shown) < len(repository.texts) / 2
    assert len(repository.reads) == len(set(repository.reads)) <= len(shown) + 1
    repository.reads.clear()
    assert repository.map(made) == made
    assert not repository.reads


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("shop/price.py", "return prices[0]", "return prices[1]\n\n\ndef fresh(): pass"),
        ("shop/price.py", "def quick(a): return a", "def quick(a): return a + 1"),
        ("shop/basket.py", "class Basket", "# A comment.\n\n\nclass Basket"),
        ("shop/basket.py", "\n\nclass Basket", "\nimport os\n\n@frozen\nclass Basket"),
        ("README.md", "Shop", "Our shop"),
    ],
)
def test_an_edit_elsewhere_changes_no_byte(path: str, old: str, new: str) -> None:
    repository = Repository(SHOP)
    made = repository.map()
    repository.replace(path, old, new)
    after = repository.map(made)
    assert after.text == made.text
    for one in after.entries:  # the lines are those of now
        if one.first:
            shown = one.text.splitlines()[1]
            assert repository.texts[one.path].split("\n")[one.first - 1].strip() in shown


def test_a_new_file_changes_no_byte() -> None:
    repository = Repository(SHOP)
    made = repository.map()
    repository.put("shop/new.py", "from shop.price import quick\ndef new(): pass\n")
    assert repository.map(made).text == made.text


def test_a_changed_signature_is_appended_and_all_before_survives() -> None:
    repository = Repository(SHOP)
    made = repository.map()
    repository.replace("shop/price.py", "quick(a)", "quick(a, b)")
    after = repository.map(made)
    assert after.text == made.text + (
        "shop/price.py\n  class Price(Base):\n"
        "  def total( prices: list[Price], tax: int = 0, ) -> Price:\n  def quick(a, b):\n"
    )
    assert repository.map(after) == after


def test_a_file_that_went_is_told_of() -> None:
    repository = Repository(SHOP)
    made = repository.map()
    repository.put("shop/basket.py", None)
    after = repository.map(made)
    assert after.text == made.text + "shop/basket.py (gone)\n"
    repository.put("shop/basket.py", SHOP["shop/basket.py"])
    back = repository.map(after)
    assert back.text.startswith(after.text + "shop/basket.py\n  class Basket:\n")


def test_a_file_that_became_secret_leaves_no_trace() -> None:
    repository = Repository(SHOP)
    made = repository.map()
    repository.replace("shop/basket.py", "add_item", "add_goods")
    made = repository.map(made)
    after = repository.visible(lambda path: "basket" not in path, made)
    assert "basket" not in after.text.casefold()
    assert "add" not in after.text
    assert b"asket" not in dump(after)


def test_what_changes_has_its_share_of_the_budget_then_all_is_chosen_anew() -> None:
    repository = Repository(SHOP)
    made = repository.map(budget=512)
    renewed = 0
    for number in range(20):
        repository.put(
            "shop/price.py", SHOP["shop/price.py"].replace("quick(", f"quick(a{number}, ")
        )
        after = repository.map(made, budget=512)
        assert estimate(after.text) <= 512
        if not after.text.startswith(made.text):
            renewed += 1
            assert after == repository.map(budget=512)
        made = after
    assert 1 <= renewed <= 5


def test_it_is_chosen_anew_for_many_new_files() -> None:
    repository = Repository(SHOP)
    made = repository.map(budget=72)
    for number in range(6):
        repository.put(f"shop/n{number}.py", "from shop.price import Price\n")
    assert repository.map(made, budget=72).text == HEADER + "shop/price.py\n  class Price(Base):\n"


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from([*SHOP, *SOURCES])), st.booleans())
def test_what_is_hidden_does_not_exist(hidden: set[str], before: bool) -> None:  # noqa: FBT001 - drawn
    texts = {**SHOP, **SOURCES}
    repository = Repository(texts)
    without = Repository({path: text for path, text in texts.items() if path not in hidden})
    state = repository.visible(lambda path: path not in hidden)
    assert state == without.map()
    if before:  # also from one edit to the next
        for one in (repository, without) if "shop/price.py" not in hidden else (repository,):
            one.replace("shop/price.py", "quick(a)", "quick(a, b)")
        after = repository.visible(lambda path: path not in hidden, state)
        assert after == without.map(state)


EDITS = ("body", "comment", "function", "rename", "signature", "create", "delete")


def edited(repository: Repository, chance: random.Random, number: int) -> str:
    """One edit as a person may make it; says which."""
    kinds = {Kind.FUNCTION, Kind.METHOD, Kind.CLASS}
    files = sorted(repository.index.files.items())
    found = [(p, s) for p, file in files for s in file.outline.symbols if s.kind in kinds]
    path = chance.choice(sorted({path for path, _ in found}))
    symbol = chance.choice([symbol for one, symbol in found if one == path])
    lines = repository.texts[path].split("\n")
    indent = " " * (len(lines[symbol.row]) - len(lines[symbol.row].lstrip()) + 4)
    kind = chance.choice(EDITS)
    if kind == "body":
        lines.insert(symbol.head + 1, f"{indent}x{number} = {number}")
    elif kind == "comment":
        lines.insert(0, f"# {number}")
    elif kind == "function":
        lines += [f"def fresh_{number}(a):", "    return a", ""]
    elif kind == "rename":
        name = f"{symbol.name}_{number}"
        lines[symbol.row] = lines[symbol.row].replace(symbol.name, name, 1)
    elif kind == "signature" and "(" in lines[symbol.row]:
        lines[symbol.row] = lines[symbol.row].replace("(", f"(New{number}, ", 1)
    elif kind == "create":
        path, lines = f"town/fresh_{number}.py", [f"def fresh_{number}(): pass"]
    repository.put(path, None if kind == "delete" else "\n".join(lines))
    return kind


@pytest.mark.parametrize("budget", [1024, 2048, 4096])
@pytest.mark.parametrize("seed", [1, 2])
def test_over_a_session_of_50_edits_the_prefix_survives(budget: int, seed: int) -> None:
    repository, chance = Repository(town()), random.Random(seed)  # noqa: S311 - no secret
    state = repository.map(budget=budget)
    changes: list[float] = []
    for number in range(50):
        kind = edited(repository, chance, number)
        after = repository.map(state, budget)
        assert repository.map(after, budget) == after  # questions in between
        assert repository.map(load(dump(state)), budget) == after  # and elsewhere
        assert estimate(after.text) <= budget
        if after.text != state.text:
            assert kind in {"rename", "signature", "delete"}
            changes.append(survived(state.text, after.text))
        state = after
    assert changes  # or nothing was tested
    assert min(changes) >= 0.95


def test_even_when_every_edit_hits_the_map_most_of_the_prefix_survives() -> None:
    repository, chance = Repository(town()), random.Random(3)  # noqa: S311 - no secret
    state = repository.map(budget=2048)
    changes: list[float] = []
    for number in range(50):
        shown = chance.choice([entry for entry in state.entries if entry.first])
        lines = repository.texts[shown.path].split("\n")
        lines[shown.first - 1] = lines[shown.first - 1].replace("(", f"(New{number}, ", 1)
        repository.put(shown.path, "\n".join(lines))
        after = repository.map(state, budget=2048)
        changes.append(survived(state.text, after.text))
        state = after
    assert sum(changes) / 50 >= 0.85


PROGRAM = """
import sys
from pathlib import Path
from twolane_context.disk import Row, Stamp, digest_of
from twolane_context.index import File, Index
from twolane_context.names import words
from twolane_context.repository_map import dump, load, repository_map
from twolane_context.tokens import estimate
root, before = Path(sys.argv[1]), Path(sys.argv[2])
def read(path, digest=b""): return (root / path).read_bytes()
paths = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
rows = ((path, Stamp(0, 0, 0), digest_of(read(path)), words(read(path)), None) for path in paths)
index = Index({row[0]: File(Row(*row), read) for row in rows})
for file in index.files.values(): file.examined()
lines = lambda path: read(path).decode().split("\\n")
previous = load(before.read_bytes() if before.exists() else b"")
state = repository_map(index, lines, 2048, estimate, previous, allowed=lambda path: True)
sys.stdout.buffer.write(dump(state))
"""


def test_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    repository, root, kept = Repository(town()), tmp_path / "r", tmp_path / "state"

    def elsewhere(seed: str) -> MapState:
        for path, text in repository.texts.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text.encode())
        found = subprocess.run(
            [sys.executable, "-c", PROGRAM, root, kept],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        )
        return load(found.stdout)

    state = repository.map(budget=2048)
    assert elsewhere("1") == elsewhere("2") == state
    kept.write_bytes(dump(state))
    path, row = next((one.path, one.first) for one in state.entries if one.first)
    repository.replace(path, repository.texts[path].split("\n")[row - 1], "class Other:")
    after = repository.map(state, 2048)
    assert after.text != state.text
    assert elsewhere("3") == after


@pytest.mark.parametrize("blob", [b"", b"\xff", b"[]", b"1", b"{}", b'[[["a"]], 1]', b"[[1], 2]"])
def test_what_is_no_state_is_an_empty_one(blob: bytes) -> None:
    assert load(blob) == EMPTY


def test_a_file_of_thousands_of_definitions_is_walked_a_few_times_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once for each name that is shown would be minutes for a long file."""
    many = "".join(f"def f{n}(x): return x\n" for n in range(3_000))
    repository = Repository({"a.py": many})
    names = repository_map_module.names_of
    walked: list[Outline] = []

    def counted(outline: Outline) -> list[str]:
        walked.append(outline)
        return names(outline)

    monkeypatch.setattr(repository_map_module, "names_of", counted)
    counted_characters = 0

    def count(text: str) -> int:
        nonlocal counted_characters
        counted_characters += len(text)
        return estimate(text)

    state = repository_map(
        repository.index, repository.lines, 8_000, count, EMPTY, allowed=lambda _: True
    )
    assert state.text.count("  def f") > 500
    assert len(walked) <= 2
    # Nor is all that is shown of a file counted again for each.
    assert counted_characters < 40 * len(state.text), counted_characters / len(state.text)
