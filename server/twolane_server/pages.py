"""Texts for people as files, for editors that can show a document but take none from us.

They may speak of code under NDA: the folder is its owner's alone and goes with the server.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.errors import ActionError
from twolane_server.text import encode

if TYPE_CHECKING:
    from twolane_server.actions.outcomes import Page

__all__ = ["Pages"]

_ENDINGS = {"markdown": ".md", "gitcommit": ".txt"}
_UNFIT = re.compile(r"[^\w.-]+")
_LONGEST = 60
_PREFIX = "pages-"
_OLD_SECONDS = 86_400


class Pages:
    """The pages of one server.

    Args:
        cache: the folder that their folder is made in.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._folder: Path | None = None

    def write(self, page: Page) -> Path:
        """Write a page into a file; one of the same title is written over.

        Raises:
            ActionError: it cannot be written.
        """
        name = _UNFIT.sub("-", page.title).strip("-.")[:_LONGEST] or "page"
        try:
            if self._folder is None:
                self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
                _remove_old(self._cache)
                self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._cache))
            self._folder.mkdir(mode=0o700, exist_ok=True)
            file = self._folder / f"{name}{_ENDINGS.get(page.language, '.txt')}"
            file.touch(mode=0o600)
            file.write_bytes(encode(page.text))
        except OSError as error:
            raise ActionError(
                f"The answer cannot be shown, since {self._cache} cannot be written to: "
                f"{error.strerror}."
            ) from error
        return file

    def remove(self) -> None:
        """Take all pages away."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _remove_old(cache: Path) -> None:
    """Take away what servers left that could not take it away themselves."""
    for folder in cache.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another server took it away
            if time.time() - folder.stat().st_mtime > _OLD_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
