"""Reads what an action works on besides the document: a diff, commits, a template; all labelled.

A file of a diff has the highest label that either of its paths, or its text on either side, gives
it. So lines that a diff takes away are NDA when their file was, whatever it is called now; of a file
that is gone the commit says what it was.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.actions.base import Reads
from twolane_server.actions.habits import habits_of
from twolane_server.actions.material import Material, Source
from twolane_server.errors import ActionError
from twolane_server.fragments import Label, Origin
from twolane_server.materials.commit_messages import messages_of
from twolane_server.materials.departed import Departed
from twolane_server.materials.diff_labels import Desk, reasons_of
from twolane_server.materials.diffs import cut_to, read_diff
from twolane_server.materials.formers import for_threads
from twolane_server.materials.git import Git, home_of
from twolane_server.materials.templates import find_template
from twolane_server.reading import is_text
from twolane_server.rules.labels import Labelled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from twolane_server.materials.diffs import FileDiff
    from twolane_server.rules.knowledge import Known

__all__ = ["Gathered", "gather", "read_head"]

_MOST_CHARACTERS = 60_000
_MOST_FILES = 200
_MOST_COMMITS = 40
_MOST_COUNTED = 1_000
_MOST_PATHS = 300
_FEW_PATHS = 20  # of a commit that is only an example
_EXAMPLES = 8
_BASES = ("origin/HEAD", "origin/main", "origin/master", "main", "master", "trunk", "develop")


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read.

    Attributes:
        material: for the action.
        known: what is known of one of its files, for grant and words.
        labelled: the highest label of all of it, and why.
        gone: the whole texts of files that are deleted, of which only a part may be shown.
    """

    material: Material = field(repr=False)
    known: Known
    labelled: Labelled
    gone: tuple[str, ...] = field(default=(), repr=False)


async def gather(
    reads: Reads,
    path: str,
    environ: Mapping[str, str],
    read: Callable[[str, tuple[str, ...]], Known],
    before: Callable[[str], Awaitable[tuple[str, ...]]],
) -> Gathered:
    """Read what an action works on.

    Args:
        reads: what that is.
        path: a file of the repository, absolute.
        environ: the environment variables.
        read: what speaks about a file, from disk, also by the names that it had before.
        before: the names that a file had before, as far as is known.

    Raises:
        ActionError: there is no repository or no diff.
    """
    git, files, old, apart, commits = await asyncio.to_thread(_read, reads, path, environ)
    former = for_threads(before)
    gone = frozenset(filter(None, (each.gone for each in files)))
    others = (Departed(git, each) for each in apart)
    desk = Desk(git, read, former, Departed(git, old), gone, apart=others)
    return await asyncio.to_thread(_labelled, desk, reads, files, commits)


def read_head(path: str, environ: Mapping[str, str], read: Callable[[str], Known]) -> Material:
    """A file's text as it was committed last, with the label that this text gives the file.

    Args:
        path: the file, absolute.
        environ: the environment variables.
        read: what speaks about a file, from disk.

    Raises:
        ActionError: there is no repository, or that text cannot be read.
    """
    root = home_of(path)
    real = Path(os.path.realpath(path))
    held = Git(root, environ).committed(real.relative_to(os.path.realpath(root)).as_posix())
    if held is None:
        return Material()
    text = held[1].decode("utf-8", "replace")
    label = read(path).label(text).label if is_text(held[1]) else Label.NDA
    return Material(head=Source(text, label, Origin(path, texts=held[:1])))


def _read(
    reads: Reads, path: str, environ: Mapping[str, str]
) -> tuple[Git, tuple[FileDiff, ...], str, tuple[str, ...], tuple[str, ...]]:
    """The files, the commit that is their old side, those of other branches, those in between."""
    git = Git(home_of(path), environ)
    if reads is Reads.INDEX:
        files = read_diff(*git.staged())
        if not files:
            raise ActionError("Nothing is staged; `git add` what the commit is to hold.")
        return git, files, git.found("HEAD"), git.merging(), ()
    head, (base, other) = git.found("HEAD"), _base(git)
    files = read_diff(*git.between(base, head))
    if not files:
        raise ActionError("This branch changes nothing yet, so there is nothing to write about.")
    apart = () if other == base else (other,)  # it may have got rules since
    return git, files, base, apart, git.commits(base, head, _MOST_COUNTED)


def _base(git: Git) -> tuple[str, str]:
    """Where the branch left the one that it will go into, and where that one is now.

    Raises:
        ActionError: that cannot be told.
    """
    head = git.found("HEAD")
    for name in _BASES if head else ():
        other = git.found(name)
        if other and other != head:
            try:
                base = git.text("merge-base", head, other)
            except ActionError:
                continue  # nothing in common
            if base != head:
                return base, other
    raise ActionError(
        "There is no commit that main, master or the remote's default branch does not have, so there "
        "is nothing to write about."
    )


def _labelled(
    desk: Desk, reads: Reads, files: tuple[FileDiff, ...], commits: tuple[str, ...]
) -> Gathered:
    shown = files[:_MOST_FILES]
    blobs = desk.git.objects(each for file in shown for each in (file.old_id, file.new_id) if each)
    desk.take_over(shown)
    labels = {file: desk.file(file, blobs) for file in shown}
    cut = cut_to(shown, _MOST_CHARACTERS)
    diff = tuple(
        source
        for file, whole in zip(cut, shown, strict=True)
        for source in _sources(desk, file, labels[whole].label, desk.sources(whole, blobs))
    )
    found = [*labels.values()]
    recent = messages_of(desk, _recent(desk.git), _FEW_PATHS)
    said = messages_of(desk, commits[:_MOST_COMMITS], _MOST_PATHS)
    messages = [one for one in said if one.known]
    found += [one.labelled for one in messages]
    template = find_template(desk.git.root) if reads is Reads.BRANCH else None
    sheet: Source | None = None
    if template is not None:
        labelled = desk.label((template.path,), (template.text,))
        found.append(labelled)
        sheet = Source(template.text, labelled.label, Origin(str(desk.git.root / template.path)))
    label = Label.highest(each.label for each in found)
    # What stays local may be told everything; else work under NDA is not even an example.
    told = [one for one in recent if label is Label.NDA or one.labelled.label is Label.OPEN]
    material = Material(
        diff=diff,
        left_out=len(files) - len(shown),
        habits=habits_of([one.subject for one in recent]),
        examples=tuple(
            Source(one.subject, one.labelled.label, one.origin) for one in told[:_EXAMPLES]
        ),
        messages=tuple(
            Source(one.text, one.labelled.label, one.origin) for one in reversed(messages)
        ),
        messages_left_out=len(commits) - len(messages),
        template=sheet,
    )
    return Gathered(
        material,
        desk.known(shown[0].new),
        Labelled(label, reasons_of(found)),
        desk.texts_gone(shown),
    )


def _recent(git: Git) -> tuple[str, ...]:
    return git.commits("", "HEAD", _MOST_COMMITS) if git.found("HEAD") else ()


def _sources(
    desk: Desk, file: FileDiff, label: Label, also: tuple[Origin, ...]
) -> tuple[Source, ...]:
    """A file's part of the diff; its names have its label, too."""

    def here(path: str, start: int, end: int) -> Origin:
        return replace(desk.origin(path, start, end), also=also)

    title = file.title if file.title.isprintable() else ascii(file.title)
    lines = f"({file.left_out} more lines are left out)\n" if file.left_out else ""
    first = file.hunks[0].start if file.hunks else 0
    named = here(file.new, first, first) if file.gone is None else here(file.gone, 1, 1)
    sources = [Source(f"File {title}\n", label, named)]
    for hunk in file.hunks:
        last = max(hunk.start, hunk.start + hunk.count - 1)
        sources.append(Source(_ended(hunk.text), label, here(file.new, hunk.start, last)))
    return (*sources, Source(f"{lines}\n", label, here(file.new, first, first)))


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
