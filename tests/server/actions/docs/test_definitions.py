from __future__ import annotations

import pytest

from support_actions import parsed_of
from twolane_context.spans import Span
from twolane_server.actions.docs.definitions import definition_at, name_of


def found(name: str, marked: str) -> str | None:
    parsed, selection = parsed_of(marked, name)
    node = definition_at(parsed, selection)
    return None if node is None else name_of(parsed, node)


@pytest.mark.parametrize(
    ("name", "marked", "expected"),
    [
        ("a.py", "def f():\n    x‸\n", "f"),
        ("a.py", "class A:\n    def f(self):\n        x‸\n", "f"),
        ("a.py", "class A:\n‸    def f(self):\n        x\n", "f"),
        ("a.py", "class A:\n‸    def f(self):\n        x\n‸    y = 1\n", "f"),
        ("a.py", "class A:\n    ‸x = 1\n    def f(self): ...\n", "A"),
        ("a.py", "@‸a\ndef f(): ...\n", "f"),
        ("a.py", "# a ‸comment\n@a\ndef f(): ...\n", "f"),
        ("a.py", "# a ‸comment\n\ndef f(): ...\n", None),
        ("a.py", "def f(): ...‸", "f"),
        ("a.py", "def f(): ...\n‸\nx\n", None),
        ("a.py", "‸def f(): ...\n\ndef g(): ...\n‸", "f"),
        ("a.py", "‸\ufeffdef f(): ...\n", "f"),
        ("a.py", "‸\ufeffdef f(): ...\n‸\ndef g(): ...\n", "f"),
        ("a.rs", "‸\ufefffn f() {}\n", "f"),
        ("a.py", "x = lambda: 1‸\n", None),
        ("a.rs", "/// d‸oc\n#[a]\nfn f() {}\n", "f"),
        ("a.rs", "#[a‸]\nfn f() {}\n", "f"),
        ("a.rs", "struct S {\n    a: i32‸,\n}\n", "S"),
        ("a.rs", "fn f() {\n    const X: i32 = 1‸;\n}\n", "f"),
        ("a.rs", "const X: i32 = 1‸;\n", "X"),
        ("a.rs", "m! { fn f() {‸} }\n", None),
        ("a.ts", "ex‸port default class A {}\n", "A"),
        ("a.ts", "ex‸port const f = () => 1, g = 2;\n", None),
        ("a.ts", "const f‸ = () => 1\n", "f"),
        ("a.ts", "const f‸ = g(() => 1)\n", None),
        ("a.ts", "class A {\n  @D()‸\n  f() {}\n}\n", "f"),
        ("a.ts", "class A {\n  f = () => { x‸ }\n}\n", "f"),
        ("a.ts", "interface I {\n  f(): ‸void;\n}\n", "f"),
        ("a.js", "class A {\n  #f = function () { x‸ }\n}\n", "#f"),
        ("a.js", "export default () => {‸}\n", ""),
        ("a.go", "package a\n\ntype T struct{ x int‸ }\n", "T"),
        ("a.go", "package a\n\ntype (\n\tA int\n\tB int‸\n)\n", "B"),
        ("a.go", "package a\n\nfunc f() {\n\tvar x int‸\n}\n", "f"),
        ("a.go", "package a\n\nvar (\n\tx int‸\n)\n", "x"),
        ("a.go", "package a\n\nconst x = 1‸\n", "x"),
        ("a.go", "package a\n\n// ‸F does.\nfunc (t *T) F() {}\n", "F"),
        ("a.go", "package a\n\ntype I interface {\n\tM()‸\n}\n", "M"),
        ("a.c", "static char **f(int a) {\n  int x‸;\n}\n", "f"),
        ("a.c", "int f(int a);‸\n", "f"),
        ("a.c", "int x‸;\n", None),
        ("a.c", "int (*p)(int);‸\n", None),
        ("a.c", "struct s {\n  int x‸;\n};\n", "s"),
        ("a.c", "struct s {\n  int x‸;\n} y;\n", "s"),
        ("a.c", "struct s x‸;\n", None),
        ("a.c", "typedef struct s {\n  int x‸;\n} A;\n", "A"),
        ("a.c", "#define F(x) x‸\n", "F"),
        ("a.h", "/// d‸oc\ntemplate <class T>\nclass A : B {};\n", "A"),
        ("a.h", "template <class T>\nint *n::A<T>::f() {‸}\n", "f"),
        ("a.h", "class A {\n  A &operator=(const A &);‸\n};\n", "operator="),
        ("a.h", "class A {\n  struct B {\n    int x‸;\n  };\n};\n", "B"),
        ("a.h", "class A {\n  friend void f();‸\n};\n", "f"),
        ("a.h", "void f() {\n  A a(b)‸;\n}\n", "f"),
        ("a.h", "namespace n {\nint x‸;\n}\n", "n"),
        ("a.h", 'extern "C" {‸\n}\n', None),
        ("A.java", "class A {\n  @B‸\n  int f() {}\n}\n", "f"),
        ("A.java", "class A {\n  int x‸;\n}\n", "A"),
        ("A.java", "enum E {\n  X‸\n}\n", "E"),
        ("a.lua", "function M.a:f()\n  local x‸\nend\n", "M.a:f"),
        ("a.lua", "local f = function() ‸end\n", "f"),
        ("a.lua", "M.f = function() ‸end\n", "M.f"),
        ("a.lua", "local t = {\n  f = function() ‸end,\n}\n", "f"),
        ("a.lua", "local a, b = function() ‸end, 1\n", None),
        ("a.lua", "g(function() ‸end)\n", None),
    ],
)
def test_definition_at(name: str, marked: str, expected: str | None) -> None:
    assert found(name, marked) == expected


def test_a_place_behind_the_text_is_none() -> None:
    parsed, _ = parsed_of("x = 1\n", "a.py")
    assert definition_at(parsed, Span(100, 200)) is None


@pytest.mark.parametrize(
    "name", ["a.py", "a.rs", "a.ts", "a.js", "a.go", "a.c", "a.h", "A.java", "a.lua"]
)
@pytest.mark.parametrize(
    "text", ["", "\n", "def f(", "}{", "class", "/* ", "\0", "func (", "@", "int f(", "x ="]
)
def test_broken_code_is_no_obstacle(name: str, text: str) -> None:
    parsed, _ = parsed_of(text, name)
    for start in range(len(text) + 1):
        for end in range(start, len(text) + 1):
            node = definition_at(parsed, Span(start, end))
            assert node is None or node.start_byte <= len(text)
