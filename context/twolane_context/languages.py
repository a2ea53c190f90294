"""The languages the engine has a grammar for: one row each.

Adding one is a row here, a query file of the same name and a case in tests/context.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import PurePath

import tree_sitter


class Docs(StrEnum):
    """How a language documents a definition.

    `STRING`: by the first statement of its body (Python). All others by comments above it: `OUTER`,
    `///` and `/** */` wherever they stand above it (Rust); `BLOCK`, one `/** */` directly above
    (JSDoc); `LINES`, all comments directly above (Go).
    """

    STRING = "string"
    OUTER = "outer"
    BLOCK = "block"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    Attributes:
        name: its name here, and the stem of its query file.
        ids: the LSP language identifiers that mean it.
        suffixes: the file suffixes that mean it, with the dot.
        docs: how it documents a definition.
        package: the module that holds its grammar.
        factory: the function there that returns it.
        queries: the stems of its query files, where it shares some with others.
    """

    name: str
    ids: tuple[str, ...]
    suffixes: tuple[str, ...]
    docs: Docs
    package: str
    factory: str = "language"
    queries: tuple[str, ...] = ()


LANGUAGES: tuple[Language, ...] = (
    Language("python", ("python",), (".py", ".pyi"), Docs.STRING, "tree_sitter_python"),
    Language("rust", ("rust",), (".rs",), Docs.OUTER, "tree_sitter_rust"),
    Language(
        "typescript",
        ("typescript",),
        (".ts", ".mts", ".cts"),
        Docs.BLOCK,
        "tree_sitter_typescript",
        "language_typescript",
        queries=("ecmascript", "typescript"),
    ),
    Language(
        "tsx",
        ("typescriptreact",),
        (".tsx",),
        Docs.BLOCK,
        "tree_sitter_typescript",
        "language_tsx",
        queries=("ecmascript", "typescript"),
    ),
    Language(
        "javascript",
        ("javascript", "javascriptreact"),
        (".js", ".mjs", ".cjs", ".jsx"),
        Docs.BLOCK,
        "tree_sitter_javascript",
        queries=("ecmascript", "javascript"),
    ),
    Language("go", ("go",), (".go",), Docs.LINES, "tree_sitter_go"),
)


def language_for(path: str = "", language_id: str = "") -> Language | None:
    """The language of a document, or `None` when the engine has no grammar for it.

    Args:
        path: the file's path; only its suffix is looked at.
        language_id: the editor's word for the language (LSP `languageId`), which wins.
    """
    for language in LANGUAGES:
        if language_id in language.ids:
            return language
    suffix = PurePath(path).suffix.lower()
    for language in LANGUAGES:
        if suffix and suffix in language.suffixes:
            return language
    return None


@cache
def grammar(language: Language) -> tree_sitter.Language:
    """The language's grammar, loaded at first use."""
    capsule: object = getattr(import_module(language.package), language.factory)()
    return tree_sitter.Language(capsule)


@cache
def query(language: Language) -> tree_sitter.Query:
    """The language's query for definitions and imports, compiled at first use."""
    folder = files("twolane_context") / "queries"
    stems = language.queries or (language.name,)
    sources = [(folder / f"{stem}.scm").read_text("utf-8") for stem in stems]
    return tree_sitter.Query(grammar(language), "\n".join(sources))
