"""Which files stay NDA since code under NDA was pasted into them, for all processes and after a restart.

It lies in the state folder, in one small file that its owner alone can read. Any process may add to it
and nobody but the user's `twolane label --open` takes anything out. Where it cannot be read every file
is NDA; what cannot be written holds as long as the process that found it.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twolane_server.errors import SettingsError
from twolane_server.lanes.file_lock import try_lock
from twolane_server.private_file import exposed, replace_private
from twolane_server.reading import read_text
from twolane_server.repository import real_path
from twolane_server.rules.taints import Identity, Taint, Taints, aged, cleared, dump, parse, put

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping
    from pathlib import Path

__all__ = ["FILE", "Tainted", "identity_of"]

FILE = "pasted.json"
_LOCK = "pasted.lock"
_LARGEST = 64 << 20
_WAIT_SECONDS, _STEP_SECONDS = 1.0, 0.01
_NOT_READ = ()


class Tainted:
    """The files of one user that stay NDA. Any thread may use it, and any other process its own.

    Args:
        state: the state folder.
        clock: seconds of the epoch.
    """

    def __init__(self, state: Path, clock: Callable[[], float] = time.time) -> None:
        self._state, self._file, self._clock = state, state / FILE, clock
        self._lock = threading.RLock()
        self._stamp: tuple[int, ...] | None = _NOT_READ
        self._known = Taints()
        self._unkept: dict[str, Taint] = {}
        self._fault: str | None = None

    @property
    def problem(self) -> str | None:
        """A sentence for the person while what was found cannot be kept, or `None`."""
        if not self._unkept:
            return None
        return (
            f"That code under NDA was pasted cannot be noted in {self._file} ({self._fault}), so it "
            "will be forgotten when the editor is closed; see to that folder."
        )

    @property
    def there(self) -> bool:
        """Whether anything is noted on disk at all, also where it cannot be read."""
        return os.path.lexists(self._file)

    def read(self) -> Taints:
        """What is known now: the same object as long as nothing changes. Asks the disk for a stamp."""
        with self._lock:
            stamp = _stamp(self._file)
            if stamp != self._stamp:
                self._known = self._with_unkept(_read(self._file))
                self._stamp = stamp
            return self._known

    def why(self, path: str, ways: Iterable[str] = ()) -> str | None:
        """Why a file is NDA, whatever its rules say; `None` where it is not for this.

        A file that was moved is known from now on by its new path as well.

        Args:
            path: the file.
            ways: further absolute paths by which it is or was reached.
        """
        known = self.read()
        if known.fault or not known.rows:
            return known.fault
        real = real_path(path)
        identity = identity_of(real)
        taint = known.find((real, *ways), identity)
        if taint is None:
            return None
        if taint.path == real:
            if real in self._unkept or (identity and taint.seen[-1:] != (identity,)):
                self._keep(taint.looked_at(identity))
        elif identity in taint.seen or not os.path.lexists(taint.path):
            self._keep(taint._replace(path=real, seen=(), gone=0).looked_at(identity))
        return taint.reason

    def now(self) -> Callable[[str, Iterable[str]], str | None]:
        """`why` for many files at one moment: where nothing is noted at all, the disk tells so once."""
        known = self.read()
        return self.why if known.rows and not known.fault else lambda _path, _ways: known.fault

    def add(self, path: str, found: str) -> bool:
        """Note that code under NDA was pasted into a file; whether others can know of it.

        Args:
            path: the file, by any path.
            found: the sentence that told so.
        """
        real = os.path.realpath(path)
        day = datetime.fromtimestamp(self._clock(), UTC).astimezone().date().isoformat()
        return self._keep(Taint(real, day, found).looked_at(identity_of(real)))

    def clear(self, paths: Iterable[str]) -> None:
        """The owner's word: these files are judged anew.

        Args:
            paths: of each file all that it has or had.

        Raises:
            SettingsError: that cannot be written; then nothing was opened.
        """
        reals = [os.path.realpath(path) for path in paths]
        here = [identity for real in reals if (identity := identity_of(real))]
        try:
            self._change(lambda rows: cleared(rows, reals, here))
            with self._lock:
                self._unkept, self._stamp = cleared(self._unkept, reals, here), _NOT_READ
        except OSError as error:
            raise SettingsError(
                f"{self._file} cannot be written ({error.strerror}); nothing was opened."
            ) from error

    def _keep(self, taint: Taint) -> bool:
        with self._lock:
            self._unkept = put(self._unkept, taint)
            waiting = self._unkept
            try:
                self._change(lambda rows: _all_put(rows, waiting.values()))
                self._unkept = {}
            except OSError as error:
                self._fault = error.strerror
            self._stamp = _NOT_READ
            return not self._unkept

    def _change(self, edit: Callable[[Mapping[str, Taint]], dict[str, Taint]]) -> None:
        """Write what becomes of the rows, while nobody else does.

        Raises:
            OSError: they cannot be read or written.
        """
        self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            known = _read(self._file)
            if known.fault:
                raise OSError(0, "what is there cannot be read")
            now = edit(known.by_path)
            replace_private(self._file, dump(aged(now, os.path.lexists, int(self._clock()))))

    @contextmanager
    def _alone(self) -> Generator[None]:
        handle = os.open(self._state / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as file:
            until = time.monotonic() + _WAIT_SECONDS
            while not try_lock(file):
                if time.monotonic() > until:
                    raise OSError(0, "another process holds it")
                time.sleep(_STEP_SECONDS)
            yield

    def _with_unkept(self, known: Taints) -> Taints:
        if known.fault or not self._unkept:
            return known
        return Taints(tuple(_all_put(known.by_path, self._unkept.values()).values()))


def identity_of(path: str) -> Identity | None:
    """What a file is now; `None` where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - of many files, for which a Path each is slow
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return Identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _all_put(rows: Mapping[str, Taint], taints: Iterable[Taint]) -> dict[str, Taint]:
    now = dict(rows)
    for one in taints:
        now = put(now, one)
    return now


def _read(file: Path) -> Taints:
    read = read_text(file, _LARGEST)
    if read.text is None:
        return Taints(fault=_told(file, read.fault)) if read.fault else Taints()
    try:
        if why := exposed(file):
            return Taints(fault=_told(file, why))
        return Taints(tuple(parse(read.text).values()))
    except OSError as error:
        return Taints(fault=_told(file, f"cannot be read ({error.strerror})"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Taints(fault=_told(file, "is damaged"))


def _told(file: Path, fault: str) -> str:
    return (
        f"nobody can tell which files code was pasted into, since {file} {fault} (move it away to "
        "forget them all)"
    )


def _stamp(file: Path) -> tuple[int, ...] | None:
    try:
        status = file.stat()
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode
