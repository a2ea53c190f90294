"""Finding what a repository-wide action may touch: references, tests and documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import TYPES
from twolane_context.languages import language_for
from twolane_context.names import WORD
from twolane_context.places import places
from twolane_server.actions.impact import Impact, Role, Source, role_of
from twolane_server.text import Text, decode
from twolane_server.usages import references

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from twolane_context.answers import Answers
    from twolane_context.places import Place
    from twolane_context.repository import Repository
    from twolane_server.fragments import Label
    from twolane_server.indexing import Verdict
    from twolane_server.settings.resolved import NdaRules

__all__ = ["WantedImpact", "impact_of"]

_LARGEST_DOC, _LARGEST = 200_000, 2_000_000
_MOST_NAMESAKES = 12
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
            maybe = _namesakes(repository, answers, name, spans)
            for path in maybe.keys() - texts.keys():
                texts[path], spans[path] = repository.index.files[path].source(), []
            for path in _named_in(wanted.instruction, repository.index.files):
                if path not in texts:
                    texts[path], spans[path] = repository.index.files[path].source(), []
            found = _Found(name, texts, spans, maybe)
            return _impact(repository, found, inner, wanted, verdict)
    return None


class _Found(NamedTuple):
    """What was found of a symbol: its name, the files by path, where it stands and where it may."""

    name: str
    texts: dict[str, bytes]
    spans: dict[str, list[int]]
    maybe: dict[str, list[int]]


def _impact(
    repository: Repository,
    found: _Found,
    inner: str,
    wanted: WantedImpact,
    verdict: Callable[[str], Verdict],
) -> Impact:
    sources: list[Source] = []
    notes: list[str] = []
    for path, source in found.texts.items():
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
        sites, maybe = tuple(found.spans[path]), tuple(found.maybe.get(path, ()))
        sources.append(Source(path, file, text, label, sites, role, maybe))
    return Impact(
        root=str(repository.root),
        name=found.name,
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


def _namesakes(
    repository: Repository, answers: Answers, name: str, spans: dict[str, list[int]]
) -> dict[str, list[int]]:
    """Places of code where the name stands and may be the symbol's; none where it is everybody's.

    What a value is, cannot be told everywhere, nor which members of which classes go together.
    """
    index = repository.index
    held = [file for file in index.holding(name) if language_for(file.path) is not None]
    others = [file for file in held if file.path not in spans]
    files = held if len(others) <= _MOST_NAMESAKES else [f for f in held if f.path in spans]
    found: dict[str, list[int]] = {}
    own: list[tuple[str, Place]] = []
    rest: list[tuple[str, int, Place]] = []
    for file in files:
        tree = answers.tree(file.path)
        if tree is None or len(tree.source) > _LARGEST:
            continue
        starts = [0, *accumulate(len(line) + 1 for line in tree.source.split(b"\n"))]
        for place in places(file, tree, name):
            at = starts[place.point[0]] + place.point[1]
            if at not in spans.get(file.path, ()):
                rest.append((file.path, at, place))
            elif place.own >= 0:
                own.append((file.path, place))
    member = any(_is_member(place) for _, place in own)
    homes = {path for path, _ in own}
    for path, at, place in rest:
        twin = place.own >= 0 and path in homes and not _is_member(place)
        kin = place.own >= 0 and _is_member(place) if member else twin
        if place.local < 0 and (len(place.chain) > 1 or kin or (member and not place.chain)):
            found.setdefault(path, []).append(at)
    return found


def _is_member(place: Place) -> bool:
    symbols = place.file.outline.symbols
    holder = symbols[place.own].parent if place.own >= 0 else -1
    return holder >= 0 and symbols[holder].kind in TYPES


def _named_in(instruction: str, files: Collection[str]) -> Iterator[str]:
    """The files that an instruction names: by a path or its end, or as a module, if only one fits."""
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
