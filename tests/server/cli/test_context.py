"""`twolane context`."""

from __future__ import annotations

import difflib
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_repository import put
from twolane_context.question import Selection
from twolane_server.cli import repository as repositories
from twolane_server.cli.context import changed_rows
from twolane_server.settings.load import FILE

if TYPE_CHECKING:
    from pathlib import Path

    from support_cli import Shell

PRICE = "def gross(price):\n    return 2 * price\n\n\ndef acme_rate(price):\n    return price\n"
CART = (
    "from price import gross\nfrom clients.acme import acme_discount\n\n\n"
    "def cost(cart):\n    return gross(acme_discount(cart))\n"
)
ACME = "def acme_discount(cart):\n    return cart - 1\n"
POLICY = '[nda]\npaths = ["clients/**"]\n'


@pytest.fixture(autouse=True)
def _shop(shell: Shell) -> None:
    put(shell.root / "twolane.toml", POLICY)
    put(shell.root / "price.py", PRICE)
    put(shell.root / "clients" / "acme.py", ACME)
    put(shell.root / "cart.py", CART)


def context(shell: Shell, *words: str) -> Any:  # noqa: ANN401 - whatever it printed
    ran = shell.run("context", "--json", "--repo", str(shell.root), *words)
    assert (ran.status, ran.err) == (0, "")
    return ran.json


def places(pieces: list[dict[str, Any]]) -> list[tuple[str, int, int, str]]:
    return [(one["path"], one["start_line"], one["end_line"], one["label"]) for one in pieces]


GROSS, DISCOUNT = ("price.py", 1, 2, "OPEN"), ("clients/acme.py", 1, 2, "NDA")


def test_a_place_gets_what_it_needs_each_with_its_lines_and_label(shell: Shell) -> None:
    pieces = context(shell, "cart.py:6")
    assert sorted(places(pieces)) == sorted([GROSS, DISCOUNT])
    assert all(
        set(one) == {*["path", "start_line", "end_line", "label", "tokens", "text"]}
        for one in pieces
    )
    texts = {one["path"]: one["text"] for one in pieces}
    assert texts == {"price.py": PRICE.partition("\n\n")[0] + "\n", "clients/acme.py": ACME}
    assert context(shell, "cart.py:5-6") == pieces


def test_a_path_may_be_relative_to_here_or_absolute(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = context(shell, "cart.py:6")
    assert context(shell, f"{shell.root}/cart.py:6") == pieces
    monkeypatch.chdir(shell.root / "clients")
    assert context(shell, "../cart.py:6") == pieces
    ran = shell.run("context", "--json", "../cart.py:6")  # and the repository is the one around
    assert ran.json == pieces


def test_the_budget_holds(shell: Shell) -> None:
    pieces = context(shell, "cart.py:6", "--budget", "18")
    assert 0 < sum(one["tokens"] for one in pieces) <= 18
    assert context(shell, "cart.py:6", "--budget", "1") == []


def test_the_model_says_how_tokens_are_counted(shell: Shell) -> None:
    exact = context(shell, "cart.py:6")
    guessed = context(shell, "cart.py:6", "--model", "another")
    assert places(exact) == places(guessed)
    assert sum(one["tokens"] for one in exact) < sum(one["tokens"] for one in guessed)


def test_an_instruction_brings_what_it_names(shell: Shell) -> None:
    assert places(context(shell, "--instruction", "like acme_rate")) == [("price.py", 5, 6, "OPEN")]
    both = places(context(shell, "cart.py:6", "--instruction", "like acme_rate"))
    assert set(both) == {GROSS, DISCOUNT, ("price.py", 5, 6, "OPEN")}


DIFF = """\
--- a/cart.py
+++ b/cart.py
@@ -5,2 +5,2 @@
 def cost(cart):
-    return 0
+    return gross(acme_discount(cart))
"""


def test_a_diff_stands_for_its_places(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pieces = context(shell, "cart.py:6")
    assert context(shell, "--diff", str(put(tmp_path / "d.diff", DIFF))) == pieces
    monkeypatch.setattr("sys.stdin", io.StringIO(DIFF))
    assert context(shell, "--diff", "-") == pieces
    away = DIFF.replace("cart.py", "gone.py")
    assert context(shell, "--diff", str(put(tmp_path / "d.diff", away))) == []


def test_a_batch_gives_a_list_a_line(shell: Shell, tmp_path: Path) -> None:
    asked = [
        {"file": "cart.py", "line": 6},
        {"file": "cart.py", "line": 6, "budget": 0},
        {"file": "price.py", "line": 6},
    ]
    batch = put(tmp_path / "q.jsonl", "\n".join(map(json.dumps, asked)))
    ran = shell.run("context", "--json", "--repo", str(shell.root), "--batch", str(batch))
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [sorted(places(one)) for one in lines] == [sorted([GROSS, DISCOUNT]), [], []]


def test_for_the_cloud_what_is_under_nda_does_not_exist(shell: Shell) -> None:
    cloud = ("--audience", "cloud")
    assert places(context(shell, "cart.py:6", *cloud)) == [GROSS]
    assert context(shell, "clients/acme.py:1", *cloud) == []
    named = context(shell, "--instruction", "acme_discount acme_rate", *cloud)
    assert places(named) == [("price.py", 5, 6, "OPEN")]
    # A file that only uses what is open is under NDA as a caller, too.
    put(shell.root / "clients" / "user.py", "from price import gross\ngross(1)\n")
    ran = shell.run("context", "--json", "--repo", str(shell.root), "price.py:1", *cloud)
    assert [one["path"] for one in ran.json] == ["cart.py"]
    (shell.root / "clients").rename(shell.top / "away")
    without = shell.run("context", "--json", "--repo", str(shell.root), "price.py:1", *cloud)
    assert without.out == ran.out


def test_a_renamed_file_stays_under_nda(shell: Shell) -> None:
    context(shell, "cart.py:6")
    (shell.root / "clients" / "acme.py").rename(shell.root / "acme.py")
    put(shell.root / "cart.py", CART.replace("clients.acme", "acme"))
    for _ in range(2):  # also in the process after the one that saw it
        assert ("acme.py", 1, 2, "NDA") in places(context(shell, "cart.py:6"))
        assert places(context(shell, "cart.py:6", "--audience", "cloud")) == [GROSS]


def test_the_users_own_rules_count(shell: Shell) -> None:
    assert FILE == repositories.SETTINGS
    put(shell.folders.config / FILE, '[nda]\npaths = ["price.py"]\n')
    assert {label for *_, label in places(context(shell, "cart.py:6"))} == {"NDA"}
    assert context(shell, "cart.py:6", "--audience", "cloud") == []
    put(shell.folders.config / FILE, "[nda")
    ran = shell.run(
        "context", "--json", "--repo", str(shell.root), "cart.py:6", "--audience", "cloud"
    )
    assert ran.json == []
    assert "settings.toml" in ran.err


def test_without_a_policy_that_can_be_read_all_is_under_nda(shell: Shell) -> None:
    put(shell.root / "twolane.toml", "[nda")
    assert {label for *_, label in places(context(shell, "cart.py:6"))} == {"NDA"}
    assert context(shell, "cart.py:6", "--audience", "cloud") == []


def test_a_person_reads_places_labels_and_texts(shell: Shell) -> None:
    put(shell.root / "price.py", PRICE.replace("2 * price", "2 * price  # \x1b[31m"))
    ran = shell.run("context", "--repo", str(shell.root), "cart.py:6")
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert any(line.startswith("price.py:1-2  OPEN  ") for line in lines)
    assert any(line.startswith("clients/acme.py:1-2  NDA  ") for line in lines)
    assert "    return cart - 1" in lines
    assert "\x1b" not in ran.out
    assert lines[-1].startswith("2 pieces, ")
    one = shell.run("context", "--repo", str(shell.root), "cart.py:6", "--audience", "cloud").out
    assert one.splitlines()[-1].startswith("1 piece, ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Say where"),
        (["cart.py"], "cart.py is no place"),
        (["cart.py:0"], "cart.py:0 is no place"),
        (["cart.py:6-5"], "cart.py:6-5 is no place"),
        (["gone.py:1"], "gone.py is no source file of"),
        (["/etc/passwd:1"], "/etc/passwd is no source file of"),
        (["a\x1b[31m.py:1"], "a\\x1b[31m.py is no source file of"),
        (["--diff", "gone.diff"], "gone.diff cannot be read: No such file"),
        (["--batch", "gone.jsonl"], "gone.jsonl cannot be read: No such file"),
        (["--batch", "cart.py"], "--batch takes lines"),
    ],
)
def test_wrong_use_is_one_sentence(
    shell: Shell, words: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shell.root)
    for more in ([], ["--json"]):
        ran = shell.run("context", *more, *words)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith(f"twolane: {said}")
        assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "line", ["{", "[]", "1", '{"file": 1}', '{"file": "cart.py", "line": "x"}']
)
def test_a_batch_that_is_none_is_wrong_use(shell: Shell, line: str, tmp_path: Path) -> None:
    batch = put(tmp_path / "q.jsonl", f"{line}\n")
    ran = shell.run("context", "--json", "--repo", str(shell.root), "--batch", str(batch))
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_a_folder_that_is_none_is_wrong_use(shell: Shell) -> None:
    ran = shell.run("context", "--repo", str(shell.top / "none"), "a.py:1")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"twolane: {shell.top / 'none'} is no folder.\n"


def test_a_cache_that_was_damaged_is_told_once_and_apart(shell: Shell) -> None:
    pieces = context(shell, "cart.py:6")
    (file,) = (shell.folders.cache / "index").glob("*.sqlite")
    file.write_bytes(file.read_bytes()[:72] + b"nonsense" * 100)
    ran = shell.run("context", "--json", "--repo", str(shell.root), "cart.py:6")
    assert ran.json == pieces
    assert "built anew" in ran.err
    assert ran.err.count("\n") == 1
    assert context(shell, "cart.py:6") == pieces


def test_for_the_cloud_there_is_no_copy_of_code_under_nda_and_no_word(shell: Shell) -> None:
    """Also where only data is under NDA, which is not looked at for an answer else."""
    rows = "".join(f"    blade_{n} = turbine.feather({n}, wind={n + 1})\n" for n in range(9))
    put(shell.root / "clients" / "notes.txt", f"What we do:\n{rows}")
    put(shell.root / "price.py", f"def gross(price):\n{rows}    return 2 * price\n")
    ask = ("cart.py:6", "--audience", "cloud")
    assert context(shell, *ask) == []
    assert "price.py" in {one["path"] for one in context(shell, "cart.py:6")}
    put(shell.root / "price.py", PRICE)
    assert places(context(shell, *ask)) == [GROSS]
    put(shell.root / "twolane.toml", f'{POLICY}words = ["Gross Price"]\n')
    assert context(shell, *ask) == []


def test_rows_of_a_diff() -> None:
    diff = (
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,3 @@ def f\n+x\n y\n"
        "@@ -9 +10 @@\n-a\n+b\n"
        "--- a/gone.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-x\n"
        "--- a/b c.py\n+++ b/b c.py\t2026-01-01\n@@ -5,0 +6,2 @@\n+x\n"
    )
    assert changed_rows(diff) == [
        Selection("a.py", 0, 2),
        Selection("a.py", 9, 9),
        Selection("b c.py", 5, 6),
    ]
    assert changed_rows("") == []


LINES = st.lists(st.sampled_from(["a", "b", "c", "@@ x"]), max_size=8)


@given(LINES, LINES)
def test_rows_of_any_diff_hold_what_is_new(old: list[str], new: list[str]) -> None:
    diff = "\n".join(difflib.unified_diff(old, new, "a/x", "b/x", lineterm="", n=0))
    rows = {row for one in changed_rows(diff) for row in range(one.first, one.last + 1)}
    opcodes = difflib.SequenceMatcher(None, old, new).get_opcodes()
    assert rows == {row for tag, _, _, a, b in opcodes if tag != "equal" for row in range(a, b)}
