"""What names mean; `<CURSOR>` stands before the name that is asked for."""

from __future__ import annotations

import pytest

from support_index import index_of, meaning
from twolane_context.resolve import Resolver


def check(sources: dict[str, str], *expected: str, returns: bool = False) -> None:
    assert meaning(sources, returns=returns) == list(expected)


BASE = "class Base:\n    def save(self): ...\n\n    def other(self) -> 'Base': ...\n"


@pytest.mark.parametrize(
    ("line", "use", "expected"),
    [
        ("from a.base import Base", "<CURSOR>Base()", "a/base.py:Base"),
        ("from .base import Base as B", "<CURSOR>B()", "a/base.py:Base"),
        ("from . import base", "base.<CURSOR>Base()", "a/base.py:Base"),
        ("from . import base", "<CURSOR>base.Base()", "a/base.py"),
        ("import a.base as b", "b.<CURSOR>Base", "a/base.py:Base"),
        ("from .base import *", "<CURSOR>Base()", "a/base.py:Base"),
        ("from a import Base", "<CURSOR>Base()", "a/base.py:Base"),
        ("from a import Base", "Base().<CURSOR>save()", "a/base.py:Base.save"),
        ("from a import Base", "Base.<CURSOR>save", "a/base.py:Base.save"),
        ("from a import Base", "Base().other().<CURSOR>save()", "a/base.py:Base.save"),
        ("from a import Base", "x = Base()\n    x.<CURSOR>save()", "a/base.py:Base.save"),
        ("from a import Base", "x: Base = y\n    x.<CURSOR>save()", "a/base.py:Base.save"),
        (
            "from a import Base",
            "if isinstance(p, Base): p.<CURSOR>save()",
            "a/base.py:Base.save",
        ),
        ("from a import Base", "for x in [1]:\n        x.<CURSOR>save()", None),
        ("import json", "json.<CURSOR>dumps()", None),
    ],
)
def test_python_follows_imports_and_values(line: str, use: str, expected: str | None) -> None:
    sources = {
        "a/__init__.py": "from .base import Base\n",
        "a/base.py": BASE,
        "a/user.py": f"{line}\n\ndef f(p):\n    {use}\n",
        "json_tools.py": "def dumps(): ...\n",
    }
    check(sources, *([expected] if expected else []))


def test_python_looks_through_self_super_and_bases() -> None:
    user = "from base import Base\n\nclass C(Base):\n    def f(self):\n        {}\n"
    for use in ("self.<CURSOR>save()", "super().<CURSOR>save()", "self.other().<CURSOR>save()"):
        check({"base.py": BASE, "c.py": user.format(use)}, "base.py:Base.save")
    own = user.format("self.<CURSOR>save()") + "\n    def save(self): ...\n"
    check({"base.py": BASE, "c.py": own}, "c.py:C.save")


def test_python_attributes_have_the_types_that_methods_give_them() -> None:
    source = (
        "from base import Base\n\nclass C:\n    def __init__(self):\n        self.x = Base()\n\n"
        "    def f(self):\n        self.x.<CURSOR>save()\n"
    )
    check({"base.py": BASE, "c.py": source}, "base.py:Base.save")


def test_a_module_inside_a_package_is_not_imported_by_its_last_name() -> None:
    user = "from html import escape\n\ndef f():\n    <CURSOR>escape()\n"
    inside = {"p/__init__.py": "", "p/html.py": "def escape(): ...\n", "p/text.py": user}
    check(inside)
    del inside["p/__init__.py"]
    check(inside, "p/html.py:escape")


def test_what_a_function_returns_shows_in_its_code_where_one_may_look() -> None:
    source = (
        "class A:\n    def save(self): ...\n\n"
        "def make():\n    def inner():\n        return 1\n    made = A()\n    return made\n\n"
        "def loop():\n    return loop()\n\n"
        "def f():\n    make().<CURSOR>save()\n"
    )
    check({"a.py": source})
    check({"a.py": source}, "a.py:A.save", returns=True)
    check({"a.py": source.replace("make().<", "loop().<")}, returns=True)


def test_inner_scopes_hide_outer_ones_but_classes_do_not() -> None:
    source = (
        "def g(): ...\n\nclass A:\n    def g(self): ...\n\n    def f(self):\n        <CURSOR>g()\n"
    )
    check({"a.py": source}, "a.py:g")
    source = "def g(): ...\n\ndef f():\n    def g(): ...\n    <CURSOR>g()\n"
    check({"a.py": source}, "a.py:f.g")


def test_loops_of_imports_bases_and_variables_end() -> None:
    check({"a.py": "from b import x\n", "b.py": "from a import x\n\ndef f():\n    <CURSOR>x()\n"})
    check({"a.py": "class A(B): ...\n\nclass B(A): ...\n\ndef f():\n    A.<CURSOR>x()\n"})
    check({"a.py": "def f():\n    x = y\n    y = x\n    x.<CURSOR>z()\n"})


RUST = {
    "src/lib.rs": "mod shape;\npub mod deep;\npub use shape::Shape;\n",
    "src/shape.rs": (
        "pub struct Shape { pub size: Size }\npub struct Size;\n"
        "impl Size { pub fn wide(&self) -> bool { true } }\n"
        "pub trait Draw { fn draw(&self); }\npub enum Any { Of(Size), None }\n"
        "impl Shape { pub fn new() -> Self { Shape { size: Size } }\n"
        "  pub fn find() -> Option<Size> { None } }\n"
    ),
    "src/deep/mod.rs": "use super::Shape;\nimpl Shape { pub fn far(&self) {} }\n",
}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("use crate::Shape; fn f() { <CURSOR>Shape::new(); }", "src/shape.rs:Shape"),
        ("use crate::Shape; fn f() { Shape::<CURSOR>new(); }", "src/shape.rs:Shape.new"),
        (
            "use crate::shape::Shape as S; fn f(s: &S) { s.<CURSOR>far(); }",
            "src/deep/mod.rs:Shape.far",
        ),
        ("fn f() { crate::shape::Shape::<CURSOR>new(); }", "src/shape.rs:Shape.new"),
        ("use super::Shape; fn f(s: Shape) { s.size.<CURSOR>wide(); }", "src/shape.rs:Size.wide"),
        (
            "use crate::Shape; fn f() { let s = Shape::new(); s.<CURSOR>size; }",
            "src/shape.rs:Shape.size",
        ),
        (
            "use crate::Shape; fn f() { Shape::find().unwrap().<CURSOR>wide(); }",
            "src/shape.rs:Size.wide",
        ),
        (
            "use crate::shape::Draw; fn f<T: Draw>(t: &T) { t.<CURSOR>draw(); }",
            "src/shape.rs:Draw.draw",
        ),
        ("use crate::shape::*; fn f(s: Box<Size>) { s.<CURSOR>wide(); }", "src/shape.rs:Size.wide"),
        ("use std::fmt::Shape; fn f() { Shape::<CURSOR>new(); }", None),
        (
            "use crate::Shape; fn f() { if let Some(s) = Shape::find() { s.<CURSOR>wide(); } }",
            "src/shape.rs:Size.wide",
        ),
        (
            "use crate::shape::Any; fn f(a: Any) { match a { Any::Of(s) => s.<CURSOR>wide(), } }",
            "src/shape.rs:Size.wide",
        ),
    ],
)
def test_rust(code: str, expected: str | None) -> None:
    found = meaning({**RUST, "src/user.rs": code.replace("; fn", ";\nfn")})
    assert expected in found if expected else not found


def test_rust_follows_wildcards_of_modules_and_enums() -> None:
    code = "use crate::shape::*;\nuse Kind::*;\nmod tests { use super::*; }\nenum Kind { Round }\n"
    check({**RUST, "src/user.rs": f"{code}fn f() {{ <CURSOR>Round; }}\n"}, "src/user.rs:Kind.Round")
    check({**RUST, "src/user.rs": f"{code}fn f() {{ <CURSOR>Draw; }}\n"}, "src/shape.rs:Draw")
    hidden = code + "use std::Draw;\n"
    check({**RUST, "src/user.rs": f"{hidden}fn f() {{ <CURSOR>Draw; }}\n"})


def test_a_crates_name_means_its_library_not_a_program_of_that_name() -> None:
    sources = {
        "src/bin/cargo/main.rs": "fn f() { cargo::<CURSOR>run(); }\nfn run() {}\n",
        "src/cargo/lib.rs": "pub fn run() {}\n",
    }
    check(sources, "src/cargo/lib.rs:run")


def test_a_module_that_is_a_file_and_stands_in_the_text_too() -> None:
    sources = {
        "src/lib.rs": "#[cfg(a)]\nmod imp;\n#[cfg(b)]\nmod imp {\n    pub fn go() {}\n}\nfn f() { imp::<CURSOR>go(); }\n",
        "src/imp.rs": "pub fn go() {}\n",
    }
    check(sources, "src/lib.rs:imp.go", "src/imp.rs:go")


def test_a_crate_that_is_called_like_one_of_its_modules() -> None:
    sources = {
        "crates/jay/src/lib.rs": "mod jay;\npub use jay::Jay;\n",
        "crates/jay/src/jay.rs": "pub struct Jay;\nimpl Jay { pub fn new() -> Self { Jay } }\n",
        "crates/jay/tests/main.rs": "use jay::Jay;\nfn f() { Jay::<CURSOR>new(); }\n",
    }
    check(sources, "crates/jay/src/jay.rs:Jay.new")


SCRIPT = {
    "src/shape.ts": (
        "export class Shape {\n  size: Size;\n  constructor(private held: Size) {}\n"
        "  grow(): Shape { return this; }\n}\n"
        "export interface Size { wide(): boolean }\n"
        "export default function make(): Shape { return new Shape(); }\n"
        "export type Each = (shape: Shape) => void;\nexport function each(go: Each) {}\n"
    ),
    "src/index.ts": "export * from './shape';\nexport { Shape as Form } from './shape';\n",
}


@pytest.mark.parametrize("suffix", ["ts", "tsx"])
@pytest.mark.parametrize(
    ("line", "use", "expected"),
    [
        ("import { Shape } from './shape'", "<CURSOR>Shape", "src/shape.ts:Shape"),
        (
            "import { Shape } from './shape.js'",
            "new Shape().<CURSOR>grow()",
            "src/shape.ts:Shape.grow",
        ),
        ("import { Form } from '.'", "<CURSOR>Form", "src/shape.ts:Shape"),
        ("import { Shape } from './index'", "<CURSOR>Shape", "src/shape.ts:Shape"),
        ("import * as s from './shape'", "s.<CURSOR>Shape", "src/shape.ts:Shape"),
        ("import go from './shape'", "<CURSOR>go()", "src/shape.ts:make"),
        ("import go from './shape'", "go().grow().<CURSOR>grow()", "src/shape.ts:Shape.grow"),
        (
            "import { Size } from './shape'",
            "((s: Size) => s.<CURSOR>wide())",
            "src/shape.ts:Size.wide",
        ),
        (
            "import { Shape } from './shape'",
            "const { a } = p, s: Shape = a; s.size.<CURSOR>wide()",
            "src/shape.ts:Size.wide",
        ),
        ("import { Shape } from 'elsewhere'", "<CURSOR>Shape", None),
        (
            "import { Shape } from './shape'",
            "const { size: s } = new Shape(); s.<CURSOR>wide()",
            "src/shape.ts:Size.wide",
        ),
        (
            "import { each } from './shape'",
            "each((s) => s.<CURSOR>grow())",
            "src/shape.ts:Shape.grow",
        ),
        (
            "import { Each } from './shape'",
            "const e: Each = ({ size }) => size.<CURSOR>wide()",
            "src/shape.ts:Size.wide",
        ),
    ],
)
def test_typescript(suffix: str, line: str, use: str, expected: str | None) -> None:
    user = f"{line};\nfunction f(p) {{\n  {use};\n}}\n"
    check({**SCRIPT, f"src/user.{suffix}": user}, *([expected] if expected else []))


def test_typescript_names_may_hold_dollars() -> None:
    sources = {
        "a.ts": "export class $A { run() {} }\n",
        "b.ts": "import { $A } from './a';\nfunction f(x: $A) { x.<CURSOR>run(); }\n",
    }
    check(sources, "a.ts:$A.run")


def test_typescript_types_of_variables_may_hold_dollars() -> None:
    sources = {
        "a.ts": "export class $A { run() {} }\nexport const one: $A = f();\n",
        "b.ts": "import { one } from './a';\none.<CURSOR>run();\n",
    }
    check(sources, "a.ts:$A.run")


@pytest.mark.parametrize(
    ("path", "expected"), [("types/all.d.ts", "types/all.d.ts:DEV"), ("types/all.ts", None)]
)
def test_all_files_of_typescript_see_what_is_declared(path: str, expected: str | None) -> None:
    sources = {path: "declare const DEV: boolean;\n", "src/b.ts": "if (<CURSOR>DEV) {}\n"}
    check(sources, *([expected] if expected else []))


@pytest.mark.parametrize(("users", "expected"), [(38, "all.d.ts:DEV"), (39, None)])
def test_what_many_name_is_looked_for_in_no_declarations(users: int, expected: str | None) -> None:
    """`Promise` is in all of 150 generated ones: to look took four seconds."""
    sources = {f"c{number}.d.ts": "type A = DEV;\n" for number in range(users)}
    sources |= {"all.d.ts": "declare const DEV: boolean;\n", "b.ts": "if (<CURSOR>DEV) {}\n"}
    check(sources, *([expected] if expected else []))


def test_type_parameters_are_what_bounds_them() -> None:
    sources = {
        "a.ts": "export interface A { run(): void }\nexport class T {}\n",
        "b.ts": "import { A, T } from './a';\nfunction f<T extends A>(x: T) { x.<CURSOR>run(); }\n",
    }
    check(sources, "a.ts:A.run")


def test_javascript_requires() -> None:
    sources = {
        "a.js": "class A { run() {} }\nmodule.exports = { A };\n",
        "b.js": "const { A } = require('./a');\nfunction f() { const x = new A(); x.<CURSOR>run(); }\n",
    }
    check(sources, "a.js:A.run")


GO = {
    "go.mod": "module example.com/m\n",
    "shape/shape.go": (
        "package shape\n\ntype Base struct{}\n\ntype Shape struct {\n\tBase\n\tSize int\n}\n\n"
        "func New() *Shape { return nil }\n"
    ),
    "shape/more.go": "package shape\n\nfunc (s *Shape) Grow() {}\n\nfunc (b Base) Low() {}\n",
}


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("shape.<CURSOR>New()", "shape/shape.go:New"),
        ("shape.New().<CURSOR>Grow()", "shape/more.go:Shape.Grow"),
        ("x := shape.New()\n\tx.<CURSOR>Grow()", "shape/more.go:Shape.Grow"),
        ("p.<CURSOR>Low()", "shape/more.go:Base.Low"),
        ("p.<CURSOR>Size = 1", "shape/shape.go:Shape.Size"),
    ],
)
def test_go(use: str, expected: str) -> None:
    user = (
        f'package main\n\nimport "example.com/m/shape"\n\nfunc f(p *shape.Shape) {{\n\t{use}\n}}\n'
    )
    check({**GO, "main.go": user}, expected)


def test_java() -> None:
    sources = {
        "src/main/java/a/Base.java": "package a;\npublic class Base { public void save() {} }\n",
        "src/main/java/a/User.java": (
            "package a;\nclass User extends Base {\n"
            "  void f(Base b) {\n    this.save();\n    Base c = new Base();\n    c.<CURSOR>save();\n  }\n}\n"
        ),
    }
    expected = "src/main/java/a/Base.java:Base.save"
    check(sources, expected)
    user = sources["src/main/java/a/User.java"].replace("<CURSOR>", "")
    for use in ("this.save", "c.save"):
        named = use.replace("save", "<CURSOR>save")
        check({**sources, "src/main/java/a/User.java": user.replace(use, named)}, expected)


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("<CURSOR>save();", "A.java:Base.save"),
        ("<CURSOR>own();", "A.java:User.own"),
        ("new <CURSOR>User();", "A.java:User"),
    ],
)
def test_java_members_need_no_this(use: str, expected: str) -> None:
    classes = "class Base { void save() {} }\nclass User extends Base { User() {} void own() {}\n"
    check({"A.java": f"{classes}void f() {{ {use} }} }}\n"}, expected)


def test_a_bare_name_in_go_is_no_method() -> None:
    code = "package m\n\nfunc (t *T) Run() { <CURSOR>Run(1) }\n"
    check(
        {"go.mod": "module m\n", "a.go": code, "b.go": "package m\n\nfunc Run(x int) {}\n"},
        "b.go:Run",
    )


def test_cpp() -> None:
    sources = {
        "shape.h": "class Shape { public: void grow(); int size; };\n",
        "user.cpp": '#include "shape.h"\nvoid f(Shape *s) {\n  s-><CURSOR>grow();\n}\n',
    }
    check(sources, "shape.h:Shape.grow")


def test_c() -> None:
    sources = {
        "shape.h": "int grow(int by);\n",
        "user.c": '#include "shape.h"\nint f(void) { return <CURSOR>grow(1); }\n',
    }
    check(sources, "shape.h:grow")


def test_lua() -> None:
    sources = {
        "shape.lua": "local M = {}\nfunction M.grow() end\nreturn M\n",
        "user.lua": 'local shape = require("shape")\nlocal function f()\n  shape.<CURSOR>grow()\nend\n',
    }
    check(sources, "shape.lua:grow")


def test_a_macro_of_rust_is_another_name_than_a_function() -> None:
    sources = {
        "src/lib.rs": "mod tools;\npub fn go() {}\npub fn write() {}\n",
        "src/tools.rs": "macro_rules! go { () => {} }\n",
    }
    check(sources | {"src/a.rs": "fn f() { <CURSOR>go!(); }\n"}, "src/tools.rs:macro_rules!.go")
    check(sources | {"src/a.rs": "use crate::go;\nfn f() { <CURSOR>go(); }\n"}, "src/lib.rs:go")
    check(sources | {"src/a.rs": "use crate::write;\nfn f() { <CURSOR>write!(); }\n"})


def test_what_sounds_like_a_type_is_no_type_within_a_function() -> None:
    index = index_of(
        {
            "a.py": "def f():\n    class Page:\n        def turn(self): ...\n",
            "b.py": "class Page:\n    def turn(self): ...\n",
            "c.py": "def g(page): page.turn()\n",
        }
    )
    found = Resolver(index).sounding(index.files["c.py"], ("page", "turn"))
    assert [one.file.path for one in found] == ["b.py"]
