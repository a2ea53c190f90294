"""Who holds a word, who defines a name; what changes and what is visible."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_index import file_of, index_of
from support_sources import SOURCES as TEXTS
from support_sources import parsed
from twolane_context.definitions import HELD, Kind
from twolane_context.disk import Row, Stamp, digest_of
from twolane_context.facts import extract
from twolane_context.index import COMMON, Changed, File, Index, module_names
from twolane_context.names import Postings, words
from twolane_context.outline import Outline, examine, packed, packed_name, unpack
from twolane_context.repository import Repository

SOURCES = {
    "a.py": "def go(): return x\n",
    "b/c.py": "class A:\n    def go(self): ...\n\ny = go\n",
    "d.txt": "go and x\n",
    "e.lua": "x = function() end\n",
}


def defining(index: Index, name: str) -> list[tuple[str, int]]:
    return [(file.path, at) for file, at in index.defining(name)]


def holding(index: Index, word: str) -> list[str]:
    return [file.path for file in index.holding(word)]


def test_words_and_definitions() -> None:
    index = index_of(SOURCES)
    assert holding(index, "go") == ["a.py", "b/c.py", "d.txt"]
    assert holding(index, "x") == ["a.py", "d.txt", "e.lua"]
    assert holding(index, "nothing") == []
    assert defining(index, "go") == [("a.py", 0), ("b/c.py", 1)]
    assert defining(index, "A") == [("b/c.py", 0)]
    assert defining(index, "x") == [("e.lua", 0)]
    assert defining(index, "and") == []


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        ("a.py", "class é:\n    ü: int = 1\n", "é"),
        ("a.py", "class é:\n    ü: int = 1\n", "ü"),
        ("a.py", "class A:\n    def __init__(self):\n        self.x = 1\n", "x"),
        ("a.rs", "impl A { pub(crate) fn go() {} }\n", "go"),
        ("a.rs", "enum A { First, Second(u8) }\n", "Second"),
        ("a.ts", "export class $A { #go() {} }\n", "$A"),
        ("a.ts", "export const go = () => 1;\n", "go"),
        ("a.js", "module.exports.go = function () {};\n", "go"),
        ("a.go", "package m\n\nfunc (t *T) Go() {}\n", "Go"),
        ("a.c", "static int\ngo(void) { return 1; }\n", "go"),
        ("a.cpp", "void A::go() {}\n", "go"),
        ("a.java", "class A { int[] go() { return null; } }\n", "go"),
        ("a.lua", "function M:go() end\n", "go"),
    ],
)
def test_definitions_are_found_before_and_after_the_outline_is_made(
    path: str, source: str, name: str
) -> None:
    index = index_of({path: source})
    found = defining(index, name)
    assert found
    encoded = source.encode()
    row = Row(path, Stamp(0, 0, 0), digest_of(encoded), *examine(path, encoded))
    known = File(row, lambda _path, _digest: pytest.fail("it was read"))
    assert defining(Index({path: known}), name) == found


def test_of_common_words_nothing_is_said() -> None:
    few = {f"{number}.py": "def go(): ...\n" for number in range(COMMON)}
    assert len(defining(index_of(few), "go")) == COMMON
    assert defining(index_of({**few, "more.py": "go\n"}), "go") == []


def test_of_a_word_in_more_files_than_asked_for_there_are_none() -> None:
    whole = index_of(SOURCES)
    for _ in range(2):  # the second time from memory
        assert whole.holding("go", 2) == []
        assert [file.path for file in whole.holding("go", 3)] == ["a.py", "b/c.py", "d.txt"]
    # What is not visible does not count, also where all of them were too many before.
    seen = whole.visible(lambda path: path != "d.txt")
    assert whole.holding("x", 2) == []
    assert [file.path for file in seen.holding("x", 2)] == ["a.py", "e.lua"]
    assert seen.holding("x", 1) == []


def test_an_index_does_not_change_and_the_next_one_differs_by_the_change() -> None:
    index = index_of(SOURCES)
    before = {word: holding(index, word) for word in ("go", "x", "new")}
    texts = {"a.py": b"def new(): ...\n"}
    changed = index.changed({"a.py": file_of("a.py", texts["a.py"]), "d.txt": None})
    assert {word: holding(index, word) for word in before} == before
    assert holding(changed, "go") == ["b/c.py"]
    assert defining(changed, "new") == [("a.py", 0)]
    assert "d.txt" not in changed.files


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", "x y", None])), max_size=8
    )
)
def test_any_way_of_changes_leads_to_the_same_index(changes: list[tuple[str, str | None]]) -> None:
    index, texts = index_of({}), dict[str, bytes]()
    for name, text in changes:
        path = f"{name}.py"
        if text is None:
            texts.pop(path, None)
            index = index.changed({path: None})
        else:
            texts[path] = text.encode()
            index = index.changed({path: file_of(path, texts[path])})
    fresh = index_of({path: text.decode() for path, text in texts.items()})
    for word in "xy":
        assert holding(index, word) == holding(fresh, word)


def test_a_file_that_is_shown_again_is_held_once() -> None:
    index = index_of(SOURCES)
    file = index.files["a.py"]
    again = index.changed({"a.py": file_of("a.py", b"")}).changed({"a.py": file})
    assert holding(again, "x") == ["a.py", "d.txt", "e.lua"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=8))
def test_modules_follow_the_paths_through_all_changes(changes: list[tuple[str, bool]]) -> None:
    index = index_of({"a.py": ""})
    for number, (name, there) in enumerate(changes):
        path, source = f"{name}.py", str(number).encode()
        index = index.changed({path: file_of(path, source) if there else None})
        for one in "abc":
            listed = [path for path, _ in index.modules(one)]
            assert listed == [f"{one}.py"] * (f"{one}.py" in index.files)


def test_a_key_in_a_file_has_no_modules_found_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    index = index_of(SOURCES)
    modules = [*index.modules("a")]
    assert modules
    monkeypatch.setattr("twolane_context.index.module_names", None)  # who asks it fails
    later = index.changed({"a.py": file_of("a.py", b"x = 2\n")})
    assert [*later.modules("a")] == modules


def test_what_is_not_visible_shows_nowhere() -> None:
    whole = index_of(SOURCES)
    index = whole.visible(lambda path: not path.startswith("b/"))
    assert sorted(index.files) == ["a.py", "d.txt", "e.lua"]
    assert len(index.files) == 3
    assert "b/c.py" not in index.files
    assert holding(index, "go") == ["a.py", "d.txt"]
    assert defining(index, "go") == [("a.py", 0)]
    assert index.modules("c") == []
    assert [path for path, _ in whole.modules("c")] == ["b/c.py"]
    allowed = {"a.py"}
    asked_anew = whole.visible(allowed.__contains__)
    assert holding(asked_anew, "go") == ["a.py"]
    allowed.clear()
    assert holding(asked_anew, "go") == []
    assert defining(asked_anew, "go") == []


@pytest.mark.parametrize("asked", [False, True])
def test_a_file_that_changed_meanwhile_says_so(tmp_path: Path, *, asked: bool) -> None:
    at = tmp_path / "a.py"
    at.write_bytes(b"def go(): ...\n")
    repository = Repository(tmp_path)
    repository.refresh()
    file = repository.index.files["a.py"]
    if asked:  # and its text is known
        assert file.source() == b"def go(): ...\n"
    at.with_suffix(".new").write_bytes(b"def no(): ...\n")
    at.with_suffix(".new").rename(at)
    with pytest.raises(Changed) as changed:
        file.source()
    assert changed.value.path == "a.py"
    at.unlink()
    with pytest.raises(Changed):
        _ = file.outline


def test_words_are_those_of_the_file() -> None:
    file = file_of("a.py", b"a b a")
    assert file.words == words(b"a b a")
    assert file.holds("a")
    assert not file.holds("c")


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("a/b.py", "a.b"),
        ("a/__init__.py", "a"),
        ("src/a/b.rs", "a.b"),
        ("src/a/mod.rs", "a"),
        ("x-y/src/lib.rs", "x_y"),
        ("packages/a/src/b.ts", "packages.a.b"),
        ("a/index.tsx", "a"),
        ("lua/a/init.lua", "lua.a"),
        (".hidden", ".hidden"),
    ],
)
def test_module_names(path: str, module: str) -> None:
    assert ".".join(module_names(path)[0]) == module


@given(
    changes=st.lists(
        st.tuples(
            st.integers(0, 40),  # which of the indexes so far is changed
            st.sets(st.sampled_from([f"{n}.txt" for n in range(45)]), min_size=1, max_size=30),
            st.none() | st.text("abc ", max_size=6),
            st.sampled_from("abc"),
        ),
        max_size=40,
    )
)
def test_each_index_finds_what_it_holds_whatever_came_of_it(
    changes: list[tuple[int, set[str], str | None, str]],
) -> None:
    indexes = [index_of({f"{n}.txt": "abc"[n % 3] for n in range(30)})]
    for which, paths, text, asked in changes:
        index = indexes[which % len(indexes)]
        new = None if text is None else text.encode()
        indexes.append(index.changed({p: None if new is None else file_of(p, new) for p in paths}))
        for each in (index, indexes[-1]):
            assert each.holding(asked) == _held(each, asked)
    for each in indexes:
        assert [each.holding(word) for word in "abc"] == [_held(each, word) for word in "abc"]


def _held(index: Index, word: str) -> list[File]:
    """The same, found by a look at each file."""
    return [index.files[path] for path in sorted(index.files) if index.files[path].holds(word)]


def test_the_words_of_a_file_in_which_somebody_types_are_not_sorted_in_at_each_key() -> None:
    postings = Postings(file_of(f"{n}.txt", b"a") for n in range(30))
    while not postings.inverted:
        assert len([*postings.holding(b"a")]) == 30
    for n in range(100):
        postings = postings.later([file_of("1.txt", b"a b%d" % n)])
        assert [one.path for one in postings.holding(b"b%d" % n)] == ["1.txt"]
    assert postings.inverted == 30


def test_a_word_is_found_however_many_were_asked_for_before() -> None:
    index = index_of({"a.py": "first = 1\n"})
    for number in range(40):
        assert index.holding(f"name{number}") == []
        source = f"name{number} = second = 1\n".encode()
        index = index.changed({"b.py": file_of("b.py", source)})
        assert [file.path for file in index.holding(f"name{number}")] == ["b.py"]
        assert [file.path for file in index.holding("second")] == ["b.py"]
    assert [file.path for file in index.holding("first")] == ["a.py"]


@pytest.mark.parametrize("path", ["a/__init__.py", "a.js", "a.rs", "README"])
def test_an_empty_file_is_not_even_parsed(path: str) -> None:
    words, packed = examine(path, b"")
    assert (words, packed) == (b"\n", b"")
    assert unpack(packed) == Outline()
    assert unpack(examine(path, b"\n")[1]) == Outline()


def test_the_innermost_definition_is_the_last_of_those_around_a_row() -> None:
    folder = Path(__file__).resolve().parents[2] / "context" / "twolane_context"
    sources = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    more = ["class A:\n    x = 1\n    class B:\n        def f(self): pass\n    y = 2\nz = 3\n"]
    for source in [*sources, *(one.encode() for one in more)]:
        outline = unpack(examine("a.py", source)[1])
        assert [one.start for one in outline.symbols] == sorted(
            one.start for one in outline.symbols
        )
        held = [(at, one) for at, one in enumerate(outline.symbols) if one.kind not in HELD]
        for row in range(source.count(b"\n") + 2):
            around = [at for at, one in held if one.start <= row <= one.end]
            assert outline.innermost(row) == max(around, default=-1)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\'\r\u2028\u2029"))
ODD = (
    "class A(B, c.D):\n    x: int = 1\n    @p\n    def f(self):\n        self.y = E()\n",
    "class Café:\n    # é\n    naïve = Ünder()\n\n\n    def f(self): pass\r\n\r\nz = 1",
    "",
)


@given(st.sampled_from([*TEXTS.items(), *(("a.py", text) for text in ODD)]))
def test_an_outline_comes_back_as_the_facts_that_were_packed(sample: tuple[str, str]) -> None:
    check_outline(*sample)


@given(NAMES)
def test_a_name_of_whatever_characters_comes_back(name: str) -> None:
    escaped = name.replace("\n", "\\\n")
    check_outline("a.js", f"class A {{ '{escaped}' = 1; after() {{}} }}\nfunction last() {{}}\n")


def check_outline(path: str, text: str) -> None:
    source, tree = text.encode(), parsed(path, text)
    facts, packed_outline = extract(tree), packed(tree)
    outline = unpack(packed_outline)
    for symbol, one in zip(outline.symbols, facts.symbols, strict=True):
        rows = [source.count(b"\n", 0, at) for at in (one.start, one.at, one.end - 1)]
        assert [symbol.start, symbol.row, symbol.end] == rows
        assert symbol.column == one.at - source.rfind(b"\n", 0, one.at) - 1
        assert symbol.tail == one.head - source.rfind(b"\n", 0, max(one.start, one.head - 1)) - 1
        assert symbol.name == one.name.replace("\n", " ")
        above = -1 if one.parent is None else one.parent
        assert (symbol.kind, symbol.parent, symbol.bases) == (one.kind, above, one.bases)
        assert symbol.owner == one.owner
        assert packed_name(symbol.name) in packed_outline
        assert packed_name(symbol.name, symbol.kind) in packed_outline
    bound = [binding for one in (*facts.imports, *facts.exports) for binding in one.bindings]
    assert [*outline.bindings] == bound


def test_only_names_of_a_kind_are_sought_as_such() -> None:
    _, made = examine("a.py", b"class Way: pass\ndef way_on(): pass\nvar = Way()\n")
    assert packed_name("Way", Kind.CLASS) in made
    assert packed_name("Way", Kind.FUNCTION) not in made
    assert packed_name("way") not in made
    assert packed_name("ay") not in made
    assert packed_name("on") not in made
