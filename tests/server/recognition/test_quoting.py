"""Which names a checker's message brings with it, and whose they are."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from support_repository import make_repository, put
from support_trust import make_folders
from twolane_server.recognition.quoting import Quoted, foreign_names
from twolane_server.repositories.indexed import Indexed
from twolane_server.settings.resolved import NdaRules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = b"from clients.acme import deal\n\ndeal(total_of(rows, 1_024))\n"


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("Line is too long (101, at most 100)", {"most"}),
        ('Argument missing for parameter "kickback"', {"kickback"}),
        ("'margin' is missing in type '{ floor: number }'", {"margin", "floor", "number"}),
        ("`deal` is unused, and so is `total_of`", {"so"}),
        ("it isn't what it was", {"what"}),
        ("undefined: acme.kickback", {"kickback"}),
        ("does not implement Payer (missing method settle)", {"Payer", "settle"}),
        ("kickback: not found", {"kickback"}),
        ("want (int, float64)", {"want", "int", "float64"}),
        ("no module largest::fee", {"largest", "fee"}),
        ("see größe and $fee", {"see", "größe", "$fee"}),
        ("Ruff F401: `fee` is unused", {"fee"}),
        ("basedpyright reportCallIssue: no `fee`", {"fee"}),
        ("TS2741: F401 is no reportCallIssue", {"F401", "reportCallIssue"}),
        ("ts 2741: no `fee`", {"fee"}),
        ('"Literal[47110815]" is not 999, E0308, 0.375 or 4711', {"47110815", "0.375", "4711"}),
        ("expected 1024", set[str]()),
    ],
)
def test_names_are_told_from_prose(message: str, names: set[str]) -> None:
    assert set(foreign_names(message, SOURCE)) - {"E0308", "Literal"} == names


@pytest.fixture
def indexed(tmp_path: Path) -> Iterator[Indexed]:
    root = make_repository(tmp_path / "r", '[nda]\npaths = ["clients/"]\n')
    put(root / "clients" / "bluebird.py", "def deal(kickback, quota):\n    return kickback\n")
    put(root / "fees.py", "def fee(quota):\n    return quota\n")
    put(root / "README.md", "What a tariff is.\n")
    put(root / "clients" / "rates.py", "A, B = 4_711, 0.1234\n")
    put(root / "clients" / "notes.md", "A tariff and a surcharge.\n")
    with closing(Indexed(root, make_folders(tmp_path / "own"))) as made:
        yield made


@pytest.mark.parametrize(
    ("names", "file"),
    [
        (("kickback",), "clients/bluebird.py"),
        (("quota", "fee"), None),
        (("fee", "kickback"), "clients/bluebird.py"),
        (("bluebird",), "clients/bluebird.py"),
        (("tariff", "elsewhere"), None),
        (("surcharge",), "clients/notes.md"),
        (("fee", "4711"), "clients/rates.py"),
        (("fee", "0.1234"), "clients/rates.py"),
        (("471", "711", "0.123", "8080"), None),
    ],
)
def test_a_name_is_nda_that_only_code_under_nda_has(
    indexed: Indexed, names: tuple[str, ...], file: str | None
) -> None:
    told = None if file is None else f"the problem quotes code of {file}"
    assert indexed.quoted(names, NdaRules()).why == told


def test_a_copy_of_code_under_nda_is_no_open_file(indexed: Indexed) -> None:
    code = "".join(f"    swap_{n} = heron.settle({n}, kickback={n})\n" for n in range(9))
    for place in ("clients/swaps.py", "copies/swaps.py"):
        put(indexed.repository.root / place, f"def swap_all(heron):\n{code}")
    assert indexed.quoted(("heron",), NdaRules()).why is not None
    put(indexed.repository.root / "birds.py", "heron = 1\n")
    indexed.refresh(["birds.py"])
    assert indexed.quoted(("heron",), NdaRules()).why is None


@pytest.mark.parametrize("name", ["settle_swap", "heron", "4711.5"])
def test_names_of_code_that_no_index_reads_are_nda_too(indexed: Indexed, name: str) -> None:
    root = indexed.repository.root
    put(root / ".gitignore", "clients/h*.py\n")
    put(root / "clients" / "heron.py", "def deal(settle_swap, fee=4711.5): ...\n")
    told = "the problem quotes code of clients/heron.py"
    assert indexed.quoted(("fee", name), NdaRules()).why == told
    assert indexed.quoted(("fee", "settle"), NdaRules()).why is None


def test_rules_count_that_came_a_moment_ago(indexed: Indexed) -> None:
    file = indexed.repository.root / "fees.py"
    assert indexed.quoted(("fee", "quota", "what"), NdaRules()) == Quoted(None, (str(file),))
    put(indexed.repository.root / "twolane.toml", '[nda]\npaths = ["clients/", "fees.py"]\n')
    assert indexed.quoted(("fee",), NdaRules()) == Quoted("the problem quotes code of fees.py")
