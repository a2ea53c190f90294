from __future__ import annotations

import re

import pytest

from support_actions import EXAMPLES, chances, hostile
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.actions.testing.adding import Added, added, created
from twolane_server.edits.syntax import errors
from twolane_server.errors import ActionError, ReplyRefused
from twolane_server.text import Text


def _added(name: str, old: str, code: str) -> Added:
    language = language_for(name)
    assert language is not None
    return added(Text.of(old), code, language)


PYTHON = '"""Tests."""\n\nimport os\n\n\ndef test_a():  # 😀\n    assert os\n'
GO = 'package a\n\nimport (\n\t"testing"\n)\n\nfunc TestA(t *testing.T) {}\n'
SCRIPT = "import { it } from 'vitest'\nimport { f } from './a'\n\nit('is', () => { f() })\n"
RUST = "pub fn f() -> i32 { 1 } // 😀\n"
JAVA = "package x;\n\nimport org.junit.Test;\n\npublic class ATest {\n    @Test\n    public void a() {\n    }\n}\n"


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("name", "old", "code", "new"),
    [
        (
            "a.py",
            PYTHON,
            "import os\nimport re\n\ndef test_b():\n    assert re\n",
            (
                '"""Tests."""\n\nimport os\nimport re\n\n\ndef test_a():  # 😀\n    assert os\n\n\n'
                "def test_b():\n    assert re\n"
            ),
        ),
        (
            "a.py",
            "# one\ndef test_a(): pass\n\n\nif __name__ == '__main__':\n    main()\n",
            "from __future__ import annotations\nimport re\n\n@mark\ndef test_b(): pass",
            (
                "# one\nimport re\n\ndef test_a(): pass\n\n\n@mark\ndef test_b(): pass\n\n\n"
                "if __name__ == '__main__':\n    main()\n"
            ),
        ),
        (
            "a.py",
            "\ufeff",
            "import a\n\n\ndef test_b(): pass",
            "\ufeffimport a\n\n\ndef test_b(): pass\n",
        ),
        (
            "a.py",
            "def test_a(): pass",
            "def test_b(): pass",
            "def test_a(): pass\n\n\ndef test_b(): pass",
        ),
        (
            "a.go",
            GO,
            'package a\n\nimport (\n\t"strings"\n\t"testing"\n)\n\nfunc TestB(t *testing.T) {}\n',
            (
                'package a\n\nimport (\n\t"testing"\n)\nimport "strings"\n\nfunc TestA(t *testing.T) {}\n\n'
                "func TestB(t *testing.T) {}\n"
            ),
        ),
        (
            "a.ts",
            SCRIPT,
            "import { it } from 'vitest'\nimport { g } from './a'\n\nit('too', () => { g() })\n",
            (
                "import { it } from 'vitest'\nimport { f } from './a'\nimport { g } from './a'\n\n"
                "it('is', () => { f() })\n\nit('too', () => { g() })\n"
            ),
        ),
        (
            "a.rs",
            RUST,
            "#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn one() {\n        assert_eq!(f(), 1);\n    }\n}\n",
            (
                "pub fn f() -> i32 { 1 } // 😀\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n"
                "    fn one() {\n        assert_eq!(f(), 1);\n    }\n}\n"
            ),
        ),
        (
            "a.rs",
            RUST
            + "\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn one() {}\n}\n",
            "#[test]\nfn two() {\n    f();\n}\n",
            RUST
            + "\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn one() {}\n\n"
            "    #[test]\n    fn two() {\n        f();\n    }\n}\n",
        ),
        (
            "A.java",
            JAVA,
            "package x;\n\nimport org.junit.Assert;\n\npublic class ATest {\n    @Test\n    public void b() {\n    }\n}\n",
            (
                "package x;\n\nimport org.junit.Test;\nimport org.junit.Assert;\n\npublic class ATest {\n"
                "    @Test\n    public void a() {\n    }\n\n    @Test\n    public void b() {\n    }\n}\n"
            ),
        ),
    ],
)
def test_tests_are_added(name: str, old: str, code: str, new: str, eol: str) -> None:
    found = _added(name, old.replace("\n", eol), code)
    assert str(found.text) == new.replace("\n", eol if "\n" in old else "\n")
    assert found.dropped == ()


def test_what_is_there_already_is_left_out() -> None:
    found = _added("a.py", PYTHON, "def test_a():\n    assert 0\n\n\ndef test_b():\n    pass\n")
    assert found.dropped == ("test_a",)
    assert str(found.text) == f"{PYTHON}\n\ndef test_b():\n    pass\n"
    with pytest.raises(ActionError, match="already"):
        _added("a.py", PYTHON, "def test_a():\n    assert 0\n")
    with pytest.raises(ActionError, match="already"):
        _added("A.java", JAVA, "public class ATest {\n    @Test\n    public void a() {\n    }\n}\n")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.py", "x = 1\n"),
        ("a.py", "def test_b(:\n"),
        ("a.py", "def test_b():\nreturn 1\n"),
        ("a.py", "def test_b():\n    '\u202e'\n"),
        ("a.go", "func helper() {}\n"),
        ("a.ts", "const a = 1\n"),
        ("a.rs", "fn f() {}\n"),
    ],
)
def test_what_is_no_test_is_refused(name: str, code: str) -> None:
    language = language_for(name)
    assert language is not None
    with pytest.raises(ReplyRefused):
        added(Text.of(""), code, language)
    if name != "a.rs":
        with pytest.raises(ReplyRefused):
            created(code, language)


def test_a_new_file_is_what_was_written() -> None:
    language = language_for("a.py")
    assert language is not None
    assert str(created("\n\nimport os\r\n\r\ndef test_a(): pass", language)) == (
        "import os\n\ndef test_a(): pass\n"
    )


def test_arbitrary_code_never_touches_what_is_there() -> None:
    files = [("a.py", PYTHON), ("a.go", GO), ("a.ts", SCRIPT), ("a.rs", RUST), ("A.java", JAVA)]
    tests = {
        "a.py": "def test_n(): pass\n",
        "a.go": "func TestN(t *testing.T) {}\n",
        "a.ts": "it('n', () => {})\n",
        "a.rs": "#[test]\nfn n() {}\n",
        "A.java": "class ATest {\n    @Test\n    void n() {}\n}\n",
    }
    used = 0
    for chance in chances(2 * EXAMPLES):
        name, old = chance.choice(files)
        old = old.replace("\n", chance.choice(("\n", "\r\n")))
        old = old.rstrip("\r\n") if chance.random() < 0.3 else old
        noise = hostile(chance) if chance.random() < 0.6 else ""
        try:
            found = _added(name, old, f"{noise}\n{tests[name]}")
        except ActionError:
            continue
        used += 1
        new = str(found.text)
        ends = "\r\n" if "\r\n" in old else "\n"
        # Every old line is there, in the old order.
        lines, before = (
            (text if text.endswith("\n") else text + ends).splitlines(keepends=True)
            for text in (new, old)
        )
        rest = iter(lines)
        assert all(line in rest for line in before), (old, new)
        language = language_for(name)
        assert language is not None
        assert errors(parse(language, new.encode())) <= errors(parse(language, old.encode()))
        assert set(re.findall("\r\n|\n", new)) == {ends}
        assert new.endswith("\n") == old.endswith("\n")
    assert used > EXAMPLES / 2
