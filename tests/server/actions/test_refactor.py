"""*Refactor across the repository…*, with a model that is a function."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support_refactor import at_name, conversation, impact_in, indexed_in, subject_at
from twolane_context.facts import extract
from twolane_context.index import Changed
from twolane_context.spans import Span
from twolane_context.tokens import estimate
from twolane_server.actions.base import Task
from twolane_server.actions.impact import Role
from twolane_server.actions.refactor import Refactor
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.fragments import Label
from twolane_server.repositories import impacts as module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twolane_server.actions.base import Subject

CART = "def total(items):\n    return sum(items)\n"
FILES = {
    "shop/__init__.py": "",
    "shop/cart.py": CART,
    "tests/test_cart.py": "from shop.cart import total\n\n\ndef test():\n    assert total([1]) == 1\n",
    "docs/use.md": "Call `total` to sum up; subtotal is another thing.\n",
    "shop/other.py": "total = 1\nprint(total)\n",
}
BLOCK = "{path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n\n"


def big(number: int) -> str:
    filler = "".join(
        f"def f{number}_{k}(x):\n    return x * {k} + len('text')\n\n\n" for k in range(50)
    )
    return f"from shop.cart import total\n\n\n{filler}def g{number}(x):\n    return total(x)\n"


def renaming(files: dict[str, str], log: list[list[str]]) -> Callable[[str], str]:
    """A model that renames `total` in every file of which it sees the text, line by line."""

    def answer(question: str) -> str:
        if question.startswith("[system] You plan"):
            return "total becomes sum_of, everywhere."
        seen = re.findall(
            r"(?m)^ ?(\S+)(?: \(lines .*\))?\n`{3,}\w*\n", question.rpartition("[user]")[2]
        )
        part = question.rpartition("The files of this part:")[2]
        seen = [path for path in dict.fromkeys(seen) if path in part]
        log.append(seen)
        blocks: list[str] = []
        for path in seen:
            if path == "shop/other.py":
                continue
            lines = dict.fromkeys(
                line for line in files[path].splitlines() if re.search(r"\btotal\b", line)
            )
            blocks += [
                BLOCK.format(path=path, old=line, new=re.sub(r"\btotal\b", "sum_of", line))
                for line in lines
            ]
        return "".join(blocks) or "NO CHANGES"

    return answer


def subject_of(top: Path, files: dict[str, str], *, window: int = 65_536) -> Subject:
    indexed = indexed_in(top / "r", top / "own", files)
    subject = subject_at(top / "r", "shop/cart.py", 4, instruction="rename total to sum_of")
    impact = impact_in(indexed, subject, window=window)
    indexed.close()
    return replace(subject, impact=impact)


def test_the_impact_set_is_definition_references_tests_and_documents(tmp_path: Path) -> None:
    impact = subject_of(tmp_path, FILES).impact
    assert impact is not None
    assert impact.name == "total"
    assert [(one.path, one.role) for one in impact.sources] == [
        ("shop/cart.py", Role.HERE),
        ("tests/test_cart.py", Role.TEST),
        ("docs/use.md", Role.DOC),
    ]
    assert [one.sites for one in impact.sources] == [(4,), (22, 53), (6,)]
    assert impact.others == {"shop/__init__.py", "shop/other.py"}


def test_plan_and_answers_are_judged_by_all_files_that_they_speak_of(tmp_path: Path) -> None:
    files = {**FILES, **{f"shop/big{k}.py": big(k) for k in range(12)}}
    subject = subject_of(tmp_path, files, window=16_384)
    assert subject.impact is not None
    every = {one.file for one in subject.impact.sources}
    task, action = Refactor().prepare(subject), Refactor()
    for reply in ("total becomes sum_of.", "nonsense"):  # the plan, then what cannot be carried out
        assert {each.path for each in task.prompt.sources} == every
        following = action.finish(task, reply)
        assert isinstance(following, Task)
        task = following
    *_, answer, why = task.prompt.messages
    for part in (answer.fragments[0], why.fragments[1]):
        assert {each.path for each in part.origin.also} == every
    plan = next(each for each in task.prompt.fragments if each.characters == 21)
    assert {each.path for each in plan.origin.also} == every


@pytest.mark.parametrize("said", ["shop/other.py", "other.py", "shop.other", "`shop/other.py`."])
def test_files_that_the_instruction_names_take_part(tmp_path: Path, said: str) -> None:
    indexed = indexed_in(tmp_path / "r", tmp_path / "own", FILES)
    asked = f"move total to {said}"
    impact = impact_in(indexed, subject_at(tmp_path / "r", "shop/cart.py", 4, instruction=asked))
    indexed.close()
    assert impact is not None
    assert "shop/other.py" in impact.texts
    assert "shop/__init__.py" in impact.others


def test_a_named_file_may_be_in_a_folder_that_begins_with_a_dot() -> None:
    files = [".github/use.md", "docs/use.md", "use.py", ".env.py"]
    for said, path in [
        (".github/use.md,", ".github/use.md"),
        ("./docs/use.md", "docs/use.md"),
        ("./use.py.", "use.py"),
        ("/use.py", "use.py"),
        (".env.py", ".env.py"),
    ]:
        assert [one for one, _ in module.named_in(f"change {said}", files)] == [path]


def test_all_in_one_question_where_it_fits(tmp_path: Path) -> None:
    log: list[list[str]] = []
    across, asked = conversation(subject_of(tmp_path, FILES), renaming(FILES, log))
    assert len(asked) == 1
    assert across.notes == ()
    assert {one.path for one in across.changes} == {
        "shop/cart.py",
        "tests/test_cart.py",
        "docs/use.md",
    }
    for one in across.changes:
        assert str(one.after) == re.sub(r"\btotal\b", "sum_of", FILES[one.path])
    # What stays the same comes first, the task last.
    assert asked[0].rstrip().endswith("Task: rename total to sum_of")


def test_more_is_planned_first_and_asked_in_parts_with_one_prefix(tmp_path: Path) -> None:
    files = FILES | {f"shop/big_{n:02}.py": big(n) for n in range(40)}
    log: list[list[str]] = []
    subject = subject_of(tmp_path, files, window=16_384)
    across, asked = conversation(subject, renaming(files, log))
    assert asked[0].startswith("[system] You plan")
    assert len(log) > 3
    assert sorted(path for seen in log for path in seen) == sorted(
        path for path in files if path not in ("shop/other.py", "shop/__init__.py")
    )
    heads = {question.partition("The files of this part:")[0] for question in asked[1:]}
    assert len(heads) == 1
    assert "The plan:\ntotal becomes sum_of, everywhere." in heads.pop()
    assert across.notes == ()
    for one in across.changes:
        assert str(one.after) == re.sub(r"\btotal\b", "sum_of", files[one.path])
    assert len(across.changes) == 43


def test_every_question_and_its_answer_fit_the_window(tmp_path: Path) -> None:
    from twolane_server.actions.base import Task  # noqa: PLC0415 - this test alone
    from twolane_server.actions.refactor import Refactor  # noqa: PLC0415 - the same

    files = FILES | {f"shop/big_{n:02}.py": big(n) for n in range(20)}
    subject = subject_of(tmp_path, files, window=12_288)
    answer = renaming(files, [])
    task = Refactor().prepare(subject)
    from support_actions import shown  # noqa: PLC0415 - the same

    while isinstance(task, Task):
        assert task.prompt.tokens("Qwen3-Coder") + task.prompt.max_tokens <= 12_288
        task = Refactor().finish(task, answer(shown(task.prompt)))


def test_a_part_that_the_model_forgets_is_told(tmp_path: Path) -> None:
    files = FILES | {f"shop/big_{n:02}.py": big(n) for n in range(40)}
    answer = renaming(files, [])

    def forgetful(question: str) -> str:
        reply = answer(question)
        return "`NO CHANGES`." if "shop/big_07.py\n<<<<<<<" in reply else reply

    across, _ = conversation(subject_of(tmp_path, files, window=16_384), forgetful)
    assert len(across.notes) == 1
    assert "references were not changed" in across.notes[0]
    assert "shop/big_07.py:1" in across.notes[0]


def test_a_reply_that_cannot_be_carried_out_is_asked_for_again_twice(tmp_path: Path) -> None:
    subject = subject_of(tmp_path, FILES)
    wrong = BLOCK.format(path="shop/cart.py", old="def totals(items):", new="def sum_of(items):")
    right = renaming(FILES, [])
    replies = [wrong, "I cannot do that.", ""]
    asked: list[str] = []

    def model(question: str) -> str:
        asked.append(question)
        return replies[len(asked) - 1] or right(asked[0])

    across, _ = conversation(subject, model)
    assert len(across.changes) == 3
    assert "- shop/cart.py: The SEARCH text of block 1 is nowhere in the file" in asked[1]
    assert wrong in asked[1]
    assert "- The answer holds no SEARCH and REPLACE block." in asked[2]
    assert asked[1].startswith(asked[0])
    assert asked[2].startswith(asked[1])
    replies = [wrong, wrong, wrong]
    asked.clear()
    with pytest.raises(ReplyRefused, match="nothing was changed"):
        conversation(subject, model)
    assert len(asked) == 3


def test_labels_are_those_of_the_files(tmp_path: Path) -> None:
    subject = subject_of(tmp_path, FILES)
    from twolane_server.actions.refactor import Refactor  # noqa: PLC0415 - this test alone

    prompt = Refactor().prepare(subject).prompt
    assert prompt.label is Label.NDA  # there is no policy, and unknown is NDA
    from_files = [one for one in prompt.fragments if one.origin.path]
    assert {one.origin.path.rpartition("/")[2] for one in from_files} == {
        "cart.py",
        "test_cart.py",
        "use.md",
    }
    assert all(one.label is Label.NDA for one in from_files)


def test_a_large_file_is_shown_in_parts_and_edited_all_the_same(tmp_path: Path) -> None:
    head = "from shop.cart import total\n\n\n"
    filler = big(1).removeprefix(head).partition("def g1")[0]
    long = head + filler * 20 + "def g(x):\n    return total(x)\n\n\n" + filler * 20
    files = FILES | {"shop/big.py": long}
    subject = subject_of(tmp_path, files, window=30_000)
    across, asked = conversation(subject, renaming(files, []))
    assert len(asked) == 1
    assert "f1_20" not in asked[0]
    assert "shop/big.py (lines 1 to 7)\n" in asked[0]
    made = {one.path: str(one.after) for one in across.changes}
    assert made["shop/big.py"] == long.replace("total", "sum_of")


def test_nothing_to_do(tmp_path: Path) -> None:
    subject = subject_of(tmp_path, FILES)
    with pytest.raises(ActionError, match="No symbol"):
        conversation(replace(subject, impact=None), lambda _: "")
    with pytest.raises(ActionError, match="Say what to change"):
        conversation(replace(subject, instruction=""), lambda _: "")
    assert at_name(CART, "total") == 4


RENAMED = {
    "shop/__init__.py": "",
    "shop/cart.py": CART,
    "shop/web.py": "from shop import cart\n\nprint(cart.total)\n",
    "shop/all.py": "from shop.cart import *\n",
    "shop/other.py": "cart = 1\n",
}
NEW_FILE = "rename the file shop/cart.py to shop/basket.py"


def asked_of(
    top: Path, files: dict[str, str], instruction: str, path: str = "shop/cart.py"
) -> Subject:
    indexed = indexed_in(top / "r", top / "own", files)
    subject = subject_at(top / "r", path, 4, instruction=instruction)
    impact = impact_in(indexed, subject)
    indexed.close()
    return replace(subject, impact=impact)


def test_what_imports_a_file_that_gets_another_name_takes_part(tmp_path: Path) -> None:
    subject = asked_of(tmp_path, RENAMED, NEW_FILE)
    assert subject.impact is not None
    assert {*subject.impact.texts} == {"shop/cart.py", "shop/web.py", "shop/all.py"}
    edits = "".join(
        BLOCK.format(path=path, old=old, new=old.replace("cart", "basket"))
        for path, old in [
            ("shop/web.py", "from shop import cart"),
            ("shop/web.py", "print(cart.total)"),
        ]
    )
    rename = "```\nRENAME shop/cart.py -> shop/basket.py\n```\n"  # also in a fence of its own
    across, asked = conversation(subject, lambda _: edits + rename)
    assert "shop/all.py: line 1 (which imports" in asked[0]
    assert [str(one) for one in across.changes] == [
        "rename shop/cart.py to shop/basket.py",
        "edit shop/web.py",
    ]
    assert across.notes == ("shop/cart.py is still imported in shop/all.py",)


def test_the_target_of_a_move_brings_nobody_along(tmp_path: Path) -> None:
    files = RENAMED | {"shop/sums.py": "import os\n", "shop/uses.py": "import shop.sums\n"}
    impact = asked_of(tmp_path, files, "move total to shop/sums.py").impact
    assert impact is not None
    assert "shop/sums.py" in impact.texts
    assert "shop/uses.py" not in impact.texts


def test_documents_that_tell_of_earlier_versions_or_use_a_plain_word_are_left_out(
    tmp_path: Path,
) -> None:
    docs = {
        "CHANGELOG.md": "- `total` is new\n",
        "docs/release-notes.rst": "``total`` is new\n",
        "docs/prose.md": "In total, there are two.\n",
        "docs/code.md": "In total, one calls\n\n    total([1])\n",
    }
    impact = asked_of(tmp_path, FILES | docs, "rename total to sum_of").impact
    assert impact is not None
    assert [one.path for one in impact.sources if one.role is Role.DOC] == [
        "docs/code.md",
        "docs/use.md",
    ]
    assert [len(one.sites) for one in impact.sources if one.path == "docs/code.md"] == [1]


def test_code_is_told_before_what_tells_of_it(tmp_path: Path) -> None:
    prose = {f"docs/a{n}.md": "`total` " * 3 for n in range(9)}
    subject = asked_of(tmp_path, FILES | prose, "rename total to sum_of")
    reply = BLOCK.format(path="shop/cart.py", old="def total(items):", new="def sum_of(items):")
    across, _ = conversation(subject, lambda _: reply)
    assert (
        "not changed: tests/test_cart.py:1, tests/test_cart.py:5, docs/a0.md:1" in across.notes[0]
    )


def test_a_member_is_looked_for_in_literals_and_patterns_too(tmp_path: Path) -> None:
    files = {
        "src/types.ts": "export interface Options {\n  depth: number\n}\n",
        "src/use.ts": "import { run } from './run'\n\nrun({ depth: 1 })\nrun({ a: { depth } })\n",
        "src/run.ts": "export function run({ depth }: any) {\n  return depth\n}\nconst depth = 1\n",
    }
    indexed = indexed_in(tmp_path / "r", tmp_path / "own", files)
    at = at_name(files["src/types.ts"], "depth")
    subject = subject_at(tmp_path / "r", "src/types.ts", at, instruction="rename depth to level")
    impact = impact_in(indexed, subject)
    indexed.close()
    assert impact is not None
    rows = {one.path: [one.text.row_of(at) for at in one.maybe] for one in impact.sources}
    assert rows == {"src/types.ts": [], "src/use.ts": [2, 3], "src/run.ts": [0, 1]}


UNREAD = """\
export interface Maker {
  <
    I extends S<T>,
    R,
    O extends U = M
  >(
    ...a: [
      ...i: I,
      c: C<I, R>
    ]
  ): O<
    I
  > &
    K

  <
    I extends S<T>,
    R,
    O extends U = M
  >(
    a: [...i: I],
    c: C<I, R>
  ): O<I> &
    K

  with: <A extends T>() => C<
    A
  >
}

export function make<
  M extends U
>(of: M): A

class Made { static accessor count = 1 }
"""


def test_a_definition_in_a_file_that_cannot_be_read_is_followed_by_its_name(tmp_path: Path) -> None:
    """Whoever is called so may be meant; a use of it there is no symbol, as elsewhere."""
    files = {
        "src/maker.ts": f"{UNREAD}const made = make(1)\n",
        "src/use.ts": "import { make } from './maker'\n\nconsole.log(make(2), remake)\n",
    }
    indexed = indexed_in(tmp_path / "r", tmp_path / "own", files)
    text = files["src/maker.ts"]
    at = at_name(text, "make")
    subject = subject_at(tmp_path / "r", "src/maker.ts", at, instruction="rename make to build")
    assert subject.parsed is not None
    assert not extract(subject.parsed).definitions, "else take what the grammar cannot read"
    impact = impact_in(indexed, subject)
    use = replace(subject, selection=Span(text.index("make(1"), text.index("make(1")))
    assert impact_in(indexed, use) is None
    indexed.close()
    assert impact is not None
    rows = {
        one.path: [[one.text.row_of(at) for at in some] for some in (one.sites, one.maybe)]
        for one in impact.sources
    }
    assert rows == {"src/maker.ts": [[30], [35]], "src/use.ts": [[], [0, 2]]}
    old, new = "export function make<", "export function build<"
    block = BLOCK.format(path="src/maker.ts", old=old, new=new)
    across, _ = conversation(replace(subject, impact=impact), lambda _: block)
    told = "src/maker.ts:36, src/use.ts:1, src/use.ts:3"
    assert across.notes == (f"3 other places have the old name and may mean it, too: {told}",)


LONG = "def total(items):\n" + "".join(f"    items[{n}] += {n}\n" for n in range(400))


@pytest.mark.parametrize(("asked", "whole"), [("rename it to sum_of", False), ("inline it", True)])
def test_all_of_a_long_definition_is_shown_unless_it_only_gets_another_name(
    tmp_path: Path, asked: str, *, whole: bool
) -> None:
    files = FILES | {"shop/cart.py": "x = 1\n" * 4_000 + LONG}
    indexed = indexed_in(tmp_path / "r", tmp_path / "own", files)
    at = at_name(files["shop/cart.py"], "total")
    subject = subject_at(tmp_path / "r", "shop/cart.py", at, instruction=asked)
    subject = replace(subject, impact=impact_in(indexed, subject, window=24_576))
    indexed.close()
    log: list[str] = []

    def nothing(question: str) -> str:
        log.append(question)
        return BLOCK.format(path="shop/cart.py", old="def total(items):", new="def a(items):")

    across, _ = conversation(subject, nothing)
    assert ("items[200] += 200\n" in log[0]) is whole
    assert not any("too long to be shown" in note for note in across.notes)
    assert "def total(items):" in log[0]


def test_a_definition_that_no_question_can_show_whole_is_told(tmp_path: Path) -> None:
    long = "def total(items):\n" + "".join(f"    items[{n}] += {n}\n" for n in range(2_000))
    indexed = indexed_in(tmp_path / "r", tmp_path / "own", FILES | {"shop/cart.py": long})
    subject = subject_at(tmp_path / "r", "shop/cart.py", 4, instruction="inline it")
    subject = replace(subject, impact=impact_in(indexed, subject, window=12_288))
    indexed.close()
    block = BLOCK.format(path="shop/cart.py", old="def total(items):", new="def a(items):")
    across, _ = conversation(subject, lambda _: block)
    assert across.notes[0].startswith("total was too long to be shown to the model as a whole")


def test_a_file_that_the_person_names_is_shown_whole_even_in_several_questions(
    tmp_path: Path,
) -> None:
    other = "".join(f"def g{n}(x):\n    return {n}\n\n\n" for n in range(500))
    files = FILES | {"shop/other.py": f"total = 1\n{other}"}
    indexed = indexed_in(tmp_path / "r", tmp_path / "own", files)
    subject = subject_at(
        tmp_path / "r", "shop/cart.py", 4, instruction="use total in all of shop/other.py"
    )
    subject = replace(subject, impact=impact_in(indexed, subject, window=12_288))
    indexed.close()
    log: list[dict[str, list[str]]] = []
    conversation(subject, everywhere(log))
    shown = [line for seen in log for line in seen.get("shop/other.py", [])]
    assert shown == files["shop/other.py"].splitlines()
    assert len([seen for seen in log if "shop/other.py" in seen]) > 1


def test_an_answer_that_leaves_no_room_is_not_shown_again(tmp_path: Path) -> None:
    subject = subject_of(tmp_path, FILES, window=9_000)
    wrong = BLOCK.format(path="shop/cart.py", old="nowhere\n" * 4_000, new="x")
    right = BLOCK.format(path="shop/cart.py", old="def total(items):", new="def sum_of(items):")
    replies = iter([wrong, right])
    across, asked = conversation(subject, lambda _: next(replies))
    assert len(across.changes) == 1
    assert "nowhere\nnowhere" not in asked[1]
    assert "is nowhere in the file" in asked[1]


def shown_lines(question: str) -> dict[str, list[str]]:
    """The lines that a question shows of each file, below its path."""
    part = question.rpartition("The files of this part:")[2]
    found = re.findall(r"(?ms)^(\S+)(?: \(lines [^)]*\))?\n(`{3,})\w*\n(.*?)^\2$", part)
    lines: dict[str, list[str]] = {}
    for path, _, text in found:
        lines.setdefault(path, []).extend(text.splitlines())
    return lines


def everywhere(log: list[dict[str, list[str]]]) -> Callable[[str], str]:
    """A model that renames `total` in each line that it is shown."""

    def answer(question: str) -> str:
        if question.startswith("[system] You plan"):
            return "total becomes sum_of, everywhere."
        seen = shown_lines(question)
        log.append(seen)
        return (
            "".join(
                BLOCK.format(path=path, old=line, new=re.sub(r"\btotal\b", "sum_of", line))
                for path, lines in seen.items()
                for line in lines
                if re.search(r"\btotal\b", line)
            )
            or "NO CHANGES"
        )

    return answer


def crowded(count: int) -> str:
    """A file that names `total` again and again, in a function of many lines and in many functions."""
    long = "".join(f"    a{n} = total([{n}])\n" for n in range(count))
    many = "".join(f"def f{n}(x):\n    return total(x) + {n}\n\n\n" for n in range(count))
    return f"from shop.cart import total\n\n\ndef all_of_them():\n{long}    return 1\n\n\n{many}"


@pytest.mark.parametrize("here", [False, True])
def test_a_file_that_no_question_can_hold_is_asked_about_in_several(
    tmp_path: Path, *, here: bool
) -> None:
    text = crowded(150)
    files = FILES | {"shop/crowd.py": text}
    if here:  # also where the symbol is defined there
        text = text.replace("from shop.cart import total\n", CART)
        files = {"shop/cart.py": text, "shop/__init__.py": ""}
    path = "shop/cart.py" if here else "shop/crowd.py"
    subject = subject_of(tmp_path, files, window=12_288)
    log: list[dict[str, list[str]]] = []
    across, asked = conversation(subject, everywhere(log))
    parts = [seen[path] for seen in log if path in seen]
    assert len(parts) > 2
    assert [line for part in parts for line in part if "total" in line] == [
        line for line in text.splitlines() if "total" in line
    ], "each line once, in order"
    made = {one.path: one for one in across.changes}
    assert str(made[path].before) == text
    assert str(made[path].after) == re.sub(r"\btotal\b", "sum_of", text)
    assert not any("not changed" in note for note in across.notes)
    assert not any("Nothing was changed" in one for one in asked)
    window = 12_288
    assert all(estimate(one) < window for one in asked)


@pytest.mark.parametrize("again", [False, True])
def test_a_file_that_an_earlier_part_renamed_is_changed_on(tmp_path: Path, *, again: bool) -> None:
    text = crowded(150)
    subject = subject_of(tmp_path, FILES | {"shop/crowd.py": text}, window=12_288)
    log: list[dict[str, list[str]]] = []
    model = everywhere(log)

    def renaming_once(question: str) -> str:
        reply = model(question)
        first = [seen for seen in log if "shop/crowd.py" in seen]
        if "shop/crowd.py\n" in reply and (again or len(first) == 1):
            return f"{reply}RENAME shop/crowd.py -> shop/many.py\n"
        return reply

    across, _ = conversation(subject, renaming_once)
    (one,) = [one for one in across.changes if one.path == "shop/crowd.py"]
    assert one.to == "shop/many.py"
    assert (str(one.before), str(one.after)) == (text, re.sub(r"\btotal\b", "sum_of", text))


def test_a_window_that_holds_no_part_of_a_file_is_told(tmp_path: Path) -> None:
    files = FILES | {
        "shop/crowd.py": "from shop.cart import total\nx = [" + "total, " * 9_000 + "]\n"
    }
    subject = subject_of(tmp_path, files, window=12_288)
    with pytest.raises(ActionError, match=r"cannot hold even a part of shop/crowd\.py"):
        conversation(subject, everywhere([]))


def test_a_file_that_the_person_names_is_shown_whole_before_others(tmp_path: Path) -> None:
    files = FILES | {f"shop/m{n}.py": big(n) for n in range(14)}
    indexed = indexed_in(tmp_path / "r", tmp_path / "own", files)
    asked = "rename total to sum_of, also in the texts of shop/m3.py"
    subject = subject_at(tmp_path / "r", "shop/cart.py", 4, instruction=asked)
    impact = impact_in(indexed, subject, window=16_384)
    indexed.close()
    subject = replace(subject, impact=impact)
    log: list[list[str]] = []
    _, questions = conversation(subject, renaming(files, log))
    assert "\nshop/m3.py\n```" in questions[0]
    assert "\nshop/m2.py (lines" in questions[0]


def test_a_text_that_is_the_path_to_the_symbol_is_told_and_may_change(tmp_path: Path) -> None:
    mocks = 'def test(mocker):\n    mocker.patch("shop.cart.total")\n    mocker.patch("shop.web.total")\n'
    files = FILES | {"tests/test_web.py": mocks}
    subject = asked_of(tmp_path, files, "rename total to sum_of")
    assert subject.impact is not None
    rows = {one.path: [one.text.row_of(at) for at in one.maybe] for one in subject.impact.sources}
    assert rows["tests/test_web.py"] == [1]
    log: list[list[str]] = []
    model = renaming(FILES | {"tests/test_web.py": ""}, log)
    across, _ = conversation(subject, model)
    assert across.notes == (
        "1 other place has the old name and may mean it, too: tests/test_web.py:2",
    )


def test_files_that_change_unseen_are_looked_at_again(tmp_path: Path) -> None:
    """What the index remembers may be on disk no more; before, that ended in an exception."""
    root = tmp_path / "r"
    indexed = indexed_in(root, tmp_path / "own", FILES)
    for path, text in FILES.items():
        (root / path).write_text(f"{text}# more\n")
    (root / "tests/test_cart.py").unlink()
    subject = subject_at(root, "shop/cart.py", 4, instruction="rename total to sum_of")
    impact = impact_in(indexed, subject)
    assert impact is not None
    assert "tests/test_cart.py" not in impact.texts
    assert str(impact.texts["shop/cart.py"]) == f"{CART}# more\n"
    indexed.close()


def test_a_file_that_always_changes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise Changed("shop/other.py")

    indexed = indexed_in(tmp_path / "r", tmp_path / "own", FILES)
    subject = subject_at(tmp_path / "r", "shop/cart.py", 4, instruction="rename it")
    monkeypatch.setattr(module, "references", never)
    with pytest.raises(ActionError, match=r"shop/other\.py changes faster than it can be read"):
        impact_in(indexed, subject)
    indexed.close()
