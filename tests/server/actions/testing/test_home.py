"""Where tests are, judged by paths and a few texts, over the layouts of real projects."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.actions.testing.home import PlaceOfTests, home_of_tests, is_test, telling

PY = "def test_x():\n    pass\n"
UNIT = "import unittest\n\n\nclass XTest(unittest.TestCase):\n    pass\n"


@pytest.mark.parametrize(
    ("path", "language", "paths", "texts", "home"),
    [
        # flat, a mirror, suffixes, beside the code, nothing yet
        (
            "app.py",
            "python",
            ["tests/test_app.py"],
            {"tests/test_app.py": PY},
            "tests/test_app.py +pytest",
        ),
        (
            "src/pkg/a/new.py",
            "python",
            ["src/pkg/a/x.py", "src/pkg/b/y.py", "tests/a/test_x.py", "tests/b/test_y.py"],
            {"tests/a/test_x.py": UNIT},
            "tests/a/test_new.py unittest",
        ),
        (
            "src/pkg/c/new.py",
            "python",
            ["src/pkg/a/x.py", "tests/a/test_x.py"],
            {},
            "tests/c/test_new.py pytest",
        ),
        ("pkg/new.py", "python", ["pkg/x.py", "pkg/x_test.py"], {}, "pkg/new_test.py pytest"),
        (
            "pkg/new.py",
            "python",
            ["pkg/x.py", "pkg/tests/test_x.py"],
            {},
            "pkg/tests/test_new.py pytest",
        ),
        ("pkg/new.py", "python", ["pkg/x.py"], {}, "tests/test_new.py pytest"),
        ("pkg/new.py", "python", ["test/data.txt"], {}, "test/test_new.py pytest"),
        (
            "a/x.py",
            "python",
            ["b/x.py", "tests/a/test_x.py", "tests/b/test_x.py"],
            {},
            "tests/a/test_x.py +pytest",
        ),
        ("x/a.go", "go", ["x/a_test.go"], {}, "x/a_test.go +go test"),
        ("x/a.go", "go", [], {}, "x/a_test.go go test"),
        ("src/a.rs", "rust", ["tests/all.rs"], {}, "src/a.rs +cargo test"),
        (
            "src/main/java/x/A.java",
            "java",
            [],
            {"build.gradle": "testImplementation 'junit:junit:4.13'"},
            "src/test/java/x/ATest.java JUnit 4",
        ),
        (
            "src/main/java/x/A.java",
            "java",
            ["src/test/java/x/BTests.java"],
            {"src/test/java/x/BTests.java": "import org.junit.jupiter.api.Test;"},
            "src/test/java/x/ATests.java JUnit 5",
        ),
        (
            "src/a.ts",
            "typescript",
            ["src/b.ts", "src/b.spec.ts", "package.json"],
            {"package.json": '{"devDependencies": {"vitest": "1"}}'},
            "src/a.spec.ts vitest",
        ),
        (
            "src/a.tsx",
            "tsx",
            ["src/b.tsx", "src/__tests__/b.test.tsx"],
            {"src/__tests__/b.test.tsx": "import { it } from '@jest/globals'"},
            "src/__tests__/a.test.tsx jest",
        ),
        (
            "lib/a.js",
            "javascript",
            ["lib/b.js", "test/b.test.js"],
            {"test/b.test.js": "const { it } = require('node:test')"},
            "test/a.test.js node:test",
        ),
        (
            "lib/a.js",
            "javascript",
            ["package.json"],
            {"package.json": '{"devDependencies": {"mocha": "1"}}'},
            "lib/a.test.js mocha",
        ),
        ("lib/a.js", "javascript", [], {}, "lib/a.test.js node:test"),
    ],
)
def test_layouts(
    path: str, language: str, paths: list[str], texts: dict[str, str], home: str
) -> None:
    found = home_of_tests(path, language, [*paths, path], texts)
    told = f"{found.path} {'+' if found.exists else ''}{found.framework}"
    assert told == home


def test_the_example_is_the_nearest_and_never_the_file_itself() -> None:
    paths = [
        "a/x.py",
        "a/y.py",
        "b/z.py",
        "tests/a/test_x.py",
        "tests/a/test_y.py",
        "tests/b/test_z.py",
    ]
    wanted = telling("a/x.py", "python", [*paths, "pyproject.toml", "a/setup.cfg"])
    assert wanted[:3] == ("a/setup.cfg", "pyproject.toml", "tests/a/test_x.py")
    assert "tests/a/test_y.py" in wanted
    home = home_of_tests("a/x.py", "python", paths, dict.fromkeys(wanted, PY))
    assert home == PlaceOfTests("tests/a/test_x.py", True, "pytest", "tests/a/test_y.py")  # noqa: FBT003 - its second


@pytest.mark.parametrize(
    ("path", "language", "test"),
    [
        ("tests/test_a.py", "python", True),
        ("a_test.py", "python", True),
        ("tests/conftest.py", "python", False),
        ("testing.py", "python", False),
        ("a_test.go", "go", True),
        ("tests/all.rs", "rust", True),
        ("src/tests.rs", "rust", False),
        ("src/a.test.ts", "typescript", True),
        ("src/a.spec.mjs", "javascript", True),
        ("src/__tests__/a.js", "javascript", True),
        ("src/a.ts", "typescript", False),
        ("ATest.java", "java", True),
        ("Test.java", "java", False),
    ],
)
def test_what_is_a_test_file(path: str, language: str, *, test: bool) -> None:
    assert is_test(path, language) is test


_PATHS = st.lists(
    st.from_regex(
        r"(?:[ab]/|tests/|test/|__tests__/){0,3}(?:test_)?[xy](?:_test|\.test)?\.(?:py|ts|go)",
        fullmatch=True,
    ),
    max_size=8,
)


@given(
    _PATHS,
    st.sampled_from(
        [("a/x.py", "python"), ("x.py", "python"), ("b/x.ts", "typescript"), ("a/x.go", "go")]
    ),
)
def test_a_home_is_always_a_test_file_beside_the_code_or_among_the_tests(
    paths: list[str], file: tuple[str, str]
) -> None:
    path, language = file
    found = home_of_tests(path, language, [*paths, path], {})
    assert found.path != path
    assert is_test(found.path, language) or "__tests__" in found.path
    assert found.exists == (found.path in paths)
    assert not found.path.startswith("/")
    assert ".." not in found.path


def test_a_namesakes_tests_are_not_taken_for_the_files_own() -> None:
    paths = ["a/x.py", "b/x.py", "b/y.py", "tests/b/test_x.py", "tests/b/test_y.py"]
    assert home_of_tests("b/x.py", "python", paths, {}).path == "tests/b/test_x.py"
    assert home_of_tests("a/x.py", "python", paths, {}).path == "tests/a/test_x.py"


def test_this_repository_keeps_its_tests_where_they_would_be_put() -> None:
    """Each test file of a source with a name of its own is found again by the others alone."""
    house = Path(__file__).resolve().parents[4]
    listed = [path.relative_to(house).as_posix() for path in house.glob("*/**/*.py")]
    paths = [path for path in listed if path.startswith(("server/", "context/", "tests/"))]
    sources = {path: PurePosixPath(path).stem for path in paths if not path.startswith("tests/")}
    found = right = 0
    for test in (path for path in paths if is_test(path, "python")):
        stem = PurePosixPath(test).name.removeprefix("test_").removesuffix(".py")
        own = [path for path, name in sources.items() if name == stem]
        if len(own) == 1:
            others = [path for path in paths if path != test]
            right += home_of_tests(own[0], "python", others, {}).path == test
            found += 1
    assert found > 100
    assert right >= 0.9 * found
