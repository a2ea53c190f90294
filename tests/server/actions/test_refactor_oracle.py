"""A small share of `tests/benchmarks/bench_refactor.py`: known changes of small repositories in three languages.

A model that knows the outcome answers in all forms and with all flaws that it has; the outcome is the
true one to the byte, or, where it answers wrong three times, nothing.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest

from support_flaws import WRONG
from support_oracle import Oracle
from support_pieces import pieces
from support_refactor import at_name, conversation, impact_in, indexed_in, subject_at

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.actions.base import Subject

SEEDS = 30


class Case(NamedTuple):
    """A repository, where the cursor stands, what is asked for, and what becomes of files; `None`: it goes."""

    files: dict[str, str]
    path: str
    name: str
    asked: str
    after: dict[str, str | None]


def named(old: str, new: str, files: dict[str, str], path: str) -> Case:
    """A renaming wherever the name stands alone."""
    after = {one: re.sub(rf"\b{old}\b", new, text) for one, text in files.items()}
    changed: dict[str, str | None] = {p: t for p, t in after.items() if t != files[p]}
    return Case(files, path, old, f"rename {old} to {new}", changed)


def filler(number: int, form: str) -> str:
    return "".join(form.format(n=number * 100 + k) for k in range(12))


DEF = "def f{n}(x):\n    if x:\n        return {n}\n    return None\n\n\n"
TABBED = DEF.replace("    ", "\t")
PYTHON = {
    "shop/__init__.py": 'from .cart import total\n\n__all__ = ["total"]\n',
    "shop/cart.py": f"import os\n\n\n{filler(1, DEF)}def total(items):\n    if not items:\n        return 0\n    return sum(items)\n",
    "shop/web.py": f"from shop.cart import total\n\n\n{filler(2, TABBED)}def show(items):\n\treturn total(items)\n",
    "tests/test_cart.py": "from shop import total\n\n\ndef test():\n    assert total([1]) == 1\n    assert total([]) == 0",
    "README.md": "Call `total`:\n\n```python\ntotal([1])\n```\n",
}
FUNCTION = "export function f{n}(x: number) {{\n  return x + {n}\n}}\n\n"
SCRIPTS = {
    "src/cart.ts": f"{filler(1, FUNCTION)}export interface Cart {{\n  depth: number\n}}\n\nexport function total(cart: Cart) {{\n  return cart.depth\n}}\n",
    "src/index.ts": "export * from './cart'\nexport { total as sum } from './cart'\n",
    "src/web.tsx": f"import {{ total, type Cart }} from './cart'\r\n\r\n{filler(2, FUNCTION)}export const show = (cart: Cart) => <b>{{total(cart)}}</b>\r\n".replace(
        "\r\n", "\n"
    ).replace("\n", "\r\n"),
    "src/cart.test.ts": "import { total } from './cart'\n\ntest('total', () => {\n  total({ depth: 1 })\n})\n",
}
ITEM = "    pub fn f{n}(&self) -> u32 {{\n        {n}\n    }}\n\n"
RUST = {
    "src/lib.rs": "mod shop;\nmod web;\n\npub use shop::{cart as basket, Priced};\n",
    "src/shop/mod.rs": "pub mod cart;\n\npub trait Priced {\n    fn price(&self) -> u32;\n}\n",
    "src/shop/cart.rs": f"use super::Priced;\n\npub struct Cart;\n\nimpl Cart {{\n{filler(1, ITEM)}}}\n\nimpl Priced for Cart {{\n    fn price(&self) -> u32 {{\n        1\n    }}\n}}\n",
    "src/web.rs": "use crate::shop::{cart::Cart, Priced};\n\npub fn show(cart: &Cart) -> u32 {\n    cart.price() + Priced::price(cart)\n}\n",
}


def moved() -> Case:
    cart = PYTHON["shop/cart.py"]
    start = cart.index("def total")
    after: dict[str, str | None] = {
        "shop/cart.py": cart[:start].rstrip("\n") + "\n",
        "shop/sums.py": cart[start:],
        "shop/__init__.py": PYTHON["shop/__init__.py"].replace(".cart", ".sums"),
        "shop/web.py": PYTHON["shop/web.py"].replace("shop.cart", "shop.sums"),
    }
    return Case(PYTHON, "shop/cart.py", "total", "move total to shop/sums.py, a new file", after)


def given(case: Case, name: str, asked: str, *steps: tuple[str, str]) -> Case:
    after = dict(case.files)
    for old, new in steps:
        after = {p: t.replace(old, new) for p, t in after.items()}
    changed: dict[str, str | None] = {p: t for p, t in after.items() if t != case.files[p]}
    return Case(case.files, case.path, name, asked, changed)


P = named("total", "sum_of", PYTHON, "shop/cart.py")
S = named("total", "sumOf", SCRIPTS, "src/cart.ts")
R = named("price", "cost", RUST, "src/shop/mod.rs")
CASES = {
    "rename in python": P,
    "rename in typescript": S,
    "rename of a trait's method": R,
    "rename of a property": named("depth", "level", SCRIPTS, "src/cart.ts"),
    "move to a new file": moved(),
    "one more parameter": given(
        P,
        "total",
        "add a parameter start, 0 by default, and pass it",
        ("def total(items)", "def total(items, start=0)"),
        ("return sum(items)", "return sum(items, start)"),
        ("return total(items)", "return total(items, 0)"),
    ),
    "parameter object": given(
        S,
        "total",
        "make the parameters of total one object",
        (
            "total(cart: Cart) {\n  return cart.depth",
            "total({ cart }: { cart: Cart }) {\n  return cart.depth",
        ),
        ("{total(cart)}", "{total({ cart })}"),
        ("total({ depth: 1 })", "total({ cart: { depth: 1 } })"),
    ),
    "extract": given(
        R,
        "price",
        "extract what price returns as a constant",
        ("u32 {\n        1\n", "u32 {\n        PRICE\n"),
        ("pub struct Cart;\n", "pub struct Cart;\n\nconst PRICE: u32 = 1;\n"),
    ),
    "rename of a file": Case(
        SCRIPTS,
        "src/cart.ts",
        "total",
        "rename the file src/cart.ts to src/basket.ts",
        {
            "src/cart.ts": None,
            "src/basket.ts": SCRIPTS["src/cart.ts"],
            **{p: t.replace("./cart", "./basket") for p, t in SCRIPTS.items() if "./cart" in t},
        },
    ),
    "rename of a module": Case(
        RUST,
        "src/shop/mod.rs",
        "cart",
        "rename the module cart to trolley",
        {
            "src/shop/cart.rs": None,
            "src/shop/trolley.rs": RUST["src/shop/cart.rs"],
            "src/lib.rs": RUST["src/lib.rs"].replace("cart as", "trolley as"),
            "src/shop/mod.rs": RUST["src/shop/mod.rs"].replace("cart", "trolley"),
            "src/web.rs": RUST["src/web.rs"].replace("cart::", "trolley::"),
        },
    ),
}


def subject_of(case: Case, top: Path) -> Subject:
    indexed = indexed_in(top / "r", top / "own", case.files)
    at = at_name(case.files[case.path], case.name)
    subject = subject_at(top / "r", case.path, at, instruction=case.asked)
    impact = impact_in(indexed, subject)
    indexed.close()
    return replace(subject, impact=impact)


def oracle(case: Case, root: str, seed: int, skip: tuple[str, int] | None = None) -> Oracle:
    before = {path: case.files[path] for path in case.after if path in case.files}
    after = {path: text for path, text in case.after.items() if text is not None}
    return Oracle(before, after, random.Random(seed), root, skip=skip)  # noqa: S311 - for tests


@pytest.mark.parametrize("name", CASES)
def test_the_outcome_is_the_true_one_in_all_forms_and_with_all_flaws(
    tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    subject = subject_of(case, tmp_path)
    kinds: set[str] = set()
    for seed in range(SEEDS):
        model = oracle(case, str(tmp_path / "r"), seed)
        across, _ = conversation(subject, model)
        made = {one.place: str(one.after) for one in across.changes if one.after is not None}
        gone = {one.path: None for one in across.changes if one.after is None or one.to}
        assert made | gone == case.after, f"seed {seed}: {sorted(model.kinds)}"
        kinds |= model.kinds
    assert {"blocks", "files", "diff"} <= kinds
    assert len(kinds & {*WRONG}) > 1


@pytest.mark.parametrize(
    ("name", "path", "row"),
    [
        ("rename in python", "shop/__init__.py", 2),  # in `__all__`
        ("rename in python", "tests/test_cart.py", 4),
        ("rename in python", "README.md", 3),
        ("rename in typescript", "src/index.ts", 1),  # a barrel
        ("rename in typescript", "src/web.tsx", 0),
        ("rename of a trait's method", "src/shop/cart.rs", 56),  # its impl
        ("rename of a property", "src/cart.test.ts", 3),  # a key
    ],
)
def test_a_place_that_the_model_forgets_is_told(
    tmp_path: Path, name: str, path: str, row: int
) -> None:
    case = CASES[name]
    assert case.name in case.files[path].splitlines()[row]
    across, _ = conversation(
        subject_of(case, tmp_path), oracle(case, str(tmp_path), 1, skip=(path, row))
    )
    assert f"{path}:{row + 1}" in " ".join(across.notes)


def test_what_goes_begins_with_its_own_first_line_although_the_lines_above_end_alike() -> None:
    body = "    try:\n        go()\n    except OSError:\n        pass\n\n\n"
    before = "".join(f"def {name}():\n    {name}()\n{body}" for name in "abcd")
    after = before.replace(f"def b():\n    b()\n{body}", "")
    (piece,) = pieces(before, after)
    assert before.splitlines()[piece.first : piece.last][0] == "def b():"
    assert (piece.first, piece.last) == (8, 16)
    assert not pieces(before, before)


def test_the_oracle_writes_what_only_comes_in_the_part_that_shows_where() -> None:
    before = "".join(f"a{n} = {n}\n" for n in range(40))
    after = before.replace("a20 = 20\n", "new = 1\na20 = 20\n")
    rows = (("1", "20"), ("21", "30"), ("31", "40"))
    parts = [f"The files of this part:\n\na.py (lines {a} to {b})\n```\n" for a, b in rows]
    for seed in range(SEEDS):
        model = Oracle({"a.py": before}, {"a.py": after}, random.Random(seed), "/r")  # noqa: S311 - for tests
        assert ["new = 1" in model(part) for part in parts] == [True, False, False]


def test_the_oracle_ends_lines_as_one_reply_does() -> None:
    before = "def f():\r\n    return 1\r\n"
    after = before.replace("1", "2")
    for seed in range(SEEDS * 4):
        model = Oracle({"a.py": before}, {"a.py": after}, random.Random(seed), "/r")  # noqa: S311 - for tests
        assert "\r\r" not in model("\na.py\n```\n")
