"""`twolane do refactor`."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from support_repository import put
from support_writing import tree_of

if TYPE_CHECKING:
    from support_cli import Shell

FILES = {
    "shop/cart.py": "def total(items):\n    return sum(items)\n",
    "shop/show.py": "from shop.cart import total\n\n\ndef show(items):\r\n    print(total(items))\r\n",
    "tests/test_cart.py": "from shop.cart import total\n\n\ndef test_total():\n    assert total([1]) == 1\n",
    "README.md": "Call `total` to sum up.\n",
    "shop/other.py": "total = 1\n",
    "shop/__init__.py": "",
}
DONE = {
    path: text
    if path == "shop/other.py"
    else text.replace("test_total", "TEST").replace("total", "sum_of").replace("TEST", "test_total")
    for path, text in FILES.items()
}


def block(path: str, search: str, replace: str) -> str:
    return f"{path}\n<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n\n"


def edit(path: str, old: str) -> str:
    return block(path, old, old.replace("total", "sum_of"))


REPLY = (
    edit("shop/cart.py", "def total(items):")
    + edit("shop/show.py", "from shop.cart import total")
    + edit("shop/show.py", "    print(total(items))")
    + edit("tests/test_cart.py", "from shop.cart import total")
    + edit("tests/test_cart.py", "    assert total([1]) == 1")
    + edit("README.md", "Call `total` to sum up.")
)


@pytest.fixture
def shop(shell: Shell) -> Shell:
    for path, text in FILES.items():
        put(shell.root / path, text)
    shell.replies({"reply": REPLY})
    return shell


def refactor(shop: Shell, *more: str) -> tuple[str, ...]:
    place = f"{shop.root / 'shop/cart.py'}:1"
    return ("do", "refactor", place, "--instruction", "rename total to sum_of", *more)


def content(shop: Shell) -> dict[str, str]:
    tree = tree_of(shop.root)
    return {path: tree[path].decode() for path in FILES if path in tree}


def test_it_shows_all_diffs_and_changes_nothing(shop: Shell) -> None:
    ran = shop.run(*refactor(shop))
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("local: refactor works on the whole repository\n")
    for path, text in DONE.items():
        assert (f"--- a/{path}" in ran.out) == (text != FILES[path]), path
    assert "not applied; --apply writes it into the files" in ran.out
    assert "not changed" not in ran.out.replace("not applied", "")
    assert content(shop) == FILES


def test_apply_changes_all_files(shop: Shell) -> None:
    ran = shop.run(*refactor(shop, "--apply"))
    assert ran.status == 0, ran.err
    assert content(shop) == DONE
    assert not list(shop.root.rglob(".twolane*"))


def test_git_takes_the_diff(shop: Shell) -> None:
    reply = REPLY + "RENAME shop/show.py -> shop/view.py\n" + block("new/x.py", "", "x = 1")
    shop.replies({"reply": reply + "DELETE README.md\n".replace("README.md", "tests/test_cart.py")})
    assert shop.run(*refactor(shop)).status == 1  # changed and deleted at once
    shop.replies({"reply": reply})
    given = shop.run(*refactor(shop, "--json")).json
    assert given["edit"]["root"] == str(shop.root)
    does = {one["path"]: (one["does"], one["to"]) for one in given["edit"]["files"]}
    assert does["shop/show.py"] == ("rename", "shop/view.py")
    assert does["new/x.py"] == ("create", None)
    put(shop.top / "p.diff", given["edit"]["diff"])
    subprocess.run(["git", "apply", str(shop.top / "p.diff")], cwd=shop.root, check=True)
    by_git = tree_of(shop.root)
    subprocess.run(["git", "apply", "-R", str(shop.top / "p.diff")], cwd=shop.root, check=True)
    assert content(shop) == FILES
    assert shop.run(*refactor(shop, "--apply")).status == 0
    assert tree_of(shop.root) == by_git


def test_the_model_is_asked_again_with_the_reason(shop: Shell) -> None:
    wrong = REPLY.replace("def total(items):", "def total(item):")
    shop.replies(
        {"match": "nowhere in the file", "reply": REPLY},
        {"reply": wrong},
    )
    ran = shop.run(*refactor(shop, "--apply"))
    assert ran.status == 0, ran.err
    assert content(shop) == DONE


def test_after_two_more_answers_it_is_given_up(shop: Shell) -> None:
    wrong: dict[str, object] = {
        "reply": REPLY.replace("def total(items):", "def total(item):"),
        "times": 1,
    }
    shop.replies(wrong, wrong, wrong, {"reply": REPLY})
    ran = shop.run(*refactor(shop, "--apply"))
    assert ran.status == 1
    assert "nothing was changed. shop/cart.py: The SEARCH text of block 1 is nowhere" in ran.err
    assert "sum_of" not in ran.err
    assert content(shop) == FILES
    shop.replies(wrong, wrong, {"reply": REPLY})
    assert shop.run(*refactor(shop, "--apply")).status == 0


def test_a_forgotten_reference_is_told(shop: Shell) -> None:
    short = REPLY.replace(edit("tests/test_cart.py", "    assert total([1]) == 1"), "")
    shop.replies({"reply": short.replace(edit("README.md", "Call `total` to sum up."), "")})
    ran = shop.run(*refactor(shop))
    assert "2 references were not changed: tests/test_cart.py:5, README.md:1" in ran.out
    assert shop.run(*refactor(shop, "--json")).json["notes"] == [
        "2 references were not changed: tests/test_cart.py:5, README.md:1"
    ]


def test_it_stays_local_whatever_is_asked_for(shop: Shell) -> None:
    ran = shop.run(*refactor(shop, "--lane", "cloud"))
    assert ran.out.startswith("local: refactor works on the whole repository\n")
    shop.environ["TWOLANE_MODE"] = "cloud"
    ran = shop.run(*refactor(shop))
    assert ran.out.startswith("local: refactor works on the whole repository\n")


def test_a_place_without_a_symbol_is_told(shop: Shell) -> None:
    place = f"{shop.root / 'README.md'}:1"
    ran = shop.run("do", "refactor", place, "--instruction", "rename it")
    assert ran.status == 1
    assert "No symbol that the repository knows is here" in ran.err
    ran = shop.run("do", "refactor", f"{shop.root / 'shop/cart.py'}:1")
    assert ran.status == 1
    assert "Say what to change" in ran.err


def test_what_the_users_check_refuses_is_shown_and_not_applied(shop: Shell) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=shop.root, check=True)
    put(shop.folders.config / "settings.toml", '[check]\ncommand = ["false"]\n')
    ran = shop.run(*refactor(shop))
    assert ran.status == 0
    assert "The check false failed with status 1" in ran.out
    ran = shop.run(*refactor(shop, "--apply"))
    assert ran.status == 1
    assert "The check of your settings failed, so nothing was applied." in ran.err
    assert content(shop) == FILES
    put(shop.folders.config / "settings.toml", '[check]\ncommand = ["true"]\n')
    ran = shop.run(*refactor(shop, "--apply"))
    assert "The check true passed" in ran.out
    assert content(shop) == DONE


def test_route_tells_what_would_be_sent(shop: Shell) -> None:
    ran = shop.run("route", *refactor(shop, "--json")[1:])
    assert ran.status == 0, ran.err
    assert ran.json["lane"] == "local"
    assert ran.json["reasons"] == ["refactor works on the whole repository"]
    paths = {one["path"].removeprefix(f"{shop.root}/") for one in ran.json["fragments"]}
    assert paths - {""} == {"shop/cart.py", "shop/show.py", "tests/test_cart.py", "README.md"}


def test_undo_takes_it_back_and_only_once(shop: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    more = "RENAME shop/show.py -> shop/view.py\nDELETE tests/test_cart.py\n"
    left = REPLY.replace(edit("tests/test_cart.py", "from shop.cart import total"), "")
    left = left.replace(edit("tests/test_cart.py", "    assert total([1]) == 1"), "")
    shop.replies({"reply": left + more + block("new/x.py", "", "x = 1")})
    before = tree_of(shop.root)
    assert shop.run(*refactor(shop, "--apply")).status == 0
    after = tree_of(shop.root)
    assert after != before
    monkeypatch.chdir(shop.root / "shop")
    put(shop.root / "README.md", "mine\n")
    ran = shop.run("undo")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "twolane: Nothing was taken back, since README.md changed after the edit.\n"
    put(shop.root / "README.md", after["README.md"])
    assert tree_of(shop.root) == after
    ran = shop.run("undo")
    assert (ran.status, ran.err) == (0, "")
    assert "delete new/x.py" in ran.out
    assert "create tests/test_cart.py" in ran.out
    assert "rename shop/view.py to shop/show.py" in ran.out
    assert tree_of(shop.root) == before
    ran = shop.run("undo", "--repo", str(shop.root))
    assert (ran.status, "No edit of many files" in ran.err) == (1, True)


def test_undo_outside_of_a_repository_is_wrong_use(shop: Shell) -> None:
    ran = shop.run("undo", "--repo", str(shop.top))
    assert (ran.status, "is in no repository" in ran.err) == (2, True)
