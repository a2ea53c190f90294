"""Questions to a repository on disk, while it changes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import twolane_context.answers as module
from support_repository import put
from support_sources import SOURCES
from twolane_context.answers import Answers
from twolane_context.index import Changed
from twolane_context.languages import language_for
from twolane_context.question import Selection, around, row_span
from twolane_context.repository import Repository
from twolane_context.tokens import estimate
from twolane_context.trees import Parsed, parse
from twolane_context.uses import uses

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_context.languages import Language
    from twolane_context.pack import Piece
    from twolane_context.resolve import Resolver

A = "def go(x):\n    return x\n\n\ndef other(): ...\n"
B = "from a import go, other\n\n\ndef f():\n    return go(1)\n\n\nclass C:\n    def g(self):\n        other()\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    put(tmp_path / "a.py", A)
    put(tmp_path / "b.py", B)
    put(tmp_path / "notes.txt", "go\n")
    made = Repository(tmp_path)
    made.refresh()
    return made


def shown(pieces: list[Piece]) -> list[str]:
    return [f"{one.path}:{one.start_line}-{one.end_line}" for one in pieces]


def ask(answers: Answers, row: int, path: str = "b.py", **more: str) -> list[str]:
    return shown(answers.context([Selection(path, row, row)], 1_000, estimate, **more))


def test_a_minified_file_takes_part_by_its_words_only(tmp_path: Path) -> None:
    text = "export function cost(price){return price}\n"
    for name in ("cost.js", "cost.min.js", "a.min.d/more.js"):
        put(tmp_path / "lib" / name, text)
    put(tmp_path / "use.js", "import {cost} from './lib/cost.js';\nlet total = cost(1);\n")
    repository = Repository(tmp_path)
    repository.refresh()
    answers = Answers(repository)
    assert answers.tree("lib/cost.min.js") is None
    assert answers.tree("lib/cost.js") is not None
    found = {file.path: len(file.outline.symbols) for file in repository.index.holding("cost")}
    assert found == {
        "lib/a.min.d/more.js": 1,
        "lib/cost.js": 1,
        "lib/cost.min.js": 0,
        "use.js": 1,
    }
    assert ask(answers, 1, "use.js") == ["lib/cost.js:1-1"]


def test_context(repository: Repository) -> None:
    answers = Answers(repository)
    assert ask(answers, 4) == ["a.py:1-2"]
    assert ask(answers, 9) == ["a.py:5-5"]
    assert ask(answers, 0, "notes.txt") == []
    assert ask(answers, 4, instruction="like other") == ["a.py:1-2", "a.py:5-5"]
    both = answers.context([Selection("b.py", 4, 4), Selection("b.py", 9, 9)], 1_000, estimate)
    assert shown(both) == ["a.py:1-2", "a.py:5-5"]


@pytest.mark.parametrize("suffix", ["ts", "js"])
def test_functions_of_javascript_may_return_what_only_their_code_tells(
    tmp_path: Path, suffix: str
) -> None:
    put(tmp_path / f"a.{suffix}", "export class A {\n  go() {}\n}\nclass Z {\n  go() {}\n}\n")
    held = "import { A } from './a';\nexport class B {\n  get a() {\n    return new A();\n  }\n}\n"
    put(tmp_path / f"b.{suffix}", f"{held}export function make() {{\n  return new B();\n}}\n")
    use = "import { make } from './b';\nfunction f() {\n  make().a.go();\n}\n"
    put(tmp_path / f"c.{suffix}", use)
    repository = Repository(tmp_path)
    repository.refresh()
    found = ask(Answers(repository), 2, f"c.{suffix}")
    assert found == [f"b.{suffix}:7-9", f"b.{suffix}:3-5", f"a.{suffix}:2-2"]


def test_text_is_that_of_the_file_with_plain_line_ends(repository: Repository) -> None:
    put(repository.root / "a.py", A.replace("\n", "\r\n"))
    repository.refresh()
    (piece,) = Answers(repository).context([Selection("b.py", 4, 4)], 1_000, estimate)
    assert piece.text == "def go(x):\n    return x\n"


def test_a_tree_that_is_there_is_taken_unless_the_file_is_another(repository: Repository) -> None:
    answers, language = Answers(repository), language_for("b.py")
    assert language is not None
    other, same = parse(language, b"x = 1\n"), parse(language, B.encode())
    answers.take("b.py", other)
    assert answers.tree("b.py") is not other
    answers.take("b.py", same)
    assert answers.tree("b.py") is same
    answers.take("gone.py", same)
    assert answers.tree("gone.py") is None


def test_unsaved_text_counts(repository: Repository) -> None:
    answers = Answers(repository)
    assert ask(answers, 4) == ["a.py:1-2"]
    repository.overlay("b.py", B.replace("go(1)", "other()").encode())
    assert ask(answers, 4) == ["a.py:5-5"]


def test_what_is_not_allowed_is_not_there(repository: Repository) -> None:
    answers = Answers(repository, lambda path: path != "a.py")
    assert ask(answers, 4) == []
    assert ask(answers, 0, "a.py") == []
    assert answers.references("b.py", 4, 11) == Answers(
        repository, lambda p: p == "b.py"
    ).references("b.py", 4, 11)
    assert answers.tree("a.py") is None


def test_a_file_that_changes_meanwhile_is_looked_at_again(repository: Repository) -> None:
    answers = Answers(repository)
    put(repository.root / "a.py", "\n\n" + A)
    put(repository.root / "b.py", "\n" + B)
    assert ask(answers, 5) == ["a.py:3-4"]
    (repository.root / "a.py").unlink()
    assert ask(Answers(repository), 5) == []


def test_something_that_writes_all_the_time_is_given_up_on(repository: Repository) -> None:
    asked: list[int] = []

    def answer() -> None:
        asked.append(1)
        raise Changed("a.py")

    with pytest.raises(Changed):
        Answers(repository).steady(answer)
    assert 5 < len(asked) < 100


def test_where_files_change_all_the_time_there_is_no_answer(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers(repository)

    def resolver() -> Resolver:
        raise Changed("a.py")

    monkeypatch.setattr(answers, "resolver", resolver)
    assert ask(answers, 5) == []
    assert answers.references("b.py", 4, 11) == []


def test_references(repository: Repository) -> None:
    found = Answers(repository).references("b.py", 4, 11)
    assert [tuple(site) for site in found] == [("a.py", 0, 4), ("b.py", 0, 14), ("b.py", 4, 11)]


def test_trees_are_kept_and_parsed_from_the_one_before(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    before: list[Parsed | None] = []

    def parsing(*args: object) -> Parsed:
        before.append(args[2] if len(args) > 2 and isinstance(args[2], Parsed) else None)
        return parse(*args)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(module, "parse", parsing)
    answers = Answers(repository)
    first = answers.tree("b.py")
    assert answers.tree("b.py") is first
    assert before == [None]
    repository.overlay("b.py", B.encode() + b"x = 1\n")
    second = answers.tree("b.py")
    assert second is not None
    assert before == [None, first]
    assert second.source == B.encode() + b"x = 1\n"


ITEMS = [
    "def go(x):\n    return other(x)\n",
    "class C:\n    def f(self):\n        return go(self.g())\n\n    def g(self): ...\n",
    "if x:\n    def other(): go(1)\n",
    "@go\ndef late(x=go): other()\n",
    "x = go(other)\n",
    "def broken(:\n    go(\n",
]


@given(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=5), st.data())
def test_a_part_of_a_file_gives_the_answer_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, items: list[str], data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("r")
    put(root / "a.py", A)
    source = "from a import go, other\n" + "".join(items)
    put(root / "b.py", source)
    repository = Repository(root)
    repository.refresh()
    _ = repository.index.files["b.py"].outline
    row = data.draw(st.integers(0, source.count("\n") - 1))
    whole = Answers(repository)
    whole.tree("b.py")
    assert ask(Answers(repository), row) == ask(whole, row)


@pytest.mark.parametrize("path", SOURCES)
def test_so_it_does_in_every_language(tmp_path: Path, path: str) -> None:
    put(tmp_path / path, SOURCES[path])
    repository = Repository(tmp_path)
    repository.refresh()
    outline = repository.index.files[path].outline
    whole = Answers(repository).tree(path)
    assert whole is not None
    parts = 0
    for row in range(SOURCES[path].count("\n")):
        part = Answers(repository)._around(Selection(path, row, row))  # pyright: ignore[reportPrivateUsage]
        assert part is not None
        _, rows = around(outline, row, row)
        one, other = (uses(parsed, row_span(parsed.source, *rows)) for parsed in (part, whole))
        assert asdict(one) == asdict(other)
        parts += bool(one.uses) and part.source != whole.source
    assert parts


def test_a_member_of_a_large_class_is_parsed_without_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = "".join(f"  m{number}() {{ return {number}; }}\n" for number in range(500))
    put(tmp_path / "a.ts", f"class A {{\n{others}  go() {{ return this.m7(); }}\n}}\n")
    repository = Repository(tmp_path)
    repository.refresh()
    _ = repository.index.files["a.ts"].outline
    parsed: list[bytes] = []

    def parsing(language: Language, source: bytes, previous: Parsed | None = None) -> Parsed:
        parsed.append(source)
        return parse(language, source, previous)

    monkeypatch.setattr(module, "parse", parsing)
    assert ask(Answers(repository), 501, "a.ts") == ["a.ts:9-9"]
    assert [b" ".join(source.split()) for source in parsed] == [
        b"class A { go() { return this.m7(); } }"
    ]
