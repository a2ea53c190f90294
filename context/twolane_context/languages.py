"""The languages the engine has a grammar for: one row each.

Adding one is a row here, a query file of the same name and a case in tests/context.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import tree_sitter


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One language.

    Attributes:
        name: its name here, and the stem of its query file.
        ids: the LSP language identifiers that mean it.
        suffixes: the file suffixes that mean it, with the dot.
        package: the module that holds its grammar, or those of several languages.
        queries: the stems of its query files, where it shares some with others.
    """

    name: str
    ids: tuple[str, ...]
    suffixes: tuple[str, ...]
    package: str
    queries: tuple[str, ...] = ()


_TYPESCRIPT, _JAVASCRIPT = ("ecmascript", "typescript"), ("ecmascript", "javascript")
_TS = "tree_sitter_typescript"
# Of a header, only its users know whether it is C or C++; C++'s grammar reads both.
_CPP = (".h", ".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".ipp", ".inl", ".cu", ".cuh")
_JS_IDS = ("javascript", "javascriptreact")
_JS = (".js", ".mjs", ".cjs", ".jsx")
LANGUAGES: tuple[Language, ...] = (
    Language("python", ("python",), (".py", ".pyi"), "tree_sitter_python"),
    Language("rust", ("rust",), (".rs",), "tree_sitter_rust"),
    Language("typescript", ("typescript",), (".ts", ".mts", ".cts"), _TS, _TYPESCRIPT),
    Language("tsx", ("typescriptreact",), (".tsx",), _TS, _TYPESCRIPT),
    Language("javascript", _JS_IDS, _JS, "tree_sitter_javascript", _JAVASCRIPT),
    Language("go", ("go",), (".go",), "tree_sitter_go"),
    Language("c", ("c",), (".c",), "tree_sitter_c"),
    Language("cpp", ("cpp", "cuda", "cuda-cpp"), _CPP, "tree_sitter_cpp", ("cpp", "c")),
    Language("java", ("java",), (".java",), "tree_sitter_java"),
    Language("lua", ("lua",), (".lua",), "tree_sitter_lua"),
)


_BY_ID = {name: language for language in LANGUAGES for name in language.ids}
_BY_SUFFIX = {suffix: language for language in LANGUAGES for suffix in language.suffixes}


def language_for(path: str = "", language_id: str = "") -> Language | None:
    """The language of a document, or `None` when the engine has no grammar for it.

    Args:
        path: the file's path; only its suffix is looked at.
        language_id: the editor's word for the language (LSP `languageId`), which wins.
    """
    return _BY_ID.get(language_id) or _BY_SUFFIX.get(path[path.rfind(".") :].lower())


def outlined(path: str) -> Language | None:
    """The language of a file whose definitions count; `None` for a minified one as well."""
    return None if path.endswith((".min.js", ".min.mjs")) else language_for(path)


@cache
def grammar(language: Language) -> tree_sitter.Language:
    """The language's grammar, loaded at first use."""
    module = import_module(language.package)
    make = getattr(module, f"language_{language.name}", None) or module.language
    capsule: object = make()
    return tree_sitter.Language(capsule)


@cache
def query(language: Language) -> tree_sitter.Query:
    """The language's query for definitions and imports, compiled at first use."""
    folder = Path(__file__).parent / "queries"
    stems = language.queries or (language.name,)
    sources = [(folder / f"{stem}.scm").read_text("utf-8") for stem in stems]
    return tree_sitter.Query(grammar(language), "\n".join(sources))
