from __future__ import annotations

import pytest

from support_sources import cut, parsed
from twolane_context.facts import extract
from twolane_context.imports import package_name


def imports(path: str, source: str) -> dict[str, tuple[str, ...]]:
    tree = parsed(path, source)
    return {cut(tree, one.span): one.names for one in extract(tree).imports}


def test_python() -> None:
    assert imports(
        "a.py",
        "from __future__ import annotations\n"
        "import os.path, a.b as c\n"
        "from .x import (y, z as w)\n"
        "from m import *\n"
        "def f():\n    import é\n"
        "from . import v; u = v\n",
    ) == {
        "from __future__ import annotations": ("annotations",),
        "import os.path, a.b as c": ("os", "c"),
        "from .x import (y, z as w)": ("y", "w"),
        "from m import *": ("*",),
        "import é": ("é",),
        "from . import v": ("v",),
    }


def test_rust() -> None:
    assert imports(
        "a.rs",
        "use std::{fmt, io::{self, Read as R, inner::{x, y::z}}};\n"
        "use a;\n"
        "pub use b::c as d;\n"
        "use e::F as _;\n"
        "use self::g::*;\n"
        "extern crate h;\n"
        "extern crate i as j;\n"
        "mod m { use super::k; }\n",
    ) == {
        "use std::{fmt, io::{self, Read as R, inner::{x, y::z}}};": ("fmt", "io", "R", "x", "z"),
        "use a;": ("a",),
        "pub use b::c as d;": ("d",),
        "use e::F as _;": ("_",),
        "use self::g::*;": ("*",),
        "extern crate h;": ("h",),
        "extern crate i as j;": ("j",),
        "use super::k;": ("k",),
    }


@pytest.mark.parametrize("path", ["a.ts", "a.tsx", "a.js"])
def test_javascript(path: str) -> None:
    assert imports(
        path,
        'import a, { b as c, d } from "x";\n'
        'import * as ns from "y";\n'
        'import "side";\n'
        'const q = require("q"), { r, s: t } = require("r");\n'
        'var v = require("v");\n'
        'const w = other("w");\n'
        'export { z } from "z";\n',
    ) == {
        'import a, { b as c, d } from "x";': ("a", "c", "d"),
        'import * as ns from "y";': ("ns",),
        'import "side";': (),
        'const q = require("q"), { r, s: t } = require("r");': ("q", "r", "t"),
        'var v = require("v");': ("v",),
    }


@pytest.mark.parametrize("path", ["a.ts", "a.tsx"])
def test_typescript(path: str) -> None:
    assert imports(
        path,
        'import type { T, U as V } from "t";\n'
        'import { type W, x } from "w";\n'
        'import fs = require("fs");\n'
        "import Al = NS.Foo;\n",
    ) == {
        'import type { T, U as V } from "t";': ("T", "V"),
        'import { type W, x } from "w";': ("W", "x"),
        'import fs = require("fs");': ("fs",),
        "import Al = NS.Foo;": ("Al",),
    }


def test_go() -> None:
    group = 'import (\n\tj "encoding/json"\n\t. "dot"\n\t_ "blank"\n\t"github.com/a/b/v2"\n)'
    assert imports("a.go", f'package m\nimport "net/http"\n{group}\n') == {
        'import "net/http"': ("http",),
        group: ("j", "*", "b"),
    }


@pytest.mark.parametrize("path", ["a.c", "a.h"])
def test_c(path: str) -> None:
    source = '#include <a/b.h>\n#ifdef X\n  #include "c.h"\r\n#endif\n#include MACRO\n'
    assert imports(path, source) == {
        "#include <a/b.h>": ("*",),
        '#include "c.h"': ("*",),
        "#include MACRO": ("*",),
    }
    modules = [one.bindings[0].module for one in extract(parsed(path, source)).imports]
    assert modules == ["a/b.h", "c.h", "MACRO"]


def test_cpp() -> None:
    source = "using namespace a;\nusing std::vector;\nusing a::b::c;\nusing T = int;\n"
    assert imports("a.h", source) == {
        "using namespace a;": ("*",),
        "using std::vector;": ("vector",),
        "using a::b::c;": ("c",),
    }


def test_java() -> None:
    source = "import java.util.List;\nimport static a.B.c;\nimport a.*;\nimport static a.B.*;\nimport x;\n"
    assert imports("A.java", source) == {
        "import java.util.List;": ("List",),
        "import static a.B.c;": ("c",),
        "import a.*;": ("*",),
        "import static a.B.*;": ("*",),
        "import x;": ("x",),
    }
    facts = extract(parsed("A.java", source))
    modules = [one.bindings[0].module for one in facts.imports]
    assert modules == ["java.util", "a.B", "a", "a.B", ""]


def test_lua() -> None:
    source = (
        'local x = require("a.b")\n'
        "local y <const> = require 'c'\n"
        'local z = require("d").e\n'
        'local ok, w = pcall(require, "f.g")\n'
        'require("side")\n'
        'v = require "h"\n'
        'local other = load("i")\n'
        'local function f() local inner = require("j") end\n'
    )
    found = {
        one.names: one.bindings[0] for one in extract(parsed("a.lua", source)).imports if one.names
    }
    assert {names: (one.module, one.of) for names, one in found.items()} == {
        ("x",): ("a.b", ""),
        ("y",): ("c", ""),
        ("z",): ("d", "e"),
        ("ok", "w"): ("f.g", ""),
        ("v",): ("h", ""),
        ("inner",): ("j", ""),
    }
    assert imports("a.lua", source)['require("side")'] == ()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("fmt", "fmt"),
        ("net/http", "http"),
        ("github.com/a/b/v2", "b"),
        ("gopkg.in/yaml.v3", "yaml"),
        ("github.com/a/go-cmp", "cmp"),
        ("github.com/a/nats.go", "nats"),
        ("", ""),
    ],
)
def test_a_go_path_binds_its_last_part(path: str, name: str) -> None:
    assert package_name(path) == name


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.py", "import\nfrom x import\nimport ok\n"),
        ("a.rs", "use ;\nuse a::{b, ;\nuse ok;\n"),
        ("a.ts", 'import { from;\nimport ok from "ok";\n'),
        ("a.go", 'package m\nimport (\n\t"ok"\n'),
        ("a.h", "#include\nusing ;\nusing std::ok;\n"),
        ("a.java", "import ;\nimport a.ok;\n"),
        ("a.lua", 'x = = 1\nlocal ok = require("ok")\n'),
    ],
)
def test_broken_imports_bind_what_is_there(path: str, source: str) -> None:
    facts = extract(parsed(path, source))
    assert "ok" in {name for one in facts.imports for name in one.names}
