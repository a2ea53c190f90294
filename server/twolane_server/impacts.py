"""Finding what a repository-wide action may touch: references, tests and documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.importers import importers, module_word, standing_for
from twolane_context.index import Changed
from twolane_context.names import WORD
from twolane_server.actions.impact import Impact, Role, Source, role_of
from twolane_server.errors import ActionError
from twolane_server.namesakes import documents, namesakes
from twolane_server.text import Text, decode
from twolane_server.usages import references

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from twolane_context.answers import Answers
    from twolane_context.repository import Repository
    from twolane_server.fragments import Label
    from twolane_server.indexing import Verdict
    from twolane_server.settings.resolved import NdaRules

__all__ = ["WantedImpact", "impact_of"]

_TOKEN = re.compile(r"[\w./\\\-]+")
# What stands before a file that is to be another one, or none.
_GOES = re.compile(
    r"(?i)\b(?:rename|move|delete|remove|drop|split|merge|convert|turn)\s+"
    r"(?:the\s+)?(?:whole\s+)?(?:file\s+|module\s+)?[`'\"(]*\Z"
)


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
    verdicts: Callable[[NdaRules], Callable[[str], Verdict]],
) -> Impact | None:
    """All that the symbol at a place may touch; `None` where no symbol's name stands.

    Args:
        repository: where.
        answers: of all of it: the action is local.
        inner: the document's path within it.
        wanted: the question.
        verdicts: gives what tells of a file what holds for it, by the user's own rules; asked for
            anew after each look at files, since that may have changed with them.

    Raises:
        ActionError: a file changes faster than it can be read.
    """

    def look() -> Impact | None:
        known = inner in repository.index.files
        verdict = verdicts(wanted.nda)
        return _look(repository, answers, inner, wanted, verdict) if known else None

    try:
        return answers.steady(look)
    except Changed as changed:
        raise ActionError(
            f"{changed.path} changes faster than it can be read, so nothing was done; run the "
            "action again when what writes it has ended."
        ) from None


def _look(
    repository: Repository,
    answers: Answers,
    inner: str,
    wanted: WantedImpact,
    verdict: Callable[[str], Verdict],
) -> Impact | None:
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
            for path, source, sites in documents(repository, name, texts):
                texts[path], spans[path] = source, sites
            maybe = namesakes(repository, answers, name, spans)
            for path in maybe.keys() - texts.keys():
                texts[path], spans[path] = repository.index.files[path].source(), []
            index = repository.index
            named = dict(_named_in(wanted.instruction, index.files))
            # A module's name is its file's, too.
            named |= {one.path: True for one in standing_for(index, index.files[inner], name)}
            goes = [path for path, it_goes in named.items() if it_goes]
            users = {path: frozenset(one.path for one in importers(index, path)) for path in goes}
            for path in (*named, *(one for some in users.values() for one in some)):
                if path not in texts:
                    texts[path], spans[path] = index.files[path].source(), []
            found = _Found(name, texts, spans, maybe, frozenset(named), users)
            return _impact(repository, found, inner, wanted, verdict)
    return None


class _Found(NamedTuple):
    """What was found of a symbol: its name, the files by path, where it stands and where it may.

    `named` are files that the instruction names; `users` are those that import the ones that the person wants to
    go or to be called otherwise.
    """

    name: str
    texts: dict[str, bytes]
    spans: dict[str, list[int]]
    maybe: dict[str, list[int]]
    named: frozenset[str]
    users: dict[str, frozenset[str]]


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
        imports = tuple(sorted(_imports(path, source, found.users)))
        sources.append(Source(path, file, text, label, sites, role, maybe, imports))
    return Impact(
        root=str(repository.root),
        name=found.name,
        sources=tuple(sorted(sources, key=lambda one: (one.role, one.path))),
        others=frozenset(repository.index.files) - {one.path for one in sources},
        model=wanted.model,
        window=wanted.window,
        notes=tuple(notes),
        named=found.named,
        users=found.users,
    )


def _imports(path: str, source: bytes, users: Mapping[str, frozenset[str]]) -> Iterator[int]:
    """Where a file names files that it imports."""
    for one in (one for one, some in users.items() if path in some):
        word = module_word(one).encode()
        yield from (found.start() for found in WORD.finditer(source) if found[0] == word)


def _named_in(instruction: str, files: Collection[str]) -> Iterator[tuple[str, bool]]:
    """The files that an instruction names: by a path or its end, or as a module, if only one fits.

    Each comes with whether the person wants it to go or to be called otherwise.
    """
    words = {found[0]: found.start() for found in reversed([*_TOKEN.finditer(instruction)])}
    for word, at in sorted(words.items(), key=itemgetter(1)):
        token = word.strip("./\\").replace("\\", "/")
        if "." not in token and "/" not in token:
            continue
        module = token.replace(".", "/")
        wanted = (token, f"{module}.py", f"{module}/__init__.py")
        found = [path for path in files if path.endswith(wanted)]
        whole = [p for p in found if any(p == one or p.endswith(f"/{one}") for one in wanted)]
        if len(whole) == 1:
            yield whole[0], bool(_GOES.search(instruction[:at]))


def _name(source: bytes, at: int) -> str:
    found = [one for one in WORD.finditer(source) if one.start() <= at <= one.end()]
    return found[-1].group().decode("utf-8", "replace") if found else ""
