"""From the path in an import to files."""

from __future__ import annotations

import pytest

from support_index import file_of, index_of
from twolane_context.index import File, Index
from twolane_context.modules import in_folder, modules, rust_module


def check(importing: str, module: str, *expected: str, paths: str) -> None:
    """`paths`: the files there are, parted by blanks."""
    index = index_of(dict.fromkeys([*paths.split(), importing], ""))
    found = modules(index, index.files[importing], module)
    assert [file.path for file in found] == list(expected)


PYTHON = (
    "p/__init__.py p/a.py p/q/__init__.py p/q/a.py p/q/b.py p/q/json.py src/lib/c.py tools/a.py"
)


@pytest.mark.parametrize(
    ("importing", "module", "expected"),
    [
        ("main.py", "p", ["p/__init__.py"]),
        ("main.py", "p.a", ["p/a.py"]),
        ("main.py", "p.q.a", ["p/q/a.py"]),
        ("main.py", "q.a", []),
        ("main.py", "a", ["tools/a.py"]),
        ("main.py", "lib.c", ["src/lib/c.py"]),
        ("main.py", "json", []),
        ("p/q/user.py", ".b", ["p/q/b.py"]),
        ("p/q/user.py", "..a", ["p/a.py"]),
        ("p/q/user.py", ".", ["p/q/__init__.py"]),
        ("p/q/user.py", "..", ["p/__init__.py"]),
        ("p/q/user.py", ".nothing", []),
        ("p/user.py", "a", ["tools/a.py"]),
        ("p/q/user.py", "b", []),
        ("p/user.py", "b", []),
        ("p/q/b.py", "b", []),
        ("p/q/user.py", "json", []),  # Python's own comes first
    ],
)
def test_python(importing: str, module: str, expected: list[str]) -> None:
    check(importing, module, *expected, paths=PYTHON)


def test_of_several_the_nearest() -> None:
    paths = "one/lib/a.py two/lib/a.py two/b.py"
    check("two/main.py", "lib.a", "two/lib/a.py", paths=paths)
    check("main.py", "lib.a", "one/lib/a.py", "two/lib/a.py", paths=paths)


SCRIPTS = "src/a.ts src/b/index.tsx src/c.js src/d.d.ts packages/kit/src/index.ts src/kit2/other.ts"


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("./a", ["src/a.ts"]),
        ("./a.js", ["src/a.ts"]),
        ("./b", ["src/b/index.tsx"]),
        ("./c.js", ["src/c.js"]),
        ("./d", ["src/d.d.ts"]),
        ("../src/a", ["src/a.ts"]),
        ("@/a", ["src/a.ts"]),
        ("src/a", ["src/a.ts"]),
        ("src/b", ["src/b/index.tsx"]),
        ("a", []),
        ("@scope/a", []),
        ("@/b", ["src/b/index.tsx"]),
        ("@scope/kit", ["packages/kit/src/index.ts"]),
        ("kit", ["packages/kit/src/index.ts"]),
        ("kit2", []),
        ("react", []),
        ("./none", []),
    ],
)
def test_scripts(module: str, expected: list[str]) -> None:
    check("src/user.ts", module, *expected, paths=SCRIPTS)


def test_a_path_from_the_root_is_no_near_file_of_that_name() -> None:
    paths = "src/core/form/kit.ts src/kit/index.ts packages/app/src/deep/tool.ts packages/app/src/tool.ts"
    check("src/core/form/user.ts", "src/kit", "src/kit/index.ts", paths=paths)
    check("src/core/form/user.ts", "@/kit", "src/kit/index.ts", paths=paths)
    check("packages/app/src/user.ts", "src/deep/tool", "packages/app/src/deep/tool.ts", paths=paths)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("@shop/all", "src/index.ts"),
        ("@shop/all/query", "src/query/index.ts"),
        ("@shop/all/none", None),
        ("tools", "packages/shop-tools/src/index.ts"),
        ("tools/deep/a.js", "packages/shop-tools/deep/a.ts"),
        ("toolset", None),
        ("react", None),
    ],
)
def test_packages_that_are_called_otherwise_than_their_folders(
    module: str, expected: str | None
) -> None:
    paths = (
        "src/index.ts src/query/index.ts packages/shop-tools/src/index.ts"
        " packages/shop-tools/deep/a.ts packages/shop-tools/tests/user.ts"
    )
    manifests = {
        "package.json": '{\n  "name": "@shop/all",\n  "dependencies": { "react": "*" }\n}\n',
        "packages/shop-tools/package.json": '{"name":"tools"}',
        "packages/broken/package.json": "{",
    }
    index = index_of({**dict.fromkeys(paths.split(), ""), **manifests})
    found = modules(index, index.files["packages/shop-tools/tests/user.ts"], module)
    assert [file.path for file in found] == ([expected] if expected else [])


def test_a_package_of_the_workspace_is_no_near_file_of_that_name() -> None:
    paths = "packages/app/src/kit.ts packages/kit/src/index.ts"
    check("packages/app/src/user.ts", "@scope/kit", "packages/kit/src/index.ts", paths=paths)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("example.com/m/a", "a/x.go"),
        ("example.com/m", "root.go"),
        ("example.com/m2", None),
        ("example.com/other/a", None),
        ("fmt", None),
    ],
)
def test_go_packages_by_go_mod(module: str, expected: str | None) -> None:
    sources = {"go.mod": "module example.com/m\n", "a/x.go": "", "a/y.go": "", "root.go": ""}
    index = index_of(sources)
    found = [file.path for file in modules(index, index.files["root.go"], module)]
    assert found == ([expected] if expected else [])


def test_go_packages_without_go_mod() -> None:
    check("main.go", "example.com/m/a", paths="b/x.go")
    check("main.go", "m/a", "m/a/x.go", paths="m/a/x.go n/a/x.go")


def test_headers() -> None:
    check("src/a.c", "b.h", "src/b.h", paths="src/b.h other/c.h")
    check("src/a.cpp", "inc/b.h", "inc/b.h", paths="inc/b.h src/b.h")
    check("src/a.cpp", "stdio.h", paths="src/b.h")


def test_lua() -> None:
    check("main.lua", "a.b", "lua/a/b.lua", paths="lua/a/b.lua")
    check("main.lua", "a", "lua/a/init.lua", paths="lua/a/init.lua")


def test_java() -> None:
    check("src/X.java", "a.b.C", "src/a/b/C.java", paths="src/a/b/C.java src/C.java")


RUST = "src/lib.rs src/a.rs src/b/mod.rs src/b/c.rs kit-x/src/lib.rs kit-x/src/d.rs"


@pytest.mark.parametrize(
    ("importing", "word", "expected"),
    [
        ("src/b/c.rs", "super", "src/b/mod.rs"),
        ("src/a.rs", "super", "src/lib.rs"),
        ("src/b/c.rs", "crate", "src/lib.rs"),
        ("kit-x/src/d.rs", "crate", "kit-x/src/lib.rs"),
        ("src/a.rs", "kit_x", "kit-x/src/lib.rs"),
        ("src/a.rs", "serde", None),
    ],
)
def test_rust(importing: str, word: str, expected: str | None) -> None:
    index = index_of(dict.fromkeys(RUST.split(), ""))
    found = [file.path for file in rust_module(index, index.files[importing], word)]
    assert found == ([expected] if expected else [])


def test_in_folder() -> None:
    index = index_of(
        dict.fromkeys(["a/x.go", "a/y.go", "a/z.py", "b/w.go", "top.go", "one.go"], "")
    )
    assert [file.path for file in in_folder(index, "a", ".go")] == ["a/x.go", "a/y.go"]
    assert [file.path for file in in_folder(index, "", ".go")] == ["one.go", "top.go"]


def test_a_manifest_is_read_once_however_many_imports_ask_for_it() -> None:
    texts = {
        "tools/package.json": b'{"name": "tools"}',
        "tools/src/a.ts": b"",
        "other/package.json": b'{"name": "other"}',
        "main.ts": b"",
    }
    read: list[str] = []

    def file(path: str) -> File:
        def source(_path: str, _digest: bytes) -> bytes:
            read.append(path)
            return texts[path]

        return file_of(path, texts[path], source)

    def found(index: Index, module: str) -> list[str]:
        return [one.path for one in modules(index, index.files["main.ts"], module)]

    index = Index({path: file(path) for path in texts})
    assert found(index, "react") == found(index, "vitest") == []
    assert found(index, "tools/a") == ["tools/src/a.ts"]
    texts["main.ts"] = b"x"
    later = index.changed({"main.ts": file("main.ts")})
    seen = later.visible(lambda path: not path.startswith("tools/"))
    assert found(later, "tools/a") == ["tools/src/a.ts"]
    assert found(seen, "tools/a") == []
    assert sorted(read) == ["other/package.json", "tools/package.json"]
    texts["tools/package.json"] = b'{"name": "renamed"}'
    renamed = later.changed({"tools/package.json": file("tools/package.json")})
    assert found(renamed, "tools/src/a") == found(renamed, "renamed/a") == ["tools/src/a.ts"]
    assert found(renamed, "react") == []
    assert len(read) == 3
