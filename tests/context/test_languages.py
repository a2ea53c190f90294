from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from twolane_context.captures import capture
from twolane_context.facts import Kind
from twolane_context.languages import LANGUAGES, Language, grammar, language_for, query
from twolane_context.trees import parse

OWN = {"name", "body", "block", "wrapped", "wrapper", "attribute", "import", "callable"}
REPOSITORY = {"base", "object", "owner", "from", "of", "scope", "prefix", "export"}
BOUND = {"bound", "bound.any", "bound.path", "bound.module", "bound.default"}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_every_language_has_a_grammar_and_a_query(language: Language) -> None:
    assert grammar(language) is grammar(language)
    found = query(language)
    names = {found.capture_name(index) for index in range(found.capture_count)}
    allowed = OWN | BOUND | REPOSITORY | {kind.value for kind in Kind}
    assert {name for name in names if not name.startswith("_")} <= allowed
    assert {"name", "import"} <= names
    assert names & BOUND


def test_no_query_asks_a_tree_for_its_text() -> None:
    # That ends the process where the tree was parsed in slices; `#same?` and `#differ?` do not.
    queries = files("twolane_context") / "queries"
    found = [re.findall(r"#[\w-]+[?!]", file.read_text("utf-8")) for file in queries.iterdir()]
    assert {name for names in found for name in names} <= {"#same?", "#differ?"}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_an_empty_file_holds_nothing(language: Language) -> None:
    assert not capture(parse(language, b""))


@pytest.mark.parametrize(
    ("path", "language_id", "name"),
    [
        ("/a/b.py", "", "python"),
        ("/a/b.pyi", "", "python"),
        ("/a/b.RS", "", "rust"),
        ("b.mts", "", "typescript"),
        ("b.tsx", "", "tsx"),
        ("b.jsx", "", "javascript"),
        ("b.go", "", "go"),
        ("b.c", "", "c"),
        ("b.h", "", "cpp"),
        ("b.h", "c", "c"),
        ("b.hpp", "", "cpp"),
        ("b.cc", "", "cpp"),
        ("B.java", "", "java"),
        ("b.lua", "", "lua"),
        ("", "typescriptreact", "tsx"),
        ("script", "python", "python"),
        ("b.py", "rust", "rust"),
        ("b.py", "a word we do not know", "python"),
        ("b.txt", "", None),
        ("py", "", None),
        ("", "", None),
    ],
)
def test_a_document_has_the_language_the_editor_says_or_its_suffix(
    path: str, language_id: str, name: str | None
) -> None:
    language = language_for(path, language_id)
    assert (language.name if language else None) == name


def test_no_two_languages_claim_the_same_document() -> None:
    for claims in (
        [one for language in LANGUAGES for one in language.ids],
        [one for language in LANGUAGES for one in language.suffixes],
    ):
        assert len(claims) == len(set(claims))


def test_neovim_starts_the_server_for_every_language() -> None:
    profile = Path(__file__).parents[2] / "editors/neovim/lsp/twolane.lua"
    listed = re.search(r"filetypes = \{([^}]*)\}", profile.read_text("utf-8"))
    assert listed is not None
    types = set(re.findall(r'"(\w+)"', listed[1])) - {"gitcommit"}  # a text, no language
    assert types <= {one for language in LANGUAGES for one in language.ids}
    assert all(types & set(language.ids) for language in LANGUAGES)
