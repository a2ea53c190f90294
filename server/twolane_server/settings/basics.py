"""What also commands need that ask no model: they start sooner without the other settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Folders", "NdaRules"]


@dataclass(frozen=True, slots=True)
class NdaRules:
    """What the user calls NDA in every repository, on top of what repositories say.

    Attributes:
        paths: globs in gitignore syntax, relative to a repository's root.
        markers: words in a file's header that make it NDA.
        words: names that must not leave; a prompt that holds one stays local.
        fault: why not all of these rules are known, and then everything is NDA; else `None`.
    """

    paths: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Folders:
    """Where twolane keeps things, each in the platform's own place.

    Attributes:
        config: `settings.toml` of the user.
        state: grants and the ledger.
        cache: what can be fetched or built again.
    """

    config: Path
    state: Path
    cache: Path
