"""Where the tests of a file are, or would be, and what they are written with.

Pure: from the list of a repository's paths, and from the texts of a few files that `telling` names.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from posixpath import basename, dirname, splitext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["TESTABLE", "PlaceOfTests", "home_of_tests", "is_test", "telling"]

TESTABLE = frozenset({"python", "rust", "typescript", "tsx", "javascript", "go", "java"})
"""The languages that tests are written for."""

_SCRIPT = r"\.(?:[cm]?[jt]s|[jt]sx)"
_TESTS = {
    "python": re.compile(r"(?:test_(?P<a>.+)|(?P<b>.+)_test)\.py"),
    "go": re.compile(r"(?P<a>.+)_test\.go"),
    "java": re.compile(r"(?P<a>.+?)Tests?\.java"),
    "rust": re.compile(r"(?P<a>.+)\.rs"),
    "script": re.compile(rf"(?P<a>.+)[.](?:test|spec){_SCRIPT}"),
}
_FOLDERS = frozenset({"tests", "test", "__tests__", "spec"})
_NEAR = 3
_MANIFESTS = {
    "python": ("pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini"),
    "script": ("package.json",),
    "java": ("pom.xml", "build.gradle", "build.gradle.kts"),
}
_RUNNERS = ("vitest", "jest", "mocha", "ava", "jasmine")


@dataclass(frozen=True, slots=True)
class PlaceOfTests:
    """The place for the tests of one file.

    Attributes:
        path: the test file, relative to the root; the file itself where tests stand in it (Rust).
        exists: whether it is there already.
        framework: what its tests are written with: `pytest`, `unittest`, `go test`, `vitest`.
        example: a test file that shows the project's style; empty for none.
    """

    path: str
    exists: bool
    framework: str
    example: str = ""


def is_test(path: str, language: str) -> bool:
    """Whether a path is one of a test file, by its language's custom."""
    return _tested(path, language) is not None


def telling(path: str, language: str, paths: Sequence[str]) -> tuple[str, ...]:
    """The files whose texts say how tests are written here: manifests, and the nearest tests."""
    family = _family(language)
    parts = _folders(path)
    folders = ["/".join(parts[:end]) for end in range(len(parts), -1, -1)]
    names = _MANIFESTS.get(family, ())
    known = set(paths)
    wanted = (f"{folder}/{name}".lstrip("/") for folder in folders for name in names)
    manifests = [each for each in wanted if each in known]
    own = [each for each in paths if _tested(each, language) == _stem(path, language)]
    tests = sorted((each for each in paths if is_test(each, language)), key=_distance(path))
    return tuple(dict.fromkeys((*manifests, *own, *tests[:_NEAR])))


def home_of_tests(
    path: str, language: str, paths: Sequence[str], texts: Mapping[str, str]
) -> PlaceOfTests:
    """The place for a file's tests.

    Args:
        path: the file, relative to the root.
        language: its grammar's name, one of `TESTABLE`.
        paths: all files of the repository.
        texts: what is known of the files that `telling` names.
    """
    tests = sorted((each for each in paths if is_test(each, language)), key=_distance(path))
    own = _own(path, language, tests, paths)
    example = next((each for each in tests if each in texts and each not in own), "")
    family = _family(language)
    if family == "rust":
        return PlaceOfTests(path, exists=True, framework="cargo test", example="")
    found = _best(own, path)
    place = found or _FOUND[family](path, language, tests, paths)
    framework = _framework(family, place, texts, tests)
    return PlaceOfTests(place, exists=place in set(paths), framework=framework, example=example)


def _family(language: str) -> str:
    return "script" if language in ("typescript", "tsx", "javascript") else language


def _stem(path: str, language: str) -> str:
    stem = splitext(basename(path))[0]
    return stem.lower() if _family(language) == "java" else stem


def _tested(path: str, language: str) -> str | None:
    """The stem of the file that a test file is for; `None` for what is no test file."""
    name, family = basename(path), _family(language)
    if family == "rust":
        stem, ending = splitext(name)
        return stem if "tests" in _folders(path) and ending == ".rs" else None
    found = _TESTS[family].fullmatch(name)
    if found is not None:
        stem = next(each for each in found.groups() if each)
        return stem.lower() if family == "java" else stem
    if family == "script" and "__tests__" in _folders(path) and re.search(rf"{_SCRIPT}$", name):
        return splitext(name)[0]
    return None


def _folders(path: str) -> tuple[str, ...]:
    """The folders that a path leads through."""
    return tuple(part for part in dirname(path).split("/") if part)


def _distance(path: str):  # noqa: ANN202 - a key for sorting
    parts = _folders(path)

    def far(other: str) -> tuple[int, str]:
        theirs = [part for part in _folders(other) if part not in _FOLDERS]
        same = len(set(parts) & set(theirs))
        return (len(parts) + len(theirs) - 2 * same, other)

    return far


def _own(path: str, language: str, tests: Sequence[str], paths: Sequence[str]) -> list[str]:
    """The test files with the file's name; where other files have it, too, only those that fit."""
    stem = _stem(path, language)
    own = [each for each in tests if _tested(each, language) == stem]
    others = (p for p in paths if p != path and _stem(p, language) == stem)
    ending = splitext(path)[1]
    if any(splitext(each)[1] == ending and not is_test(each, language) for each in others):
        here = _FOLDERS.union(_folders(path))
        own = [each for each in own if here.issuperset(_folders(each))]
    return own


def _best(own: Sequence[str], path: str) -> str:
    """Of several test files with the right name the one whose folders fit; none if they tie badly."""
    if not own:
        return ""
    parts = set(_folders(path))
    shared = [len(parts & set(_folders(each))) for each in own]
    best = max(shared)
    fitting = [each for each, count in zip(own, shared, strict=True) if count == best]
    return fitting[0] if len(fitting) == 1 or len(own) == 1 else ""


def _mirrored(path: str, language: str, tests: Sequence[str], paths: Iterable[str]) -> str | None:
    """The folder that mirrors the file's, judged by the nearest test whose own file is known."""
    here = _folders(path)
    sources: dict[str, list[str]] = {}
    for each in paths:
        if each != path and not is_test(each, language) and splitext(each)[1] == splitext(path)[1]:
            sources.setdefault(_stem(each, language), []).append(each)
    flat: str | None = None
    for test in tests:
        folder = _folders(test)
        for source in sources.get(_tested(test, language) or "", ()):
            home = _folders(source)
            if home and folder[: len(home)] == home and _FOLDERS.issuperset(folder[len(home) :]):
                return "/".join((*here, *folder[len(home) :]))  # each folder has its own
            same = 0
            while same < min(len(home), len(folder)) and home[-1 - same] == folder[-1 - same]:
                same += 1
            top, stem = folder[: len(folder) - same], home[: len(home) - same]
            if here[: len(stem)] != stem:
                continue
            tail = here[len(stem) :]
            if same or not tail:
                return "/".join((*top, *tail))
            # Only a mirror that was seen to mirror keeps subfolders.
            flat = "/".join(folder) if flat is None else flat
    return flat


def _python(path: str, language: str, tests: Sequence[str], paths: Sequence[str]) -> str:
    stem = splitext(basename(path))[0]
    suffixed = Counter(basename(each).startswith("test_") for each in tests)
    name = f"{stem}_test.py" if suffixed[False] > suffixed[True] else f"test_{stem}.py"
    mirrored = _mirrored(path, language, tests, paths)
    if mirrored is None:
        folders = Counter(dirname(each) for each in tests)
        usual = [folder for folder, _ in folders.most_common() if folder]
        kept = {part for each in paths for part in _folders(each)[:1]} & _FOLDERS
        mirrored = usual[0] if usual else (min(kept) if kept else "tests")
    return f"{mirrored}/{name}".lstrip("/")


def _go(path: str, *_: object) -> str:
    return f"{path.removesuffix('.go')}_test.go"


def _java(path: str, _: str, tests: Sequence[str], __: Sequence[str]) -> str:
    plural = tests and all(each.endswith("Tests.java") for each in tests)
    name = f"{splitext(basename(path))[0]}{'Tests' if plural else 'Test'}.java"
    folder = dirname(path).replace("src/main/java", "src/test/java", 1)
    return f"{folder}/{name}".lstrip("/")


def _script(path: str, language: str, tests: Sequence[str], paths: Sequence[str]) -> str:
    stem, ending = splitext(basename(path))
    marks = Counter(found[1] for each in tests if (found := re.search(r"\.(test|spec)\.", each)))
    mark = marks.most_common(1)[0][0] if marks else "test"
    within = bool(tests) and all("__tests__" in _folders(each) for each in tests)
    name = f"{stem}{ending}" if within and not marks else f"{stem}.{mark}{ending}"
    folder = dirname(path)
    if within:
        folder = f"{folder}/__tests__"
    elif (mirrored := _mirrored(path, language, tests, paths)) is not None:
        folder = mirrored
    return f"{folder}/{name}".lstrip("/")


_FOUND = {"python": _python, "go": _go, "java": _java, "script": _script}


def _framework(family: str, place: str, texts: Mapping[str, str], tests: Sequence[str]) -> str:
    """What the tests are written with: as the file itself says, else its neighbours, else manifests."""
    known = [texts[each] for each in (place, *tests) if each in texts]
    manifests = "\n".join(text for name, text in texts.items() if name not in tests)
    match family:
        case "go":
            return "go test"
        case "python":
            return _framework_of_python(known, manifests)
        case "java":
            said = "\n".join((*known, manifests))
            return "JUnit 4" if "org.junit.Test" in said or "junit:junit" in said else "JUnit 5"
        case _:
            return _framework_of_script("\n".join(known), manifests)


def _framework_of_python(known: Sequence[str], manifests: str) -> str:
    for text in known:
        if re.search(r"\bunittest\.TestCase\b|\(TestCase\)", text):
            return "unittest"
        if re.search(r"(?m)^import pytest|^from pytest|^(?:async )?def test_", text):
            return "pytest"
    return "unittest" if known and "pytest" not in manifests else "pytest"


def _framework_of_script(known: str, manifests: str) -> str:
    if "node:test" in known:
        return "node:test"
    said = f"{known}\n{manifests}"
    named = (runner for runner in _RUNNERS if re.search(rf"[\"'@]{runner}\b", said))
    return next(named, "jest" if known else "node:test")
