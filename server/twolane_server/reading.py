"""Reading small files of unknown making: never too much, never waiting, never failing."""

from __future__ import annotations

import codecs
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LARGEST", "Read", "decoded", "is_text", "read_start", "read_text", "toml_fault"]

LARGEST = 1_048_576
"""The most bytes that a file of rules may have."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_PLACE = re.compile(r"\(at [a-z0-9 ,]+\)")


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading a file. Without text and fault there is no such file.

    Attributes:
        text: what it holds.
        fault: why that is not known, as the end of a sentence.
        links: how many names (hard links) the file has.
    """

    text: str | None = None
    fault: str | None = None
    links: int = 1

    def __repr__(self) -> str:
        size = None if self.text is None else len(self.text)
        return f"<Read {size} characters fault={self.fault} links={self.links}>"


def read_text(path: Path, largest: int = LARGEST) -> Read:
    """All of a file of rules: UTF-8 (a byte order mark is dropped), of no more bytes than that."""
    content, links, fault = _read(path, largest + 1)
    if content is None:
        return Read(fault=fault, links=links)
    if len(content) > largest:
        return Read(fault=f"is larger than {largest >> 20} MiB", links=links)
    try:
        return Read(content.decode("utf-8-sig"), links=links)
    except UnicodeDecodeError:
        return Read(fault="is not UTF-8", links=links)


def read_start(path: Path, size: int) -> Read:
    """The first `size` bytes of a file that should be UTF-8 (or UTF-16 with its byte order mark)."""
    content, links, fault = _read(path, size)
    if content is None:
        return Read(fault=fault, links=links)
    encoding = _encoding(content)
    # A character that the cut went through is not a fault.
    whole = len(content) < size
    for cut in (0,) if whole else (0, 1, 2, 3):
        try:
            text = content[: len(content) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return Read(text, links=links)
    return Read(fault="is not text in UTF-8", links=links)


def decoded(content: bytes, size: int) -> str | None:
    """How a text begins that some file held once; `None` for one in an encoding that is not known.

    Of data, and of UTF-16 without its mark, it is what is left without NULs.

    Args:
        content: its first bytes.
        size: how many were asked for: when there are as many, they may end within a character.
    """
    encoding = _encoding(content)
    if encoding != "utf-16" and b"\0" in content:
        return content.replace(b"\0", b"").decode(encoding, "replace")
    try:
        return codecs.getincrementaldecoder(encoding)().decode(content, len(content) < size)
    except UnicodeDecodeError:
        return None


def is_text(content: bytes) -> bool:
    """Whether all of it is UTF-8, so that what is looked for in it can be found."""
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def toml_fault(error: ValueError | RecursionError) -> str:
    """What is wrong with a TOML file: where, but not in the parser's words, which quote the file."""
    place = _PLACE.search(str(error))
    return f"is not valid TOML {place.group() if place else ''}".rstrip()


def _encoding(content: bytes) -> str:
    return "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"


def _read(path: Path, size: int) -> tuple[bytes | None, int, str | None]:
    try:
        # A pipe must not make us wait for its writer, nor a device be read.
        handle = os.open(path, _FLAGS | _BINARY)
    except (FileNotFoundError, NotADirectoryError):
        # A link that leads nowhere is there all the same.
        return None, 1, "is a link that leads nowhere" if os.path.lexists(path) else None
    except (OSError, ValueError) as error:
        return None, 1, f"cannot be read ({_why(error)})"
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return None, 1, "is not a file"
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(size), status.st_nlink, None
    except OSError as error:
        return None, 1, f"cannot be read ({_why(error)})"
    finally:
        os.close(handle)


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "not a path"
