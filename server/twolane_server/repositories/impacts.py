"""Finding what a repository-wide action may touch: references, tests and documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.index import Changed
from twolane_context.names import WORD
from twolane_server.actions.impact import Impact, Role, Source, only_renamed, role_of
from twolane_server.edits.forgotten import DEFINES
from twolane_server.errors import ActionError
from twolane_server.repositories.aliases import aliases
from twolane_server.repositories.importers import module_word, standing_for
from twolane_server.repositories.module_users import users_of
from twolane_server.repositories.namesakes import called_so, documents, namesakes
from twolane_server.repositories.usages import references
from twolane_server.text import Text, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from twolane_context.answers import Answers
    from twolane_context.repository import Repository
    from twolane_server.fragments import Label
    from twolane_server.rules.verdicts import Verdict
    from twolane_server.settings.resolved import NdaRules

__all__ = ["WantedImpact", "impact_of", "named_in"]

_TOKEN = re.compile(r"[\w./\\\-]+")
_DEFINES = re.compile(DEFINES + rb"\w*\Z")
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
        unread = found is not None and not found.sites and _is_unread(answers, inner, at)
        if found is not None and (found.sites or unread):
            index = repository.index
            name, start = _name(index.files[inner].source(), at)
            spans, texts = found.places(), dict(found.texts)
            if unread:  # nobody knows what is what in it: the name alone can be followed
                texts[inner], spans[inner] = index.files[inner].source(), [start]
            for path, source, sites in documents(repository, name, texts):
                texts[path], spans[path] = source, sites
            found_by = called_so(index, answers, name, (inner, start)) if unread else None
            maybe = found_by or namesakes(repository, answers, name, spans)
            for path in maybe.keys() - texts.keys():
                texts[path], spans[path] = index.files[path].source(), []
            named = dict(named_in(wanted.instruction, index.files))
            # A module's name is its file's, too.
            meant = standing_for(answers.resolver(), index.files[inner], name)
            named |= {one.path: True for one in meant}
            goes = [path for path, it_goes in named.items() if it_goes]
            users = {path: frozenset(users_of(index, path)) for path in goes}
            mere = only_renamed(wanted.instruction, name)
            other = {} if mere else aliases(repository, answers, name, spans)
            for path in (*named, *(one for some in users.values() for one in some), *other):
                if path not in texts:
                    texts[path], spans[path] = index.files[path].source(), []
            found = _Found(name, texts, spans, maybe, frozenset(named), users, other)
            return _impact(repository, found, inner, wanted, verdict)
    return None


class _Found(NamedTuple):
    """What was found of a symbol: its name, the files by path, where it stands and where it may.

    `named` are files that the instruction names; `users` are those that import the ones that the person wants to
    go or to be called otherwise; `aliases` is where it is used under another name.
    """

    name: str
    texts: dict[str, bytes]
    spans: dict[str, list[int]]
    maybe: dict[str, list[int]]
    named: frozenset[str]
    users: dict[str, frozenset[str]]
    aliases: dict[str, list[int]]


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
        imports = {*_imports(path, source, found.users), *found.aliases.get(path, ())}
        sources.append(Source(path, file, text, label, sites, role, maybe, tuple(sorted(imports))))
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
        name = one.rpartition("/")[2].partition(".")[
            0
        ]  # as in `./index`, which stands for a folder
        words = {module_word(one).encode(), name.encode()}
        yield from (found.start() for found in WORD.finditer(source) if found[0] in words)


def named_in(instruction: str, files: Collection[str]) -> Iterator[tuple[str, bool]]:
    """The files that an instruction names: by a path or its end, or as a module, if only one fits.

    Each comes with whether the person wants it to go or to be called otherwise.
    """
    words = {found[0]: found.start() for found in reversed([*_TOKEN.finditer(instruction)])}
    for word, at in sorted(words.items(), key=itemgetter(1)):
        token = word.strip("/\\").rstrip(".").replace("\\", "/")
        bare = token.lstrip("./")
        if "." not in bare and "/" not in bare:
            continue
        module = bare.replace(".", "/")
        wanted = (bare, f"{module}.py", f"{module}/__init__.py")
        found = [path for path in files if path.endswith(wanted)]
        # A folder's name may begin with a dot, as a path may that begins here.
        for ends in ((token,), wanted):
            whole = [p for p in found if any(p == one or p.endswith(f"/{one}") for one in ends)]
            if len(whole) == 1:
                yield whole[0], bool(_GOES.search(instruction[:at]))
                break


def _is_unread(answers: Answers, path: str, at: int) -> bool:
    """Whether a definition seems to begin at a byte of a file that its language's grammar cannot read."""
    tree = answers.tree(path)
    if tree is None or not tree.tree.root_node.has_error:
        return False
    line = tree.source[tree.source.rfind(b"\n", 0, at) + 1 : at]
    return _DEFINES.search(line) is not None


def _name(source: bytes, at: int) -> tuple[str, int]:
    found = [one for one in WORD.finditer(source) if one.start() <= at <= one.end()]
    return (found[-1].group().decode("utf-8", "replace"), found[-1].start()) if found else ("", at)
