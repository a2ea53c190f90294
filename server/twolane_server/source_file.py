"""Files named on a command line: read whole and exactly, written back whole or not at all."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from twolane_context.spans import Span
from twolane_server.documents import Document
from twolane_server.errors import ActionError, StaleDocument, WrongUse
from twolane_server.repository import spellings
from twolane_server.text import Text
from twolane_server.writing.disk import check_writable

_PLACE = re.compile(r"(?P<path>.+):(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?", re.DOTALL)
_LARGEST = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """A file and a selection in it, as `FILE:LINE` or `FILE:LINE-LINE` named them.

    Attributes:
        document: the file's text.
        selection: the lines from first to last; empty, at the line's start, for a single line.
        sha256: of the file's bytes.
        lines: whether lines were named, and not the file or folder alone.
    """

    document: Document
    selection: Span
    sha256: str
    lines: bool = False


def read_place(place: str, *, bare: bool = False) -> Place:
    """Read the file that `place` names.

    Args:
        place: `FILE:LINE` or `FILE:LINE-LINE`.
        bare: whether a file or a folder without a line will do. A folder is an empty document in it.

    Raises:
        WrongUse: the place is malformed.
        ActionError: the file is not there or not a text in UTF-8, or has no such lines.
    """
    named = _PLACE.fullmatch(place)
    if bare and (named is None or Path(place).exists()):
        return _whole(Path(place).absolute())
    if named is None:
        raise WrongUse(f"{place} is not a place; write FILE:LINE or FILE:LINE-LINE.")
    path = Path(named["path"]).absolute()
    before = _ways(path)
    content = _read(path)
    text = _text(path, content)
    first = int(named["first"])
    last = int(named["last"] or first)
    if not 1 <= first <= last <= len(text.lines):
        raise ActionError(
            f"{path.name} has {len(text.lines)} lines, so {place} names none; lines count from 1."
        )
    start = text.row_start(first - 1)
    end = start if named["last"] is None else text.row_start(last)
    document = Document(
        uri=path.as_uri(), path=str(path), language_id="", version=0, text=text, before=before
    )
    return Place(document, Span(start, end), sha256(content).hexdigest(), lines=True)


def _whole(path: Path) -> Place:
    """A file with the cursor at its start, or the empty document that stands for a folder."""
    if path.is_dir():
        file = path / "folder"
        document = Document(file.as_uri(), str(file), "", 0, Text.of(""))
        return Place(document, Span(0, 0), "")
    before, content = _ways(path), _read(path)
    document = Document(path.as_uri(), str(path), "", 0, _text(path, content), before)
    return Place(document, Span(0, 0), sha256(content).hexdigest())


def write_back(path: Path, text: Text, *, expected_sha256: str) -> None:
    """Replace a file's content, if it is still what was read; its mode stays.

    The new content is on disk before it takes the old one's place, so a crash leaves one of them.

    Raises:
        StaleDocument: the file changed since.
        ActionError: it cannot be written.
    """
    real = path.resolve()
    if sha256(_read(real)).hexdigest() != expected_sha256:
        raise StaleDocument(
            f"{path.name} changed while the model was writing, so nothing was applied; run it again."
        )
    check_writable(real)
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".twolane-", dir=real.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(text.source)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(real.stat().st_mode)
        Path(temporary).replace(real)
    except OSError as error:
        raise ActionError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        # Gone already when all went well; Ctrl-C, too, leaves nothing behind.
        with suppress(OSError):
            Path(temporary).unlink(missing_ok=True)


def _ways(path: Path) -> tuple[str, ...]:
    """The paths by which `path` leads to its file before it is read; a link may change meanwhile."""
    try:
        return tuple(map(str, spellings(path)))
    except OSError:
        return ()  # links in a circle, which reading tells


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            # A pipe would make us wait and a device never end.
            raise ActionError(f"{path} is not a file.")
        if status.st_size > _LARGEST:
            raise ActionError(f"{path.name} is larger than 20 MB, which is no source file.")
        return path.read_bytes()
    except OSError as error:
        raise ActionError(f"{path} cannot be read: {error.strerror}.") from error


def _text(path: Path, content: bytes) -> Text:
    if b"\0" in content:
        raise ActionError(f"{path.name} is a binary file, so there is nothing to edit.")
    try:
        return Text.of(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ActionError(
            f"{path.name} is not valid UTF-8 (byte {error.start}), so editing it could harm it; "
            "save it as UTF-8 first."
        ) from error
