"""The context engine: what a piece of code means within its repository.

Values in, values out: no LSP, no HTTP, no settings, no model, no network. Usable by itself:

    repository = Repository(Path("~/shop").expanduser())
    repository.refresh()
    answers = Answers(repository)
    pieces = answers.context([Selection("tool.py", 41, 41)], 2_048, counter_for("deepseek-v3.2"))
    sites = answers.references("tool.py", 41, 4)

The names here are what such a program needs; the rest is in its modules, each readable alone. They
are loaded at first use, so that `import twolane_context` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twolane_context.answers import Answers
    from twolane_context.cache import Cache
    from twolane_context.pack import Piece
    from twolane_context.question import Selection
    from twolane_context.references import Site
    from twolane_context.repository import Repository
    from twolane_context.spans import Span
    from twolane_context.tokens import counter_for
    from twolane_context.work import examine_all

__all__ = [
    "Answers",
    "Cache",
    "Piece",
    "Repository",
    "Selection",
    "Site",
    "Span",
    "counter_for",
    "examine_all",
]

_MODULES = {
    "Answers": "answers",
    "Cache": "cache",
    "Piece": "pack",
    "Repository": "repository",
    "Selection": "question",
    "Site": "references",
    "Span": "spans",
    "counter_for": "tokens",
    "examine_all": "work",
}


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(import_module(f"twolane_context.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
