"""Messages of commits, labelled: a message is as secret as what its commit touched.

That is judged by the names and the texts of then, and by the rules of now. Each message carries all
places that it was judged by, so that the border can judge it once more by the rules as they are when
it is sent.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.fragments import Label, Origin
from twolane_server.materials.diff_labels import reasons_of
from twolane_server.materials.diffs import read_files
from twolane_server.reading import is_text
from twolane_server.rules.labels import HEAD_BYTES, Labelled

if TYPE_CHECKING:
    from twolane_server.materials.diff_labels import Desk
    from twolane_server.materials.diffs import FileDiff

__all__ = ["Said", "messages_of"]

_MOST_PATHS = 2_000  # of all commits together
_UNKNOWN = Labelled(Label.NDA, ("what a commit touches is not known",))


class Said(NamedTuple):
    """The message of a commit. It is not for a log or an error.

    Attributes:
        text: the message.
        labelled: the highest label of what its commit touched.
        origin: all places that say so.
    """

    text: str
    labelled: Labelled
    origin: Origin

    @property
    def subject(self) -> str:
        """The message's first line."""
        return self.text.partition("\n")[0].strip()

    @property
    def known(self) -> bool:
        """Whether all that the commit touched was looked at."""
        return self.labelled is not _UNKNOWN


def messages_of(desk: Desk, ids: tuple[str, ...], most: int) -> list[Said]:
    """The messages of commits, in their order.

    Not known, and so under NDA, is what a commit touches that touches no file, more than `most`, or
    one that is missing or large, and a message that is not UTF-8; and of what all commits touch together no more than 2,000 files are
    looked at, those of the first commits.

    Args:
        desk: labels what a commit touched.
        ids: the commits.
        most: how many files one may touch.

    Raises:
        ActionError: git fails.
    """
    if not ids:
        return []
    touched = _few({id_: read_files(raw) for id_, raw in desk.git.touched(ids, most).items()}, most)
    starts = desk.git.heads(chain(*map(_ids, chain(*touched.values()))), HEAD_BYTES)
    found: list[Said] = []
    for id_, content in desk.git.objects(ids).items():
        raw = (content or b"").partition(b"\n\n")[2]
        text = raw.decode("utf-8", "replace").strip()
        files = touched.get(id_, ())
        missing = any(starts[each] is None for one in files for each in _ids(one))
        # In other letters, a word that must not leave would not be found.
        if not files or missing or not is_text(raw):
            found.append(Said(text, _UNKNOWN, Origin()))
            continue
        labels = [desk.file(one, starts) for one in files]
        reasons = tuple(f"a commit's message: {reason}" for reason in reasons_of(labels))
        label = Label.highest(one.label for one in labels)
        also = dict.fromkeys(place for one in files for place in desk.sources(one, starts))
        found.append(
            Said(
                text, Labelled(label, reasons if label is Label.NDA else ()), Origin(also=(*also,))
            )
        )
    return found


def _few(touched: dict[str, tuple[FileDiff, ...]], most: int) -> dict[str, tuple[FileDiff, ...]]:
    """Those of which all files are looked at."""
    room = _MOST_PATHS
    found: dict[str, tuple[FileDiff, ...]] = {}
    for id_, files in touched.items():
        if 0 < len(files) <= min(most, room):
            room -= len(files)
            found[id_] = files
    return found


def _ids(file: FileDiff) -> tuple[str, ...]:
    return tuple(filter(None, (file.old_id, file.new_id)))
