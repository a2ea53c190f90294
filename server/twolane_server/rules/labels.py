"""What is NDA, and who said so.

`rules_for` reads everything that speaks about one file; `label_with` then labels any text of that
file from memory. A rule that holds for any way of reaching the file (as given, by each symbolic
link, by its real path) holds for the file, and what is unknown is NDA.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.fragments import Label
from twolane_server.reading import read_start
from twolane_server.rules import globs
from twolane_server.rules.markers import find_markers
from twolane_server.rules.path_rules import LONGEST_PATH, path_reasons
from twolane_server.rules.policy import FILES, POLICY_FILE
from twolane_server.rules.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.problems import Problem
    from twolane_server.rules.policy import Policy
    from twolane_server.rules.ways import Way
    from twolane_server.settings.resolved import NdaRules

__all__ = [
    "FileRules",
    "Labelled",
    "label_with",
    "named",
    "no_file",
    "rules_also",
    "rules_for",
    "rules_then",
    "rules_with",
]

HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label and why.

    Attributes:
        label: how far the text may travel.
        reasons: what said so, each fit to stand behind a colon: `clients/** in twolane.toml`.
    """

    label: Label
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class FileRules:
    """Everything that speaks about one file, as it was on disk at one moment.

    Attributes:
        ways: as given first, then one for each link followed, the real path, and those of before.
        user: the user's own rules.
        learnt: reasons for NDA that the disk gave: markers of the saved text, other names.
        unreadable: why there is no text on disk to look at, or `None`.
        gone: whether that is because there is no such file.
    """

    ways: tuple[Way, ...]
    user: NdaRules
    learnt: tuple[str, ...] = ()
    unreadable: str | None = None
    gone: bool = False

    @cached_property
    def roots(self) -> tuple[Path, ...]:
        """The nearest repository on each way: the file is open only if each of them has a grant."""
        return tuple(dict.fromkeys(way.roots[0] for way in self.ways if way.roots))

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """All files of rules on all ways."""
        if len(self.ways) == 1:
            return self.ways[0].policies  # no two of which are the same
        return tuple(dict.fromkeys(policy for way in self.ways for policy in way.policies))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The names that must not leave with a text of this file: all policies' and the user's."""
        named = (word for policy in self.policies for word in policy.words)
        return tuple(dict.fromkeys((*named, *self.user.words)))

    @cached_property
    def markers(self) -> tuple[str, ...]:
        """All policies' and the user's own."""
        named = (marker for policy in self.policies for marker in policy.markers)
        return tuple(dict.fromkeys((*named, *self.user.markers)))

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Why it is NDA whatever its text is: rules of paths, what is missing, what the disk gave."""
        hits = (hit for way in self.ways for hit in path_reasons(way, self.user))
        return (*hits, *_standing_reasons(self), *self.learnt)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the policies."""
        return tuple(problem for policy in self.policies for problem in policy.problems)


def no_file() -> Labelled:
    """The label of a text that no file holds: an untitled document, a diff view, an old revision."""
    return Labelled(Label.NDA, ("no file, and unknown is NDA",))


def rules_for(
    path: str | Path,
    user: NdaRules,
    ways: Ways | None = None,
    *,
    before: Iterable[str] = (),
) -> FileRules:
    """Read everything that speaks about `path`. Never fails: what cannot be read is a reason.

    What the ways remember of it counts only where the disk shows that all of it is as it was.

    Args:
        path: the file.
        user: the user's own rules.
        ways: finds the ways to it; who asks about many files at one moment hands in the same.
        before: other paths by which the text at hand was reached, when the editor opened it: a link
            may lead elsewhere by now, and the text is still that of the old file.
    """
    look = ways or Ways()
    try:
        now = look.spellings(path)
        others = [old for old in map(str, map(Path, before)) if old not in now]
        every = (*now, *(each for old in others for each in look.spellings(old)))
    except (OSError, ValueError):
        return FileRules((), user, learnt=("its path cannot be followed",))
    every, real = tuple(dict.fromkeys(every)), now[-1]

    def made() -> FileRules:
        return _read(tuple(map(look.way, every)), user, real)

    names = map(os.path.basename, every)
    if look.kept is None or any(globs.original(name) != name for name in names):
        return made()  # a name that says so stands for another file
    made_of = every, tuple(map(look.stand, every)), user
    return look.kept.get(real, made_of, made, lambda rules: rules.unreadable is None)


def _read(ways: tuple[Way, ...], user: NdaRules, real: str) -> FileRules:
    """What the disk says now about a file with these ways.

    Args:
        ways: all of them.
        user: the user's own rules.
        real: the file's real path.
    """
    rules = FileRules(ways, user)
    markers = rules.markers
    start = read_start(Path(real), HEAD_BYTES)
    learnt: list[str] = []
    if start.text is not None:
        learnt += find_markers(start.text, markers)
    if start.links > 1:
        # The other name may be one under NDA, and only a search of the whole disk would tell.
        learnt.append(f"{start.links} hard links, and where the others lead is unknown")
    for way in ways:
        first = globs.original(way.path.name)
        if first != way.path.name:
            stands_for = read_start(way.path.with_name(first), HEAD_BYTES)
            if stands_for.text is not None:
                hits = find_markers(stands_for.text, markers)
                learnt += [f"{hit} of {first}" for hit in hits]
    gone = start.text is None and not start.fault
    unreadable = None if start.text is not None else start.fault or "there is no such file"
    return FileRules(ways, user, tuple(dict.fromkeys(learnt)), unreadable, gone)


def rules_also(rules: FileRules, policies: Iterable[Policy]) -> FileRules:
    """What speaks about a file, with the rules that a commit holds.

    Args:
        rules: what speaks about it now.
        policies: all files of rules in that commit.
    """
    then = tuple(policies)
    ways = tuple(
        replace(
            way,
            policies=tuple(
                dict.fromkeys(
                    (*way.policies, *(one for one in then if one.folder in way.path.parents))
                )
            ),
        )
        for way in rules.ways
    )
    return replace(rules, ways=ways)


def rules_then(rules: FileRules, text: str, policies: Iterable[Policy]) -> FileRules:
    """What speaks about a file that is gone, and that a commit holds: the rules of then and of now.

    Args:
        rules: what speaks about its path now. That its text cannot be read for another reason than
            that there is no such file stays a reason.
        text: the file's text in the commit.
        policies: all files of rules in that commit.
    """
    unreadable = None if rules.gone else rules.unreadable
    held = replace(rules_also(rules, policies), unreadable=unreadable)
    hits = find_markers(text[:HEAD_BYTES], held.markers)
    # What lacks now is not made up for by what was there then.
    learnt = dict.fromkeys((*held.learnt, *_standing_reasons(rules), *hits))
    return replace(held, learnt=tuple(learnt))


def rules_with(rules: FileRules, starts: Iterable[str | None]) -> FileRules:
    """What speaks about a file that has had other texts: a marker in one of these is a reason, too.

    Args:
        rules: what speaks about the file.
        starts: how each of the texts begins; `None` for one that cannot be read.
    """
    markers = rules.markers
    hits = [
        hit
        for start in starts
        for hit in (
            ("what it held cannot be read",) if start is None else find_markers(start, markers)
        )
    ]
    return replace(rules, learnt=tuple(dict.fromkeys((*rules.learnt, *hits)))) if hits else rules


def label_with(rules: FileRules, head: str | None) -> Labelled:
    """The label of a file's text, from memory alone.

    Args:
        rules: what was read about the file.
        head: the text or at least its head; `None` for what is on disk.
    """
    reasons = list(rules.reasons)
    if head is not None:
        reasons += find_markers(head, rules.markers)
    if rules.unreadable:
        # Also with a text at hand: the border reads anew and could not confirm its label.
        reasons.append(f"its text is unknown: {rules.unreadable}")
    if reasons:
        return Labelled(Label.NDA, tuple(dict.fromkeys(reasons)))
    return Labelled(Label.OPEN, (f"no rule of {POLICY_FILE} matches",))


def named(path: Path, user: NdaRules, ways: Ways) -> bool:
    """Whether a rule of paths names a file by its own path; an unreadable policy names all files.

    Args:
        path: absolute, without links.
        user: the user's own rules.
        ways: finds the way to it; who asks about many files at one moment hands in the same.
    """
    return bool(path_reasons(ways.way(path), user))


def _standing_reasons(rules: FileRules) -> list[str]:
    reasons: list[str] = []
    if rules.user.fault:
        reasons.append(rules.user.fault)
    for way in rules.ways:
        if not way.roots:
            reasons.append("not in a repository")
            continue
        root = way.roots[0]
        if not any((each.folder, each.name) == (root, POLICY_FILE) for each in way.policies):
            reasons.append(f"no {POLICY_FILE}, and unknown is NDA")
        if ".git" in map(str.lower, way.path.parts[len(root.parts) :]):
            reasons.append("in .git, which mixes the text of many files")
        if globs.original(way.path.name).casefold() in FILES:
            # It names clients, in globs and words.
            reasons.append("it holds the policy itself")
    if any(len(str(way.path)) > LONGEST_PATH for way in rules.ways):
        reasons.append("its path is too long to be matched in good time")
    return reasons
