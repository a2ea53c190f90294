"""Reads what a review of many files works on: each file that changed, whole on both sides; labelled."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.actions.base import Reads
from twolane_server.actions.material import ChangedFile, Material
from twolane_server.errors import ActionError, WrongUse
from twolane_server.fragments import Label
from twolane_server.materials.departed import Departed
from twolane_server.materials.diff_labels import Desk, reasons_of
from twolane_server.materials.diffs import read_files
from twolane_server.materials.formers import for_threads
from twolane_server.materials.gathering import Gathered
from twolane_server.materials.git import Git, home_of
from twolane_server.materials.working_tree import changed_in
from twolane_server.rules.labels import Labelled
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from twolane_server.materials.diffs import FileDiff
    from twolane_server.rules.knowledge import Known

__all__ = ["Scope", "gather_files"]

_MOST_FILES = 500
_MOST_TOLD = 5
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which changes are meant.

    Attributes:
        revisions: `A..B`, or `A...B` for what B has since it left A; for a range alone.
        within: a file or a folder outside of which nothing counts; empty for everything.
        opened: the texts that an editor has of files, by their real paths; they come before the disk.
    """

    revisions: str = ""
    within: str = ""
    opened: Mapping[str, Text] = field(default_factory=dict[str, Text], repr=False)


class _Pair(NamedTuple):
    """A file's two sides, as bytes; `None` where there is none, or one that is too large to read."""

    diff: FileDiff
    old: bytes | None
    new: bytes | None


async def gather_files(
    reads: Reads,
    path: str,
    scope: Scope,
    environ: Mapping[str, str],
    *,
    read: Callable[[str, tuple[str, ...]], Known],
    before: Callable[[str], Awaitable[tuple[str, ...]]],
) -> Gathered:
    """Read the files that changed.

    Args:
        reads: which changes: of the working tree, what is staged, or of a range of commits.
        path: a file of the repository, absolute.
        scope: which of them.
        environ: the environment variables.
        read: what speaks about a file, from disk, also by the names that it had before.
        before: the names that a file had before, as far as is known.

    Raises:
        ActionError: there is no repository, nothing has changed, or too much.
        WrongUse: the range is none.
    """
    git, old, apart, pairs = await asyncio.to_thread(_read, reads, path, scope, environ)
    former = for_threads(before)
    gone = frozenset(filter(None, (one.diff.gone for one in pairs)))
    others = (Departed(git, each) for each in apart)
    desk = Desk(git, read, former, Departed(git, old), gone, apart=others)
    return await asyncio.to_thread(_labelled, desk, pairs, in_git=reads is not Reads.TREE)


def _read(
    reads: Reads, path: str, scope: Scope, environ: Mapping[str, str]
) -> tuple[Git, str, tuple[str, ...], tuple[_Pair, ...]]:
    """The files, the commit that is their old side, and those of their sides that `HEAD` lacks."""
    git = Git(home_of(path), environ)
    inside = _inside(git.root, scope.within)
    ranged = reads is Reads.RANGE
    old, new, left = _ends(git, scope.revisions) if ranged else (git.found("HEAD"), "", "")
    if reads is Reads.TREE:
        found = list(changed_in(git, inside, scope.opened))
        blobs = git.objects(one.diff.old_id for one in found if one.diff.old_id)
        pairs = [_Pair(one.diff, blobs.get(one.diff.old_id), one.content) for one in found]
    else:
        raw = git.files_between(old, new) if new else git.staged_files()
        meant = [one for one in read_files(raw) if any(map(inside, one.paths))]
        files = [one for each in meant if (one := _without_links(each)) is not None]
        blobs = git.objects(each for one in files for each in (one.old_id, one.new_id) if each)
        pairs = [_Pair(one, blobs.get(one.old_id), blobs.get(one.new_id)) for one in files]
    if not pairs:
        raise ActionError(_NOTHING[reads])
    if len(pairs) > _MOST_FILES:
        raise ActionError(
            f"{len(pairs):,} files have changed, which is too much to review at once; name a file or a "
            "folder."
        )
    apart = _apart(git, old, new, left) if ranged else git.merging()
    return git, old, apart, tuple(pairs)


def _apart(git: Git, *commits: str) -> tuple[str, ...]:
    """Those of other branches that the sides are of, or that a side has left."""
    found = [each for each in dict.fromkeys(commits) if not _is_behind(git, each)]
    # A stash has its new files, and so new rules, as a third parent.
    return (*found, *filter(None, (git.found(f"{each}^3") for each in found)))


def _is_behind(git: Git, commit: str) -> bool:
    """Whether a commit is in the history of what is checked out, whose rules its owner knows."""
    try:
        return git.text("merge-base", commit, "HEAD") == commit
    except ActionError:
        return False  # nothing in common


def _without_links(diff: FileDiff) -> FileDiff | None:
    """The change without a side that is a symbolic link; `None` where no file is left of it."""
    old, new = ("" if each in diff.links else each for each in (diff.old_id, diff.new_id))
    if (old, new) == (diff.old_id, diff.new_id):
        return diff
    if not old and not new:
        return None
    return replace(diff, status="A" if new else "D", old_id=old, new_id=new, links=())


_NOTHING = {
    Reads.TREE: "All files are as they were committed last, so there is nothing to review.",
    Reads.STAGED: "Nothing is staged, so there is nothing to review.",
    Reads.RANGE: "These commits change nothing, so there is nothing to review.",
}


def _inside(root: Path, within: str) -> Callable[[str], bool]:
    """Whether a path, relative to the root, is meant."""
    real = os.path.realpath(within) if within else str(root.resolve())
    try:
        place = Path(real).relative_to(root.resolve()).as_posix()
    except ValueError as error:
        raise WrongUse(f"{within} is not in the repository {root.name}.") from error
    return lambda path: place in (".", path) or path.startswith(f"{place}/")


def _ends(git: Git, revisions: str) -> tuple[str, str, str]:
    """The sides of `A..B` or `A...B`, and A; a name that is left out is `HEAD`, as git has it.

    Raises:
        WrongUse: it is no range.
    """
    first, dots, second = revisions.partition("..")
    second = second.removeprefix(".") if dots else second
    if not dots or first.startswith("-") or second.startswith("-"):
        raise WrongUse("A range is written A..B, or A...B for what B has since it left A.")
    ids = [git.found(name or "HEAD") for name in (first, second)]
    for name, found in zip((first, second), ids, strict=True):
        if not found:
            raise WrongUse(f"The repository {git.root.name} has no commit {name or 'HEAD'}.")
    base = git.text("merge-base", *ids) if "..." in revisions else ids[0]
    return base, ids[1], ids[0]


def _labelled(desk: Desk, pairs: tuple[_Pair, ...], *, in_git: bool) -> Gathered:
    """What was read, labelled; `in_git` where git has both sides, and the disk need not have the new."""
    found: list[Labelled] = []
    files: list[ChangedFile] = []
    unread: list[str] = []
    desk.take_over(diff for diff, _, _ in pairs)
    for diff, old, new in pairs:
        labelled = desk.file(diff, {diff.old_id: old, diff.new_id: new})
        found.append(labelled)
        before, after = _text(old, absent=diff.status == "A"), _text(new, absent=diff.status == "D")
        if before is None or after is None:
            unread.append(diff.new)
            continue
        named = desk.origin(diff.gone or diff.new, 1, 1)
        sides = {diff.old_id: old} | ({diff.new_id: new} if in_git else {})
        files.append(
            ChangedFile(
                path=diff.new,
                named=replace(named, also=desk.sources(diff, sides)),
                file=str(desk.git.root / diff.new),
                label=labelled.label,
                old=_alike(before, after),
                new=None if diff.status == "D" else after,
                was=diff.old if diff.old != diff.new else "",
            )
        )
    material = Material(root=str(desk.git.root), files=tuple(files), notes=_notes(unread))
    label = Label.highest(each.label for each in found)
    texts = desk.texts_gone(diff for diff, _, _ in pairs)
    known = desk.known(pairs[0].diff.new)
    return Gathered(material, known, Labelled(label, reasons_of(found)), texts)


def _text(content: bytes | None, *, absent: bool) -> Text | None:
    """A side as text; `None` for what is none, or too large."""
    if absent:
        return Text.of("")
    if content is None or b"\0" in content:
        return None
    try:
        return Text.of(content.decode("utf-8"))
    except UnicodeDecodeError:
        return None


def _alike(old: Text, new: Text) -> Text:
    """The old side without a byte order mark that an editor keeps to itself."""
    marked = str(old).startswith(_MARK) and not str(new).startswith(_MARK)
    return Text.of(str(old).removeprefix(_MARK)) if marked else old


def _notes(unread: list[str]) -> tuple[str, ...]:
    if not unread:
        return ()
    told = ", ".join(unread[:_MOST_TOLD])
    more = f" and {len(unread) - _MOST_TOLD} more" if len(unread) > _MOST_TOLD else ""
    return (f"Left out, since not text or too large: {told}{more}.",)
