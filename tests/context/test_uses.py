"""Which names a piece of code uses, and what it says of its variables."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_sources import SOURCES, parsed
from twolane_context.spans import Span
from twolane_context.uses import Uses, uses


def found(path: str, source: str) -> Uses:
    tree = parsed(path, source)
    return uses(tree, Span(0, len(tree.source)))


def check(path: str, source: str, *chains: str, **variables: str) -> None:
    """Chains are written `a.b.().c`; of each variable, all that is known, parted by blanks."""
    used = found(path, source)
    shown = {".".join(use.chain) for use in used.uses}
    assert set(chains) <= shown, shown
    for name, known in variables.items():
        assert [".".join(chain) for chain in used.locals[name]] == known.split(), used.locals


@pytest.mark.parametrize(
    ("path", "source", "chains"),
    [
        ("a.py", "a.b.c(d)[0].e", ("a", "a.b", "a.b.c", "d", "a.b.c.().[].e")),
        ("a.py", "(a + b).c", ("a", "b", "*.c")),
        ("a.py", '"x".join(y)', ("*.join", "y")),
        ("a.rs", "fn f() { a::b(c)?.d.e(); }", ("a::b".replace("::", "."), "c", "*.d", "*.d.e")),
        ("a.ts", "a?.b().c;", ("a.b", "a.b.().c")),
        ("a.ts", "a.b()\n(c as D).e", ("a.b", "*.e")),
        ("a.ts", "a(b.c(d", ("a", "b.c", "d")),
        ("a.go", "package m\nfunc f() { a.b().c[0].d() }", ("a.b.().c.[].d",)),
        ("a.java", "class A { void f() { this.b.c(); } }", ("this.b.c",)),
        ("a.c", "int f(void) { return a->b.c; }", ("a.b.c",)),
        ("a.cpp", "int f() { return n::a::b(c).d; }", ("n.a.b", "n.a.b.().d")),
        ("a.lua", "local function f() a.b:c(d).e() end", ("a.b.c", "a.b.c.().e")),
        # Keys of a literal are members of what the code around asks for.
        ("a.ts", "f(1, { a: 2, b, c: [d] });", ("f.{}.a", "f.{}.b", "b", "f.{}.c", "d")),
        ("a.ts", "new a.B(c ? { d: 1 } : { e });", ("a.B.{}.d", "a.B.{}.e")),
        ("a.ts", "f(x => ({ a: x }));", ("f.{}.a",)),
        ("a.ts", "const x: A = { b: 1 }; x.y = { c };", ("A.b", "x.y.c")),
        ("a.ts", "function f(): A { if (b) return { c: 1 }; }", ("=>.c",)),
        ("a.ts", "const f = (): A => ({ b });", ("=>.b",)),
        # And so are the names in a pattern.
        ("a.ts", "const { x, y: z } = a.b();", ("a.b.().x", "a.b.().y")),
        ("a.ts", "function f({ x, y = 1 }: A) {}", ("A.x",)),
        ("a.ts", "f(`${a}`).b", ("a", "f.().b")),
    ],
)
def test_chains(path: str, source: str, chains: tuple[str, ...]) -> None:
    check(path, source, *chains)


@pytest.mark.parametrize(
    ("path", "source", "variables"),
    [
        ("a.py", "x = A(1)", {"x": "A.()"}),
        ("a.py", "x = a.b", {"x": "a.b"}),
        ("a.py", "x = a(b.c(", {"x": "a.()"}),
        ("a.py", "x: A = b()", {"x": "A.() b.()"}),
        ("a.py", "def f(x: 'int', y: B, *z, k=c): pass", {"y": "B.()", "z": "", "k": ""}),
        ("a.py", "for x in a.b(): pass", {"x": "a.b.().[]"}),
        ("a.py", "with a() as x: pass", {"x": ""}),
        ("a.py", "f(lambda x: x.y)", {"x": ""}),
        ("a.py", "if isinstance(x, a.B): x.c", {"x": "a.B.()"}),
        ("a.py", "x, y = a()", {"x": "", "y": ""}),
        (
            "a.rs",
            "fn f(x: &mut A, y: Option<B>) { let z = C::new(x); }",
            {"x": "A.()", "y": "Option.() B.()", "z": "C.new.()"},
        ),
        (
            "a.rs",
            "fn f<T: A>(x: T) { g(|y| y.z); }",
            {"x": "T.()", "T": "A.()", "y": "g.{}.{} g.{}"},
        ),
        ("a.rs", "fn f<T>(x: T) where T: A {}", {"T": "A.()"}),
        (
            "a.ts",
            "function f(x: A<B>, y?: C) { const z = new D(); }",
            {"x": "A.() B.()", "z": "D.()"},
        ),
        (
            "a.ts",
            "g((x: A, y) => 1); a.h(z => z);",
            {"x": "A.()", "y": "g.{}.{} g.{}", "z": "a.h.{}.{} a.h.{}"},
        ),
        ("a.ts", "g(({ x, y: z }) => 1)", {"x": "g.{}.{}.x g.{}.x", "z": "g.{}.{}.y g.{}.y"}),
        ("a.ts", "const g: A = ({ x }, y) => 1", {"x": "A.{}.x A.x", "y": "A.{} A"}),
        ("a.js", "function f(x, { y }) {}", {"x": "", "y": ""}),
        ("a.ts", "function f<T extends A>(x: T) {}", {"T": "A.()", "x": "T.()"}),
        ("a.ts", "const { x, y: z } = a();", {"x": "a.().x", "z": "a.().y"}),
        ("a.ts", "const { x } = this, { y } = b.c;", {"x": "this.x", "y": "b.c.y"}),
        ("a.ts", "function f({ x = 1, y: z }: A, { w }) {}", {"x": "A.x", "z": "A.y", "w": ""}),
        ("a.js", "for (const x of a) {}", {"x": "a.[]"}),
        (
            "a.go",
            "package m\nfunc f(x *a.B, y C) { z := a.D() }",
            {"x": "a.B.()", "y": "C.()", "z": "a.D.()"},
        ),
        (
            "a.java",
            "class A { void f(B x) { C<D> y = g(); E[] z; } }",
            {"x": "B.()", "y": "C.() D.() g.()"},
        ),
        ("a.java", "class A { void f() { try { g(); } catch (B | C e) {} } }", {"e": "B.() C.()"}),
        ("a.py", "def f(*x: A, **y: B): g(lambda z: z)", {"x": "A.()", "y": "B.()", "z": ""}),
        ("a.ts", "function f(...x: A[]) {}", {"x": "A.()"}),
        ("a.rs", "fn f() { if let A(x) = y {} }", {"x": "A.[]"}),
        ("a.rs", "fn f() { if let Some(x) = a.b() {} }", {"x": "a.b.()"}),
        (
            "a.rs",
            "fn f() { match a { A::B(ref mut x) => 1, A(mut y, z) => 2, Some(w) => 3 } }",
            {"x": "A.B.[]", "y": "A.[]", "z": "", "w": ""},
        ),
        (
            "a.cpp",
            "void f(A &x, const B *y) { C z; auto w = D(); }",
            {"x": "A.()", "y": "B.()", "z": "C.()", "w": "D.()"},
        ),
        ("a.lua", "local x = a.b()", {"x": "a.b.()"}),
    ],
)
def test_variables(path: str, source: str, variables: dict[str, str]) -> None:
    check(path, source, **variables)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.py", "f(x=1)"),
        ("a.py", "def f(a: x): pass"),
        ("a.py", "y = x"),
        ("a.py", "class A(x): pass"),
        ("a.ts", "const a: x = y;"),
        ("a.rs", "fn f() { let a: x = y; }"),
        ("a.go", "package m\nfunc f(a x) {}"),
        ("a.lua", "local t = { x = 1 }"),
    ],
)
def test_what_is_no_variable(path: str, source: str) -> None:
    assert "x" not in found(path, source).locals


def test_keyword_arguments_are_not_used() -> None:
    assert {use.chain for use in found("a.py", "f(x=y)").uses} == {("f",), ("y",)}


def test_calls_are_told_and_places_count_in_bytes() -> None:
    used = found("a.py", "é = 1\n'ü', f(é.g)\n").uses
    shown = [(use.chain[-1], use.row, use.column, use.called) for use in used]
    assert shown == [("f", 1, 6, True), ("é", 1, 8, False), ("g", 1, 11, False)]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.py", "def f():\n    return a.b()\n"),
        ("a.py", "def f():\n    yield a.b()\n"),
        ("a.ts", "function f() { return a.b(); }"),
        ("a.ts", "const f = () => a.b();"),
    ],
)
def test_what_is_returned(path: str, source: str) -> None:
    assert [chain for _, chain in found(path, source).returned] == [("a", "b", "()")]


@given(st.sampled_from(sorted(SOURCES)), st.data())
def test_any_piece_of_any_text_has_uses_within_it(path: str, data: st.DataObject) -> None:
    source = data.draw(st.text(st.sampled_from(SOURCES[path] + "()[]{}.:=\n"), max_size=80))
    tree = parsed(path, source)
    start = data.draw(st.integers(0, len(tree.source)))
    end = data.draw(st.integers(start, len(tree.source)))
    lines = tree.source.split(b"\n")
    for use in [one for one in uses(tree, Span(start, end)).uses if one.row >= 0]:
        offset = sum(len(line) + 1 for line in lines[: use.row]) + use.column
        name = use.chain[-1].encode()
        assert start <= offset
        assert offset + len(name) <= end
        assert tree.source[offset:].startswith(name)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.ts", "f(a=>" * 20_000 + ")" * 20_000),
        ("a.ts", "a.b=f(" * 20_000 + ")" * 20_000),
        ("a.ts", "x=a>b=c," * 20_000),
        ("a.py", "a." * 50_000 + "b"),
        ("a.ts", "(a:" * 20_000),
        ("a.ts", "f({a:" * 20_000),
        ("a.ts", "{a,b:" * 20_000 + "}" * 20_000 + "=c"),
    ],
)
def test_the_time_grows_with_the_text_and_not_with_its_square(path: str, source: str) -> None:
    tree = parsed(path, source)
    began = time.process_time()
    found = uses(tree, Span(0, len(tree.source)))
    assert time.process_time() - began < 5
    assert max(len(use.chain) for use in found.uses) < 100
