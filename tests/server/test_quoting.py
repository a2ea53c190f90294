"""Which names a checker's message brings with it, and whose they are."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from support_repository import make_repository, put
from support_trust import make_folders
from twolane_server.indexed import Indexed
from twolane_server.quoting import foreign_names
from twolane_server.settings.resolved import NdaRules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = b"from clients.acme import deal\n\ndeal(total_of(rows))\n"


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
    ],
)
def test_names_are_told_from_prose(message: str, names: set[str]) -> None:
    assert set(foreign_names(message, SOURCE)) == names


@pytest.fixture
def indexed(tmp_path: Path) -> Iterator[Indexed]:
    root = make_repository(tmp_path / "r", '[nda]\npaths = ["clients/"]\n')
    put(root / "clients" / "bluebird.py", "def deal(kickback, quota):\n    return kickback\n")
    put(root / "fees.py", "def fee(quota):\n    return quota\n")
    put(root / "README.md", "What a tariff is.\n")
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
    ],
)
def test_a_name_is_nda_that_only_code_under_nda_has(
    indexed: Indexed, names: tuple[str, ...], file: str | None
) -> None:
    told = None if file is None else f"the problem quotes code of {file}"
    assert indexed.quoted(names, NdaRules()) == told


def test_rules_count_that_came_a_moment_ago(indexed: Indexed) -> None:
    assert indexed.quoted(("fee",), NdaRules()) is None
    put(indexed.repository.root / "twolane.toml", '[nda]\npaths = ["clients/", "fees.py"]\n')
    assert indexed.quoted(("fee",), NdaRules()) == "the problem quotes code of fees.py"
