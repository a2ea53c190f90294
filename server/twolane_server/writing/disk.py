"""What is done to the disk, one system call at a time, so that a test can stop before each."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Disk", "check_writable"]

_ANY_WRITE = 0o222
_BINARY = getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | _BINARY
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | _BINARY
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EMLINK}


class Disk:
    """The disk. All paths are absolute.

    Args:
        step: called before each system call that reads or changes something.
    """

    def __init__(self, step: Callable[[], None] = lambda: None) -> None:
        self._step = step

    def read(self, path: str) -> bytes | None:
        """A file's content; `None` where there is none.

        Raises:
            OSError: it cannot be read, or is no file: a pipe would make us wait for its writer.
        """
        self._step()
        try:
            handle = os.open(path, _READ)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError(errno.EINVAL, "it is no file", path)
            with os.fdopen(handle, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(handle)

    def digest(self, path: str) -> str | None:
        """The SHA-256 of a file as hex; `None` where there is none, empty for what cannot be read."""
        try:
            content = self.read(path)
        except OSError:
            return ""
        return None if content is None else sha256(content).hexdigest()

    def there(self, path: str) -> bool:
        """Whether anything is at a path, also a link that leads nowhere."""
        self._step()
        return os.path.lexists(path)

    def same(self, path: str, other: str) -> bool:
        """Whether two names are of one file."""
        self._step()
        try:
            return Path(path).samefile(other)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def mode(self, path: str) -> int:
        """A file's permissions."""
        self._step()
        return stat.S_IMODE(Path(path).stat().st_mode)

    def write_new(self, path: str, content: bytes, mode: int | None) -> None:
        """Make a file and have its content on disk.

        Args:
            path: where nothing is yet.
            content: all of it.
            mode: its permissions; `None` for what new files have.
        """
        self._step()
        handle = os.open(path, _NEW, 0o666 if mode is None else 0o600)
        try:
            rest = memoryview(content)
            while rest:
                self._step()
                rest = rest[os.write(handle, rest) :]
            if mode is not None:
                self._step()
                Path(path).chmod(mode)
            self._step()
            os.fsync(handle)
        finally:
            os.close(handle)

    def move(self, path: str, to: str) -> bool:
        """Give a file another name, over whatever has that name; whether it was there."""
        self._step()
        try:
            Path(path).replace(to)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def link(self, path: str, to: str) -> bool:
        """Give a file a second name, unless somebody has it; whether it has it now.

        Where the file system knows no second names, the file is moved.
        """
        self._step()
        try:
            os.link(path, to, follow_symlinks=False)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if os.path.lexists(to):
                return False
            Path(path).replace(to)
        return True

    def remove(self, path: str) -> None:
        """Take a name away, if it is there."""
        self._step()
        with suppress(FileNotFoundError, NotADirectoryError):
            Path(path).unlink()

    def make_folder(self, path: str, mode: int = 0o777) -> None:
        """Make a folder, unless it is there."""
        self._step()
        Path(path).mkdir(mode=mode, exist_ok=True)

    def remove_folder(self, path: str) -> None:
        """Take a folder away, if it is there and empty."""
        self._step()
        with suppress(OSError):
            Path(path).rmdir()

    def settle(self, folder: str) -> None:
        """Have a folder's names on disk, where the system can say so."""
        self._step()
        with suppress(OSError):  # Windows opens no folders, and keeps names by itself
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def names(self, folder: str) -> list[str]:
        """What is in a folder; nothing where there is none."""
        self._step()
        try:
            return sorted(os.listdir(folder))  # noqa: PTH208 - names are wanted
        except (FileNotFoundError, NotADirectoryError):
            return []


def check_writable(path: Path) -> None:
    """A rename asks nobody: not the file's mode, nor who else has it by another name.

    Raises:
        ActionError: the file must not be written.
    """
    status = path.stat()
    if not status.st_mode & _ANY_WRITE or not os.access(path, os.W_OK):
        raise ActionError(f"{path} is write-protected, so nothing was applied.")
    if status.st_nlink > 1:
        raise ActionError(
            f"{path} has another name (a hard link), which the edit would part from it, so nothing "
            "was applied; apply the diff yourself."
        )
