"""The languages the engine has a grammar for: one row each.

Adding one is a row here, a query file of the same name and a case in tests/context.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import tree_sitter


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One language.

    Attributes:
        name: its name here, and the stem of its query file.
        ids: the LSP language identifiers that mean it.
        suffixes: the file suffixes that mean it, with the dot.
        package: the module that holds its grammar.
        queries: the stems of its query files, where it shares some with others.
        factory: the function of the module that returns the grammar.
    """

    name: str
    ids: tuple[str, ...]
    suffixes: tuple[str, ...]
    package: str
    queries: tuple[str, ...] = ()
    factory: str = "language"


_TYPESCRIPT, _JAVASCRIPT = ("ecmascript", "typescript"), ("ecmascript", "javascript")
_TS_PACKAGE = "tree_sitter_typescript"
# Of a header, only its users know whether it is C or C++; C++'s grammar reads both.
_CPP = (".h", ".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".ipp", ".inl", ".cu", ".cuh")
_JS = (".js", ".mjs", ".cjs", ".jsx")
LANGUAGES: tuple[Language, ...] = (
    Language("python", ("python",), (".py", ".pyi"), "tree_sitter_python"),
    Language("rust", ("rust",), (".rs",), "tree_sitter_rust"),
    Language(
        "typescript",
        ("typescript",),
        (".ts", ".mts", ".cts"),
        _TS_PACKAGE,
        _TYPESCRIPT,
        "language_typescript",
    ),
    Language("tsx", ("typescriptreact",), (".tsx",), _TS_PACKAGE, _TYPESCRIPT, "language_tsx"),
    Language(
        "javascript", ("javascript", "javascriptreact"), _JS, "tree_sitter_javascript", _JAVASCRIPT
    ),
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
    if language_id in _BY_ID:
        return _BY_ID[language_id]
    stem, dot, suffix = path.rpartition("/")[2].rpartition(".")
    return _BY_SUFFIX.get(f"{dot}{suffix}".lower()) if stem else None


@cache
def grammar(language: Language) -> tree_sitter.Language:
    """The language's grammar, loaded at first use."""
    capsule: object = getattr(import_module(language.package), language.factory)()
    return tree_sitter.Language(capsule)


@cache
def query(language: Language) -> tree_sitter.Query:
    """The language's query for definitions and imports, compiled at first use."""
    folder = Path(__file__).parent / "queries"
    stems = language.queries or (language.name,)
    sources = [(folder / f"{stem}.scm").read_text("utf-8") for stem in stems]
    return tree_sitter.Query(grammar(language), "\n".join(sources))


def fingerprint() -> str:
    """Changes with everything that facts depend on besides the file: engine, queries, grammars."""
    modules = {language.package for language in LANGUAGES} | {"twolane_context"}
    found = [find_spec(module) for module in sorted(modules)]
    folders = [Path(spec.origin).parent for spec in found if spec and spec.origin]
    parts = [file for folder in folders for file in (*folder.glob("*.*"), *folder.glob("*/*.scm"))]
    stamps = sorted((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in parts)
    return blake2b(repr(stamps).encode(), digest_size=10).hexdigest()
