"""Finding what a repository-wide action may touch: references, tests and documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from twolane_context.names import WORD
from twolane_server.actions.impact import Impact, Role, Source, role_of
from twolane_server.text import Text, decode
from twolane_server.usages import references

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from twolane_context.answers import Answers
    from twolane_context.repository import Repository
    from twolane_server.fragments import Label
    from twolane_server.indexing import Verdict
    from twolane_server.settings.resolved import NdaRules

__all__ = ["WantedImpact", "impact_of"]

_LARGEST_DOC = 200_000
_TOKEN = re.compile(r"[\w./\\\-]+")


@dataclass(frozen=True, slots=True)
class WantedImpact:
    """A question to a repository.

    Attributes:
        path: the document's file, absolute, as the editor names it.
        places: bytes of it at which the symbol's name may stand; the first that is one counts.
        label: of the document.
        nda: the user's own rules.
        model: whose tokens are counted.
        window: how many tokens that model holds.
        instruction: what is to be done; files that it names take part.
    """

    path: str
    places: tuple[int, ...]
    label: Label
    nda: NdaRules
    model: str
    window: int
    instruction: str = field(default="", repr=False)


def impact_of(
    repository: Repository,
    answers: Answers,
    inner: str,
    wanted: WantedImpact,
    verdict: Callable[[str], Verdict],
) -> Impact | None:
    """All that the symbol at a place may touch; `None` where no symbol's name stands.

    Args:
        repository: where.
        answers: of all of it: the action is local.
        inner: the document's path within it.
        wanted: the question.
        verdict: what holds for a file now.
    """
    for at in wanted.places:
        found = references(repository, answers, inner, at)
        if found is not None and found.sites:
            name = _name(found.texts.get(inner, b""), at)
            spans: dict[str, list[int]] = {}
            for path, source in found.texts.items():
                starts = [0, *accumulate(len(line) + 1 for line in source.split(b"\n"))]
                spans[path] = sorted(
                    starts[site.row] + site.column for site in found.sites if site.path == path
                )
            texts = dict(found.texts)
            for path, source, sites in _documents(repository, name, texts):
                texts[path], spans[path] = source, sites
            for path in _named_in(wanted.instruction, repository.index.files):
                if path not in texts:
                    texts[path], spans[path] = repository.index.files[path].source(), []
            return _impact(repository, name, texts, spans, (inner, wanted, verdict))
    return None


def _impact(
    repository: Repository,
    name: str,
    texts: dict[str, bytes],
    spans: dict[str, list[int]],
    asked: tuple[str, WantedImpact, Callable[[str], Verdict]],
) -> Impact:
    inner, wanted, verdict = asked
    sources: list[Source] = []
    notes: list[str] = []
    for path, source in texts.items():
        try:
            text = Text.of(decode(source))
        except UnicodeDecodeError:
            notes.append(f"{path} is not UTF-8, so it was left out.")
            continue
        here = path == inner
        label = verdict(path).label
        file = wanted.path if here else str(repository.root / path)
        role = Role.HERE if here else role_of(path)
        label = max(label, wanted.label) if here else label
        sources.append(Source(path, file, text, label, tuple(spans[path]), role))
    return Impact(
        root=str(repository.root),
        name=name,
        sources=tuple(sorted(sources, key=lambda one: (one.role, one.path))),
        others=frozenset(repository.index.files) - {one.path for one in sources},
        model=wanted.model,
        window=wanted.window,
        notes=tuple(notes),
    )


def _documents(
    repository: Repository, name: str, known: dict[str, bytes]
) -> Iterator[tuple[str, bytes, list[int]]]:
    """Texts for people that name the symbol."""
    word = re.compile(rb"(?<!\w)" + re.escape(name.encode()) + rb"(?!\w)")
    for file in repository.index.holding(name):
        if file.path not in known and role_of(file.path) is Role.DOC:
            source = file.source()
            sites = [found.start() for found in word.finditer(source)]
            if sites and len(source) <= _LARGEST_DOC:
                yield file.path, source, sites


def _named_in(instruction: str, files: Collection[str]) -> Iterator[str]:
    """The files that an instruction names: by a path, or the end of one that only one file has, or
    as a module.
    """
    for word in dict.fromkeys(_TOKEN.findall(instruction)):
        token = word.strip("./\\").replace("\\", "/")
        if "." not in token and "/" not in token:
            continue
        module = token.replace(".", "/")
        wanted = (token, f"{module}.py", f"{module}/__init__.py")
        found = [path for path in files if path.endswith(wanted)]
        whole = [p for p in found if any(p == one or p.endswith(f"/{one}") for one in wanted)]
        if len(whole) == 1:
            yield whole[0]


def _name(source: bytes, at: int) -> str:
    found = [one for one in WORD.finditer(source) if one.start() <= at <= one.end()]
    return found[-1].group().decode("utf-8", "replace") if found else ""
