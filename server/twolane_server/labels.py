"""What is NDA, and who said so.

`rules_for` reads everything that speaks about one file; `label_with` then labels any text of that
file from memory. A rule that holds for any way of reaching the file (as given, by each symbolic
link, by its real path) holds for the file, and what is unknown is NDA.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server import globs
from twolane_server.fragments import Label
from twolane_server.markers import find_markers
from twolane_server.policy import FILES, POLICY_FILE, place, read_policies
from twolane_server.reading import read_start
from twolane_server.repository import between, find_root, outer_roots, spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twolane_server.policy import Policy
    from twolane_server.problems import Problem
    from twolane_server.settings.resolved import NdaRules

__all__ = [
    "FileRules",
    "Labelled",
    "Way",
    "label_with",
    "no_file",
    "rules_for",
    "rules_then",
]

HEAD_BYTES = 65_536
_LONGEST_PATH = 1_024


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label and why.

    Attributes:
        label: how far the text may travel.
        reasons: what said so, each fit to stand behind a colon: `clients/** in twolane.toml`.
    """

    label: Label
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach a file.

    Attributes:
        path: absolute.
        roots: the repositories it lies in on this way, nearest first.
        policies: all files of rules in the folders from the outermost root down to the file.
    """

    path: Path
    roots: tuple[Path, ...]
    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True)
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

    @property
    def roots(self) -> tuple[Path, ...]:
        """The nearest repository on each way: the file is open only if each of them has a grant."""
        return tuple(dict.fromkeys(way.roots[0] for way in self.ways if way.roots))

    @property
    def policies(self) -> tuple[Policy, ...]:
        """All files of rules on all ways."""
        return tuple(dict.fromkeys(policy for way in self.ways for policy in way.policies))

    @property
    def words(self) -> tuple[str, ...]:
        """The names that must not leave with a text of this file: all policies' and the user's."""
        named = (word for policy in self.policies for word in policy.words)
        return tuple(dict.fromkeys((*named, *self.user.words)))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the policies."""
        return tuple(problem for policy in self.policies for problem in policy.problems)


def no_file() -> Labelled:
    """The label of a text that no file holds: an untitled document, a diff view, an old revision."""
    return Labelled(Label.NDA, ("no file, and unknown is NDA",))


def rules_for(
    path: Path,
    user: NdaRules,
    read: Callable[[Path], tuple[Policy, ...]] = read_policies,
    *,
    before: Iterable[str] = (),
) -> FileRules:
    """Read everything that speaks about `path`. Never fails: what cannot be read is a reason.

    Args:
        path: the file.
        user: the user's own rules.
        read: reads the policies of one folder; who asks about many files hands in one that
            remembers.
        before: other paths by which the text at hand was reached, when the editor opened it: a link
            may lead elsewhere by now, and the text is still that of the old file.
    """
    try:
        now = spellings(path)
        others = [Path(old) for old in before if Path(old) not in now]
        paths = tuple(dict.fromkeys((*now, *(each for old in others for each in spellings(old)))))
    except (OSError, ValueError):
        return FileRules((), user, learnt=("its path cannot be followed",))
    ways = tuple(_way(each, read) for each in paths)
    rules = FileRules(ways, user)
    start = read_start(now[-1], HEAD_BYTES)
    learnt: list[str] = []
    if start.text is not None:
        learnt += find_markers(start.text, _markers(rules))
    if start.links > 1:
        # The other name may be one under NDA, and only a search of the whole disk would tell.
        learnt.append(f"{start.links} hard links, and where the others lead is unknown")
    for way in ways:
        first = way.path.with_name(globs.original(way.path.name))
        if first != way.path:
            stands_for = read_start(first, HEAD_BYTES)
            if stands_for.text is not None:
                hits = find_markers(stands_for.text, _markers(rules))
                learnt += [f"{hit} of {first.name}" for hit in hits]
    gone = start.text is None and not start.fault
    unreadable = None if start.text is not None else start.fault or "there is no such file"
    return FileRules(ways, user, tuple(dict.fromkeys(learnt)), unreadable, gone)


def rules_then(rules: FileRules, text: str, policies: Iterable[Policy]) -> FileRules:
    """What speaks about a file that is gone, and that a commit holds: the rules of then and of now.

    Args:
        rules: what speaks about its path now. That its text cannot be read for another reason than
            that there is no such file stays a reason.
        text: the file's text in the commit.
        policies: all files of rules in that commit.
    """
    then = tuple(policies)
    ways = tuple(
        replace(
            way, policies=(*way.policies, *(one for one in then if one.folder in way.path.parents))
        )
        for way in rules.ways
    )
    held = replace(rules, ways=ways, unreadable=None if rules.gone else rules.unreadable)
    hits = find_markers(text[:HEAD_BYTES], _markers(held))
    # What lacks now is not made up for by what was there then.
    learnt = dict.fromkeys((*held.learnt, *_standing_reasons(rules), *hits))
    return replace(held, learnt=tuple(learnt))


def label_with(rules: FileRules, head: str | None) -> Labelled:
    """The label of a file's text, from memory alone.

    Args:
        rules: what was read about the file.
        head: the text or at least its head; `None` for what is on disk.
    """
    reasons = [hit for way in rules.ways for hit in _path_reasons(way, rules.user)]
    reasons += [*_standing_reasons(rules), *rules.learnt]
    if head is not None:
        reasons += find_markers(head, _markers(rules))
    if rules.unreadable:
        # Also with a text at hand: the border reads anew and could not confirm its label.
        reasons.append(f"its text is unknown: {rules.unreadable}")
    if reasons:
        return Labelled(Label.NDA, tuple(dict.fromkeys(reasons)))
    return Labelled(Label.OPEN, (f"no rule of {POLICY_FILE} matches",))


def _way(path: Path, read: Callable[[Path], tuple[Policy, ...]]) -> Way:
    root = find_root(path.parent)
    if root is None:
        return Way(path, (), ())
    roots = (root, *outer_roots(root))
    folders = between(roots[-1], path.parent)
    return Way(path, roots, tuple(each for folder in folders for each in read(folder)))


def _markers(rules: FileRules) -> tuple[str, ...]:
    named = (marker for policy in rules.policies for marker in policy.markers)
    return tuple(dict.fromkeys((*named, *rules.user.markers)))


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
        if ".git" in map(str.lower, way.path.relative_to(root).parts):
            reasons.append("in .git, which mixes the text of many files")
        if globs.original(way.path.name).casefold() in FILES:
            # It names clients, in globs and words.
            reasons.append("it holds the policy itself")
    if any(len(str(way.path)) > _LONGEST_PATH for way in rules.ways):
        reasons.append("its path is too long to be matched in good time")
    return reasons


def _path_reasons(way: Way, user: NdaRules) -> list[str]:
    if len(str(way.path)) > _LONGEST_PATH:
        return []
    reasons: list[str] = []
    for policy in way.policies:
        name = place(policy.folder / policy.name, way.roots[0])
        if policy.fault:
            reasons.append(f"{name} cannot be read")
        elif hit := _first(policy.paths, way.path, policy.folder):
            reasons.append(f"{hit} in {name}")
    hits = (_first(user.paths, way.path, root) for root in way.roots)
    return [*reasons, *(f"{hit} in your settings" for hit in hits if hit)]


def _first(paths: tuple[str, ...], path: Path, folder: Path) -> str | None:
    hit = globs.compile_globs(paths).first(path.relative_to(folder).as_posix())
    # One that starts with `/` may have been meant from the file system's root.
    rooted = () if hit else tuple(glob for glob in paths if glob.startswith("/"))
    return hit or globs.compile_globs(rooted).first(path.relative_to(path.anchor).as_posix())
